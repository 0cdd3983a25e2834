//! Private keys as a client adds them (RFC 9987 section 5.2, OpenSSH's
//! `sshkey_private_serialize`).
//!
//! Everything borrows from the message: reading a private key makes no copy of it.

mod encode;

use crate::protocol::algorithm::{Curve, KeyType};
use crate::protocol::public_key::{PublicKey, PublicMaterial};
use crate::protocol::wire::{Reader, WireError, Writer};

/// The shortest RSA modulus taken, in bits: NIST SP 800-131A has shorter ones disallowed.
pub const RSA_BITS_MIN: usize = 2048;

/// The longest RSA modulus taken, in bits: OpenSSH's `SSHBUF_MAX_BIGNUM`.
pub const RSA_BITS_MAX: usize = 16384;

/// A private key, with the certificate for it when the client added one.
#[derive(Clone, Copy)]
pub struct PrivateKey<'a> {
    /// The certificate blob.
    pub certificate: Option<&'a [u8]>,
    /// The fields of the key itself.
    pub material: Material<'a>,
}

/// The fields of a private key. Numbers are big-endian magnitudes without leading zeros.
///
/// Lengths and forms are checked, and that what stands twice in a message is twice the same. That
/// the secret belongs to the public part is for the code that computes with it.
#[derive(Clone, Copy)]
pub enum Material<'a> {
    /// RFC 8709.
    Ed25519 {
        /// The compressed point.
        public: &'a [u8; 32],
        /// The seed, and the public part once more.
        secret: &'a [u8; 64],
    },
    /// RFC 5656.
    Ecdsa {
        /// The curve of the key.
        curve: Curve,
        /// The point with both coordinates (SEC 1 section 2.3.3).
        public: &'a [u8],
        /// The secret number.
        scalar: &'a [u8],
    },
    /// RFC 8017 section 3.2.
    Rsa {
        /// The modulus.
        n: &'a [u8],
        /// The public exponent.
        e: &'a [u8],
        /// The private exponent.
        d: &'a [u8],
        /// The inverse of `q` modulo `p`.
        iqmp: &'a [u8],
        /// The first prime.
        p: &'a [u8],
        /// The second prime.
        q: &'a [u8],
    },
    /// Ed25519 in a FIDO token (`PROTOCOL.u2f`).
    SkEd25519 {
        /// The compressed point.
        public: &'a [u8; 32],
        /// The relying party for which the token made the key, usually `ssh:`.
        application: &'a [u8],
        /// What the token asks of the user before it signs.
        flags: u8,
        /// The handle by which the token knows the key.
        key_handle: &'a [u8],
        /// Reserved, empty today.
        reserved: &'a [u8],
    },
    /// ECDSA on P-256 in a FIDO token (`PROTOCOL.u2f`).
    SkEcdsaP256 {
        /// The point with both coordinates (SEC 1 section 2.3.3).
        public: &'a [u8],
        /// The relying party for which the token made the key, usually `ssh:`.
        application: &'a [u8],
        /// What the token asks of the user before it signs.
        flags: u8,
        /// The handle by which the token knows the key.
        key_handle: &'a [u8],
        /// Reserved, empty today.
        reserved: &'a [u8],
    },
}

impl<'a> PrivateKey<'a> {
    /// Reads the name of a key type and the fields that belong to it, and leaves the rest.
    ///
    /// A certificate's name is followed by the certificate, from which the public fields come;
    /// Ed25519 keys, in a token or not, repeat theirs.
    ///
    /// # Errors
    /// A [`WireError`] when the key type is unknown, a field is cut short or not valid, or the
    /// certificate is for another key.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let name = reader.text("key type")?;
        let (key_type, is_certificate) =
            KeyType::from_name(name).ok_or(WireError::Invalid("key type"))?;
        let certificate = is_certificate.then(|| reader.string()).transpose()?;
        let public = match certificate {
            None => read_public(key_type, reader)?,
            Some(blob) => read_certified(key_type, blob, reader)?,
        };
        let material = Material::read(public, reader)?;
        Ok(Self {
            certificate,
            material,
        })
    }

    /// Returns the type of the key, the same with and without a certificate.
    pub const fn key_type(&self) -> KeyType {
        self.material.key_type()
    }

    /// Writes the public key blob without the certificate.
    pub fn plain_blob(&self) -> Vec<u8> {
        self.material.plain_blob()
    }

    /// Returns the blob by which clients name this identity: the certificate if there is one,
    /// otherwise the plain public key.
    pub fn blob(&self) -> Vec<u8> {
        self.certificate
            .map_or_else(|| self.plain_blob(), <[u8]>::to_vec)
    }
}

impl<'a> Material<'a> {
    /// Returns the type of the key.
    pub const fn key_type(&self) -> KeyType {
        match self {
            Self::Ed25519 { .. } => KeyType::Ed25519,
            Self::Ecdsa { curve, .. } => curve.key_type(),
            Self::Rsa { .. } => KeyType::Rsa,
            Self::SkEd25519 { .. } => KeyType::SkEd25519,
            Self::SkEcdsaP256 { .. } => KeyType::SkEcdsaP256,
        }
    }

