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

    /// Says whether every character is one of PRECIS's FreeformClass (RFC 8264 section 4.3): seen, and
    /// assigned by Unicode. What another one will become in a later version is not certain, and
    /// keyboards add or leave out what nobody sees: such a passphrase opens, and is not to be set.
    pub fn is_stable(&self) -> bool {
        let text = core::str::from_utf8(self.bytes()).unwrap_or_default();
        let is_stable =
            |letter| is_public_assigned(letter) && !is_ignorable(letter) && !is_jamo(letter);
        text.chars().all(is_stable)
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

/// Says whether a character is ignorable by default (`Default_Ignorable_Code_Point` of Unicode). The
/// two joiners are not counted: Persian and the scripts of India are written with them.
fn is_ignorable(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Says whether a character is a part of old Hangul syllables, which normalisation leaves in parts.
fn is_jamo(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97c}' | '\u{d7b0}'..='\u{d7fb}')
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
    fn characters_that_may_change_or_vanish_are_noticed() {
        let is_stable = |text: &str| Passphrase::new(text).unwrap().is_stable();
        // A joiner of Persian, and syllables in parts that are put together.
        for text in [
            "caf\u{e9} \u{1f511}",
            "\u{645}\u{6cc}\u{200c}\u{62e}",
            "\u{1100}\u{1161}",
        ] {
            assert!(is_stable(text), "{text:?}");
        }
        for text in [
            "a\u{378}",
            "a\u{ad}b",
            "\u{feff}a",
            "\u{2764}\u{fe0f}",
            "a\u{200b}",
            "\u{e000}",
            "a\u{ffff}",
            "\u{1113}",
        ] {
            assert!(!is_stable(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn preparation_is_done_once_and_for_all(text in "\\PC{1,80}") {
            if let Ok(once) = prepared(&text) {
                prop_assert_eq!(prepared(&once).unwrap(), once);
            }
        }

        #[test]
        fn any_way_of_writing_it_is_the_same(text in "\\PC{1,80}", blank in 0..5_usize) {
            let blank = ["\u{a0}", "\u{3000}", "\u{2003}", "\u{202f}", "\u{1680}"][blank];
            let apart: String = text.nfd().collect();
            let together: String = text.nfc().collect();
            let wide = text.replace(' ', blank);
            for other in [apart, together, wide] {
                prop_assert_eq!(prepared(&other), prepared(&text));
            }
        }
    }
}
