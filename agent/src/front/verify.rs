//! Verifies signatures of host keys (RFC 8332, RFC 5656, RFC 8709, `PROTOCOL.u2f`).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use thiserror::Error;

use crate::key::{rsa, signing_key};
use crate::protocol::algorithm::{KeyType, SignFlags, SignatureAlgorithm};
use crate::protocol::public_key::{PublicKey, PublicMaterial};
use crate::protocol::wire::{Reader, WireError};

/// Bytes of r and s together, each as long as the field of the curve.
const P256_SIGNATURE: usize = 2 * 32;
const P384_SIGNATURE: usize = 2 * 48;
const P521_SIGNATURE: usize = 2 * 66;

/// Says why a signature proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The key is none that this program knows.
    #[error("public key is malformed or of an unknown type")]
    Key(#[source] WireError),
    /// The signature is not in the form that its algorithm asks for.
    #[error("signature is malformed")]
    Signature(#[source] WireError),
    /// The signature was made by an algorithm that does not fit the key; SHA-1 fits none.
    #[error("signature algorithm does not fit a key of type {0}")]
    Algorithm(&'static str),
    /// The RSA key is too short to be believed.
    #[error("rsa key has {0} bits, expected 2048 to 16384")]
    RsaBits(u32),
    /// The numbers do not fit: another key, another message, or forged.
    #[error("signature does not fit key and message")]
    Mismatch,
    /// The authority of a certificate did not sign it.
    #[error("certificate is not signed by its authority")]
    Certificate(#[source] Box<Self>),
}

/// Verifies that the owner of `key_blob` signed `message`.
///
/// A certificate's own key verifies, and its authority's signature has to fit too. Whether the
/// authority is trusted, for which host and until when is not looked at.
///
/// # Errors
/// [`VerifyError`] says what does not fit.
pub fn verify(key_blob: &[u8], signature_blob: &[u8], message: &[u8]) -> Result<(), VerifyError> {
    let key = PublicKey::decode(key_blob).map_err(VerifyError::Key)?;
    verify_with(&key, signature_blob, message)
}

/// Does what [`verify`] does, with a key that is decoded already.
///
/// # Errors
/// [`VerifyError`] says what does not fit.
pub fn verify_with(
    key: &PublicKey<'_>,
    signature_blob: &[u8],
    message: &[u8],
) -> Result<(), VerifyError> {
    verify_plain(key.material(), signature_blob, message)?;
    let Some(certificate) = key.certificate() else {
        return Ok(());
    };
    PublicKey::decode_plain(certificate.authority)
        .map_err(VerifyError::Key)
        .and_then(|authority| {
            verify_plain(
                authority.material(),
                certificate.signature,
                certificate.signed,
            )
        })
        .map_err(|reason| VerifyError::Certificate(Box::new(reason)))
}

fn verify_plain(
    key: &PublicMaterial<'_>,
    signature_blob: &[u8],
    message: &[u8],
) -> Result<(), VerifyError> {
    let mut reader = Reader::new(signature_blob);
    let name = reader.string().map_err(VerifyError::Signature)?;
    let algorithm =
        find_algorithm(key.key_type(), name).ok_or(VerifyError::Algorithm(key.name()))?;
    match *key {
        PublicMaterial::Ed25519(point) => verify_ed25519(point, read_numbers(reader)?, message),
        PublicMaterial::EcdsaP256(point) => verify_ecdsa::<P256_SIGNATURE>(
            &ECDSA_P256_SHA256_FIXED,
            point,
            read_numbers(reader)?,
            message,
        ),
        PublicMaterial::EcdsaP384(point) => verify_ecdsa::<P384_SIGNATURE>(
            &ECDSA_P384_SHA384_FIXED,
            point,
            read_numbers(reader)?,
            message,
        ),
        PublicMaterial::EcdsaP521(point) => verify_ecdsa::<P521_SIGNATURE>(
            &ECDSA_P521_SHA512_FIXED,
            point,
            read_numbers(reader)?,
            message,
        ),
        PublicMaterial::Rsa { e, n } => verify_rsa(e, n, algorithm, read_numbers(reader)?, message),
        PublicMaterial::SkEd25519 { point, application } => {
            let (numbers, signed) = read_token(reader, application, message)?;
            verify_ed25519(point, numbers, &signed)
        }
        PublicMaterial::SkEcdsaP256 { point, application } => {
            let (numbers, signed) = read_token(reader, application, message)?;
            verify_ecdsa::<P256_SIGNATURE>(&ECDSA_P256_SHA256_FIXED, point, numbers, &signed)
        }
    }
}

/// Finds the algorithm `name` among those that a key of this type signs with; SHA-1 is not one.
fn find_algorithm(key_type: KeyType, name: &[u8]) -> Option<SignatureAlgorithm> {
    [SignFlags::RSA_SHA2_256, SignFlags::RSA_SHA2_512]
        .into_iter()
        .map(|flags| SignatureAlgorithm::choose(key_type, flags))
        .find(|algorithm| algorithm.name().as_bytes() == name)
}

/// Reads the part of a signature that holds its numbers, and the end of the blob.
fn read_numbers<'a>(mut reader: Reader<'a>) -> Result<&'a [u8], VerifyError> {
    let numbers = reader.string().map_err(VerifyError::Signature)?;
    reader.finish().map_err(VerifyError::Signature)?;
    Ok(numbers)
}

/// Reads a token's signature; returns its numbers and what the token signed.
///
/// The flags are part of it but not judged: a host key need not be touched for each login.
fn read_token<'a>(
    mut reader: Reader<'a>,
    application: &[u8],
    message: &[u8],
) -> Result<(&'a [u8], Vec<u8>), VerifyError> {
    let numbers = reader.string().map_err(VerifyError::Signature)?;
    let flags_and_counter = reader.bytes(1 + 4).map_err(VerifyError::Signature)?;
    reader.finish().map_err(VerifyError::Signature)?;
    let signed = [
        digest(&SHA256, application).as_ref(),
        flags_and_counter,
        digest(&SHA256, message).as_ref(),
    ]
    .concat();
    Ok((numbers, signed))
}

