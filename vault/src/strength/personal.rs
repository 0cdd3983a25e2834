//! What others know of a person: names, addresses, hosts.

use zeroize::Zeroizing;

/// Names that a passphrase must not be made of.
#[derive(Debug, Default)]
pub struct Personal(Vec<String>);

/// The shortest name that counts: shorter ones are in every other phrase.
const NAME_MIN: usize = 3;

/// How many names are kept: a list of hosts may be long.
const NAMES_MAX: usize = 4096;

/// The share of a passphrase, one in so many characters, that names may have.
const SHARE: usize = 3;

impl Personal {
    /// Takes a name, an address or a comment; its parts count as well as the whole.
    pub fn add(&mut self, text: &str) {
        let parts = text.split(|letter: char| !letter.is_alphanumeric());
        for part in parts.chain([text]) {
            let name: String = plain(part).iter().collect();
            if name.chars().count() >= NAME_MIN
                && self.0.len() < NAMES_MAX
                && !self.0.contains(&name)
            {
                self.0.push(name);
            }
        }
    }

    /// Says whether a text is little more than names: fewer than `length_min` characters are left
    /// without them, and they are a good part of it.
    pub fn is_most_of(&self, text: &str, length_min: usize) -> bool {
        let length = text.chars().count();
        let straight = plain(text);
        let signs = Zeroizing::new(straight.iter().map(|letter| unsigned(*letter)).collect());
        let backwards = Zeroizing::new(straight.iter().rev().copied().collect());
        [straight, signs, backwards]
            .into_iter()
            .any(|letters: Zeroizing<Vec<char>>| {
                let removed = self.remove(letters);
                removed * SHARE >= length.max(1) && length.saturating_sub(removed) < length_min
            })
    }

    /// Returns how many characters of a text belong to names, the longest names first.
    fn remove(&self, mut letters: Zeroizing<Vec<char>>) -> usize {
        let before = letters.len();
        let mut names: Vec<Vec<char>> = self.0.iter().map(|name| name.chars().collect()).collect();
        names.sort_by_key(|name| usize::MAX - name.len());
        for name in names {
            while let Some(start) = letters.windows(name.len()).position(|part| part == name) {
                letters.drain(start..start + name.len());
            }
        }
        before - letters.len()
    }
}

/// Returns the letters and digits of a text, small and without accents.
fn plain(text: &str) -> Zeroizing<Vec<char>> {
    use unicode_normalization::UnicodeNormalization;
    let letters = text.nfkd().filter(|letter| letter.is_alphanumeric());
    let mut plain = Zeroizing::new(Vec::with_capacity(4 * text.len()));
    plain.extend(letters.flat_map(char::to_lowercase));
    plain
}

fn unsigned(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn personal(text: &str) -> bool {
        let mut personal = Personal::default();
        for name in [
            "alice",
            "Alice Liddell",
            "alice.liddell@wonderland.example",
            "rabbit-hole",
        ] {
            personal.add(name);
        }
        personal.is_most_of(text, 14)
    }

    #[test]
    fn names_whole_or_decorated_are_found() {
        for text in [
            "alice.liddell@wonderland.example",
            "Alice Liddell 1865!",
            "4lic3lidd3ll1865",
            "lleddilecila1865",
            "rabbit-hole rabbit-hole",
            "wonderland.example",
            "alice-secret-24",
        ] {
            assert!(personal(text), "{text}");
        }
    }

    #[test]
    fn a_phrase_that_has_a_name_in_it_is_none() {
        assert!(!personal("alice crawled under the purple kitchen table"));
        assert!(!personal("kX9#vLq2$mWz7&bT"));
        assert!(!personal(""));
    }
}
