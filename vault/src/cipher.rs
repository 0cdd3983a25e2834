//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), where the bytes lie.
//!
//! One library seals and another opens, so that a fault in either shows when a vault is read back before it takes the
//! place of the old one. The one that opens takes a third of the time, and opens ten thousand where one is sealed.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use chacha20::{R20, hchacha};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use crate::subkey::Key;
use crate::{Error, Secret};

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
        let (first, last) = self.nonce.split_first_chunk::<16>()?;
        let subkey = hchacha::<R20>(self.key.expose().into(), first.into());
        let subkey = Secret::new(<[u8; 32]>::from(subkey));
        let mut nonce = [0; NONCE_LEN];
        *nonce.last_chunk_mut::<8>()? = *last.first_chunk()?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let key = UnboundKey::new(&CHACHA20_POLY1305, subkey.expose()).ok()?;
        let opened = LessSafeKey::new(key).open_in_place(nonce, Aad::from(associated), bytes);
        opened.ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose().into())
    }
}
