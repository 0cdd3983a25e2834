//! The code on paper that opens a vault when all else is lost (`FORMAT.md` section 3.2).

use thiserror::Error;
use zeroize::Zeroizing;

use crate::Secret;
use crate::random::{Entropy, EntropyError};
use crate::symbols::{complete, holds, is_passed_over, letter, value};

/// The symbols of a code, its two check symbols included.
pub const SYMBOLS: usize = 28;

/// The symbols that carry the code itself.
const DATA: usize = 26;

/// The symbols of one group.
const GROUP: usize = 4;

/// Says why a text is no recovery code. It shows no more than one symbol of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecoveryCodeError {
    /// There is a symbol that no code has.
    #[error("symbol {place} of the recovery code, {found:?}, is in no recovery code")]
    Symbol {
        /// Its place among the symbols, counted from 1, without blanks and hyphens.
        place: usize,
        /// The character that stands there.
        found: char,
    },
    /// There are too few symbols or too many.
    #[error("recovery code has {found} symbols, not {SYMBOLS}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// One symbol or more is not what it was when the code was made.
    #[error("recovery code does not agree with its check symbols")]
    Check,
}

/// A recovery code: 16 bytes that nobody can guess.
#[derive(Debug)]
pub struct RecoveryCode(Secret<[u8; 16]>);

impl RecoveryCode {
    /// Makes a new code.
    ///
    /// # Errors
    /// [`EntropyError`] without randomness.
    pub fn generate(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Secret::new([0; 16]);
        entropy.fill(bytes.expose_mut())?;
        Ok(Self(bytes))
    }

    /// Reads a code as a person types it: small letters, look-alikes, blanks and hyphens as they
    /// come.
    ///
    /// # Errors
    /// [`RecoveryCodeError`] names the first symbol that is in no code, or says that the check
    /// failed: that is so for every one or two wrong symbols, and for every swap.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        let mut found = 0;
        for letter in text.chars().filter(|letter| !is_passed_over(*letter)) {
            found += 1;
            let value = value(letter).ok_or(RecoveryCodeError::Symbol {
                place: found,
                found: letter,
            })?;
            if let Some(symbol) = symbols.get_mut(found - 1) {
                *symbol = value;
            }
        }
        if found != SYMBOLS {
            return Err(RecoveryCodeError::Length { found });
        }
        if !holds(&*symbols) {
            return Err(RecoveryCodeError::Check);
        }
        unpack(&symbols).ok_or(RecoveryCodeError::Check)
    }

    /// Writes the code in seven groups of four symbols.
    pub fn format(&self) -> Secret<String> {
        let symbols = pack(self.bytes());
        let mut text = String::with_capacity(SYMBOLS + SYMBOLS / GROUP);
        for (index, symbol) in symbols.iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(letter(*symbol));
        }
        Secret::new(text)
    }

    /// Takes 16 bytes that were a code before.
    pub(crate) fn from_bytes(bytes: &[u8; 16]) -> Self {
        Self(Secret::new(*bytes))
    }

    /// Shows the 16 bytes to the derivation.
    pub(crate) fn bytes(&self) -> &[u8; 16] {
        self.0.expose()
    }
}

/// Spreads the bytes over symbols of five bits, the highest bit first, and adds the check symbols.
fn pack(bytes: &[u8; 16]) -> Zeroizing<[u8; SYMBOLS]> {
    let mut symbols = Zeroizing::new([0; SYMBOLS]);
    let code = u128::from_be_bytes(*bytes);
    for (index, symbol) in symbols.iter_mut().take(DATA).enumerate() {
        // The last symbol holds three bits of the code and two zeros.
        let shifted = match 123_usize.checked_sub(5 * index) {
            Some(places) => code >> places,
            None => code << 2,
        };
        *symbol = u8::try_from(shifted & 31).unwrap_or_default();
    }
    complete(&mut *symbols);
    symbols
}

