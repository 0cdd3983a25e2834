//! Words that the letters of no language tell: each is kept as the beginning of its hash.
//!
//! They are the words of the lists that cost more than words do, and the longest words of many
//! languages, which people know by name.

use sha2::{Digest, Sha256};

use super::fold::Letters;

/// How many bytes of a hash are kept. A text is taken for one of a hundred thousand words once in
/// 2 thousand million.
pub const LENGTH: usize = 6;

/// The shortest word that is kept, in letters.
pub const LETTERS_MIN: usize = 12;

/// What such a word is worth, in bits: there are fewer than a million.
pub(super) const BITS: u32 = 20;

/// The words, as the beginnings of their hashes, in order.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a>(pub(super) &'a [[u8; LENGTH]]);

impl Known<'_> {
    /// Says whether a word is among them.
    pub fn has(&self, letters: &Letters) -> bool {
        letters.len() >= LETTERS_MIN && self.0.binary_search(&hash(letters)).is_ok()
    }
}

/// Returns the beginning of the SHA-256 of folded letters, as UTF-8.
pub fn hash(letters: &[char]) -> [u8; LENGTH] {
    let mut digest = Sha256::new();
    for letter in letters {
        let mut buffer = zeroize::Zeroizing::new([0; 4]);
        digest.update(letter.encode_utf8(&mut *buffer).as_bytes());
    }
    let mut short = [0; LENGTH];
    let whole: [u8; 32] = digest.finalize().into();
    short
        .iter_mut()
        .zip(whole)
        .for_each(|(own, byte)| *own = byte);
    short
}
