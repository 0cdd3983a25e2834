//! A private key with all that is known of it.

use core::num::NonZeroU32;

use super::fields::{Fields, Writer, kept_length};
use super::{KEY, number, optional};
use crate::cbor::{self, Value};
use crate::error::Broken;
use crate::fingerprint::Fingerprint;
use crate::id::RecordId;
use crate::key::PrivateKey;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

const NAME_MAX: usize = 128;

const COMMENT_MAX: usize = 1_024;

const CERTIFICATE_MAX: usize = 32_768;

const DESTINATIONS_MAX: usize = 256;

const DESTINATION_MAX: usize = 512;

const NOTES_MAX: usize = 16_384;

/// What is wrong with a private key that breaks a rule of `FORMAT.md` section 5.1.
pub(crate) const BROKEN_KEY: Broken = Broken("private key is not as its type has it");

/// When a record was made and changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) created: Timestamp,
    pub(crate) changed: Timestamp,
}

/// A key of the vault, without its private part.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    pub(crate) id: RecordId,
    pub(crate) times: Times,
    pub(crate) removed: Option<Timestamp>,
    pub(crate) key_type: &'static str,
    pub(crate) public_key: Vec<u8>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) metadata: Metadata,
}

/// What the owner says of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The name, 1 to 128 bytes without control characters; no two keys have the same.
    pub name: String,
    /// The comment, as OpenSSH has it: bytes, at most 1,024.
    pub comment: Vec<u8>,
    /// The blob of the key's certificate (PROTOCOL.certkeys), at most 32,768 bytes; empty if there
    /// is none.
    pub certificate: Vec<u8>,
    /// Whether each use has to be confirmed.
    pub confirm: bool,
    /// For how many seconds an agent may hold the key.
    pub lifetime_seconds: Option<NonZeroU32>,
    /// Where the key may be used, as `ssh-add -h` takes it: at most 256 of 1 to 512 bytes; empty if
    /// it may be used everywhere.
    pub destinations: Vec<String>,
    /// The owner's notes, at most 16,384 bytes.
    pub notes: String,
    /// When the key was used last, if that is known.
    pub last_used: Option<Timestamp>,
}

impl KeyRecord {
    /// Returns the name of the record, which stays when the key is renamed.
    pub fn id(&self) -> RecordId {
        self.id
    }

    /// Returns the type of the key, such as `ssh-ed25519`.
    pub fn key_type(&self) -> &'static str {
        self.key_type
    }

    /// Returns the public key blob (RFC 4253 section 6.6).
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// Returns the fingerprint of the public key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Returns what the owner says of the key.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Returns the name of the key.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Returns when the key came into the vault.
    pub fn created(&self) -> Timestamp {
        self.times.created
    }

    /// Returns when the record was changed last.
    pub fn changed(&self) -> Timestamp {
        self.times.changed
    }

    /// Returns when the key was removed, if it was.
    pub fn removed(&self) -> Option<Timestamp> {
        self.removed
    }
}

impl Metadata {
    /// Checks the bounds of `FORMAT.md` section 5.
    ///
    /// # Errors
    /// [`Broken`] with the first rule that is broken.
    pub fn check(&self) -> Result<(), Broken> {
        let destinations = || self.destinations.iter().map(String::len);
        let rules = [
            (
                (1..=NAME_MAX).contains(&self.name.len()) && !self.name.contains(char::is_control),
                "name is empty, longer than 128 bytes or has control characters",
            ),
            (
                self.comment.len() <= COMMENT_MAX,
                "comment is longer than 1024 bytes",
            ),
            (
                self.certificate.len() <= CERTIFICATE_MAX,
                "certificate is longer than 32768 bytes",
            ),
            (
                destinations().len() <= DESTINATIONS_MAX
                    && destinations().all(|length| (1..=DESTINATION_MAX).contains(&length)),
                "destinations are more than 256, or one is empty or longer than 512 bytes",
            ),
            (
                self.notes.len() <= NOTES_MAX,
                "notes are longer than 16384 bytes",
            ),
        ];
        let broken = rules.into_iter().find(|(holds, _)| !holds);
        broken.map_or(Ok(()), |(_, rule)| Err(Broken(rule)))
    }

    fn length(&self) -> usize {
        let destinations = self
            .destinations
            .iter()
            .map(|text| cbor::HEAD_MAX + text.len());
        self.name.len()
            + self.comment.len()
            + self.certificate.len()
            + destinations.sum::<usize>()
            + self.notes.len()
    }
}

impl Times {
    pub(super) fn write(&self, kind: u64, writer: &mut Writer) {
        cbor::put_unsigned(writer.key(number::KIND), kind);
        cbor::put_unsigned(writer.key(number::CREATED), self.created.0);
        cbor::put_unsigned(writer.key(number::CHANGED), self.changed.0);
    }
}