/// Gathers the bytes from checked symbols, unless the two zero bits are none.
fn unpack(symbols: &[u8; SYMBOLS]) -> Option<RecoveryCode> {
    let (last, most) = symbols.get(..DATA)?.split_last()?;
    if last & 3 != 0 {
        return None;
    }
    let gathered = most
        .iter()
        .fold(0_u128, |code, symbol| code << 5 | u128::from(*symbol));
    let code = Zeroizing::new(gathered << 3 | u128::from(last >> 2));
    Some(RecoveryCode(Secret::new(code.to_be_bytes())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    fn code(bytes: [u8; 16]) -> RecoveryCode {
        RecoveryCode(Secret::new(bytes))
    }

    fn text(bytes: [u8; 16]) -> String {
        code(bytes).format().expose().clone()
    }

    #[test]
    fn has_seven_groups_and_is_read_back() {
        assert_eq!(text([0; 16]), "0000-0000-0000-0000-0000-0000-0000");
        let written = text([0xff; 16]);
        assert!(written.starts_with("ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZW"));
        assert_eq!(RecoveryCode::parse(&written).unwrap().bytes(), &[0xff; 16]);
    }

    #[test]
    fn look_alikes_blanks_and_small_letters_are_read() {
        let written = text([0x08; 16]);
        let typed = written.replace('1', "l").replace('0', "o").to_lowercase();
        let typed = format!(" {}\n", typed.replace('-', " \t"));
        assert_eq!(RecoveryCode::parse(&typed).unwrap().bytes(), &[0x08; 16]);
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let error = RecoveryCode::parse("7C4M-7U").unwrap_err();
        let expected = RecoveryCodeError::Symbol {
            place: 6,
            found: 'U',
        };
        assert_eq!(error, expected);
        let error = RecoveryCode::parse("7C4M").unwrap_err();
        assert_eq!(error, RecoveryCodeError::Length { found: 4 });
        let long = "0".repeat(100_000);
        let error = RecoveryCode::parse(&long).unwrap_err();
        assert_eq!(error, RecoveryCodeError::Length { found: 100_000 });
    }

    #[test]
    fn zero_bits_are_zero() {
        // A code word whose 26th symbol carries a bit that belongs to no byte.
        let mut symbols = [0; SYMBOLS];
        symbols[25] = 1;
        complete(&mut symbols);
        let text: String = symbols.iter().map(|symbol| letter(*symbol)).collect();
        assert_eq!(
            RecoveryCode::parse(&text).unwrap_err(),
            RecoveryCodeError::Check
        );
    }

    #[test]
    fn every_typing_error_in_a_hundred_codes_is_found() {
        for number in 0..100_u8 {
            let bytes: [u8; 16] = Sha256::digest([number]).as_slice()[..16]
                .try_into()
                .unwrap();
            let right: Vec<char> = text(bytes)
                .chars()
                .filter(|letter| *letter != '-')
                .collect();
            let read = |typed: &[char]| {
                let typed: String = typed.iter().collect();
                RecoveryCode::parse(&typed).map(|code| *code.bytes())
            };
            assert_eq!(read(&right), Ok(bytes));
            let mut typed = right.clone();
            for place in 0..SYMBOLS {
                for other in (0..32).map(letter).filter(|other| *other != right[place]) {
                    typed[place] = other;
                    assert_eq!(read(&typed), Err(RecoveryCodeError::Check));
                }
                typed[place] = right[place];
            }
            for place in 1..SYMBOLS {
                typed.swap(place - 1, place);
                let same = right[place - 1] == right[place];
                let expected = if same {
                    Ok(bytes)
                } else {
                    Err(RecoveryCodeError::Check)
                };
                assert_eq!(read(&typed), expected);
                typed.swap(place - 1, place);
            }
        }
    }

    proptest! {
        #[test]
        fn every_code_is_read_back(bytes in any::<[u8; 16]>()) {
            let written = text(bytes);
            let read = RecoveryCode::parse(&written).unwrap();
            prop_assert_eq!(read.bytes(), &bytes);
        }

        #[test]
        fn no_text_is_too_much(text in "\\PC{0,60}") {
            let _ = RecoveryCode::parse(&text);
        }
    }
}
