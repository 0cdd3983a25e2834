//! `restrict-destination-v00@openssh.com`: where a key may be used (`PROTOCOL.agent` section 2).

use crate::protocol::public_key::PublicKey;
use crate::protocol::wire::{Reader, WireError, Writer};

/// Constraints on one key, as in OpenSSH (`AGENT_MAX_DEST_CONSTRAINTS`).
const CONSTRAINTS_MAX: usize = 1024;
/// Bytes of a user pattern, as in OpenSSH (`AGENT_USER_CONSTRAINT_MAX_LEN`).
const USER_PATTERN_MAX: usize = 256;

/// One permitted step: from the origin or a host to another host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationConstraint {
    /// Where the key is used from; without host and keys the machine of the agent.
    pub from: Hop,
    /// Where the key is used to; always with a host and keys.
    pub to: Hop,
}

/// One end of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Pattern of user names, `*` and `?` as wildcards; empty means any user.
    pub user: String,
    /// The host as the person wrote it; empty means the machine of the agent.
    pub host: String,
    /// The keys any of which the host may show.
    pub keys: Vec<HopKey>,
}

/// A key that a host may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopKey {
    /// The public key blob.
    pub blob: Vec<u8>,
    /// Says whether it signs host certificates instead of being a host's key.
    pub is_ca: bool,
}

impl DestinationConstraint {
    /// The name of the constraint extension.
    pub const NAME: &'static str = "restrict-destination-v00@openssh.com";

    /// Decodes the details of the extension: the contents of the string that follows its name.
    ///
    /// # Errors
    /// [`WireError`] when there is no constraint, when there are more than 1024, or when one is
    /// malformed or contradicts itself.
    pub fn decode_list(details: &[u8]) -> Result<Vec<Self>, WireError> {
        let mut reader = Reader::new(details);
        let mut constraints = Vec::new();
        while !reader.is_empty() {
            if constraints.len() >= CONSTRAINTS_MAX {
                return Err(WireError::TooLarge("number of destination constraints"));
            }
            constraints.push(Self::decode(reader.string()?)?);
        }
        // An empty list would leave a key unrestricted whose owner asked for a restriction.
        if constraints.is_empty() {
            return Err(WireError::Invalid("empty list of destination constraints"));
        }
        Ok(constraints)
    }

    /// Encodes the details of the extension, as [`DestinationConstraint::decode_list`] reads them.
    pub fn encode_list(constraints: &[Self]) -> Vec<u8> {
        let mut details = Vec::new();
        for constraint in constraints {
            let mut body = Vec::new();
            body.put_string(&constraint.from.encode());
            body.put_string(&constraint.to.encode());
            body.put_string(b"");
            details.put_string(&body);
        }
        details
    }

    fn decode(body: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(body);
        let from = Hop::decode(reader.string()?)?;
        let to = Hop::decode(reader.string()?)?;
        decode_reserved(&mut reader)?;
        reader.finish()?;
        // A hop with a name but no keys could not be recognised, one with keys but no name would
        // not be checked against the principals of a certificate.
        if from.host.is_empty() != from.keys.is_empty() || !from.user.is_empty() {
            return Err(WireError::Invalid("source of a destination constraint"));
        }
        if to.host.is_empty() || to.keys.is_empty() {
            return Err(WireError::Invalid("target of a destination constraint"));
        }
        Ok(Self { from, to })
    }
}

impl Hop {
    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        body.put_string(self.user.as_bytes());
        body.put_string(self.host.as_bytes());
        body.put_string(b"");
        for key in &self.keys {
            body.put_string(&key.blob);
            body.push(u8::from(key.is_ca));
        }
        body
    }

    fn decode(body: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(body);
        let user = decode_name(&mut reader, "user of a destination constraint")?;
        let host = decode_name(&mut reader, "host of a destination constraint")?;
        decode_reserved(&mut reader)?;
        if user.len() > USER_PATTERN_MAX {
            return Err(WireError::TooLarge("user of a destination constraint"));
        }
        let mut keys = Vec::new();
        while !reader.is_empty() {
            keys.push(HopKey::read(&mut reader)?);
        }
        Ok(Self { user, host, keys })
    }
}

impl HopKey {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let blob = reader.string()?;
        let is_ca = reader.boolean()?;
        PublicKey::decode(blob)?;
        Ok(Self {
            blob: blob.to_vec(),
            is_ca,
        })
    }
}

fn decode_name(reader: &mut Reader<'_>, name: &'static str) -> Result<String, WireError> {
    core::str::from_utf8(reader.name(name)?)
        .map(str::to_owned)
        .map_err(|_| WireError::Invalid(name))
}

/// A reserved field has to be empty: what a later version puts there would not be enforced.
fn decode_reserved(reader: &mut Reader<'_>) -> Result<(), WireError> {
    if reader.string()?.is_empty() {
        return Ok(());
    }
    Err(WireError::Invalid("reserved field"))
}

#[cfg(test)]
mod tests;
