//! How PuTTY encrypts a key and sums it up. The same code reads and writes.

use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use ssh_cipher::Cipher;

use super::super::kdf::{Argon2Kind, Encryption, Kdf, derive_for, sizes};
use crate::secret::Secret;

/// The one cipher there is.
const CIPHER: Cipher = Cipher::Aes256Cbc;

/// What version 2 hashes before the passphrase for the key of its checksum.
const MAC_PREFIX: &[u8] = b"putty-private-key-file-mac-key";

/// A version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Two,
    Three,
}

/// How the private part is protected.
#[derive(Debug, Clone)]
pub(crate) enum Protection {
    /// A checksum, which anybody can compute.
    Plain(Version),
    /// Version 2 with a passphrase.
    Sha1,
    /// Version 3 with a passphrase.
    Argon2(Argon2),
}

/// The parameters of version 3.
#[derive(Debug, Clone)]
pub(crate) struct Argon2 {
    pub(crate) kind: Argon2Kind,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    pub(crate) salt: Vec<u8>,
}

impl Protection {
    /// Returns the name of the cipher as it stands in the file.
    pub(crate) const fn cipher(&self) -> &'static str {
        match self {
            Self::Plain(_) => "none",
            Self::Sha1 | Self::Argon2(_) => "aes256-cbc",
        }
    }

    pub(crate) const fn version(&self) -> Version {
        match self {
            Self::Plain(version) => *version,
            Self::Sha1 => Version::Two,
            Self::Argon2(_) => Version::Three,
        }
    }

    pub(crate) fn encryption(&self) -> Option<Encryption> {
        let kdf = match self {
            Self::Plain(_) => return None,
            Self::Sha1 => Kdf::Sha1,
            Self::Argon2(argon2) => Kdf::Argon2 {
                kind: argon2.kind,
                memory_kib: argon2.memory_kib,
                passes: argon2.passes,
                lanes: argon2.lanes,
            },
        };
        let cipher = self.cipher();
        Some(Encryption { cipher, kdf })
    }

    /// Derives the keys; `None` when Argon2 does not take its parameters, or memory is short.
    pub(crate) fn keys(&self, passphrase: &[u8]) -> Option<Keys> {
        let (key_length, iv_length) = sizes(CIPHER);
        let encryption = self.encryption();
        let (key, mac_key) = match self {
            Self::Plain(Version::Three) => (None, Secret::new(Vec::new())),
            Self::Plain(Version::Two) => (None, sha1_mac_key(b"")),
            Self::Sha1 => {
                let key = derive_for(encryption?.kdf, (passphrase, b""), key_length)?;
                (Some(key), sha1_mac_key(passphrase))
            }
            Self::Argon2(argon2) => {
                let length = key_length + iv_length + 32;
                let key = derive_for(encryption?.kdf, (passphrase, &argon2.salt), length)?;
                let mac_key = key.expose().get(key_length + iv_length..)?.to_vec();
                (Some(key), Secret::new(mac_key))
            }
        };
        Some(Keys {
            version: self.version(),
            key,
            mac_key,
        })
    }
}

fn sha1_mac_key(passphrase: &[u8]) -> Secret<Vec<u8>> {
    let hash = Sha1::new_with_prefix(MAC_PREFIX).chain_update(passphrase);
    Secret::new(hash.finalize().to_vec())
}

/// Keys for one file.
pub(crate) struct Keys {
    version: Version,
    /// The key of the cipher, and in version 3 the initialisation vector behind it, which version 2 has as zero.
    key: Option<Secret<Vec<u8>>>,
    mac_key: Secret<Vec<u8>>,
}

impl Keys {
    /// Decrypts in place; `None` when there is no whole number of blocks.
    pub(crate) fn decrypt(&self, private: &mut [u8]) -> Option<()> {
        let Some((key, iv)) = self.key_and_iv() else {
            return Some(());
        };
        CIPHER.decrypt(key, iv, private, None).ok()
    }

    /// Encrypts in place; `None` when there is no whole number of blocks.
    pub(crate) fn encrypt(&self, private: &mut [u8]) -> Option<()> {
        let Some((key, iv)) = self.key_and_iv() else {
            return Some(());
        };
        CIPHER.encrypt(key, iv, private).ok().map(|_| ())
    }

    fn key_and_iv(&self) -> Option<(&[u8], &[u8])> {
        let (key_length, iv_length) = sizes(CIPHER);
        let (key, rest) = self.key.as_ref()?.expose().split_at_checked(key_length)?;
        Some((key, rest.get(..iv_length).unwrap_or(&[0; 16])))
    }

    /// Says in constant time whether this is the checksum of the parts.
    pub(crate) fn is_mac(&self, parts: [&[u8]; 5], mac: &[u8]) -> bool {
        match self.version {
            Version::Two => summed::<Hmac<Sha1>>(self.mac_key.expose(), parts)
                .is_some_and(|sum| sum.verify_slice(mac).is_ok()),
            Version::Three => summed::<Hmac<Sha256>>(self.mac_key.expose(), parts)
                .is_some_and(|sum| sum.verify_slice(mac).is_ok()),
        }
    }

    /// Returns the checksum of version 3 of the parts.
    pub(crate) fn mac(&self, parts: [&[u8]; 5]) -> Option<[u8; 32]> {
        let sum = summed::<Hmac<Sha256>>(self.mac_key.expose(), parts)?;
        Some(sum.finalize().into_bytes().into())
    }
}

/// Sums up parts as strings of RFC 4251.
fn summed<M: Mac + KeyInit>(key: &[u8], parts: [&[u8]; 5]) -> Option<M> {
    let mut sum = <M as KeyInit>::new_from_slice(key).ok()?;
    for part in parts {
        let length = u32::try_from(part.len()).ok()?;
        sum.update(&length.to_be_bytes());
        sum.update(part);
    }
    Some(sum)
}
