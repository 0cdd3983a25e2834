//! The fields of a private key, borrowed from where they lie.

use super::error::KeyError;
use super::key_type::{Curve, KeyType};
use super::public_key::{check_rsa, read_point};
use super::wire::{Reader, Writer, room};
use crate::secret::Secret;

/// The bytes of the blob of an Ed25519 key, which most keys are.
const ED25519_BLOB: usize = 4 + 11 + 4 + 32;

/// The fields of a private key. Numbers are big-endian magnitudes without leading zeros.
#[derive(Clone, Copy)]
pub(crate) enum Fields<'a> {
    Ed25519 {
        public: &'a [u8; 32],
        /// The seed, and the public part once more.
        secret: &'a [u8; 64],
    },
    Ecdsa {
        curve: Curve,
        /// The point with both coordinates (SEC 1 section 2.3.3).
        point: &'a [u8],
        scalar: &'a [u8],
    },
    /// RFC 8017 section 3.2; `iqmp` is the inverse of `q` modulo `p`.
    Rsa {
        n: &'a [u8],
        e: &'a [u8],
        d: &'a [u8],
        iqmp: &'a [u8],
        p: &'a [u8],
        q: &'a [u8],
    },
    SkEd25519 {
        public: &'a [u8; 32],
        token: Token<'a>,
    },
    SkEcdsaP256 {
        point: &'a [u8],
        token: Token<'a>,
    },
}

/// What is kept of a key in a FIDO token (OpenSSH's `PROTOCOL.u2f`).
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) application: &'a [u8],
    pub(crate) flags: u8,
    pub(crate) key_handle: &'a [u8],
    pub(crate) reserved: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads the fields of one key, and leaves what follows them.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, KeyError> {
        let name = reader.string()?;
        match KeyType::from_plain_name(name).ok_or_else(|| KeyError::of_type(name))? {
            KeyType::Ed25519 => read_ed25519(reader),
            KeyType::EcdsaP256 => read_ecdsa(Curve::P256, reader),
            KeyType::EcdsaP384 => read_ecdsa(Curve::P384, reader),
            KeyType::EcdsaP521 => read_ecdsa(Curve::P521, reader),
            KeyType::Rsa => read_rsa(reader),
            KeyType::SkEd25519 => Ok(Self::SkEd25519 {
                public: reader.array("Ed25519 public key")?,
                token: Token::read(reader)?,
            }),
            KeyType::SkEcdsaP256 => Ok(Self::SkEcdsaP256 {
                point: read_point(Curve::P256, reader)?,
                token: Token::read(reader)?,
            }),
        }
    }

    pub(crate) const fn key_type(&self) -> KeyType {
        match self {
            Self::Ed25519 { .. } => KeyType::Ed25519,
            Self::Ecdsa { curve, .. } => curve.key_type(),
            Self::Rsa { .. } => KeyType::Rsa,
            Self::SkEd25519 { .. } => KeyType::SkEd25519,
            Self::SkEcdsaP256 { .. } => KeyType::SkEcdsaP256,
        }
    }

    /// Returns the public key blob (RFC 4253 section 6.6).
    pub(crate) fn public_blob(&self) -> Vec<u8> {
        let mut blob = Vec::with_capacity(ED25519_BLOB);
        blob.put_string(self.key_type().name().as_bytes());
        match self {
            Self::Ed25519 { public, .. } => blob.put_string(*public),
            Self::Ecdsa { curve, point, .. } => {
                blob.put_string(curve.name().as_bytes());
                blob.put_string(point);
            }
            Self::Rsa { n, e, .. } => {
                blob.put_mpint(e);
                blob.put_mpint(n);
            }
            Self::SkEd25519 { public, token } => {
                blob.put_string(*public);
                blob.put_string(token.application);
            }
            Self::SkEcdsaP256 { point, token } => {
                blob.put_string(Curve::P256.name().as_bytes());
                blob.put_string(point);
                blob.put_string(token.application);
            }
        }
        blob
    }

    /// Writes the fields into a buffer that is large enough from the start.
    pub(crate) fn to_secret(self) -> Secret<Vec<u8>> {
        let mut secret = Secret::new(Vec::with_capacity(self.room()));
        let fields = secret.expose_mut();
        fields.put_string(self.key_type().name().as_bytes());
        match self {
            Self::Ed25519 { public, secret } => {
                fields.put_string(public);
                fields.put_string(secret);
            }
            Self::Ecdsa {
                curve,
                point,
                scalar,
            } => {
                fields.put_string(curve.name().as_bytes());
                fields.put_string(point);
                fields.put_mpint(scalar);
            }
            Self::Rsa {
                n,
                e,
                d,
                iqmp,
                p,
                q,
            } => {
                for number in [n, e, d, iqmp, p, q] {
                    fields.put_mpint(number);
                }
            }
            Self::SkEd25519 { public, token } => {
                fields.put_string(public);
                token.write(fields);
            }
            Self::SkEcdsaP256 { point, token } => {
                fields.put_string(Curve::P256.name().as_bytes());
                fields.put_string(point);
                token.write(fields);
            }
        }
        secret
    }

    /// Returns how many bytes [`Fields::to_secret`] writes at most.
    fn room(&self) -> usize {
        let parts: &[&[u8]] = match self {
            Self::Ed25519 { public, secret } => &[*public, *secret],
            Self::Ecdsa { point, scalar, .. } => &[point, scalar],
            Self::Rsa {
                n,
                e,
                d,
                iqmp,
                p,
                q,
            } => &[n, e, d, iqmp, p, q],
            Self::SkEd25519 { public, token } => {
                &[*public, token.application, token.key_handle, token.reserved]
            }
            Self::SkEcdsaP256 { point, token } => {
                &[point, token.application, token.key_handle, token.reserved]
            }
        };
        // The names of type and curve, and the flags.
        let names = 64;
        names + parts.iter().map(|part| room(part)).sum::<usize>()
    }
}

