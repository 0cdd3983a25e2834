//! PKCS #8 (RFC 5958), also encrypted with PBES2 (RFC 8018 section 6.2).

mod pbes2;

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Tag, Tagged};
use pkcs8::spki::ObjectIdentifier;

use super::armor::Block;
use super::error::ImportError;
use super::kdf::Encryption;
use super::traditional::is_sequence;
use super::{Format, Imported, KeyFile, Opened, PrivateKey};
use super::{pkcs1, sec1};
use crate::key::{Fields, ed25519_public};
use crate::secret::Secret;
use pbes2::Sealed;

const RSA: &str = "1.2.840.113549.1.1.1";
const ELLIPTIC_CURVE: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
const DSA: &str = "1.2.840.10040.4.1";

/// Algorithms that are not supported, for a message that people understand.
const OTHERS: [(&str, &str); 9] = [
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.113549.1.3.1", "Diffie-Hellman"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.113", "Ed448"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("1.2.156.10197.1.301", "SM2"),
];

struct Plain(Secret<Vec<u8>>);

struct Encrypted(Sealed);

/// Takes a block `PRIVATE KEY`.
pub(super) fn read(block: &Block<'_>) -> Opened<'static> {
    Ok(Box::new(Plain(block.decode()?)))
}

/// Takes a block `ENCRYPTED PRIVATE KEY`.
pub(super) fn read_encrypted(block: &Block<'_>) -> Opened<'static> {
    Ok(Box::new(Encrypted(Sealed::read(block.decode()?.expose())?)))
}

impl KeyFile for Plain {
    fn format(&self) -> Format {
        Format::Pkcs8
    }

    fn open(&self, _: &[u8]) -> Result<Imported, ImportError> {
        decode(self.0.expose()).map(Imported::from)
    }
}

impl KeyFile for Encrypted {
    fn format(&self) -> Format {
        Format::Pkcs8
    }

    fn encryption(&self) -> Option<&Encryption> {
        Some(&self.0.encryption)
    }

    fn open(&self, passphrase: &[u8]) -> Result<Imported, ImportError> {
        let opened = self.0.open(passphrase)?;
        if !is_sequence(opened.expose()) {
            return Err(ImportError::WrongPassphrase);
        }
        decode(opened.expose()).map(Imported::from)
    }
}

const fn damaged(what: &'static str) -> ImportError {
    let format = Format::Pkcs8;
    ImportError::Damaged { format, what }
}

fn decode(der: &[u8]) -> Result<PrivateKey, ImportError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| damaged("not a private key"))?;
    let secret = info.private_key.as_bytes();
    let public = info.public_key.and_then(|bits| bits.as_bytes());
    let oid = info.algorithm.oid.to_string();
    match oid.as_str() {
        RSA => pkcs1::decode(secret, Format::Pkcs8),
        ED25519 => ed25519(secret, public),
        DSA => Err(crate::key::KeyError::Dsa.into()),
        ELLIPTIC_CURVE => {
            let parameters = info.algorithm.parameters.ok_or(damaged("no curve"))?;
            if parameters.tag() == Tag::Sequence {
                return Err(sec1::explicit());
            }
            let named: ObjectIdentifier = parameters.decode_as().map_err(|_| damaged("curve"))?;
            sec1::decode(secret, Some(sec1::curve(named)?), Format::Pkcs8)
        }
        _ => {
            let other = OTHERS.iter().find(|(known, _)| *known == oid);
            let name = other.map_or(oid.as_str(), |(_, name)| name).to_owned();
            Err(ImportError::Algorithm { name })
        }
    }
}

/// Reads the seed of RFC 8410 section 7, and computes the public key, which most files lack.
fn ed25519(secret: &[u8], public: Option<&[u8]>) -> Result<PrivateKey, ImportError> {
    let seed: &[u8; 32] = <&OctetStringRef>::from_der(secret)
        .ok()
        .and_then(|seed| seed.as_bytes().try_into().ok())
        .ok_or(damaged("Ed25519 private key"))?;
    let computed = ed25519_public(seed).ok_or(ImportError::Memory)?;
    if public.is_some_and(|public| public != computed) {
        return Err(damaged("public key is not that of the private key"));
    }
    let mut both = Secret::new([0; 64]);
    let (first, second) = both.expose_mut().split_at_mut(32);
    first.copy_from_slice(seed);
    second.copy_from_slice(&computed);
    let fields = Fields::Ed25519 {
        public: &computed,
        secret: both.expose(),
    };
    Ok(PrivateKey::from_fields(fields.to_secret())?)
}
