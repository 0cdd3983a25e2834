//! PuTTY's format, version 3 (appendix C.1 of its manual).

use sha1::{Digest, Sha1};
use zeroize::Zeroize;

use super::{ExportError, Random, random};
use crate::import::{
    Argon2, Argon2Kind, Format, Protection, Version, encode_base64, room_for_base64,
};
use crate::key::{Fields, PrivateKey, Writer};
use crate::secret::Secret;

/// The memory of Argon2id in KiB: the second of the two choices that RFC 9106 section 4 recommends.
pub const ARGON2_MEMORY_KIB: u32 = 64 * 1024;

/// How often it is gone through (RFC 9106 section 4).
pub const ARGON2_PASSES: u32 = 3;

/// The lanes (RFC 9106 section 4).
pub const ARGON2_LANES: u32 = 4;

/// The width of the lines, as PuTTY has it.
const WIDTH: usize = 64;

/// The length of a block of the cipher.
const BLOCK: usize = 16;

/// Writes a key as `puttygen` does. Without a passphrase it is not encrypted.
///
/// Control characters of the comment are left out: a line end in it would start another field. Draws sixteen bytes of
/// randomness with a passphrase, and none without.
///
/// # Errors
/// [`ExportError::SecurityKey`], [`ExportError::EmptyPassphrase`] or [`ExportError::Randomness`].
pub fn ppk(
    key: &PrivateKey,
    comment: &[u8],
    passphrase: Option<&[u8]>,
    source: &mut Random<'_>,
) -> Result<Secret<Vec<u8>>, ExportError> {
    let protection = match passphrase {
        None => Protection::Plain(Version::Three),
        Some(b"") => return Err(ExportError::EmptyPassphrase),
        Some(_) => Protection::Argon2(Argon2 {
            kind: Argon2Kind::Id,
            memory_kib: ARGON2_MEMORY_KIB,
            passes: ARGON2_PASSES,
            lanes: ARGON2_LANES,
            salt: random::<16>(source)?.to_vec(),
        }),
    };
    let comment: Vec<u8> = comment
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_control())
        .collect();
    let mut private = private_part(&key.parts()?)?;
    if passphrase.is_some() {
        pad(private.expose_mut());
    }
    let keys = protection
        .keys(passphrase.unwrap_or_default())
        .ok_or(ExportError::Memory)?;
    let name = key.key_type().name();
    let public = key.public_key().blob();
    let cipher = protection.cipher();
    let parts = [
        name.as_bytes(),
        cipher.as_bytes(),
        &comment,
        public,
        private.expose(),
    ];
    let mac = keys.mac(parts).ok_or(UNFIT)?;
    keys.encrypt(private.expose_mut()).ok_or(UNFIT)?;

    let room = room_for_base64(public.len()) + room_for_base64(private.expose().len());
    let mut whole = Secret::new(Vec::with_capacity(512 + comment.len() + room));
    let text = whole.expose_mut();
    put(text, "PuTTY-User-Key-File-3", name.as_bytes());
    put(text, "Encryption", cipher.as_bytes());
    put(text, "Comment", &comment);
    put_base64(text, "Public-Lines", public);
    if let Protection::Argon2(argon2) = &protection {
        put_argon2(text, argon2);
    }
    put_base64(text, "Private-Lines", private.expose());
    put(text, "Private-MAC", hex(&mac).as_bytes());
    Ok(whole)
}

const UNFIT: ExportError = ExportError::Unfit(Format::Ppk3);

/// Writes the private part, with room for one block more.
fn private_part(parts: &Fields<'_>) -> Result<Secret<Vec<u8>>, ExportError> {
    let numbers: &[&[u8]] = match parts {
        Fields::Ed25519 { secret, .. } => &[secret.split_at(32).0],
        Fields::Ecdsa { scalar, .. } => &[scalar],
        Fields::Rsa { d, iqmp, p, q, .. } => &[d, p, q, iqmp],
        Fields::SkEd25519 { .. } | Fields::SkEcdsaP256 { .. } => {
            return Err(ExportError::SecurityKey(Format::Ppk3));
        }
    };
    let room: usize = numbers.iter().map(|number| 5 + number.len()).sum();
    let mut private = Secret::new(Vec::with_capacity(room + BLOCK));
    for number in numbers {
        match parts {
            Fields::Ed25519 { .. } => private.expose_mut().put_string(number),
            _ => private.expose_mut().put_mpint(number),
        }
    }
    Ok(private)
}

/// Fills up the last block with a hash of what stands before, as PuTTY does: any bytes will do.
fn pad(private: &mut Vec<u8>) {
    let count = private.len().next_multiple_of(BLOCK) - private.len();
    let mut digest = Sha1::digest(&*private);
    private.extend(digest.iter().take(count));
    digest.zeroize();
}

fn put(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b": ");
    text.extend_from_slice(value);
    text.push(b'\n');
}

fn put_base64(text: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let lines = (bytes.len().div_ceil(3) * 4).div_ceil(WIDTH);
    put(text, name, lines.to_string().as_bytes());
    encode_base64(bytes, WIDTH, text);
}

fn put_argon2(text: &mut Vec<u8>, argon2: &Argon2) {
    put(text, "Key-Derivation", argon2.kind.name().as_bytes());
    put(
        text,
        "Argon2-Memory",
        argon2.memory_kib.to_string().as_bytes(),
    );
    put(text, "Argon2-Passes", argon2.passes.to_string().as_bytes());
    put(
        text,
        "Argon2-Parallelism",
        argon2.lanes.to_string().as_bytes(),
    );
    put(text, "Argon2-Salt", hex(&argon2.salt).as_bytes());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
