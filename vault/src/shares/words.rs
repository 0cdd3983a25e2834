//! The words of SLIP-0039: 1,024 of four to eight letters, of which the first four are enough.

/// In the order of their symbols, which is the alphabet's.
const LIST: &str = include_str!("words.txt");

/// How many letters tell a word from all others.
const PREFIX: usize = 4;

/// Returns the symbol of a word, or of its first four letters, in capitals or not.
pub(super) fn symbol(typed: &str) -> Option<u16> {
    let is_typed = |word: &str| {
        let prefix = word.get(..PREFIX).unwrap_or(word);
        [word, prefix]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(typed))
    };
    let place = LIST.lines().position(is_typed)?;
    u16::try_from(place).ok()
}

/// Returns the word of a symbol.
pub(super) fn word(symbol: u16) -> &'static str {
    LIST.lines().nth(usize::from(symbol)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_four_letters_are_enough_and_fewer_are_not() {
        assert_eq!(LIST.lines().count(), 1024);
        for (place, word) in LIST.lines().enumerate() {
            assert_eq!(super::word(u16::try_from(place).unwrap()), word);
            for typed in [word, &word[..4], &word.to_uppercase()] {
                assert_eq!(symbol(typed).map(usize::from), Some(place));
            }
            assert_eq!(symbol(&word[..3]), None);
        }
        for typed in ["", "academi", "academics", "zzzz"] {
            assert_eq!(symbol(typed), None);
        }
    }
}