impl<'a> Token<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, KeyError> {
        Ok(Self {
            application: reader.string()?,
            flags: reader.byte()?,
            key_handle: reader.string()?,
            reserved: reader.string()?,
        })
    }

    fn write(&self, fields: &mut Vec<u8>) {
        fields.put_string(self.application);
        fields.push(self.flags);
        fields.put_string(self.key_handle);
        fields.put_string(self.reserved);
    }
}

fn read_ed25519<'a>(reader: &mut Reader<'a>) -> Result<Fields<'a>, KeyError> {
    let public: &[u8; 32] = reader.array("Ed25519 public key")?;
    let secret: &[u8; 64] = reader.array("Ed25519 private key")?;
    // Signing under a foreign public key gives the seed away after two signatures.
    if secret.ends_with(public) {
        Ok(Fields::Ed25519 { public, secret })
    } else {
        Err(KeyError::Invalid("Ed25519 private key"))
    }
}

fn read_ecdsa<'a>(curve: Curve, reader: &mut Reader<'a>) -> Result<Fields<'a>, KeyError> {
    Ok(Fields::Ecdsa {
        curve,
        point: read_point(curve, reader)?,
        scalar: read_number("ECDSA private key", curve.field_length(), reader)?,
    })
}

fn read_rsa<'a>(reader: &mut Reader<'a>) -> Result<Fields<'a>, KeyError> {
    let n = reader.mpint("RSA modulus")?;
    let e = reader.mpint("RSA exponent")?;
    check_rsa(n, e)?;
    Ok(Fields::Rsa {
        n,
        e,
        d: read_number("RSA private exponent", n.len(), reader)?,
        iqmp: read_number("RSA coefficient", n.len(), reader)?,
        p: read_number("RSA prime", n.len(), reader)?,
        q: read_number("RSA prime", n.len(), reader)?,
    })
}

fn read_number<'a>(
    name: &'static str,
    length_max: usize,
    reader: &mut Reader<'a>,
) -> Result<&'a [u8], KeyError> {
    let number = reader.mpint(name)?;
    if number.len() > length_max {
        return Err(KeyError::Invalid(name));
    }
    Ok(number)
}
