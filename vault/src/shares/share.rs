//! One share, as words and as what they say.

use zeroize::Zeroizing;

use super::checksum::{self, CHECKSUM};
use super::encryption::Parameters;
use super::error::ShareError;
use super::words::{symbol, word};
use crate::Secret;

/// The symbols before the value: identifier, flag and exponent are two, groups and members two more.
const HEADER: usize = 4;

/// The fewest words of a share: those of 16 bytes.
const WORDS_MIN: usize = 20;

/// The most words of a share that is read: those of 32 bytes.
const WORDS_MAX: usize = 33;

/// What bits a symbol has.
const SYMBOL_BITS: usize = 10;

/// One share of a splitting (SLIP-0039, "Format of the share mnemonic").
#[derive(Debug)]
pub struct Share {
    pub(super) common: Common,
    /// How many members of the group it takes, 1 to 16.
    pub(super) threshold: u8,
    /// Where the share's group is on the polynomial of the groups, 0 to 15.
    pub(super) group_index: u8,
    /// Where the share is on the polynomial of its group, 0 to 15.
    pub(super) member_index: u8,
    pub(super) value: Secret<Vec<u8>>,
}

/// What is equal in all shares of one splitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Common {
    pub(super) parameters: Parameters,
    /// How many groups it takes, 1 to 16.
    pub(super) group_threshold: u8,
    /// How many groups there are.
    pub(super) groups: u8,
}

impl Share {
    /// Reads a share: words in capitals or not, or the first four letters of each, with blanks between them.
    ///
    /// # Errors
    /// [`ShareError`] says what is wrong; the checksum finds every error in up to three words, and every swap.
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        let mut symbols = Zeroizing::new([0; WORDS_MAX]);
        let mut found = 0;
        for (index, typed) in text.split_whitespace().enumerate() {
            found = index + 1;
            let known = symbol(typed).ok_or(ShareError::Word { place: found })?;
            if let Some(symbol) = symbols.get_mut(index) {
                *symbol = known;
            }
        }
        let symbols = symbols.get(..found).filter(|_| found >= WORDS_MIN);
        Self::decode(symbols.ok_or(ShareError::Length { found })?)
    }

    fn decode(symbols: &[u16]) -> Result<Self, ShareError> {
        let found = symbols.len();
        let bits = SYMBOL_BITS * found.saturating_sub(HEADER + CHECKSUM);
        let padding = bits % 16;
        if padding > 8 {
            return Err(ShareError::Length { found });
        }
        let (header, rest) = symbols
            .split_first_chunk::<HEADER>()
            .ok_or(ShareError::Length { found })?;
        let header = header
            .iter()
            .fold(0_u64, |all, symbol| all << SYMBOL_BITS | u64::from(*symbol));
        let is_extendable = header >> 24 & 1 == 1;
        if !checksum::holds(symbols, is_extendable) {
            return Err(ShareError::Check);
        }
        let four = |shift: u32| u8::try_from(header >> shift & 15).unwrap_or_default();
        let common = Common {
            parameters: Parameters {
                identifier: u16::try_from(header >> 25).unwrap_or_default(),
                is_extendable,
                exponent: four(20),
            },
            group_threshold: four(12) + 1,
            groups: four(8) + 1,
        };
        if common.group_threshold > common.groups {
            return Err(ShareError::Groups);
        }
        let (value, _) = rest.split_at(rest.len().saturating_sub(CHECKSUM));
        Ok(Self {
            common,
            threshold: four(0) + 1,
            group_index: four(16),
            member_index: four(4),
            value: unpack(value, padding).ok_or(ShareError::Padding)?,
        })
    }

    /// Writes the words of the share, with a space between them.
    pub fn format(&self) -> Secret<String> {
        let symbols = self.symbols();
        // No word has more than eight letters.
        let mut text = String::with_capacity(9 * symbols.len());
        for (index, symbol) in symbols.iter().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(word(*symbol));
        }
        Secret::new(text)
    }

    /// Returns the number of the share, counted from 1.
    pub fn number(&self) -> u8 {
        self.member_index + 1
    }

    /// Returns how many shares of its kind it takes.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    fn symbols(&self) -> Zeroizing<Vec<u16>> {
        let parameters = self.common.parameters;
        let fours = [
            parameters.exponent,
            self.group_index,
            self.common.group_threshold - 1,
            self.common.groups - 1,
            self.member_index,
            self.threshold - 1,
        ];
        let first = u64::from(parameters.identifier) << 1 | u64::from(parameters.is_extendable);
        let header = fours
            .iter()
            .fold(first, |all, four| all << 4 | u64::from(*four));
        let mut symbols = Zeroizing::new(Vec::with_capacity(WORDS_MAX));
        for shift in [30, 20, 10, 0] {
            symbols.push(u16::try_from(header >> shift & 1023).unwrap_or_default());
        }
        pack(self.value.expose(), &mut symbols);
        symbols.extend([0; CHECKSUM]);
        checksum::put(&mut symbols, parameters.is_extendable);
        symbols
    }
}

