//! Reading files of private keys.
//!
//! [`recognise`] looks at the bytes of a file and says what they are and what opening them costs; [`Found::open`] then
//! reads the key. Neither asks, waits or touches a file. Every length and every cost is checked before it is paid.
//!
//! | format | written by | is in |
//! |---|---|---|
//! | OpenSSH | `ssh-keygen` | `import/openssh.rs` |
//! | PKCS #1, also encrypted with `Proc-Type` | `openssl genrsa -traditional`, `ssh-keygen -m PEM` | `import/pkcs1.rs` |
//! | SEC 1, also encrypted with `Proc-Type` | `openssl ecparam -genkey`, `ssh-keygen -m PEM` | `import/sec1.rs` |
//! | PKCS #8, also encrypted | `openssl genpkey`, `ssh-keygen -m PKCS8` | `import/pkcs8.rs` |
//! | PuTTY 2 and 3 | `puttygen` | `import/ppk.rs` |
//!
//! Private keys pass through buffers that are wiped. The key schedules and hash states of the libraries lie on the
//! stack, so whoever needs them gone as well runs this code on a stack that is wiped; PBKDF2, scrypt, Argon2 and bcrypt leave their
//! working memory, from which no passphrase can be computed faster than by guessing, to the allocator.

mod error;
mod kdf;
mod cbc;
mod armor;
mod pkcs1;
mod sec1;
mod traditional;
mod pkcs8;
mod certificate;
mod openssh;
mod ppk;
mod unknown;

use core::fmt;

pub use certificate::{Certificate, certificate};
pub use error::ImportError;
pub use kdf::{Argon2Kind, Encryption, Hash, Kdf};

pub(crate) use armor::{block as write_block, encode as encode_base64, room as room_for_base64};
pub(crate) use cbc::seal as seal_cbc;
pub(crate) use openssh::MAGIC as OPENSSH_MAGIC;
pub(crate) use ppk::{Argon2, Protection, Version};
pub(crate) use sec1::identifier as curve_identifier;

use crate::key::{KeyError, PrivateKey};
use armor::Block;

/// The longest file that is looked at, in bytes. A key of 16,384 bits takes 13 KiB.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// The format of a file of a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// OpenSSH's own (`PROTOCOL.key`).
    OpenSsh,
    /// An RSA key of RFC 8017 appendix A.1.2 in PEM.
    Pkcs1,
    /// An elliptic curve key of RFC 5915 in PEM.
    Sec1,
    /// A key of RFC 5958 in PEM.
    Pkcs8,
    /// PuTTY's format of 2001 (appendix C.4 of its manual).
    Ppk2,
    /// PuTTY's format of 2021 (appendix C.1 of its manual).
    Ppk3,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenSsh => "OpenSSH",
            Self::Pkcs1 => "PKCS #1 (PEM)",
            Self::Sec1 => "SEC 1 (PEM)",
            Self::Pkcs8 => "PKCS #8 (PEM)",
            Self::Ppk2 => "PuTTY 2",
            Self::Ppk3 => "PuTTY 3",
        })
    }
}

/// A file whose format is known.
trait KeyFile {
    fn format(&self) -> Format;

    fn encryption(&self) -> Option<&Encryption> {
        None
    }

    fn comment(&self) -> Option<&[u8]> {
        None
    }

    fn public_blob(&self) -> Option<&[u8]> {
        None
    }

    /// Reads the key. `passphrase` is there when the file is encrypted.
    fn open(&self, passphrase: &[u8]) -> Result<Imported, ImportError>;
}

type Opened<'a> = Result<Box<dyn KeyFile + 'a>, ImportError>;

type Read = fn(&Block<'_>) -> Opened<'static>;

/// What reads the blocks of each PEM label (RFC 7468 section 10 and 11, RFC 5915 section 4, OpenSSH's `sshkey.c`).
static LABELS: [(&str, Read); 5] = [
    ("OPENSSH PRIVATE KEY", openssh::read),
    ("RSA PRIVATE KEY", traditional::read_rsa),
    ("EC PRIVATE KEY", traditional::read_ec),
    ("PRIVATE KEY", pkcs8::read),
    ("ENCRYPTED PRIVATE KEY", pkcs8::read_encrypted),
];

/// Says what a file is. Nothing costly is done, and no passphrase needed.
///
/// Text around a key is skipped, as are certificates and the parameters that `openssl ecparam` writes before it. A file with two keys is
/// refused: one of them would be lost.
///
/// # Errors
/// An [`ImportError`] that says what the bytes are instead, what of them is not supported, or which limit they break.
pub fn recognise(bytes: &[u8]) -> Result<Found<'_>, ImportError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ImportError::FileTooLong { bytes: bytes.len() });
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    if let Some(file) = ppk::read(text)? {
        return Ok(Found { file });
    }
    let mut found = None;
    for block in armor::blocks(text) {
        let block = block?;
        let reader = LABELS.iter().find(|(label, _)| *label == block.label);
        match reader {
            Some(_) if found.is_some() => return Err(ImportError::SeveralKeys),
            Some((_, read)) => found = Some(read(&block)?),
            None => {}
        }
    }
    match found {
        Some(file) => Ok(Found { file }),
        None => Err(unknown::explain(text)),
    }
}

/// A private key file that was recognised, and not opened yet.
pub struct Found<'a> {
    file: Box<dyn KeyFile + 'a>,
}

impl Found<'_> {
    /// Returns the format of the file.
    pub fn format(&self) -> Format {
        self.file.format()
    }

    /// Says whether the key is encrypted, so that a passphrase is needed.
    pub fn is_encrypted(&self) -> bool {
        self.encryption().is_some()
    }

    /// Returns how the key is encrypted, and what a guess at the passphrase costs.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.file.encryption()
    }

    /// Returns the comment, where it stands outside of what is encrypted. Nothing protects it from being changed.
    pub fn comment(&self) -> Option<&[u8]> {
        self.file.comment()
    }

    /// Returns the public key blob, where it stands outside of what is encrypted. Opening the file checks it.
    pub fn public_blob(&self) -> Option<&[u8]> {
        self.file.public_blob()
    }

    /// Reads the key. A passphrase for a file that is not encrypted is ignored.
    ///
    /// Deriving a key from the passphrase takes as long as [`Encryption::kdf`] says.
    ///
    /// # Errors
    /// [`ImportError::PassphraseNeeded`], [`ImportError::WrongPassphrase`] and
    /// [`ImportError::WrongPassphraseOrDamaged`], or one that says what is wrong with the key.
    pub fn open(&self, passphrase: Option<&[u8]>) -> Result<Imported, ImportError> {
        let passphrase = match passphrase {
            _ if !self.is_encrypted() => b"",
            Some(passphrase) => passphrase,
            None => return Err(ImportError::PassphraseNeeded),
        };
        self.file.open(passphrase)
    }
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Found({})", self.format())
    }
}

/// What was in a file.
#[derive(Debug)]
pub struct Imported {
    /// The key.
    pub key: PrivateKey,
    /// The comment, which need not be UTF-8; empty where the format has none.
    pub comment: Vec<u8>,
    /// The blob of the certificate that PuTTY keeps with a key.
    pub certificate: Option<Vec<u8>>,
}

impl From<PrivateKey> for Imported {
    fn from(key: PrivateKey) -> Self {
        Self {
            key,
            comment: Vec::new(),
            certificate: None,
        }
    }
}
