//! OpenSSH certificates (`PROTOCOL.certkeys`), as in files that end in `-cert.pub`.

use base64ct::{Base64, Encoding};

use super::error::ImportError;
use super::{FILE_BYTES_MAX, armor};
use crate::key::{PublicKey, Reader};

/// How the names of certificate types end.
const SUFFIX: &[u8] = b"-cert-v01@openssh.com";

/// A certificate, and the key it is for. Its signature is not looked at: servers do that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    blob: Vec<u8>,
    public: PublicKey,
    key_id: String,
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

    /// Returns the name that the authority gave the certificate.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the comment of the line.
    pub fn comment(&self) -> &[u8] {
        &self.comment
    }

    /// Takes the blob of a certificate apart.
    pub(super) fn from_blob(blob: Vec<u8>, comment: &[u8]) -> Result<Self, ImportError> {
        let damaged = |_| ImportError::Text("certificate");
        let certificate = ssh_key::Certificate::from_bytes(&blob).map_err(damaged)?;
        // There is one way to write it: otherwise the key found here could be another than the one a server finds.
        if certificate.to_bytes().map_err(damaged)? != blob {
            return Err(ImportError::Text("certificate"));
        }
        let key = ssh_key::PublicKey::from(certificate.public_key().clone());
        Ok(Self {
            public: PublicKey::from_blob(key.to_bytes().map_err(damaged)?)?,
            key_id: certificate.key_id().to_owned(),
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