    fn plain_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        blob.put_string(self.key_type().name().as_bytes());
        match self {
            Self::Ed25519 { public, .. } => blob.put_string(*public),
            Self::Ecdsa { curve, public, .. } => {
                blob.put_string(curve.name().as_bytes());
                blob.put_string(public);
            }
            Self::Rsa { n, e, .. } => {
                blob.put_mpint(e);
                blob.put_mpint(n);
            }
            Self::SkEd25519 {
                public,
                application,
                ..
            } => {
                blob.put_string(*public);
                blob.put_string(application);
            }
            Self::SkEcdsaP256 {
                public,
                application,
                ..
            } => {
                blob.put_string(Curve::P256.name().as_bytes());
                blob.put_string(public);
                blob.put_string(application);
            }
        }
        blob
    }

    fn read(public: PublicMaterial<'a>, reader: &mut Reader<'a>) -> Result<Self, WireError> {
        match public {
            PublicMaterial::Ed25519(public) => Ok(Self::Ed25519 {
                public,
                secret: read_ed25519_secret(public, reader)?,
            }),
            PublicMaterial::EcdsaP256(public) => read_ecdsa(Curve::P256, public, reader),
            PublicMaterial::EcdsaP384(public) => read_ecdsa(Curve::P384, public, reader),
            PublicMaterial::EcdsaP521(public) => read_ecdsa(Curve::P521, public, reader),
            PublicMaterial::Rsa { e, n } => read_rsa(n, e, reader),
            PublicMaterial::SkEd25519 { point, application } => Ok(Self::SkEd25519 {
                public: point,
                application,
                flags: reader.byte()?,
                key_handle: reader.string()?,
                reserved: reader.string()?,
            }),
            PublicMaterial::SkEcdsaP256 { point, application } => Ok(Self::SkEcdsaP256 {
                public: point,
                application,
                flags: reader.byte()?,
                key_handle: reader.string()?,
                reserved: reader.string()?,
            }),
        }
    }
}

/// Reads the public fields of a key without a certificate.
fn read_public<'a>(
    key_type: KeyType,
    reader: &mut Reader<'a>,
) -> Result<PublicMaterial<'a>, WireError> {
    if key_type != KeyType::Rsa {
        return PublicMaterial::read(key_type, reader);
    }
    // The other way round than in a public key blob.
    let n = reader.mpint()?;
    let e = reader.mpint()?;
    Ok(PublicMaterial::Rsa { e, n })
}

/// Takes the public fields from the certificate `blob` and reads what of them stands once more
/// behind it.
///
/// What is repeated has to be the same: a key listed under one public key and signing with another
/// would slip past whoever approved the first.
fn read_certified<'a>(
    key_type: KeyType,
    blob: &'a [u8],
    reader: &mut Reader<'a>,
) -> Result<PublicMaterial<'a>, WireError> {
    let certificate = PublicKey::decode(blob)?;
    let certified = *certificate.material();
    let repeated = match certified {
        PublicMaterial::Ed25519(_) | PublicMaterial::SkEd25519 { .. } => {
            PublicMaterial::read(key_type, reader)?
        }
        PublicMaterial::SkEcdsaP256 { point, .. } => PublicMaterial::SkEcdsaP256 {
            point,
            application: reader.name("application")?,
        },
        _ => certified,
    };
    let is_for_key = repeated == certified && certified.key_type() == key_type;
    if is_for_key && certificate.certificate().is_some() {
        Ok(repeated)
    } else {
        Err(WireError::Invalid("certificate"))
    }
}

fn read_ed25519_secret<'a>(
    public: &[u8; 32],
    reader: &mut Reader<'a>,
) -> Result<&'a [u8; 64], WireError> {
    let secret: &[u8; 64] = reader
        .string()?
        .try_into()
        .map_err(|_| WireError::Invalid("ed25519 secret"))?;
    // Signing under a foreign public key gives the seed away after two signatures.
    if secret.ends_with(public) {
        Ok(secret)
    } else {
        Err(WireError::Invalid("ed25519 secret"))
    }
}

fn read_ecdsa<'a>(
    curve: Curve,
    public: &'a [u8],
    reader: &mut Reader<'a>,
) -> Result<Material<'a>, WireError> {
    let scalar = read_number("ecdsa scalar", curve.field_length(), reader)?;
    Ok(Material::Ecdsa {
        curve,
        public,
        scalar,
    })
}

fn read_rsa<'a>(
    n: &'a [u8],
    e: &'a [u8],
    reader: &mut Reader<'a>,
) -> Result<Material<'a>, WireError> {
    if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits(n)) {
        return Err(WireError::Invalid("length of rsa modulus"));
    }
    if e.is_empty() || e.len() > n.len() {
        return Err(WireError::Invalid("rsa exponent"));
    }
    Ok(Material::Rsa {
        n,
        e,
        d: read_number("rsa private exponent", n.len(), reader)?,
        iqmp: read_number("rsa coefficient", n.len(), reader)?,
        p: read_number("rsa prime", n.len(), reader)?,
        q: read_number("rsa prime", n.len(), reader)?,
    })
}

fn read_number<'a>(
    name: &'static str,
    length_max: usize,
    reader: &mut Reader<'a>,
) -> Result<&'a [u8], WireError> {
    let magnitude = reader.mpint()?;
    if magnitude.is_empty() || magnitude.len() > length_max {
        return Err(WireError::Invalid(name));
    }
    Ok(magnitude)
}

/// Returns the length of a magnitude without leading zeros, in bits.
fn bits(magnitude: &[u8]) -> usize {
    let unused = magnitude.first().map_or(0, |byte| byte.leading_zeros());
    (magnitude.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or(0))
}

impl core::fmt::Debug for PrivateKey<'_> {
    // Only what a public key says as well: the type.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let kind = match self.certificate {
            None => self.key_type().name(),
            Some(_) => self.key_type().certificate_name(),
        };
        write!(f, "PrivateKey({kind})")
    }
}

impl core::fmt::Debug for Material<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Material({})", self.key_type().name())
    }
}

#[cfg(test)]
mod tests;
