//! The request to sign (RFC 9987 section 5.6).

use crate::protocol::algorithm::SignFlags;
use crate::protocol::wire::{Reader, WireError};

/// Asks for a signature over `data` with one of the keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignRequest<'a> {
    /// The blob that names the key.
    pub key_blob: &'a [u8],
    /// The data to sign, as it is.
    pub data: &'a [u8],
    /// How to sign.
    pub flags: SignFlags,
}

impl<'a> SignRequest<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        Ok(Self {
            key_blob: reader.string()?,
            data: reader.string()?,
            flags: SignFlags(reader.uint32()?),
        })
    }
}

impl core::fmt::Debug for SignRequest<'_> {
    // The data are the user's: only their length is shown.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (length, flags) = (self.data.len(), self.flags.0);
        write!(f, "SignRequest({length} bytes of data, flags {flags})")
    }
}
