//! PKCS #8 (RFC 5958), with RSA keys of RFC 8017, elliptic curve keys of RFC 5915 and Ed25519 keys of RFC 8410.

mod rsa;

use pkcs8::der::asn1::{AnyRef, Null, OctetStringRef};
use pkcs8::der::{self, Encode};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{EncryptionScheme as Pbes2Cipher, Parameters, Pbkdf2Params};
use pkcs8::spki::{AlgorithmIdentifierRef, ObjectIdentifier};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use ssh_cipher::Cipher;
use zeroize::Zeroizing;

use super::{ExportError, Random, random};
use crate::import::{Format, Hash, Kdf, curve_identifier, seal_cbc, write_block};
use crate::key::{Curve, Fields, PrivateKey};
use crate::secret::Secret;

/// The iterations of PBKDF2-HMAC-SHA-256: what OWASP asks for since 2023.
///
/// scrypt would resist guessing better, but OpenSSL reads no file that wants 32 MiB for it, other programs read none
/// at all, and whoever asks for this format wants it read.
pub const PBKDF2_ITERATIONS: u32 = 600_000;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The width of the lines (RFC 7468 section 2).
const WIDTH: usize = 64;

/// Writes a key as `openssl genpkey` does. Without a passphrase it is not encrypted.
///
/// Draws 32 bytes of randomness with a passphrase, and none without.
///
/// # Errors
/// [`ExportError::SecurityKey`], [`ExportError::EmptyPassphrase`], [`ExportError::Randomness`], or
/// [`ExportError::Unfit`] for an RSA key with a prime of 1.
pub fn pkcs8(
    key: &PrivateKey,
    passphrase: Option<&[u8]>,
    source: &mut Random<'_>,
) -> Result<Secret<Vec<u8>>, ExportError> {
    let mut info = info(&key.parts()?)?;
    let Some(passphrase) = passphrase else {
        return Ok(write_block("PRIVATE KEY", info.expose(), WIDTH));
    };
    if passphrase.is_empty() {
        return Err(ExportError::EmptyPassphrase);
    }
    let (salt, iv) = (random::<16>(source)?, random(source)?);
    let kdf = Kdf::Pbkdf2 {
        hash: Hash::Sha256,
        iterations: PBKDF2_ITERATIONS,
    };
    let mut derived = Zeroizing::new([0; 32]);
    kdf.derive(passphrase, &salt, &mut *derived)
        .ok_or(ExportError::Memory)?;
    seal_cbc(Cipher::Aes256Cbc, &*derived, &iv, info.expose_mut()).ok_or(UNFIT)?;
    let parameters = Parameters {
        kdf: Pbkdf2Params::hmac_sha256(PBKDF2_ITERATIONS, &salt)
            .map_err(|_| UNFIT)?
            .into(),
        encryption: Pbes2Cipher::Aes256Cbc { iv },
    };
    let sealed = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: EncryptionScheme::Pbes2(parameters),
        encrypted_data: OctetStringRef::new(info.expose()).map_err(unfit)?,
    };
    let der = sealed.to_der().map_err(unfit)?;
    Ok(write_block("ENCRYPTED PRIVATE KEY", &der, WIDTH))
}

const UNFIT: ExportError = ExportError::Unfit(Format::Pkcs8);

// The lengths are those of keys: no more than DER can say.
fn unfit(_: der::Error) -> ExportError {
    UNFIT
}

/// Encodes a `PrivateKeyInfo`, with room for one block of a cipher more.
fn info(parts: &Fields<'_>) -> Result<Secret<Vec<u8>>, ExportError> {
    match parts {
        Fields::Ed25519 { secret, .. } => {
            let (seed, _) = secret.split_at(32);
            let inner = encode(&OctetStringRef::new(seed).map_err(unfit)?)?;
            wrap(ED25519, None, &inner)
        }
        Fields::Ecdsa {
            curve,
            point,
            scalar,
        } => elliptic_curve(*curve, point, scalar),
        Fields::Rsa { .. } => {
            let inner = rsa::encode(parts).ok_or(UNFIT)?;
            wrap(RSA, Some(Null.into()), &inner)
        }
        Fields::SkEd25519 { .. } | Fields::SkEcdsaP256 { .. } => {
            Err(ExportError::SecurityKey(Format::Pkcs8))
        }
    }
}

fn elliptic_curve(
    curve: Curve,
    point: &[u8],
    scalar: &[u8],
) -> Result<Secret<Vec<u8>>, ExportError> {
    let mut padded = Zeroizing::new(vec![0; curve.field_length()]);
    let start = padded.len().checked_sub(scalar.len()).ok_or(UNFIT)?;
    if let Some(place) = padded.get_mut(start..) {
        place.copy_from_slice(scalar);
    }
    let inner = encode(&EcPrivateKey {
        private_key: &padded,
        parameters: None,
        public_key: Some(point),
    })?;
    let name = ObjectIdentifier::new(curve_identifier(curve)).map_err(|_| UNFIT)?;
    wrap(ELLIPTIC_CURVE, Some((&name).into()), &inner)
}

fn wrap(
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    inner: &Secret<Vec<u8>>,
) -> Result<Secret<Vec<u8>>, ExportError> {
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    let inner = OctetStringRef::new(inner.expose()).map_err(unfit)?;
    encode(&PrivateKeyInfoRef::new(algorithm, inner))
}

/// Encodes into a buffer that is large enough from the start, also for the padding of a cipher.
fn encode<T: Encode + ?Sized>(value: &T) -> Result<Secret<Vec<u8>>, ExportError> {
    let length = value.encoded_len().map_err(unfit)?;
    let length = usize::try_from(length).map_err(unfit)?;
    let mut secret = Secret::new(Vec::with_capacity(length + 16));
    secret.expose_mut().resize(length, 0);
    value.encode_to_slice(secret.expose_mut()).map_err(unfit)?;
    Ok(secret)
}
