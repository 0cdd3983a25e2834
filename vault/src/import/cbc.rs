//! Cipher block chaining with the padding of RFC 5652 section 6.3.

use ssh_cipher::Cipher;

use crate::secret::Secret;

/// Decrypts `secret` in place and takes the padding off; `None` when there is no such padding.
pub(super) fn open(
    cipher: Cipher,
    key: &[u8],
    iv: &[u8],
    secret: &mut Secret<Vec<u8>>,
) -> Option<()> {
    let block = cipher.block_size();
    let bytes = secret.expose_mut();
    cipher.decrypt(key, iv, bytes, None).ok()?;
    let count = usize::from(*bytes.last()?);
    if !(1..=block).contains(&count) {
        return None;
    }
    let start = bytes.len().checked_sub(count)?;
    let padding = bytes.get(start..)?;
    if padding.iter().any(|byte| usize::from(*byte) != count) {
        return None;
    }
    bytes.truncate(start);
    Some(())
}

/// Pads `secret`, which has room for one block more, and encrypts it in place.
pub(crate) fn seal(cipher: Cipher, key: &[u8], iv: &[u8], secret: &mut Vec<u8>) -> Option<()> {
    let block = cipher.block_size();
    let count = block - secret.len() % block;
    secret.extend(core::iter::repeat_n(u8::try_from(count).ok()?, count));
    cipher.encrypt(key, iv, secret).ok()?;
    Some(())
}