/// Spreads bytes over symbols, the highest bit first, after as many zero bits as it takes to fill them.
fn pack(bytes: &[u8], symbols: &mut Vec<u16>) {
    let bits = 8 * bytes.len();
    let mut held = bits.next_multiple_of(SYMBOL_BITS) - bits;
    let mut gathered = 0_u32;
    for byte in bytes {
        gathered = gathered << 8 | u32::from(*byte);
        held += 8;
        if held >= SYMBOL_BITS {
            held -= SYMBOL_BITS;
            symbols.push(u16::try_from(gathered >> held & 1023).unwrap_or_default());
            gathered &= (1 << held) - 1;
        }
    }
}

/// Gathers the bytes after `padding` bits, unless those are not zero.
fn unpack(symbols: &[u16], padding: usize) -> Option<Secret<Vec<u8>>> {
    let length = (SYMBOL_BITS * symbols.len() - padding) / 8;
    let mut bytes = Secret::new(Vec::with_capacity(length));
    let mut gathered = 0_u32;
    let mut held = 0;
    for symbol in symbols {
        gathered = gathered << SYMBOL_BITS | u32::from(*symbol);
        held += SYMBOL_BITS;
        if bytes.expose().is_empty() && held == SYMBOL_BITS {
            held -= padding;
            if gathered >> held != 0 {
                return None;
            }
        }
        while held >= 8 {
            held -= 8;
            let byte = u8::try_from(gathered >> held & 255).ok()?;
            bytes.expose_mut().push(byte);
            gathered &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::tests::shares_of;
    use super::*;

    #[test]
    fn every_wrong_word_and_every_swap_of_neighbours_is_found() {
        for share in shares_of("3-of-5") {
            let right = share.symbols();
            assert!(Share::decode(&right).is_ok());
            let mut wrong = right.clone();
            for place in 0..right.len() {
                for other in (0..1024).filter(|other| *other != right[place]) {
                    wrong[place] = other;
                    assert!(Share::decode(&wrong).is_err());
                }
                wrong[place] = right[place];
            }
            for place in 1..right.len() {
                wrong.swap(place - 1, place);
                let is_found = Share::decode(&wrong) == Err(ShareError::Check);
                assert!(is_found || right[place - 1] == right[place]);
                wrong.swap(place - 1, place);
            }
        }
    }

    #[test]
    fn a_share_is_read_as_people_type_it() {
        let share = &shares_of("2-of-2")[1];
        let text = share.format();
        let short = |word: &str| word[..4].to_uppercase();
        let typed: Vec<String> = text.expose().split(' ').map(short).collect();
        let read = Share::parse(&format!("  {}\r\n", typed.join(" \t"))).unwrap();
        assert_eq!(read.format().expose(), text.expose());
        assert_eq!(read.number(), 2);
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let right = shares_of("2-of-2")[0].format().expose().clone();
        let error = |text: &str| Share::parse(text).unwrap_err();
        let cut = right.rsplit_once(' ').unwrap().0;
        assert_eq!(error(cut), ShareError::Length { found: 19 });
        let long = right.replace(' ', "  academic ");
        assert_eq!(error(&long), ShareError::Length { found: 39 });
        let wrong = right.replacen(' ', " nosuchword ", 1);
        assert_eq!(error(&wrong), ShareError::Word { place: 2 });
        assert_eq!(error(""), ShareError::Length { found: 0 });
    }

    impl PartialEq for Share {
        fn eq(&self, other: &Self) -> bool {
            self.format().expose() == other.format().expose()
        }
    }
}
