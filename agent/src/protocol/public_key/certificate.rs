//! What a certificate says beside its key (`PROTOCOL.certkeys`).

use super::PublicKey;
use crate::protocol::wire::{Reader, WireError};

/// Principals in one certificate, as in OpenSSH (`SSHKEY_CERT_MAX_PRINCIPALS`).
const PRINCIPALS_MAX: usize = 256;

/// The part of a certificate that its authority adds to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// Whom it certifies.
    pub kind: CertificateKind,
    /// The authority's name for this certificate, for people and logs.
    pub key_id: &'a [u8],
    /// First second of validity, in Unix time.
    pub valid_after: u64,
    /// First second after the validity, in Unix time.
    pub valid_before: u64,
    /// The critical options as they are; empty when there is none.
    pub critical_options: &'a [u8],
    /// The blob of the authority's plain key.
    pub authority: &'a [u8],
    /// The bytes that the authority signed.
    pub signed: &'a [u8],
    /// The authority's signature blob.
    pub signature: &'a [u8],
    principals: &'a [u8],
}

/// Whom a certificate certifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKind {
    /// `SSH2_CERT_TYPE_USER`
    User,
    /// `SSH2_CERT_TYPE_HOST`
    Host,
}

impl<'a> Certificate<'a> {
    /// Reads from the serial number, which follows the key, to the signature.
    pub(super) fn read(blob: &'a [u8], reader: &mut Reader<'a>) -> Result<Self, WireError> {
        reader.uint64()?; // the serial number serves revocation lists only
        let kind = match reader.uint32()? {
            1 => CertificateKind::User,
            2 => CertificateKind::Host,
            _ => return Err(WireError::Invalid("certificate type")),
        };
        let key_id = reader.name("key id")?;
        let principals = checked_principals(reader.string()?)?;
        let valid_after = reader.uint64()?;
        let valid_before = reader.uint64()?;
        let critical_options = checked_options(reader.string()?)?;
        checked_options(reader.string()?)?;
        reader.string()?; // reserved
        let authority = reader.string()?;
        PublicKey::decode_plain(authority)?;
        let signed_len = blob.len().saturating_sub(reader.rest().len());
        Ok(Self {
            kind,
            key_id,
            valid_after,
            valid_before,
            critical_options,
            authority,
            signed: blob.get(..signed_len).unwrap_or_default(),
            signature: reader.string()?,
            principals,
        })
    }

    /// Returns the names the certificate is for: hosts or users, possibly as patterns.
    pub fn principals(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut reader = Reader::new(self.principals);
        // The list was read to its end once; a later failure is unreachable and would end it.
        core::iter::from_fn(move || reader.string().ok())
    }
}

fn checked_principals(list: &[u8]) -> Result<&[u8], WireError> {
    let mut reader = Reader::new(list);
    let mut count = 0_usize;
    while !reader.is_empty() {
        reader.name("principal")?;
        count += 1;
        if count > PRINCIPALS_MAX {
            return Err(WireError::TooLarge("number of principals"));
        }
    }
    Ok(list)
}

fn checked_options(list: &[u8]) -> Result<&[u8], WireError> {
    let mut reader = Reader::new(list);
    while !reader.is_empty() {
        reader.string()?;
        reader.string()?;
    }
    Ok(list)
}
