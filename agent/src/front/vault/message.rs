//! What is said of a vault on the control socket (`PROTOCOL.md`, Vault).

use core::fmt;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

/// Digits of an id: 16 bytes in hexadecimal (`vault/FORMAT.md`).
const ID_DIGITS: usize = 32;

/// The longest path of a vault in bytes (`PATH_MAX` without its zero byte).
const PATH_MAX: usize = 4095;

/// The longest part of a record's name that is told, in characters.
const NAME_MAX: usize = 256;

/// The longest part of a reason that is told, in characters.
const REASON_MAX: usize = 1024;

/// Names a vault or a record in lower case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

/// Says that a field of a message does not hold what it has to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FieldError {
    /// An id is 32 digits.
    #[error("id is not 32 hexadecimal digits in lower case")]
    Id,
    /// A path is absolute, without control characters and at most 4,095 bytes long.
    #[error("path is not absolute, has control characters, or is too long")]
    Path,
    /// What is said of a record is an object with a name.
    #[error("listing is not an object with a name")]
    Listing,
    /// Binary fields are base64 (RFC 4648 section 4).
    #[error("{0} is not base64")]
    Base64(&'static str),
    /// A private key comes with its own comment and constraints, and with no reason why it does not; a key that is
    /// not to be served comes with nothing.
    #[error("fields that do not go together")]
    Twice,
    /// Without a private key there is a blob, or the reason why there is none.
    #[error("neither a private key nor a blob")]
    NoBlob,
}

impl TryFrom<String> for Id {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == ID_DIGITS && text.bytes().all(is_digit) {
            Ok(Self(text))
        } else {
            Err(FieldError::Id)
        }
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether private keys are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Every key comes with its private part.
    Open,
    /// The vault was changed while the agent holds none of its private keys.
    Closed,
}

impl State {
    /// Returns the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Why a catalogue comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A person opened the vault: what was taken out of the ring comes back.
    Unlock,
    /// The vault was changed.
    Update,
}

/// `vault begin`: a whole new catalogue follows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// The vault's id.
    pub vault: Id,
    /// The absolute path of its file.
    pub path: String,
    /// The generation of the file.
    pub generation: u64,
    /// Whether private keys follow.
    pub state: State,
    /// Why.
    pub purpose: Purpose,
}

impl Begin {
    /// Says whether private keys follow.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Says whether the vault was changed and not unlocked.
    pub fn is_update(&self) -> bool {
        self.purpose == Purpose::Update
    }

    /// Looks at what its types do not say.
    ///
    /// # Errors
    /// [`FieldError::Path`].
    pub fn check(&self) -> Result<(), FieldError> {
        check_path(&self.path)
    }
}

/// Says whether a path may name a vault.
///
/// # Errors
/// [`FieldError::Path`].
pub(super) fn check_path(path: &str) -> Result<(), FieldError> {
    // A path is shown to people: with control characters it could say what it is not.
    if path.starts_with('/') && path.len() <= PATH_MAX && !path.contains(char::is_control) {
        Ok(())
    } else {
        Err(FieldError::Path)
    }
}

/// `vault key`: which record a key is from, and what is said of it.
#[derive(Debug, Clone)]
pub struct Key {
    /// The record's id.
    pub record: Id,
    /// The record's version: a key that comes again in it is the same.
    pub version: u64,
    /// What `vault list` returns of the record; a JSON object with a `name`.
    pub listing: Box<RawValue>,
}

/// The part of `vault key` that stands in for a private key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Public {
    /// The public key blob or certificate.
    pub blob: Vec<u8>,
    /// The comment that `ssh-add -l` prints.
    pub comment: String,
    /// The constraints, encoded as those of message 25.
    pub constraints: Vec<u8>,
}

/// What comes of a key where its private part does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// The key is listed in the ring.
    Public(Public),
    /// Why the vault has the key and the ring is not to.
    Reason(String),
}

#[derive(Deserialize)]
struct Listing {
    name: String,
}

impl Key {
    /// Returns what it takes in memory, about.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.listing.get().len()
    }

    /// Returns the name by which a refusal is told, shortened.
    ///
    /// # Errors
    /// [`FieldError::Listing`].
    pub fn name(&self) -> Result<String, FieldError> {
        let listing = serde_json::from_str::<Listing>(self.listing.get());
        let listing = listing.map_err(|_| FieldError::Listing)?;
        Ok(listing.name.chars().take(NAME_MAX).collect())
    }
}

/// The fields of `vault key` as they stand in the message.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFields {
    record: Id,
    version: u64,
    listing: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    constraints: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl KeyFields {
    /// Writes a key, with what stands in for its private part where that does not come along.
    pub fn new(key: &Key, instead: Option<&Instead>) -> Self {
        let encoded = |bytes: &Vec<u8>| Base64::encode_string(bytes);
        let (public, reason) = match instead {
            Some(Instead::Public(public)) => (Some(public), None),
            Some(Instead::Reason(reason)) => (None, Some(reason)),
            None => (None, None),
        };
        Self {
            record: key.record.clone(),
            version: key.version,
            listing: key.listing.clone(),
            blob: public.map(|public| encoded(&public.blob)),
            comment: public.map(|public| public.comment.clone()),
            constraints: public.map(|public| encoded(&public.constraints)),
            reason: reason.cloned(),
        }
    }

    /// Reads a key whose private part comes along.
    ///
    /// # Errors
    /// [`FieldError::Twice`] where something stands in for that part.
    pub fn with_private(self) -> Result<Key, FieldError> {
        if self.has_public() || self.reason.is_some() {
            return Err(FieldError::Twice);
        }
        Ok(self.key())
    }

    const fn has_public(&self) -> bool {
        self.blob.is_some() || self.comment.is_some() || self.constraints.is_some()
    }

    /// Reads a key without its private part.
    ///
    /// # Errors
    /// [`FieldError::NoBlob`], [`FieldError::Base64`], or [`FieldError::Twice`] for a key that is not to be served and
    /// comes all the same.
    pub fn without_private(mut self) -> Result<(Key, Instead), FieldError> {
        if let Some(reason) = self.reason.take() {
            let reason = reason.chars().take(REASON_MAX).collect();
            return match self.has_public() {
                true => Err(FieldError::Twice),
                false => Ok((self.key(), Instead::Reason(reason))),
            };
        }
        let decoded = |name, text: &str| {
            Base64::decode_vec(text).map_err(|_invalid| FieldError::Base64(name))
        };
        let blob = self.blob.as_deref().ok_or(FieldError::NoBlob)?;
        let public = Public {
            blob: decoded("blob", blob)?,
            comment: self.comment.clone().unwrap_or_default(),
            constraints: match self.constraints.as_deref() {
                Some(text) => decoded("constraints", text)?,
                None => Vec::new(),
            },
        };
        Ok((self.key(), Instead::Public(public)))
    }

    fn key(self) -> Key {
        Key {
            record: self.record,
            version: self.version,
            listing: self.listing,
        }
    }
}
