//! Keys of a vault as they are shown: JSON objects, a table, and one key in full.
//!
//! The agent keeps the same objects while a vault is open in it, so that listing asks for no passphrase.

mod text;

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use keyward_agent::protocol::wire::Reader;
use keyward_vault::KeyRecord;
use keyward_vault::key::PublicKey;
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use text::{Table, details};

/// What is said of one key. The names of the fields are a promise: README.md documents them.
///
/// Of a key in a closed vault the agent knows some only. What it does not know is empty here.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Listing {
    /// What the owner calls it.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) name: String,
    /// `ED25519`, `ECDSA`, `RSA`, `ED25519-SK` or `ECDSA-SK`, as `ssh-keygen -l` has it.
    #[serde(rename = "type", deserialize_with = "or_empty")]
    pub(crate) key_type: String,
    /// Bits of the modulus or the curve.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) bits: usize,
    /// `SHA256:` and base64.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) fingerprint: String,
    /// The line for `authorized_keys`.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) public: String,
    /// The comment of the public line.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) comment: String,
    /// When it came into the vault (RFC 3339).
    pub(crate) created: Option<String>,
    /// When it was used last, as far as is known (RFC 3339); the agent's own time of a use is a number.
    #[serde(deserialize_with = "text_or_seconds")]
    pub(crate) last_used: Option<String>,
    /// The line of its certificate.
    pub(crate) certificate: Option<String>,
    /// What its uses are bound to.
    #[serde(deserialize_with = "or_empty")]
    pub(crate) constraints: Constraints,
    /// What the owner noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<String>,
    /// When it was removed, of a key that can be brought back (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) removed: Option<String>,
}

/// The constraints of one key in an agent.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Constraints {
    /// Whether a person is asked before each use.
    pub(crate) confirm: bool,
    /// How long it stays after an unlock, in seconds.
    pub(crate) lifetime: Option<u64>,
    /// Where it may be used, as `ssh-add -h` has it; anywhere when empty.
    pub(crate) destinations: Vec<String>,
}

impl Listing {
    /// Says what there is to say of a key; `used` says when this machine knows one of a fingerprint to have been used
    /// last.
    pub(crate) fn of(key: &KeyRecord, used: impl FnOnce(&str) -> Option<u64>) -> Self {
        let metadata = key.metadata();
        let comment = String::from_utf8_lossy(&metadata.comment).into_owned();
        let public = PublicKey::from_blob(key.public_key().to_vec()).ok();
        let kind = public.as_ref().map(PublicKey::key_type);
        let certificate = &metadata.certificate;
        let fingerprint = key.fingerprint().to_string();
        Self {
            name: key.name().to_owned(),
            key_type: kind.map_or_else(String::new, |kind| kind.short_name().to_owned()),
            bits: public.as_ref().map_or(0, PublicKey::bits),
            public: line(key.key_type(), key.public_key(), &comment),
            certificate: (!certificate.is_empty())
                .then(|| line(&first_string(certificate), certificate, &comment)),
            comment,
            created: time(key.created().0),
            last_used: used(&fingerprint)
                .max(metadata.last_used.map(|used| used.0))
                .and_then(time),
            fingerprint,
            constraints: Constraints {
                confirm: metadata.confirm,
                lifetime: metadata
                    .lifetime_seconds
                    .map(|seconds| u64::from(seconds.get())),
                destinations: metadata.destinations.clone(),
            },
            notes: Some(metadata.notes.clone()).filter(|notes| !notes.is_empty()),
            removed: key.removed().and_then(|removed| time(removed.0)),
        }
    }
}

/// Writes a key as a line of `authorized_keys` (sshd(8)); a comment with line ends would be more than one.
fn line(key_type: &str, blob: &[u8], comment: &str) -> String {
    let blob = Base64::encode_string(blob);
    let mut line = String::with_capacity(key_type.len() + blob.len() + comment.len() + 2);
    line.extend([key_type, " ", &blob, " "]);
    line.extend(comment.split(char::is_control));
    line.truncate(line.trim_end().len());
    line
}

/// Returns the name that a blob begins with.
fn first_string(blob: &[u8]) -> String {
    let name = Reader::new(blob).string().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// Draws a key, as `ssh-keygen` does.
pub(crate) fn randomart(key: &KeyRecord) -> String {
    let public = PublicKey::from_blob(key.public_key().to_vec());
    public.map(|public| public.randomart()).unwrap_or_default()
}

fn or_empty<'de, D: Deserializer<'de>, T>(value: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
{
    Option::deserialize(value).map(Option::unwrap_or_default)
}

fn text_or_seconds<'de, D: Deserializer<'de>>(time: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Told {
        Text(String),
        Seconds(u64),
    }
    Ok(match Option::deserialize(time)? {
        Some(Told::Text(text)) => Some(text),
        Some(Told::Seconds(seconds)) => self::time(seconds),
        None => None,
    })
}

/// Writes a time as RFC 3339 has it; `None` for one that no calendar has.
pub(crate) fn time(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok()?;
    Timestamp::from_second(seconds)
        .ok()
        .map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_uses_are_read_as_text_and_as_the_agent_has_them() {
        let read = |text| serde_json::from_str::<Listing>(text).unwrap().last_used;
        let expected = Some("1970-01-01T00:00:05Z".to_owned());
        assert_eq!(read(r#"{"last_used": 5}"#), expected);
        assert_eq!(
            read(r#"{"last_used": "1970-01-01T00:00:05Z", "later": []}"#),
            expected
        );
        assert_eq!(read(r#"{"last_used": null}"#), None);
        assert_eq!(read("{}"), None);
    }

    #[test]
    fn what_is_null_is_empty() {
        let text = r#"{"name": "a", "type": null, "bits": null, "fingerprint": null, "public": null,
            "comment": null, "created": null, "certificate": null, "constraints": null, "notes": null}"#;
        let listing: Listing = serde_json::from_str(text).unwrap();
        assert_eq!(listing.name, "a");
        assert!(listing.public.is_empty() && !listing.constraints.confirm);
        assert!(serde_json::from_str::<Listing>(r#"{"name": 1}"#).is_err());
    }
}