pub(super) fn read(id: RecordId, times: Times, fields: &Fields<'_>) -> Result<KeyRecord, Broken> {
    if fields.has_any(number::SLOT..=number::LABEL) {
        return Err(Broken("key has a key of the map that belongs to slots"));
    }
    let private = fields.get(number::PRIVATE).and_then(Value::bytes);
    let private = private.ok_or(Broken("private key is missing or no byte string"))?;
    let public = PrivateKey::public_of(private);
    let (key_type, public_key) = public.map_err(|_| BROKEN_KEY)?;
    let key_type = key_type.name();
    let removed = time(fields, number::REMOVED)?;
    let metadata = metadata(fields)?;
    metadata.check()?;
    Ok(KeyRecord {
        id,
        times,
        removed,
        key_type,
        fingerprint: Fingerprint::of(&public_key),
        public_key,
        metadata,
    })
}

/// Reads what the owner says. What is absent when it is empty must not be there and empty.
fn metadata(fields: &Fields<'_>) -> Result<Metadata, Broken> {
    let confirm = optional(
        fields,
        number::CONFIRM,
        |value| value.is_true().then_some(()),
        "confirmation is not true",
    )?;
    let destinations = optional(
        fields,
        number::DESTINATIONS,
        |value| value.texts().filter(|texts| !texts.is_empty()),
        "destinations are no texts",
    )?;
    let destinations = destinations.unwrap_or_default().into_iter();
    Ok(Metadata {
        name: text(fields, number::NAME, "name is empty or no text")?,
        comment: bytes(
            fields,
            number::COMMENT,
            "comment is empty or no byte string",
        )?,
        certificate: bytes(
            fields,
            number::CERTIFICATE,
            "certificate is empty or no byte string",
        )?,
        confirm: confirm.is_some(),
        lifetime_seconds: optional(
            fields,
            number::LIFETIME,
            |value| NonZeroU32::new(u32::try_from(value.unsigned()?).ok()?),
            "lifetime is not 1 to 2^32 - 1",
        )?,
        destinations: destinations.map(str::to_owned).collect(),
        notes: text(fields, number::NOTES, "notes are empty or no text")?,
        last_used: time(fields, number::LAST_USED)?,
    })
}

fn text(fields: &Fields<'_>, key: u64, rule: &'static str) -> Result<String, Broken> {
    let text = optional(fields, key, Value::text, rule)?;
    match text {
        Some("") => Err(Broken(rule)),
        text => Ok(text.unwrap_or_default().to_owned()),
    }
}

fn bytes(fields: &Fields<'_>, key: u64, rule: &'static str) -> Result<Vec<u8>, Broken> {
    let bytes = optional(fields, key, Value::bytes, rule)?;
    match bytes {
        Some([]) => Err(Broken(rule)),
        bytes => Ok(bytes.unwrap_or_default().to_vec()),
    }
}

fn time(fields: &Fields<'_>, key: u64) -> Result<Option<Timestamp>, Broken> {
    let time = optional(fields, key, Value::unsigned, "time is no unsigned integer")?;
    Ok(time.map(Timestamp))
}

/// Writes a record of kind key. `before` is its content before the change, of which is kept what
/// this version does not know.
pub(crate) fn encode_key(
    record: &KeyRecord,
    private: &[u8],
    before: Option<&[u8]>,
) -> Result<Secret<Vec<u8>>, Broken> {
    let metadata = &record.metadata;
    metadata.check()?;
    let before = before.map(Fields::read).transpose()?;
    let unknown = before.as_ref().map(Fields::unknown).unwrap_or_default();
    let mut writer = Writer::new(private.len() + metadata.length() + kept_length(unknown));
    record.times.write(KEY, &mut writer);
    cbor::put_text(writer.key(number::NAME), &metadata.name);
    cbor::put_bytes(writer.key(number::PRIVATE), private);
    for (key, bytes) in [
        (number::COMMENT, &metadata.comment),
        (number::CERTIFICATE, &metadata.certificate),
    ] {
        if !bytes.is_empty() {
            cbor::put_bytes(writer.key(key), bytes);
        }
    }
    if metadata.confirm {
        writer.key(number::CONFIRM).push(cbor::TRUE);
    }
    if let Some(seconds) = metadata.lifetime_seconds {
        cbor::put_unsigned(writer.key(number::LIFETIME), seconds.get().into());
    }
    if !metadata.destinations.is_empty() {
        let out = writer.key(number::DESTINATIONS);
        cbor::put_array(out, metadata.destinations.len());
        metadata
            .destinations
            .iter()
            .for_each(|text| cbor::put_text(out, text));
    }
    if !metadata.notes.is_empty() {
        cbor::put_text(writer.key(number::NOTES), &metadata.notes);
    }
    for (key, time) in [
        (number::LAST_USED, metadata.last_used),
        (number::REMOVED, record.removed),
    ] {
        if let Some(time) = time {
            cbor::put_unsigned(writer.key(key), time.0);
        }
    }
    writer.keep(unknown);
    Ok(writer.finish())
}
