//! What is left of a text without what hides a word in it: characters that are never seen, accents, and one sign put
//! between all letters.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The longest run of letters between two signs that only hide a word.
const RUN_MAX: usize = 2;

/// The fewest signs that are taken for that.
const SIGNS_MIN: usize = 3;

/// Returns the text without them; `None` where it has none.
pub(super) fn of(text: &str) -> Option<Zeroizing<String>> {
    // One letter becomes three at most, of four bytes.
    let mut seen = Zeroizing::new(String::with_capacity(12 * text.len()));
    seen.extend(text.nfd().filter(|letter| !is_hidden(*letter)));
    let mut bare = Zeroizing::new(String::with_capacity(seen.len()));
    match sign(&seen) {
        Some(sign) => bare.extend(seen.chars().filter(|letter| *letter != sign)),
        None => bare.push_str(&seen),
    }
    // What normalisation alone changes is nothing that hides.
    let is_hiding = text.nfd().ne(bare.chars());
    is_hiding.then_some(bare)
}

/// Says whether a character is a joiner, or a mark on a letter of Latin, Greek or Cyrillic.
const fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}' | '\u{300}'..='\u{36f}')
}

/// Returns the sign that stands between all letters, or between pairs of them.
fn sign(text: &str) -> Option<char> {
    let mut signs = text.chars().filter(|letter| !letter.is_alphanumeric());
    let sign = signs.next()?;
    let count = 1 + signs.clone().count();
    let is_short = |run: &str| run.chars().count() <= RUN_MAX;
    let is_hiding = count >= SIGNS_MIN && signs.all(|other| other == sign);
    (is_hiding && text.split(sign).all(is_short)).then_some(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(text: &str) -> Option<String> {
        of(text).map(|bare| bare.to_string())
    }

    #[test]
    fn joiners_marks_and_regular_signs_go() {
        assert_eq!(bare("w\u{200c}o\u{200d}rd").unwrap(), "word");
        assert_eq!(bare("p\u{323}a\u{323}s").unwrap(), "pas");
        assert_eq!(bare("i.n.t.e.r").unwrap(), "inter");
        assert_eq!(bare("in te rn et").unwrap(), "internet");
        assert_eq!(bare("p--a--s--s").unwrap(), "pass");
    }

    #[test]
    fn phrases_and_passwords_stay() {
        for text in [
            "correct-horse-battery",
            "a.b-c.d",
            "plain",
            "x7!kQ9$w",
            "one two",
        ] {
            assert_eq!(bare(text), None, "{text}");
        }
    }
}
