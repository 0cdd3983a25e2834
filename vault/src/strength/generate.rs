//! Passphrases that chance makes, whose strength is known exactly.

use crate::Secret;
use crate::random::{Entropy, EntropyError};

use super::layout::SAME_EVERYWHERE;

/// The bits that a generated passphrase has at least if nothing else is asked for.
pub const BITS_WANTED: f64 = 90.0;

/// The fewest words that are made; five of the shortest words have more letters than are needed.
pub const WORDS_MIN: usize = 5;

/// The most words that are made: the longest of them fit into a passphrase.
pub const WORDS_MAX: usize = 50;

/// The longest separator, in bytes.
pub const SEPARATOR_MAX: usize = 8;

/// The most characters that are made.
pub const LENGTH_MAX: usize = 512;

/// Characters that are made where only those are wanted that lie at the same place on all keyboards.
pub const LENGTH_SAFE: usize = 18;

/// A list of words in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// The tag of the language (BCP 47).
    pub tag: &'static str,
    text: &'static str,
}

/// All lists; where they come from is in `vault/words/README.md`.
pub const LISTS: [List; 7] = [
    List {
        tag: "en",
        text: include_str!("../../words/lists/en"),
    },
    List {
        tag: "cs",
        text: include_str!("../../words/lists/cs"),
    },
    List {
        tag: "de",
        text: include_str!("../../words/lists/de"),
    },
    List {
        tag: "es",
        text: include_str!("../../words/lists/es"),
    },
    List {
        tag: "fr",
        text: include_str!("../../words/lists/fr"),
    },
    List {
        tag: "it",
        text: include_str!("../../words/lists/it"),
    },
    List {
        tag: "pt",
        text: include_str!("../../words/lists/pt"),
    },
];

/// A passphrase that chance made.
#[derive(Debug)]
pub struct Generated {
    /// The passphrase itself.
    pub secret: Secret<String>,
    /// Its bits, exactly: every other one was as likely.
    pub bits: f64,
}

impl List {
    /// Returns the list for a language, by its tag or one that begins with it, such as `de-AT`.
    pub fn of(tag: &str) -> Option<Self> {
        let first = tag.split(['-', '_']).next()?;
        let is_it = |list: &Self| list.tag.eq_ignore_ascii_case(first);
        LISTS.into_iter().find(is_it)
    }

    /// Returns the words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        self.text.lines()
    }

    /// Returns the bits of one word.
    pub fn bits(self) -> f64 {
        bits_of(self.words().count())
    }

    /// Returns how many words reach [`BITS_WANTED`].
    pub fn default_count(self) -> usize {
        let bits = self.bits();
        let mut sum = 0.0;
        (1..WORDS_MAX)
            .find(|_| {
                sum += bits;
                sum >= BITS_WANTED
            })
            .unwrap_or(WORDS_MAX)
    }
}

/// Makes a phrase of words, with a separator between them.
///
/// No word of a list is the beginning of another, so that nothing is lost without a separator.
///
/// # Errors
/// [`EntropyError`] without randomness.
pub fn words(
    list: List,
    count: usize,
    separator: &str,
    entropy: &mut dyn Entropy,
) -> Result<Generated, EntropyError> {
    let words: Vec<&str> = list.words().collect();
    let longest = words
        .iter()
        .map(|word| word.len())
        .max()
        .unwrap_or_default();
    let mut text = String::with_capacity(count * (longest + separator.len()));
    for index in 0..count {
        if index > 0 {
            text.push_str(separator);
        }
        let place = below(words.len(), entropy)?;
        text.push_str(words.get(place).copied().unwrap_or_default());
    }
    Ok(Generated {
        secret: Secret::new(text),
        bits: times(count, bits_of(words.len())),
    })
}

/// Makes a password of characters that every keyboard has; with `layout_safe` of those letters that
/// are at the same place on all of them.
///
/// # Errors
/// [`EntropyError`] without randomness.
pub fn password(
    length: usize,
    layout_safe: bool,
    entropy: &mut dyn Entropy,
) -> Result<Generated, EntropyError> {
    let letters: Vec<char> = match layout_safe {
        true => SAME_EVERYWHERE
            .chars()
            .flat_map(|letter| [letter, letter.to_ascii_uppercase()])
            .collect(),
        false => ('!'..='~').collect(),
    };
    let mut text = String::with_capacity(length);
    for _ in 0..length {
        let place = below(letters.len(), entropy)?;
        text.extend(letters.get(place));
    }
    Ok(Generated {
        secret: Secret::new(text),
        bits: times(length, bits_of(letters.len())),
    })
}

