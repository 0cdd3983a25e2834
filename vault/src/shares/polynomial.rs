//! Shamir's scheme: a polynomial for each byte of a secret, of which each share is a point.
//!
//! A polynomial is drawn by its points. Those are uniform over all 256 elements, so the coefficients are too, the highest
//! included, which is 0 in one of 256 cases: a generator that leaves 0 out tells with each share which secrets it
//! cannot have been.

use subtle::ConstantTimeEq;

use super::field::{invert, multiply};
use crate::random::{Entropy, EntropyError};
use crate::subkey;
use crate::{Error, Secret};

/// Where the polynomial has the secret.
const SECRET: u8 = 255;

/// Where it has what tells the right secret from a wrong one.
const DIGEST: u8 = 254;

/// How much of the point at [`DIGEST`] is the digest, in bytes; the rest is random.
const DIGEST_LENGTH: usize = 4;

/// The polynomials of all bytes at one place.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) at: u8,
    pub(super) value: Secret<Vec<u8>>,
}

/// Splits a secret into `count` points, at 0 and up, of which `threshold`, 2 or more, give it back.
pub(super) fn split(
    secret: &[u8],
    threshold: u8,
    count: u8,
    entropy: &mut dyn Entropy,
) -> Result<Vec<Point>, Error> {
    let drawn = threshold.saturating_sub(2);
    let mut base = Vec::with_capacity(usize::from(threshold));
    for at in 0..drawn {
        let value = random(secret.len(), entropy)?;
        base.push(Point { at, value });
    }
    let mut value = random(secret.len(), entropy)?;
    if let Some((digest, random)) = value.expose_mut().split_at_mut_checked(DIGEST_LENGTH) {
        digest.copy_from_slice(&digest_of(secret, random)?);
    }
    base.push(Point { at: DIGEST, value });
    let value = Secret::new(secret.to_vec());
    base.push(Point { at: SECRET, value });
    let points = (0..count).map(|at| Point {
        at,
        value: interpolate(&base, at),
    });
    Ok(points.collect())
}

/// Returns the secret that the points give, all at different places and all of one length: `None` when they give none.
/// Points beyond `threshold` must be on the same polynomial.
///
/// # Errors
/// [`Error::Contradiction`].
pub(super) fn recover(points: &[Point], threshold: u8) -> Result<Option<Secret<Vec<u8>>>, Error> {
    let Some((base, others)) = points.split_at_checked(usize::from(threshold)) else {
        return Ok(None);
    };
    if threshold == 1 {
        // Then each point is the secret.
        let secret = base.first().map(|point| point.value.expose().clone());
        let secret = secret.map(Secret::new);
        return Ok(secret.filter(|secret| {
            others
                .iter()
                .all(|point| is_equal(&point.value, secret.expose()))
        }));
    }
    let secret = interpolate(base, SECRET);
    let digest = interpolate(base, DIGEST);
    let Some((digest, random)) = digest.expose().split_first_chunk::<DIGEST_LENGTH>() else {
        return Ok(None);
    };
    let wanted = digest_of(secret.expose(), random)?;
    let is_right = bool::from(digest.ct_eq(&wanted));
    let agrees = |point: &Point| is_equal(&point.value, interpolate(base, point.at).expose());
    Ok(Some(secret).filter(|_| is_right && others.iter().all(agrees)))
}

fn is_equal(value: &Secret<Vec<u8>>, other: &[u8]) -> bool {
    bool::from(value.expose().as_slice().ct_eq(other))
}

/// Returns what the polynomials through the points are at a place. The places are no secrets.
fn interpolate(points: &[Point], at: u8) -> Secret<Vec<u8>> {
    if let Some(point) = points.iter().find(|point| point.at == at) {
        return Secret::new(point.value.expose().clone());
    }
    let length = points.first().map_or(0, |point| point.value.expose().len());
    let mut sum = Secret::new(vec![0; length]);
    for point in points {
        let others = points.iter().filter(|other| other.at != point.at);
        let factor = others.fold(1, |product, other| {
            let quotient = multiply(at ^ other.at, invert(point.at ^ other.at));
            multiply(product, quotient)
        });
        for (sum, byte) in sum.expose_mut().iter_mut().zip(point.value.expose()) {
            *sum ^= multiply(*byte, factor);
        }
    }
    sum
}

fn digest_of(secret: &[u8], random: &[u8]) -> Result<[u8; DIGEST_LENGTH], Error> {
    let digest = subkey::mac_with(random, secret)?;
    let first = digest.first_chunk().copied();
    first.ok_or(Error::Contradiction("a digest has four bytes"))
}

fn random(length: usize, entropy: &mut dyn Entropy) -> Result<Secret<Vec<u8>>, EntropyError> {
    let mut value = Secret::new(vec![0; length]);
    entropy.fill(value.expose_mut())?;
    Ok(value)
}
