//! What a text may be read as, if it is one word with something done to it.

use zeroize::Zeroizing;

use super::fold::{Letters, fold};
use super::language::BIT;

/// Letters that a text may stand for, and what it costs to find out what was done to them.
#[derive(Debug)]
pub struct Reading {
    /// The letters, folded.
    pub letters: Letters,
    /// What has to be added to the cost of the letters, in [`BIT`]s.
    pub extra: u32,
    /// Whether the letters are so many that chance hardly puts them between other characters.
    pub is_long: bool,
}

/// The letters from which a word is long: less than one in a thousand random passwords of 14
/// characters have so many in a row.
const LONG: usize = 12;

/// The shortest word that is looked for: a text around a shorter one is judged as what it is.
const LETTERS_MIN: usize = 5;

/// How many hyphens and apostrophes one word has at most. A phrase of five words has four.
const JOINTS_MAX: usize = 2;

/// What it costs that letters were written as signs.
const SIGNS: u32 = 2 * BIT;

/// What each letter costs of which that is so.
const SIGN_KIND: u32 = 2 * BIT;

/// What each place costs where such a letter was left.
const SIGN_LEFT: u32 = 3 * BIT;

/// What it costs that umlauts were written as two letters.
const UMLAUTS: u32 = 3 * BIT;

/// What it costs that a word is repeated with something between.
const REPEATED: u32 = 8 * BIT;

/// What a hyphen or an apostrophe costs.
const JOINT: u32 = 4 * BIT;

/// Returns what a text may be read as.
pub fn readings(text: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    plain.extend(text.chars());
    if let Some(core) = trim(&plain) {
        add(&plain, core, 0, &mut found);
    }
    if let Some(part) = repeated(&plain) {
        add(part, 0..part.len(), REPEATED, &mut found);
    }
    for one in ['i', 'l'] {
        for end in [plain.len(), without_tail(&plain)] {
            add_signs(&plain, end, one, &mut found);
        }
    }
    found
}

/// Returns the word that a text repeats, with something between.
fn repeated(text: &[char]) -> Option<&[char]> {
    let mut parts = text
        .split(|letter| !is_letter(*letter))
        .filter(|part| !part.is_empty());
    let first = parts.next()?;
    let is_repeated = parts.clone().next().is_some() && parts.all(|part| part == first);
    (is_repeated && first.len() >= LONG).then_some(first)
}

/// Adds the readings of a text whose first `end` characters are a word written with signs.
fn add_signs(plain: &[char], end: usize, one: char, found: &mut Vec<Reading>) {
    let (word, tail) = plain.split_at_checked(end).unwrap_or((plain, &[]));
    let mut replaced = Zeroizing::new(Vec::with_capacity(word.len()));
    replaced.extend(word.iter().map(|letter| letter_for(*letter, one)));
    let pairs = || word.iter().zip(replaced.iter());
    let signs = pairs().filter(|(old, new)| old != new).count();
    let letters = word.iter().filter(|letter| letter.is_alphabetic()).count();
    // What is nearly all signs is no word that anybody reads.
    if signs == 0 || signs > 3 * letters {
        return;
    }
    let is_kind = |letter: char| pairs().any(|(old, new)| old != new && *new == letter);
    let kinds = ('a'..='z').filter(|letter| is_kind(*letter)).count();
    let left = pairs().filter(|(old, new)| old == new && is_kind(old.to_ascii_lowercase()));
    let extra = SIGNS + times(SIGN_KIND, kinds) + times(SIGN_LEFT, left.count());
    let extra = extra.saturating_add(decoration(tail));
    if let Some(core) = trim(&replaced) {
        add(&replaced, core, extra, found);
    }
}