fn verify_ed25519(point: &[u8; 32], numbers: &[u8], message: &[u8]) -> Result<(), VerifyError> {
    UnparsedPublicKey::new(&ED25519, point)
        .verify(message, numbers)
        .map_err(|_| VerifyError::Mismatch)
}

fn verify_ecdsa<const LEN: usize>(
    algorithm: &'static EcdsaVerificationAlgorithm,
    point: &[u8],
    numbers: &[u8],
    message: &[u8],
) -> Result<(), VerifyError> {
    let signature = fixed_numbers::<LEN>(numbers).map_err(VerifyError::Signature)?;
    UnparsedPublicKey::new(algorithm, point)
        .verify(message, &signature)
        .map_err(|_| VerifyError::Mismatch)
}

/// Writes r and s one after the other, each with leading zeros in half of `LEN` bytes.
fn fixed_numbers<const LEN: usize>(numbers: &[u8]) -> Result<[u8; LEN], WireError> {
    let mut reader = Reader::new(numbers);
    let mut fixed = [0; LEN];
    let (r, s) = fixed.split_at_mut(LEN / 2);
    put_right(r, reader.mpint()?)?;
    put_right(s, reader.mpint()?)?;
    reader.finish()?;
    Ok(fixed)
}

fn put_right(field: &mut [u8], magnitude: &[u8]) -> Result<(), WireError> {
    field
        .len()
        .checked_sub(magnitude.len())
        .and_then(|start| field.get_mut(start..))
        .ok_or(WireError::TooLarge("signature"))?
        .copy_from_slice(magnitude);
    Ok(())
}

fn verify_rsa(
    e: &[u8],
    n: &[u8],
    algorithm: SignatureAlgorithm,
    numbers: &[u8],
    message: &[u8],
) -> Result<(), VerifyError> {
    let bits = bits(n);
    if !rsa::BITS.contains(&bits) {
        return Err(VerifyError::RsaBits(bits));
    }
    // Some servers drop leading zeros of the number, against RFC 8332 section 3; OpenSSH bears it.
    let mut signature = vec![0; n.len()];
    put_right(&mut signature, numbers).map_err(VerifyError::Signature)?;
    let digest = signing_key::digest(algorithm, message).map_err(|_| VerifyError::Mismatch)?;
    if rsa::verify(n, e, algorithm, digest.as_ref(), &signature) {
        Ok(())
    } else {
        Err(VerifyError::Mismatch)
    }
}

fn bits(magnitude: &[u8]) -> u32 {
    let unused = magnitude.first().map_or(0, |first| first.leading_zeros());
    let bits = u32::try_from(magnitude.len() * 8).unwrap_or(u32::MAX);
    bits.saturating_sub(unused)
}

#[cfg(test)]
mod tests;
