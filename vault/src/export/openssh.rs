//! OpenSSH's own format (`PROTOCOL.key`).

use ssh_cipher::Cipher;
use zeroize::Zeroizing;

use super::{ExportError, Random, random};
use crate::import::{Format, Kdf, OPENSSH_MAGIC, write_block};
use crate::key::{PrivateKey, Writer};
use crate::secret::Secret;

/// How many rounds of bcrypt there may be; `ssh-keygen` makes 16 or 24 by itself, and no file with more is read here.
pub const ROUNDS: core::ops::RangeInclusive<u32> = 1..=2048;

/// The cipher that `ssh-keygen` takes unless told otherwise.
const CIPHER: Cipher = Cipher::Aes256Ctr;

/// The width of the lines, as `ssh-keygen` has it.
const WIDTH: usize = 70;

/// Writes a key as `ssh-keygen` does. Without a passphrase it is not encrypted, and `rounds` are ignored.
///
/// Draws four bytes of randomness, and sixteen more with a passphrase.
///
/// # Errors
/// [`ExportError::Rounds`], [`ExportError::EmptyPassphrase`] or [`ExportError::Randomness`].
pub fn openssh(
    key: &PrivateKey,
    comment: &[u8],
    passphrase: Option<&[u8]>,
    rounds: u32,
    source: &mut Random<'_>,
) -> Result<Secret<Vec<u8>>, ExportError> {
    if passphrase.is_some() && !ROUNDS.contains(&rounds) {
        return Err(ExportError::Rounds { rounds });
    }
    if passphrase == Some(b"") {
        return Err(ExportError::EmptyPassphrase);
    }
    let cipher = passphrase.map_or(Cipher::None, |_| CIPHER);
    let mut section = section(key, comment, random(source)?, cipher.block_size());
    let mut options = Vec::new();
    if let Some(passphrase) = passphrase {
        let salt: [u8; 16] = random(source)?;
        encrypt(passphrase, &salt, rounds, section.expose_mut())?;
        options.put_string(&salt);
        options.put_uint32(rounds);
    }
    let public = key.public_key().blob();
    let room = 128 + options.len() + public.len() + section.expose().len();
    let mut whole = Secret::new(Vec::with_capacity(room));
    let bytes = whole.expose_mut();
    bytes.extend_from_slice(OPENSSH_MAGIC);
    bytes.put_string(cipher.as_str().as_bytes());
    bytes.put_string(passphrase.map_or(b"none", |_| b"bcrypt"));
    bytes.put_string(&options);
    bytes.put_uint32(1);
    bytes.put_string(public);
    bytes.put_string(section.expose());
    Ok(write_block("OPENSSH PRIVATE KEY", whole.expose(), WIDTH))
}

/// Writes what is encrypted: a number twice, the key fields, the comment, and padding to whole blocks.
fn section(key: &PrivateKey, comment: &[u8], check: [u8; 4], block: usize) -> Secret<Vec<u8>> {
    let fields = key.fields();
    let room = 12 + fields.len() + comment.len() + block;
    let mut section = Secret::new(Vec::with_capacity(room));
    let bytes = section.expose_mut();
    bytes.extend_from_slice(&check);
    bytes.extend_from_slice(&check);
    bytes.extend_from_slice(fields);
    bytes.put_string(comment);
    let padding = bytes.len().next_multiple_of(block) - bytes.len();
    bytes.extend((1..=u8::MAX).take(padding));
    section
}

fn encrypt(
    passphrase: &[u8],
    salt: &[u8],
    rounds: u32,
    section: &mut [u8],
) -> Result<(), ExportError> {
    let mut key = Zeroizing::new([0; 48]);
    let kdf = Kdf::Bcrypt { rounds };
    kdf.derive(passphrase, salt, &mut *key)
        .ok_or(ExportError::Memory)?;
    let (key, iv) = key.split_at(32);
    CIPHER
        .encrypt(key, iv, section)
        .map_err(|_| ExportError::Unfit(Format::OpenSsh))?;
    Ok(())
}
