//! PEM as OpenSSL wrote it before PKCS #8: one kind of key for each label, encrypted by headers of RFC 1421.

use ssh_cipher::Cipher;

use super::armor::Block;
use super::error::ImportError;
use super::kdf::{Encryption, Kdf, derive_for, sizes};
use super::{Format, Imported, KeyFile, Opened, PrivateKey};
use super::{cbc, pkcs1, sec1};
use crate::key::shown;
use crate::secret::Secret;

/// The ciphers, by the names of OpenSSL.
const CIPHERS: [(&str, Cipher); 4] = [
    ("AES-128-CBC", Cipher::Aes128Cbc),
    ("AES-192-CBC", Cipher::Aes192Cbc),
    ("AES-256-CBC", Cipher::Aes256Cbc),
    ("DES-EDE3-CBC", Cipher::TdesCbc),
];

/// The salt is the beginning of the initialisation vector (OpenSSL's `PKCS5_SALT_LEN`).
const SALT_LENGTH: usize = 8;

type Decode = fn(&[u8]) -> Result<PrivateKey, ImportError>;

struct Traditional {
    format: Format,
    decode: Decode,
    bytes: Secret<Vec<u8>>,
    sealed: Option<Sealed>,
}

struct Sealed {
    encryption: Encryption,
    cipher: Cipher,
    iv: Vec<u8>,
}

/// Takes a block `RSA PRIVATE KEY`.
pub(super) fn read_rsa(block: &Block<'_>) -> Opened<'static> {
    read(block, Format::Pkcs1, |der| {
        pkcs1::decode(der, Format::Pkcs1)
    })
}

/// Takes a block `EC PRIVATE KEY`.
pub(super) fn read_ec(block: &Block<'_>) -> Opened<'static> {
    read(block, Format::Sec1, |der| {
        sec1::decode(der, None, Format::Sec1)
    })
}

fn read(block: &Block<'_>, format: Format, decode: Decode) -> Opened<'static> {
    let sealed = block.header("DEK-Info").map(Sealed::read).transpose()?;
    let is_sealed = block
        .header("Proc-Type")
        .is_some_and(|value| value.ends_with(b"ENCRYPTED"));
    if is_sealed != sealed.is_some() {
        let what = "headers of the encryption";
        return Err(ImportError::Damaged { format, what });
    }
    Ok(Box::new(Traditional {
        format,
        decode,
        bytes: block.decode()?,
        sealed,
    }))
}

impl Sealed {
    /// Reads the value of `DEK-Info`: a cipher and an initialisation vector.
    fn read(value: &[u8]) -> Result<Self, ImportError> {
        let comma = value.iter().position(|byte| *byte == b',');
        let (name, rest) = value.split_at(comma.unwrap_or(value.len()));
        let known = CIPHERS
            .iter()
            .find(|(known, _)| known.as_bytes() == name.trim_ascii());
        let (name, cipher) = *known.ok_or_else(|| ImportError::Cipher { name: shown(name) })?;
        let iv = rest.get(1..).unwrap_or_default().trim_ascii();
        let iv = hex(iv).filter(|iv| iv.len() == sizes(cipher).1);
        Ok(Self {
            encryption: Encryption {
                cipher: name,
                kdf: Kdf::Md5,
            },
            cipher,
            iv: iv.ok_or(ImportError::Text("initialisation vector of DEK-Info"))?,
        })
    }

    fn open(&self, passphrase: &[u8], secret: &mut Secret<Vec<u8>>) -> Option<()> {
        let salt = self.iv.get(..SALT_LENGTH)?;
        let (length, _) = sizes(self.cipher);
        let key = derive_for(self.encryption.kdf, (passphrase, salt), length)?;
        cbc::open(self.cipher, key.expose(), &self.iv, secret)?;
        is_sequence(secret.expose()).then_some(())
    }
}

impl KeyFile for Traditional {
    fn format(&self) -> Format {
        self.format
    }

    fn encryption(&self) -> Option<&Encryption> {
        self.sealed.as_ref().map(|sealed| &sealed.encryption)
    }

    fn open(&self, passphrase: &[u8]) -> Result<Imported, ImportError> {
        let Some(sealed) = &self.sealed else {
            return (self.decode)(self.bytes.expose()).map(Imported::from);
        };
        let mut opened = Secret::new(self.bytes.expose().clone());
        sealed
            .open(passphrase, &mut opened)
            .ok_or(ImportError::WrongPassphrase)?;
        (self.decode)(opened.expose()).map(Imported::from)
    }
}

/// Says whether the bytes are one DER sequence, up to the last. What a wrong passphrase leaves is so once in millions
/// of times, so that a key that is broken behind this was written so, or damaged.
pub(super) fn is_sequence(bytes: &[u8]) -> bool {
    let Some((0x30, rest)) = bytes.split_first().map(|(tag, rest)| (*tag, rest)) else {
        return false;
    };
    match *rest {
        [length @ ..=0x7f, ref body @ ..] => body.len() == usize::from(length),
        [0x81, length, ref body @ ..] => body.len() == usize::from(length),
        [0x82, high, low, ref body @ ..] => {
            body.len() == usize::from(u16::from_be_bytes([high, low]))
        }
        _ => false,
    }
}

/// Reads hexadecimal digits of either case.
pub(super) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    text.chunks(2).map(pair).collect()
}
