//! Public key blobs and certificates (RFC 4253 section 6.6, RFC 5656, RFC 8709, `PROTOCOL.u2f`,
//! `PROTOCOL.certkeys`).
//!
//! Decoding accepts one form only for each key: numbers are in their shortest form, curve points are
//! uncompressed, nothing trails. Two blobs are therefore the same key exactly when their bytes are
//! equal, and a rule for a key cannot be escaped by writing the key in another way.

mod certificate;

pub use self::certificate::{Certificate, CertificateKind};

use super::algorithm::{Curve, KeyType, SignatureAlgorithm};
use super::wire::{Reader, WireError, Writer};

const ED25519_LEN: usize = 32;
/// First byte of an uncompressed point (SEC 1 section 2.3.3); OpenSSH knows no other form either.
const UNCOMPRESSED: u8 = 4;
/// Bytes of the largest modulus, as in OpenSSH (`SSHBUF_MAX_BIGNUM`).
const RSA_MODULUS_MAX: usize = 16_384 / 8;

/// The type of an RSA key is also the name of its SHA-1 signatures. A request may say that name, as
/// in OpenSSH: what is signed in the end is chosen by the flags.
const RSA_ALGORITHMS: [&str; 3] = [
    KeyType::Rsa.name(),
    SignatureAlgorithm::RsaSha256.name(),
    SignatureAlgorithm::RsaSha512.name(),
];
const RSA_CERTIFICATE_ALGORITHMS: [&str; 3] = [
    KeyType::Rsa.certificate_name(),
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
];

/// A public key as its blob spells it; the bytes are borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey<'a> {
    material: PublicMaterial<'a>,
    fields: &'a [u8],
    certificate: Option<Certificate<'a>>,
}

/// The numbers of a public key, by type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicMaterial<'a> {
    /// `ssh-ed25519`
    Ed25519(&'a [u8; ED25519_LEN]),
    /// `ecdsa-sha2-nistp256`, with its uncompressed point
    EcdsaP256(&'a [u8]),
    /// `ecdsa-sha2-nistp384`, with its uncompressed point
    EcdsaP384(&'a [u8]),
    /// `ecdsa-sha2-nistp521`, with its uncompressed point
    EcdsaP521(&'a [u8]),
    /// `ssh-rsa`
    Rsa {
        /// Public exponent, big-endian without leading zeros.
        e: &'a [u8],
        /// Modulus, big-endian without leading zeros.
        n: &'a [u8],
    },
    /// `sk-ssh-ed25519@openssh.com`
    SkEd25519 {
        /// The key of the token.
        point: &'a [u8; ED25519_LEN],
        /// What the key was made for, `ssh:` as a rule.
        application: &'a [u8],
    },
    /// `sk-ecdsa-sha2-nistp256@openssh.com`
    SkEcdsaP256 {
        /// The uncompressed point of the token's key.
        point: &'a [u8],
        /// What the key was made for, `ssh:` as a rule.
        application: &'a [u8],
    },
}

impl<'a> PublicKey<'a> {
    /// Decodes a public key blob, plain or a certificate.
    ///
    /// The signature of a certificate is not verified here.
    ///
    /// # Errors
    /// [`WireError`] when the type is unknown or the bytes are not exactly such a key.
    pub fn decode(blob: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(blob);
        let (key_type, is_certificate) = read_key_type(&mut reader)?;
        if !is_certificate {
            return Self::decode_plain(blob);
        }
        reader.string()?; // the nonce only makes the signed bytes unpredictable to the CA
        let (material, fields) = PublicMaterial::read_with_bytes(key_type, &mut reader)?;
        let certificate = Certificate::read(blob, &mut reader)?;
        reader.finish()?;
        Ok(Self {
            material,
            fields,
            certificate: Some(certificate),
        })
    }

    /// Decodes a public key blob that has to be plain, as the key of a certificate authority has to be.
    ///
    /// # Errors
    /// [`WireError`] when the type is unknown, a certificate, or the bytes are not exactly such a key.
    pub fn decode_plain(blob: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(blob);
        let (key_type, false) = read_key_type(&mut reader)? else {
            return Err(WireError::Invalid("key type"));
        };
        let (material, fields) = PublicMaterial::read_with_bytes(key_type, &mut reader)?;
        reader.finish()?;
        Ok(Self {
            material,
            fields,
            certificate: None,
        })
    }

    /// Returns the numbers of the key, for a certificate those it certifies.
    pub const fn material(&self) -> &PublicMaterial<'a> {
        &self.material
    }

    /// Returns what a certificate says beside its key.
    pub const fn certificate(&self) -> Option<&Certificate<'a>> {
        self.certificate.as_ref()
    }

    /// Returns the blob of the key without its certificate, which fingerprints are made of.
    pub fn plain_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        blob.put_string(self.material.name().as_bytes());
        blob.extend_from_slice(self.fields);
        blob
    }

    /// Says whether a user-auth request may name `algorithm` for this key (RFC 8332 section 3,
    /// `PROTOCOL.certkeys`).
    pub fn accepts_algorithm(&self, algorithm: &[u8]) -> bool {
        let key_type = self.material.key_type();
        let names: &[&str] = match (key_type, self.certificate) {
            (KeyType::Rsa, None) => &RSA_ALGORITHMS,
            (KeyType::Rsa, Some(_)) => &RSA_CERTIFICATE_ALGORITHMS,
            (_, None) => &[key_type.name()],
            (_, Some(_)) => &[key_type.certificate_name()],
        };
        names.iter().any(|name| name.as_bytes() == algorithm)
    }
}