/// Adds the core of a text as it stands, reversed and halved.
fn add(text: &[char], core: core::ops::Range<usize>, extra: u32, found: &mut Vec<Reading>) {
    let Some(word) = text.get(core.clone()) else {
        return;
    };
    let joints = word.iter().filter(|letter| is_joint(**letter)).count();
    let is_word = word
        .iter()
        .all(|letter| is_joint(*letter) || is_letter(*letter));
    if !is_word || joints > JOINTS_MAX {
        return;
    }
    let around = [text.get(..core.start), text.get(core.end..)];
    let around = around.into_iter().flatten().map(decoration);
    let extra = around
        .chain([capitals(word), times(JOINT, joints)])
        .fold(extra, u32::saturating_add);
    let mut core = Zeroizing::new(String::with_capacity(4 * word.len()));
    core.extend(word);
    let letters = fold(&core);
    let is_long = word.len() >= LONG;
    let half = half(&letters).map(|half| Zeroizing::new(half.to_vec()));
    if letters.len() < LETTERS_MIN {
        return;
    }
    let mut reversed = letters.clone();
    reversed.reverse();
    let changed = half.into_iter().chain([reversed]);
    found.extend(without_umlauts(&letters).map(|letters| Reading {
        extra: extra + UMLAUTS,
        letters,
        is_long,
    }));
    found.extend(changed.map(|letters| Reading {
        letters,
        extra: extra + BIT,
        is_long,
    }));
    found.push(Reading {
        letters,
        extra,
        is_long,
    });
}

/// Returns letters as they would be if ae, oe and ue stood for umlauts; `None` where there are none.
fn without_umlauts(letters: &[char]) -> Option<Letters> {
    let is_umlaut = |pair: &[char]| matches!(pair, ['a' | 'o' | 'u', 'e']);
    if letters.len() < LONG || !letters.windows(2).any(is_umlaut) {
        return None;
    }
    let mut changed = Zeroizing::new(Vec::with_capacity(letters.len()));
    for (index, letter) in letters.iter().enumerate() {
        let before = index
            .checked_sub(1)
            .and_then(|start| letters.get(start..=index));
        if !before.is_some_and(is_umlaut) {
            changed.push(*letter);
        }
    }
    Some(changed)
}

/// Returns the first half of a word that is written twice.
fn half(letters: &[char]) -> Option<&[char]> {
    let (first, second) = letters.split_at(letters.len() / 2);
    (first == second && first.len() >= LETTERS_MIN).then_some(first)
}

/// Returns where the letters of a text begin and end.
fn trim(text: &[char]) -> Option<core::ops::Range<usize>> {
    let start = text.iter().position(|letter| letter.is_alphabetic())?;
    let end = text.iter().rposition(|letter| is_letter(*letter))?;
    Some(start..end + 1)
}

/// Returns how long a text is without up to four digits and what signs follow them.
fn without_tail(text: &[char]) -> usize {
    let is_sign = |letter: &char| !letter.is_alphanumeric();
    let signs = text
        .iter()
        .rev()
        .take_while(|letter| is_sign(letter))
        .count();
    let rest = text.iter().rev().skip(signs);
    let digits = rest
        .take(4)
        .take_while(|letter| letter.is_ascii_digit())
        .count();
    text.len() - signs - digits
}

/// Returns what the characters before or behind a word cost: little for what people add to a word,
/// and for everything else what it would cost alone.
fn decoration(signs: &[char]) -> u32 {
    let (digits, end) = usual_end(signs);
    let (digits, joint) = match digits {
        [separator, digits @ ..] if is_separator(*separator) && !digits.is_empty() => {
            (digits, SEPARATOR)
        }
        digits => (digits, 0),
    };
    let cost = match digits {
        [] => 0,
        ['1'] | ['1', '2'] | ['1', '2', '3'] => BIT,
        ['1', '9', tens, ones] | ['2', '0', tens, ones]
            if tens.is_ascii_digit() && ones.is_ascii_digit() =>
        {
            5 * BIT
        }
        [digit] if digit.is_ascii_digit() => 3 * BIT,
        _ => return times(OTHER, signs.len()),
    };
    cost + joint + end
}

