//! What a person types to open a vault (`FORMAT.md` section 3.1).

use thiserror::Error;
use unicode_normalization::char::is_public_assigned;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use zeroize::Zeroizing;

use crate::Secret;

/// The longest passphrase, in bytes of UTF-8 after its preparation.
pub const PASSPHRASE_MAX: usize = 1024;

/// The longest text that can become a passphrase: nothing shrinks to less than a third (three
/// Hangul jamo to one syllable, or a wide space to a narrow one).
const TEXT_MAX: usize = 3 * PASSPHRASE_MAX;

/// Says why a text is no passphrase. It shows nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// There is nothing.
    #[error("passphrase is empty")]
    Empty,
    /// It is longer than [`PASSPHRASE_MAX`].
    #[error("passphrase is longer than {PASSPHRASE_MAX} bytes")]
    TooLong,
    /// There is a control character, such as a tab or a line end.
    #[error("passphrase has a control character at place {place}")]
    Control {
        /// Its place among the characters, counted from 1.
        place: usize,
    },
    /// The bytes are no text.
    #[error("passphrase is not UTF-8")]
    NotText,
}

impl PassphraseError {
    /// Returns its word for programs, which stays the same.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::Control { .. } => "control-character",
            Self::NotText => "not-text",
        }
    }
}

/// A passphrase in the one form in which it is used.
#[derive(Debug)]
pub struct Passphrase(Secret<Vec<u8>>);

impl Passphrase {
    /// Prepares a text as it was typed: blanks of all kinds become a space, and letters with accents
    /// become the same bytes whichever keyboard made them.
    ///
    /// # Errors
    /// [`PassphraseError`] for what no passphrase may be.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        if text.len() > TEXT_MAX {
            return Err(PassphraseError::TooLong);
        }
        if let Some(place) = text.chars().position(char::is_control) {
            return Err(PassphraseError::Control { place: place + 1 });
        }
        let spaced = || {
            text.chars()
                .map(|letter| if is_blank(letter) { ' ' } else { letter })
        };
        // Normalisation keeps letters in buffers that are not wiped, so it is left out for all the
        // texts that do not need it.
        let prepared = match is_nfc_quick(spaced()) {
            IsNormalized::Yes => collect(spaced()),
            _ => collect(spaced().nfc()),
        }?;
        if prepared.is_empty() {
            return Err(PassphraseError::Empty);
        }
        Ok(Self(Secret::new(prepared)))
    }

    /// Says whether every character is one that Unicode has assigned. What another one will become
    /// in a later version of Unicode is not certain: such a passphrase opens, and is not to be set.
    pub fn is_stable(&self) -> bool {
        let text = core::str::from_utf8(self.bytes()).unwrap_or_default();
        text.chars().all(is_public_assigned)
    }

    /// Shows the prepared bytes, UTF-8, to the derivation and to whoever judges their strength.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose()
    }
}

/// Says whether a character is a blank of category Zs other than the space.
fn is_blank(letter: char) -> bool {
    matches!(
        letter,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// Writes the characters into memory that does not move.
fn collect(letters: impl Iterator<Item = char>) -> Result<Vec<u8>, PassphraseError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(PASSPHRASE_MAX));
    for letter in letters {
        let mut buffer = Zeroizing::new([0; 4]);
        let encoded = letter.encode_utf8(&mut *buffer).as_bytes();
        if bytes.len() + encoded.len() > PASSPHRASE_MAX {
            return Err(PassphraseError::TooLong);
        }
        bytes.extend_from_slice(encoded);
    }
    Ok(core::mem::take(&mut *bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prepared(text: &str) -> Result<String, PassphraseError> {
        Passphrase::new(text).map(|own| String::from_utf8(own.bytes().to_vec()).unwrap())
    }

    #[test]
    fn blanks_become_spaces_and_accents_are_composed() {
        let typed = "a\u{a0}b\u{3000}c\u{2003}u\u{308}\u{212b}";
        assert_eq!(prepared(typed).unwrap(), "a b c \u{fc}\u{c5}");
    }

    #[test]
    fn spaces_at_the_ends_and_letter_case_stay() {
        assert_eq!(prepared("  Word ").unwrap(), "  Word ");
    }

    #[test]
    fn refuses_what_no_passphrase_may_be() {
        assert_eq!(prepared("").unwrap_err(), PassphraseError::Empty);
        let control = PassphraseError::Control { place: 3 };
        assert_eq!(prepared("ab\tc").unwrap_err(), control);
        assert_eq!(prepared("ab\u{85}c").unwrap_err(), control);
    }

    #[test]
    fn the_limit_counts_the_prepared_bytes() {
        assert!(prepared(&"x".repeat(1024)).is_ok());
        assert_eq!(prepared(&"x".repeat(1025)), Err(PassphraseError::TooLong));
        assert!(prepared(&"\u{3000}".repeat(1024)).is_ok());
        assert!(prepared(&"\u{1100}\u{1161}\u{11a8}".repeat(341)).is_ok());
        // One character that normalises to three times its bytes.
        assert!(prepared(&"\u{1d160}".repeat(86)).is_err());
    }

    #[test]
    fn unassigned_characters_are_noticed() {
        assert!(Passphrase::new("caf\u{e9} \u{1f511}").unwrap().is_stable());
        assert!(!Passphrase::new("a\u{378}").unwrap().is_stable());
    }

    proptest! {
        #[test]
        fn preparation_is_done_once_and_for_all(text in "\\PC{1,80}") {
            if let Ok(once) = prepared(&text) {
                prop_assert_eq!(prepared(&once).unwrap(), once);
            }
        }
    }
}