impl<'a> PublicMaterial<'a> {
    /// Returns the type of the key.
    pub const fn key_type(&self) -> KeyType {
        match self {
            Self::Ed25519(_) => KeyType::Ed25519,
            Self::EcdsaP256(_) => KeyType::EcdsaP256,
            Self::EcdsaP384(_) => KeyType::EcdsaP384,
            Self::EcdsaP521(_) => KeyType::EcdsaP521,
            Self::Rsa { .. } => KeyType::Rsa,
            Self::SkEd25519 { .. } => KeyType::SkEd25519,
            Self::SkEcdsaP256 { .. } => KeyType::SkEcdsaP256,
        }
    }

    /// Returns the name of the plain key type.
    pub const fn name(&self) -> &'static str {
        self.key_type().name()
    }

    /// Reads the fields that follow the name of a plain key type in a blob.
    pub(super) fn read(key_type: KeyType, reader: &mut Reader<'a>) -> Result<Self, WireError> {
        Ok(match key_type {
            KeyType::Ed25519 => Self::Ed25519(read_ed25519(reader)?),
            KeyType::EcdsaP256 => Self::EcdsaP256(read_point(reader, Curve::P256)?),
            KeyType::EcdsaP384 => Self::EcdsaP384(read_point(reader, Curve::P384)?),
            KeyType::EcdsaP521 => Self::EcdsaP521(read_point(reader, Curve::P521)?),
            KeyType::Rsa => read_rsa(reader)?,
            KeyType::SkEd25519 => Self::SkEd25519 {
                point: read_ed25519(reader)?,
                application: reader.name("application")?,
            },
            KeyType::SkEcdsaP256 => Self::SkEcdsaP256 {
                point: read_point(reader, Curve::P256)?,
                application: reader.name("application")?,
            },
        })
    }

    /// Reads the same fields and returns them decoded and as they are.
    fn read_with_bytes(
        key_type: KeyType,
        reader: &mut Reader<'a>,
    ) -> Result<(Self, &'a [u8]), WireError> {
        let before = reader.rest();
        let material = Self::read(key_type, reader)?;
        let taken = before.len().saturating_sub(reader.rest().len());
        let fields = before.get(..taken).unwrap_or_default();
        Ok((material, fields))
    }
}

fn read_key_type(reader: &mut Reader<'_>) -> Result<(KeyType, bool), WireError> {
    KeyType::from_name(reader.text("key type")?).ok_or(WireError::Invalid("key type"))
}

fn read_ed25519<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8; ED25519_LEN], WireError> {
    reader
        .string()?
        .try_into()
        .map_err(|_| WireError::Invalid("ed25519 key"))
}

fn read_point<'a>(reader: &mut Reader<'a>, curve: Curve) -> Result<&'a [u8], WireError> {
    if reader.string()? != curve.name().as_bytes() {
        return Err(WireError::Invalid("curve"));
    }
    let point = reader.string()?;
    if point.len() != 1 + 2 * curve.field_length() || point.first() != Some(&UNCOMPRESSED) {
        return Err(WireError::Invalid("curve point"));
    }
    Ok(point)
}

fn read_rsa<'a>(reader: &mut Reader<'a>) -> Result<PublicMaterial<'a>, WireError> {
    let e = reader.mpint()?;
    let n = reader.mpint()?;
    if e.is_empty() || n.is_empty() {
        return Err(WireError::Invalid("rsa key"));
    }
    if e.len() > RSA_MODULUS_MAX || n.len() > RSA_MODULUS_MAX {
        return Err(WireError::TooLarge("rsa key"));
    }
    Ok(PublicMaterial::Rsa { e, n })
}

#[cfg(test)]
mod tests;