/// Returns a number below `end`, each as likely as the others: draws that would favour some are
/// thrown away. There are fewer than 65,536 of anything here.
fn below(end: usize, entropy: &mut dyn Entropy) -> Result<usize, EntropyError> {
    let end = u32::try_from(end).unwrap_or(1).max(1);
    let fair = u32::MAX - u32::MAX % end;
    loop {
        let mut bytes = zeroize::Zeroizing::new([0; 4]);
        entropy.fill(&mut *bytes)?;
        let drawn = u32::from_le_bytes(*bytes);
        if drawn < fair {
            return Ok(usize::try_from(drawn % end).unwrap_or_default());
        }
    }
}

fn bits_of(count: usize) -> f64 {
    u32::try_from(count).map_or(0.0, |count| f64::from(count).log2())
}

fn times(count: usize, bits: f64) -> f64 {
    u32::try_from(count).map_or(0.0, |count| f64::from(count) * bits)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::SystemEntropy;

    /// Gives bytes that were written down.
    struct Given(Vec<u8>);

    impl Entropy for Given {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            let rest = self.0.split_off(bytes.len());
            bytes.copy_from_slice(&self.0);
            self.0 = rest;
            Ok(())
        }
    }

    #[test]
    fn lists_are_large_and_no_word_begins_another() {
        for list in LISTS {
            let mut words: Vec<&str> = list.words().collect();
            assert!(words.len() >= 1296, "{}", list.tag);
            words.sort_unstable();
            let pairs = words.windows(2);
            assert!(pairs.into_iter().all(|pair| !pair[1].starts_with(pair[0])));
            let letters = |word: &&str| word.bytes().all(|b| b == b'-' || b.is_ascii_lowercase());
            assert!(words.iter().all(letters), "{}", list.tag);
            assert!(words.iter().map(|word| word.len()).min() >= Some(3));
        }
    }

    #[test]
    fn default_is_seven_words_of_the_eff_list() {
        let list = List::of("en").unwrap();
        assert_eq!(list.words().count(), 7776);
        assert_eq!(list.default_count(), 7);
        let made = words(list, 7, "-", &mut SystemEntropy).unwrap();
        assert!((made.bits - 90.47).abs() < 0.01);
        for list in LISTS {
            let count = list.default_count();
            assert!(times(count, list.bits()) >= 90.0, "{}", list.tag);
        }
    }

    #[test]
    fn languages_are_found_by_their_tags() {
        assert_eq!(List::of("de-AT").map(|list| list.tag), Some("de"));
        assert_eq!(List::of("PT_br").map(|list| list.tag), Some("pt"));
        assert_eq!(List::of("tlh"), None);
        assert_eq!(List::of(""), None);
    }

    #[test]
    fn draws_that_favour_some_are_thrown_away() {
        // 2³² = 94 · 45,691,141 + 42: the last 42 draws and one more are none.
        let given = [[0xff; 4], [93, 0, 0, 0]].concat();
        let made = password(1, false, &mut Given(given)).unwrap();
        assert_eq!(made.secret.expose(), "~");
    }

    #[test]
    fn every_character_is_drawn_and_no_other() {
        let safe = password(4000, true, &mut SystemEntropy).unwrap();
        let drawn: HashSet<char> = safe.secret.expose().chars().collect();
        assert_eq!(drawn.len(), 40);
        assert_eq!(super::super::layout::moving(safe.secret.expose()), (0, 0));
        let safe = password(LENGTH_SAFE, true, &mut SystemEntropy).unwrap();
        assert!((safe.bits - 95.8).abs() < 0.1);
        let all = password(9000, false, &mut SystemEntropy).unwrap();
        let drawn: HashSet<char> = all.secret.expose().chars().collect();
        assert_eq!(drawn.len(), 94);
    }

    #[test]
    fn separators_stand_between_the_words() {
        let list = List::of("fr").unwrap();
        let made = words(list, 6, " / ", &mut SystemEntropy).unwrap();
        assert_eq!(made.secret.expose().split(" / ").count(), 6);
        assert_eq!(made.secret.expose(), made.secret.expose().trim());
    }
}
