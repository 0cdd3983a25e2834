//! Encryption of PKCS #8: PBES2 of RFC 8018, with PBKDF2 or scrypt (RFC 7914 section 7).
//!
//! The structures are taken apart here, and not by a library, because every length and cost has to be looked at before
//! it is used: initialisation vectors that are too short, and a scrypt cost of zero, have ended programs.

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, ErrorKind, Reader, SliceReader, Tag};
use pkcs8::spki::AlgorithmIdentifierRef;
use ssh_cipher::Cipher;

use super::super::cbc;
use super::super::error::ImportError;
use super::super::kdf::{Encryption, Hash, Kdf, derive_for, sizes};
use super::damaged;
use crate::secret::Secret;

const PBES2: &str = "1.2.840.113549.1.5.13";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
const SCRYPT: &str = "1.3.6.1.4.1.11591.4.11";

/// Schemes of RFC 8018 section 6.1 and RFC 7292 appendix C, for a message that people understand.
const OLD_SCHEMES: [(&str, &str); 6] = [
    ("1.2.840.113549.1.5.3", "pbeWithMD5AndDES-CBC"),
    ("1.2.840.113549.1.5.10", "pbeWithSHA1AndDES-CBC"),
    ("1.2.840.113549.1.12.1.1", "pbeWithSHAAnd128BitRC4"),
    ("1.2.840.113549.1.12.1.3", "pbeWithSHAAnd3-KeyTripleDES-CBC"),
    ("1.2.840.113549.1.12.1.4", "pbeWithSHAAnd2-KeyTripleDES-CBC"),
    ("1.2.840.113549.1.12.1.6", "pbeWithSHAAnd40BitRC2-CBC"),
];

const CIPHERS: [(&str, &str, Cipher); 4] = [
    ("2.16.840.1.101.3.4.1.2", "AES-128-CBC", Cipher::Aes128Cbc),
    ("2.16.840.1.101.3.4.1.22", "AES-192-CBC", Cipher::Aes192Cbc),
    ("2.16.840.1.101.3.4.1.42", "AES-256-CBC", Cipher::Aes256Cbc),
    ("1.2.840.113549.3.7", "DES-EDE3-CBC", Cipher::TdesCbc),
];

const HASHES: [(&str, Hash); 5] = [
    ("1.2.840.113549.2.7", Hash::Sha1),
    ("1.2.840.113549.2.8", Hash::Sha224),
    ("1.2.840.113549.2.9", Hash::Sha256),
    ("1.2.840.113549.2.10", Hash::Sha384),
    ("1.2.840.113549.2.11", Hash::Sha512),
];

/// An `EncryptedPrivateKeyInfo` (RFC 5958 section 3).
pub(super) struct Sealed {
    pub(super) encryption: Encryption,
    cipher: Cipher,
    iv: Vec<u8>,
    salt: Vec<u8>,
    bytes: Vec<u8>,
}

impl Sealed {
    pub(super) fn read(der: &[u8]) -> Result<Self, ImportError> {
        let (scheme, bytes) = outer(der).map_err(|_| damaged("not an encrypted key"))?;
        let name = scheme.oid.to_string();
        if name != PBES2 {
            let old = OLD_SCHEMES.iter().find(|(known, _)| *known == name);
            let name = old.map_or(name.as_str(), |(_, name)| name).to_owned();
            return Err(ImportError::Cipher { name });
        }
        let parameters = scheme.parameters.ok_or(damaged("no parameters"))?;
        let (function, encryption) =
            pair(parameters).map_err(|_| damaged("parameters of the encryption"))?;
        let (name, cipher, iv) = read_cipher(encryption)?;
        let (kdf, salt) = read_function(function, sizes(cipher).0)?;
        kdf.check()?;
        Ok(Self {
            encryption: Encryption { cipher: name, kdf },
            cipher,
            iv: iv.to_vec(),
            salt: salt.to_vec(),
            bytes: bytes.to_vec(),
        })
    }

    pub(super) fn open(&self, passphrase: &[u8]) -> Result<Secret<Vec<u8>>, ImportError> {
        let (length, _) = sizes(self.cipher);
        let key = derive_for(self.encryption.kdf, (passphrase, &self.salt), length)
            .ok_or(ImportError::Memory)?;
        let mut secret = Secret::new(self.bytes.clone());
        cbc::open(self.cipher, key.expose(), &self.iv, &mut secret)
            .ok_or(ImportError::WrongPassphrase)?;
        Ok(secret)
    }
}

