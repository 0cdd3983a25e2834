//! OpenSSH certificates (`PROTOCOL.certkeys`), as in files that end in `-cert.pub`.

use base64ct::{Base64, Encoding};

use super::error::ImportError;
use super::{FILE_BYTES_MAX, armor};
use crate::key::{KeyError, KeyType, PublicKey, Reader};

/// How the names of certificate types end.
const SUFFIX: &[u8] = b"-cert-v01@openssh.com";

/// A certificate, and the key it is for. Its signature is not looked at: servers do that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    blob: Vec<u8>,
    public: PublicKey,
    key_id: Vec<u8>,
    valid_before: u64,
    comment: Vec<u8>,
}

impl Certificate {
    /// Returns the blob, as an agent takes it.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// Returns the public key that is certified.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Returns the name that the authority gave the certificate, which need not be UTF-8.
    pub fn key_id(&self) -> &[u8] {
        &self.key_id
    }

    /// Returns when it ends, in seconds since 1970; the largest number where it never does.
    pub const fn valid_before(&self) -> u64 {
        self.valid_before
    }

    /// Returns the comment of the line.
    pub fn comment(&self) -> &[u8] {
        &self.comment
    }

    /// Takes the blob of a certificate apart.
    pub(super) fn from_blob(blob: Vec<u8>, comment: &[u8]) -> Result<Self, ImportError> {
        let mut reader = Reader::new(&blob);
        let name = reader.string()?;
        let mut types = KeyType::ALL.into_iter();
        let known = types.find(|known| known.certificate_name().as_bytes() == name);
        let key_type = known.ok_or_else(|| KeyError::of_type(name))?;
        let _nonce = reader.string()?;
        let public = PublicKey::read_fields(key_type, &mut reader)?;
        let _serial = (reader.uint32()?, reader.uint32()?);
        if !(1..=2).contains(&reader.uint32()?) {
            return Err(ImportError::Text("certificate of neither user nor host"));
        }
        let key_id = reader.string()?;
        let _principals = reader.string()?;
        let _valid_after = reader.bytes(8)?;
        let valid_before = (reader.uint32()?, reader.uint32()?);
        // Critical options, extensions, what is reserved, the key of the authority and its signature.
        for _ in 0..5 {
            reader.string()?;
        }
        reader.finish()?;
        Ok(Self {
            public,
            key_id: key_id.to_vec(),
            valid_before: u64::from(valid_before.0) << 32 | u64::from(valid_before.1),
            comment: comment.to_vec(),
            blob,
        })
    }
}

/// Reads a file `…-cert.pub`: one line with a certificate. Empty lines and comments are skipped.
///
/// # Errors
/// [`ImportError::NotCertificate`] for a plain public key, otherwise one that says what is wrong.
pub fn certificate(bytes: &[u8]) -> Result<Certificate, ImportError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ImportError::FileTooLong { bytes: bytes.len() });
    }
    let mut lines = armor::lines(bytes).filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let line = lines.next().ok_or(ImportError::Empty)?;
    if lines.next().is_some() {
        return Err(ImportError::Text("more than one line"));
    }
    let (name, rest) = word(line);
    let (letters, comment) = word(rest);
    let mut blob = letters.to_vec();
    let length = Base64::decode_in_place(&mut blob)
        .map_err(|_| ImportError::Text("Base64 is not valid"))?
        .len();
    blob.truncate(length);
    if Reader::new(&blob).string()? != name {
        return Err(ImportError::Text("two types of key"));
    }
    if !name.ends_with(SUFFIX) {
        return Err(ImportError::NotCertificate);
    }
    Certificate::from_blob(blob, comment)
}

/// Splits off the first word.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace);
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_ascii())
}

/// Says whether this is the name of a type of certificates.
pub(super) fn is_certificate(name: &[u8]) -> bool {
    name.ends_with(SUFFIX)
}
