//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), where the bytes lie.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use crate::Error;
use crate::subkey::Key;

/// The bytes of a nonce. They are random: at this length no counter has to be kept.
pub(crate) const NONCE: usize = 24;

/// The bytes of a tag.
pub(crate) const TAG: usize = 16;

/// A key with the nonce it is used with.
pub(crate) struct Cipher<'a> {
    pub(crate) key: &'a Key,
    pub(crate) nonce: &'a [u8; NONCE],
}

impl Cipher<'_> {
    /// Encrypts `bytes` in place and returns the tag.
    pub(crate) fn seal(&self, associated: &[u8], bytes: &mut [u8]) -> Result<[u8; TAG], Error> {
        let nonce = XNonce::from(*self.nonce);
        let tag = self
            .cipher()
            .encrypt_inout_detached(&nonce, associated, bytes.into());
        let too_long = Error::Contradiction("the cipher takes contents of all lengths there are");
        tag.map(Into::into).map_err(|_| too_long)
    }

    /// Decrypts `bytes`, ciphertext and tag, in place and returns the plaintext; `None` when they
    /// were not sealed so.
    pub(crate) fn open<'b>(&self, associated: &[u8], bytes: &'b mut [u8]) -> Option<&'b mut [u8]> {
        let (text, tag) = bytes.split_last_chunk_mut::<TAG>()?;
        let nonce = XNonce::from(*self.nonce);
        let tag = (*tag).into();
        let opened =
            self.cipher()
                .decrypt_inout_detached(&nonce, associated, (&mut *text).into(), &tag);
        opened.ok().map(|()| text)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose().into())
    }
}
