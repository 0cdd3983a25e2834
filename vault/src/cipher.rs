//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), where the bytes lie.
//!
//! One library seals and another opens (HChaCha20 is the same in both), so that a fault in either
//! ChaCha20-Poly1305 shows when a vault is read back before it takes the place of the old one. The one that opens takes a
//! third of the time, and opens ten thousand records where one is sealed.

use std::alloc::{Layout, handle_alloc_error};

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
        let subkey = Secret::new(hchacha::<R20>(self.key.expose().into(), first.into()));
        let mut nonce = [0; NONCE_LEN];
        *nonce.last_chunk_mut::<8>()? = *last.first_chunk()?;
        // Want of memory must not look like a vault that is forged, of which a repair leaves out what does not open.
        let key = UnboundKey::new(&CHACHA20_POLY1305, subkey.expose())
            .unwrap_or_else(|_| handle_alloc_error(Layout::new::<UnboundKey>()));
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = LessSafeKey::new(key).open_in_place(nonce, Aad::from(associated), bytes);
        opened.ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"Ladies and Gentlemen of the class of '99: \
        If I could offer you only one tip for the future, sunscreen would be it.";

    const TAG_OF_DRAFT: [u8; TAG] = [
        0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79, 0x47, 0xde, 0xaf, 0xd8, 0x78, 0x0a, 0xcf,
        0x49,
    ];

    #[test]
    fn agrees_with_the_draft_and_refuses_everything_else() {
        // draft-irtf-cfrg-xchacha-03, A.3.1
        let low = |index: usize| u8::try_from(index).unwrap();
        let key = Secret::new(core::array::from_fn(|index| 0x80 + low(index)));
        let nonce = core::array::from_fn(|index| 0x40 + low(index));
        let cipher = Cipher {
            key: &key,
            nonce: &nonce,
        };
        let associated = b"\x50\x51\x52\x53\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7";
        let mut sealed = TEXT.to_vec();
        let tag = cipher.seal(associated, &mut sealed).unwrap();
        assert_eq!(tag, TAG_OF_DRAFT);
        sealed.extend(tag);
        let open = |associated: &[u8], sealed: &[u8]| {
            let mut bytes = sealed.to_vec();
            cipher
                .open(associated, &mut bytes)
                .map(|text| text.to_vec())
        };
        assert_eq!(open(associated, &sealed).unwrap(), TEXT);
        assert_eq!(open(b"", &sealed), None);
        for index in 0..sealed.len() {
            let mut other = sealed.clone();
            other[index] ^= 1;
            assert_eq!(open(associated, &other), None, "{index}");
            assert_eq!(open(associated, &sealed[..index]), None, "{index}");
        }
    }
}
