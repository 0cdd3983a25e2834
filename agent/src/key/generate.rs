//! Making new private keys.

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use keyward_vault::Secret;

use super::error::KeyError;
use super::rsa::RsaKey;
use crate::protocol::algorithm::{Curve, KeyType};
use crate::protocol::wire::Writer;

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ed25519 (RFC 8709).
    Ed25519,
    /// ECDSA on this curve (RFC 5656).
    Ecdsa(Curve),
    /// RSA with a modulus of so many bits (RFC 8017), 2,048 to 16,384.
    Rsa(u32),
}

/// Makes a key and returns its fields as an add message has them.
///
/// Call it in [`crate::secret_memory::allocator::run`] or on a secret stack: it leaves copies on the stack.
///
/// # Errors
/// [`KeyError::Memory`] when the library had not enough of it, or no randomness.
pub fn generate(kind: Kind) -> Result<Secret<Vec<u8>>, KeyError> {
    match kind {
        Kind::Ed25519 => ed25519(),
        Kind::Ecdsa(curve) => ecdsa(curve),
        Kind::Rsa(bits) => RsaKey::generate(bits)
            .and_then(|key| key.fields())
            .ok_or(KeyError::Memory),
    }
}

fn ed25519() -> Result<Secret<Vec<u8>>, KeyError> {
    let mut secret = Secret::new(vec![0; 64]);
    let (seed, repeated) = secret.expose_mut().split_at_mut(32);
    rand::fill(seed).map_err(|_| KeyError::Memory)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Memory)?;
    let public = pair.public_key().as_ref();
    repeated.copy_from_slice(public);
    let mut fields = Vec::with_capacity(128);
    fields.put_string(KeyType::Ed25519.name().as_bytes());
    fields.put_string(public);
    fields.put_string(secret.expose());
    Ok(Secret::new(fields))
}

fn ecdsa(curve: Curve) -> Result<Secret<Vec<u8>>, KeyError> {
    let library = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
    };
    let pair = EcdsaKeyPair::generate(library).map_err(|_| KeyError::Memory)?;
    let scalar: EcPrivateKeyBin<'static> = pair
        .private_key()
        .as_be_bytes()
        .map_err(|_| KeyError::Memory)?;
    let mut fields = Vec::with_capacity(320);
    fields.put_string(curve.key_type().name().as_bytes());
    fields.put_string(curve.name().as_bytes());
    fields.put_string(pair.public_key().as_ref());
    fields.put_mpint(scalar.as_ref());
    Ok(Secret::new(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::signing_key::SigningKey;

    #[test]
    fn every_kind_of_key_is_consistent_and_no_two_are_the_same() {
        let kinds = [
            Kind::Ed25519,
            Kind::Ecdsa(Curve::P256),
            Kind::Ecdsa(Curve::P384),
            Kind::Ecdsa(Curve::P521),
            Kind::Rsa(2048),
        ];
        for kind in kinds {
            let key = generate(kind).unwrap();
            SigningKey::read(key.expose()).unwrap();
            assert_ne!(key.expose(), generate(kind).unwrap().expose());
        }
    }

    #[test]
    fn refuses_rsa_of_a_size_that_is_not_taken() {
        for bits in [1024, 2047, 16385] {
            assert_eq!(generate(Kind::Rsa(bits)).unwrap_err(), KeyError::Memory);
        }
    }
}
