//! The request to add a key (RFC 9987 section 5.2).

use crate::protocol::constraint::Constraints;
use crate::protocol::private_key::PrivateKey;
use crate::protocol::wire::{Reader, WireError};

/// Adds a private key, or replaces what is kept beside it.
pub struct AddIdentity<'a> {
    /// The key.
    pub key: PrivateKey<'a>,
    /// The bytes of the key as they came, from the name of its type up to the comment.
    pub key_bytes: &'a [u8],
    /// What the user calls the key; any bytes but zero, for clients read it as a C string.
    pub comment: &'a [u8],
    /// How the key may be used.
    pub constraints: Constraints,
}

impl<'a> AddIdentity<'a> {
    /// Reads the request up to the end of the message.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let start = *reader;
        let key = PrivateKey::read(reader)?;
        let key_bytes = start
            .rest()
            .get(..start.rest().len() - reader.rest().len())
            .unwrap_or_default();
        Ok(Self {
            key,
            key_bytes,
            comment: read_comment(reader)?,
            constraints: Constraints::decode(reader)?,
        })
    }
}

fn read_comment<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], WireError> {
    let comment = reader.string()?;
    // OpenSSH takes one zero byte at the end as that of a C string.
    let comment = comment.strip_suffix(&[0]).unwrap_or(comment);
    // Any other makes its clients refuse the whole list in which the comment stands.
    if comment.contains(&0) {
        return Err(WireError::Invalid("comment"));
    }
    Ok(comment)
}

impl core::fmt::Debug for AddIdentity<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AddIdentity")
            .field("key", &self.key)
            .field("constraints", &self.constraints)
            .finish_non_exhaustive()
    }
}
