//! The public part of a secret, for files that hold the secret alone.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::key_type::Curve;

/// The length of the longest scalar in bytes: that of P-521.
const SCALAR_MAX: usize = 66;

/// Computes the public key of an Ed25519 seed; `None` when the library has not enough memory.
pub(crate) fn ed25519_public(seed: &[u8; 32]) -> Option<[u8; 32]> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    pair.public_key().as_ref().try_into().ok()
}

/// Computes the point with both coordinates for a scalar; `None` when the scalar is zero or not below the order.
pub(crate) fn ecdsa_point(curve: Curve, scalar: &[u8]) -> Option<Vec<u8>> {
    let library = match curve {
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
        Curve::P521 => &ECDH_P521,
    };
    let mut padded = Zeroizing::new([0; SCALAR_MAX]);
    let field = padded.get_mut(..curve.field_length())?;
    let start = field.len().checked_sub(scalar.len())?;
    field.get_mut(start..)?.copy_from_slice(scalar);
    let key = agreement::PrivateKey::from_private_key(library, field).ok()?;
    Some(key.compute_public_key().ok()?.as_ref().to_vec())
}
