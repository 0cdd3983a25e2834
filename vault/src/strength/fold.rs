//! The form in which texts are compared: letters only, small, without accents.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Letters as they are compared. They may be a secret's.
pub type Letters = Zeroizing<Vec<char>>;

/// Returns the letters of a text, small and without accents. What is no letter is left out.
///
/// Letters that Unicode does not take apart, but people who lack the key do, are taken apart too.
pub fn fold(text: &str) -> Letters {
    // A compatibility character becomes 18 at most; what has to grow leaves its old bytes behind.
    let mut letters = Zeroizing::new(Vec::with_capacity(2 * text.len() + 32));
    for letter in text.nfkd().flat_map(char::to_lowercase) {
        push(&mut letters, letter);
    }
    letters
}

fn push(letters: &mut Vec<char>, letter: char) {
    let simple: &[char] = match letter {
        'ł' => &['l'],
        'ø' => &['o'],
        'đ' | 'ð' => &['d'],
        'ı' => &['i'],
        'ς' => &['σ'],
        'æ' => &['a', 'e'],
        'œ' => &['o', 'e'],
        'þ' => &['t', 'h'],
        'ß' => &['s', 's'],
        letter if letter.is_alphabetic() => &[letter],
        _ => &[],
    };
    letters.extend_from_slice(simple);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text).iter().collect()
    }

    #[test]
    fn case_accents_and_signs_do_not_count() {
        assert_eq!(folded("Élève's Übergröße"), "elevesubergrosse");
        assert_eq!(folded("ŁÓDŹ-smørrebrød"), "lodzsmorrebrod");
        assert_eq!(folded("ΛΌΓΟΣ"), folded("λόγος"));
        assert_eq!(folded("й"), folded("и"));
    }

    #[test]
    fn wide_letters_and_ligatures_are_the_usual_ones() {
        assert_eq!(folded("ﬁｎｅ"), "fine");
    }
}