fn outer(der: &[u8]) -> der::Result<(AlgorithmIdentifierRef<'_>, &[u8])> {
    let mut reader = SliceReader::new(der)?;
    let read = reader.sequence(|inner| {
        let scheme = AlgorithmIdentifierRef::decode(inner)?;
        let bytes = <&OctetStringRef>::decode(inner)?.as_bytes();
        Ok::<_, der::Error>((scheme, bytes))
    })?;
    reader.finish()?;
    Ok(read)
}

type Pair<'a> = (AlgorithmIdentifierRef<'a>, AlgorithmIdentifierRef<'a>);

fn pair(parameters: AnyRef<'_>) -> der::Result<Pair<'_>> {
    parameters.sequence(|inner| {
        let function = AlgorithmIdentifierRef::decode(inner)?;
        let encryption = AlgorithmIdentifierRef::decode(inner)?;
        Ok::<_, der::Error>((function, encryption))
    })
}

fn read_cipher(
    encryption: AlgorithmIdentifierRef<'_>,
) -> Result<(&'static str, Cipher, &[u8]), ImportError> {
    let oid = encryption.oid.to_string();
    let known = CIPHERS.iter().find(|(known, ..)| *known == oid);
    let (_, name, cipher) = *known.ok_or(ImportError::Cipher { name: oid })?;
    encryption
        .parameters
        .and_then(|iv| iv.decode_as::<&OctetStringRef>().ok())
        .map(OctetStringRef::as_bytes)
        .filter(|iv| iv.len() == sizes(cipher).1)
        .map(|iv| (name, cipher, iv))
        .ok_or(damaged("initialisation vector"))
}

/// Reads a key derivation function for a key of `length` bytes, and its salt.
fn read_function(
    function: AlgorithmIdentifierRef<'_>,
    length: usize,
) -> Result<(Kdf, &[u8]), ImportError> {
    let broken = || damaged("parameters of the key derivation");
    let oid = function.oid.to_string();
    let read = match oid.as_str() {
        PBKDF2 => pbkdf2,
        SCRYPT => scrypt,
        _ => return Err(ImportError::KeyDerivation { name: oid }),
    };
    let parameters = function.parameters.ok_or_else(broken)?;
    let (kdf, salt, wanted) = parameters
        .sequence(read)
        .map_err(|error| match error.kind() {
            ErrorKind::OidUnknown { oid } => ImportError::KeyDerivation {
                name: oid.to_string(),
            },
            _ => broken(),
        })?;
    match wanted {
        Some(wanted) if usize::from(wanted) != length => Err(broken()),
        _ => Ok((kdf, salt)),
    }
}

/// A function, its salt, and the length of the key where it is given.
type Function<'a> = (Kdf, &'a [u8], Option<u16>);

/// Reads `PBKDF2-params` (RFC 8018 appendix A.2).
fn pbkdf2<'a>(reader: &mut SliceReader<'a>) -> der::Result<Function<'a>> {
    let salt = <&OctetStringRef>::decode(reader)?.as_bytes();
    let iterations = u32::decode(reader)?;
    if iterations == 0 {
        return Err(Tag::Integer.value_error().into());
    }
    let length = Option::decode(reader)?;
    let hash = match Option::<AlgorithmIdentifierRef<'_>>::decode(reader)? {
        None => Hash::Sha1,
        Some(algorithm) => {
            let oid = algorithm.oid;
            let name = oid.to_string();
            let known = HASHES.iter().find(|(known, _)| *known == name);
            known.ok_or(ErrorKind::OidUnknown { oid })?.1
        }
    };
    Ok((Kdf::Pbkdf2 { hash, iterations }, salt, length))
}

/// Reads `scrypt-params` (RFC 7914 section 7.1).
fn scrypt<'a>(reader: &mut SliceReader<'a>) -> der::Result<Function<'a>> {
    let salt = <&OctetStringRef>::decode(reader)?.as_bytes();
    let n = u64::decode(reader)?;
    let (r, p) = (u32::decode(reader)?, u32::decode(reader)?);
    let length = Option::decode(reader)?;
    let log_n = u8::try_from(n.trailing_zeros()).unwrap_or(u8::MAX);
    if !n.is_power_of_two() || n == 1 || r == 0 || p == 0 {
        return Err(Tag::Integer.value_error().into());
    }
    Ok((Kdf::Scrypt { log_n, r, p }, salt, length))
}