/// Splits off up to three usual signs at the end, and returns what they cost.
fn usual_end(signs: &[char]) -> (&[char], u32) {
    let is_usual = |sign: &&char| matches!(sign, '!' | '.' | '?' | '*' | '#' | '$');
    let count = signs.iter().rev().take(3).take_while(is_usual).count();
    let (rest, end) = signs.split_at(signs.len() - count);
    let Some((first, others)) = end.split_first() else {
        return (rest, 0);
    };
    let cost = |sign: &char| if sign == first { 2 * BIT } else { 4 * BIT };
    (
        rest,
        others.iter().map(cost).fold(2 * BIT, u32::saturating_add),
    )
}

const fn is_separator(sign: char) -> bool {
    matches!(sign, '-' | '_' | '.' | ' ' | '/')
}

/// What a separator before digits costs.
const SEPARATOR: u32 = 3 * BIT;

/// What a sign costs that is no usual decoration: it could be any of some seventy.
const OTHER: u32 = 6 * BIT;

fn times(cost: u32, count: usize) -> u32 {
    u32::try_from(count).map_or(u32::MAX, |count| cost.saturating_mul(count))
}

/// Returns what the capitals cost: nothing where there are none, where all are, or only the first.
fn capitals(word: &[char]) -> u32 {
    let after_first = word.iter().skip(1).filter(|letter| letter.is_alphabetic());
    let (large, small) = after_first.fold((0_u32, 0_u32), |(large, small), letter| {
        match letter.is_uppercase() {
            true => (large + 1, small),
            false => (large, small + 1),
        }
    });
    (2 * BIT).saturating_mul(large.min(small))
}

/// Says whether a character is part of a word: a letter, or a sign that belongs to the one before.
fn is_letter(letter: char) -> bool {
    letter.is_alphabetic() || unicode_normalization::char::is_combining_mark(letter)
}

fn is_joint(letter: char) -> bool {
    matches!(letter, '-' | '\'' | '\u{2019}' | '\u{2010}' | '\u{2011}')
}

/// Returns the letter that a sign is often written for; `one` is what 1 stands for.
fn letter_for(letter: char, one: char) -> char {
    match letter {
        '4' | '@' => 'a',
        '8' => 'b',
        '(' => 'c',
        '3' | '€' => 'e',
        '6' | '9' => 'g',
        '1' | '!' | '|' => one,
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '2' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str, word: &str) -> bool {
        let is_word = |reading: &Reading| reading.letters.iter().collect::<String>() == word;
        readings(text).iter().any(is_word)
    }

    #[test]
    fn decorations_are_undone() {
        for text in [
            "Elephant",
            "elephant1!",
            "Elephant1998",
            "!!elephant",
            "ELEPHANT",
        ] {
            assert!(reads(text, "elephant"), "{text}");
        }
        for text in [
            "3l3ph4nt",
            "e1eph@nt",
            "3lephant2024!",
            "tnahpele",
            "elephantelephant",
        ] {
            assert!(reads(text, "elephant"), "{text}");
        }
        assert!(reads("Elephant-Elephant", "elephant"));
        assert!(reads("rock'n'roll", "rocknroll"));
    }

    #[test]
    fn more_than_one_word_is_not_read() {
        assert!(readings("one two three four").is_empty());
        assert!(readings("one-two-three-four").is_empty());
        assert!(readings("7#kQ9;vX2&mL").is_empty());
        assert!(readings("").is_empty());
        assert!(readings("1234567890!").is_empty());
    }

    #[test]
    fn usual_decorations_cost_less_than_others() {
        let cost = |text: &str| decoration(&text.chars().collect::<Vec<_>>());
        assert!(cost("1984") < cost("4711"));
        assert!(cost("1!") < cost("7%"));
        assert_eq!(cost(""), 0);
    }

    #[test]
    fn capitals_cost_where_they_are_not_usual() {
        let cost = |text: &str| capitals(&text.chars().collect::<Vec<_>>());
        assert_eq!(cost("Word"), 0);
        assert_eq!(cost("WORD"), 0);
        assert_eq!(cost("woRd"), 2 * BIT);
    }
}
