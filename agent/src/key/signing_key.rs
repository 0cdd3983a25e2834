//! A private key that was checked and is ready to sign.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};

use super::error::KeyError;
use super::rsa::{Components, RsaKey};
use crate::protocol::algorithm::{Curve, SignatureAlgorithm};
use crate::protocol::private_key::{Material, PrivateKey};
use crate::protocol::wire::{Reader, Writer};

/// The longest scalar in bytes: that of P-521.
const SCALAR_MAX: usize = 66;

/// A key in the form in which its library signs fastest. All of it lies on the heap of secrets.
///
/// Build it, use it and drop it on a [`crate::secret_memory::stack::SecretStack`] only.
#[derive(Debug)]
pub enum SigningKey {
    /// RFC 8709.
    Ed25519(Ed25519KeyPair),
    /// RFC 5656.
    Ecdsa(Curve, EcdsaKeyPair),
    /// RFC 8332.
    Rsa(RsaKey),
}

impl SigningKey {
    /// Reads and checks the key fields of an add message.
    ///
    /// The public part is derived from the private one and compared; RSA factors must make up the
    /// modulus. A key with a foreign public part would make Ed25519 give its secret away.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] or [`KeyError::Inconsistent`]; a security key is unreadable here.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut reader = Reader::new(bytes);
        let key = PrivateKey::read(&mut reader).map_err(|_| KeyError::Unreadable)?;
        reader.finish().map_err(|_| KeyError::Unreadable)?;
        match key.material {
            Material::Ed25519 { public, secret } => ed25519(public, secret),
            Material::Ecdsa {
                curve,
                public,
                scalar,
            } => ecdsa(curve, public, scalar),
            Material::Rsa {
                n,
                e,
                d,
                iqmp,
                p,
                q,
            } => {
                let key = RsaKey::new(&Components {
                    n,
                    e,
                    d,
                    iqmp,
                    p,
                    q,
                });
                key.map(Self::Rsa).ok_or(KeyError::Inconsistent)
            }
            Material::SkEd25519 { .. } | Material::SkEcdsaP256 { .. } => Err(KeyError::Unreadable),
        }
    }

    /// Says whether a signature takes so long that it must not hold up others.
    pub const fn is_slow(&self) -> bool {
        matches!(self, Self::Rsa(_))
    }

    /// Signs `data` and returns the signature as RFC 4253 section 6.6 encodes it.
    ///
    /// # Errors
    /// [`KeyError::Algorithm`] when the key cannot sign with this algorithm, [`KeyError::Memory`]
    /// when the library had not enough of it.
    pub fn sign(&self, algorithm: SignatureAlgorithm, data: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = match (self, algorithm) {
            (Self::Ed25519(pair), SignatureAlgorithm::Ed25519) => {
                let signature = pair.try_sign(data).map_err(|_| KeyError::Memory)?;
                signature.as_ref().to_vec()
            }
            (Self::Ecdsa(curve, pair), algorithm) if algorithm == ecdsa_algorithm(*curve) => {
                let numbers = pair
                    .sign(&SystemRandom::new(), data)
                    .map_err(|_| KeyError::Memory)?;
                two_mpints(numbers.as_ref())
            }
            (Self::Rsa(_), algorithm) => {
                return self.sign_digest(algorithm, digest(algorithm, data)?.as_ref());
            }
            _ => return Err(KeyError::Algorithm),
        };
        Ok(signature_blob(algorithm, &signature))
    }

    /// Signs what [`digest()`] made of the data, as an RSA key does.
    ///
    /// # Errors
    /// As for [`SigningKey::sign`].
    pub fn sign_digest(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        let Self::Rsa(key) = self else {
            return Err(KeyError::Algorithm);
        };
        let signature = key.sign(algorithm, digest).ok_or(KeyError::Memory)?;
        Ok(signature_blob(algorithm, &signature))
    }
}

/// Hashes data for an RSA signature, so that a waiting job holds 64 bytes and not 256 KiB.
///
/// # Errors
/// [`KeyError::Algorithm`] when it is not an RSA algorithm.
pub fn digest(algorithm: SignatureAlgorithm, data: &[u8]) -> Result<Digest, KeyError> {
    match algorithm {
        SignatureAlgorithm::RsaSha256 => Ok(digest::digest(&digest::SHA256, data)),
        SignatureAlgorithm::RsaSha512 => Ok(digest::digest(&digest::SHA512, data)),
        _ => Err(KeyError::Algorithm),
    }
}

fn signature_blob(algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(signature.len() + 40);
    blob.put_string(algorithm.name().as_bytes());
    blob.put_string(signature);
    blob
}

fn ed25519(public: &[u8; 32], secret: &[u8; 64]) -> Result<SigningKey, KeyError> {
    let (seed, repeated) = secret.split_at(32);
    if repeated != public {
        return Err(KeyError::Inconsistent);
    }
    Ed25519KeyPair::from_seed_and_public_key(seed, public)
        .map(SigningKey::Ed25519)
        .map_err(|_| KeyError::Inconsistent)
}

fn ecdsa(curve: Curve, public: &[u8], scalar: &[u8]) -> Result<SigningKey, KeyError> {
    let library: &'static EcdsaSigningAlgorithm = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
    };
    // The array is on the secret stack, which is wiped when the operation ends.
    let mut padded = [0; SCALAR_MAX];
    let field = padded
        .get_mut(..curve.field_length())
        .ok_or(KeyError::Unreadable)?;
    let start = field
        .len()
        .checked_sub(scalar.len())
        .ok_or(KeyError::Inconsistent)?;
    field
        .get_mut(start..)
        .ok_or(KeyError::Inconsistent)?
        .copy_from_slice(scalar);
    EcdsaKeyPair::from_private_key_and_public_key(library, field, public)
        .map(|pair| SigningKey::Ecdsa(curve, pair))
        .map_err(|_| KeyError::Inconsistent)
}

const fn ecdsa_algorithm(curve: Curve) -> SignatureAlgorithm {
    match curve {
        Curve::P256 => SignatureAlgorithm::EcdsaP256,
        Curve::P384 => SignatureAlgorithm::EcdsaP384,
        Curve::P521 => SignatureAlgorithm::EcdsaP521,
    }
}

/// Turns the two halves of a fixed-length signature into two mpints (RFC 5656 section 3.1.2).
fn two_mpints(halves: &[u8]) -> Vec<u8> {
    let (r, s) = halves.split_at(halves.len() / 2);
    let mut numbers = Vec::with_capacity(halves.len() + 10);
    numbers.put_mpint(r);
    numbers.put_mpint(s);
    numbers
}

#[cfg(test)]
mod tests;
