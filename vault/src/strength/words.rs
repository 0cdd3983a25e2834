//! The words of all languages, and what texts are worth by them.

use zeroize::Zeroizing;

use super::estimate;
use super::fold::fold;
use super::known::{self, Known};
use super::language::{self, BIT, Language};
use super::reading::Reading;

/// What a word costs at most, in bits. Random phrases of five words out of each of our lists,
/// written without a space, cost more; 97 of 100 words of 14 letters and more cost less.
const WORD_MAX: u32 = 66;

/// The same in a language with many forms that is like none of our lists.
const RICH_WORD_MAX: u32 = 70;

/// The same in a language with other letters than our lists.
const OTHER_LETTERS_WORD_MAX: u32 = 74;

/// What a short word costs at most, with all that was done to it. Random passwords cost more.
const SHORT_WORD_MAX: u32 = 52;

/// Returns what a word of a language costs at most, in bits.
pub fn word_max(tag: &str) -> u32 {
    match tag {
        "ar" | "bg" | "el" | "fa" | "he" | "hy" | "ka" | "mk" | "ru" | "sr" | "uk" => {
            OTHER_LETTERS_WORD_MAX
        }
        "hu" | "lt" | "lv" => RICH_WORD_MAX,
        _ => WORD_MAX,
    }
}

/// The data of all languages.
static LETTERS: &[u8] = include_bytes!("../../words/letters");

/// Returns the data where it lies in memory: what never judges a passphrase can do without.
pub fn data() -> &'static [u8] {
    LETTERS
}

/// The words of all languages, ready to be compared with.
#[derive(Debug)]
pub struct WordData<'a> {
    languages: Vec<Language<'a>>,
    known: Known<'a>,
}

impl WordData<'static> {
    /// Reads the data that comes with the program.
    pub fn shipped() -> Self {
        WordData::read(LETTERS)
    }
}

impl<'a> WordData<'a> {
    /// Reads other data; what is no data is no language.
    pub fn read(data: &'a [u8]) -> Self {
        let (languages, known) = language::read(data);
        Self { languages, known }
    }

    /// Returns what the likeliest reading as one word costs, in bits, where that is no more than
    /// a word costs.
    pub(super) fn single_word(&self, readings: &[Reading]) -> Option<u32> {
        let mut least = None;
        let mut limit = u32::MAX;
        for reading in readings {
            let cost = known::BITS * BIT + reading.extra;
            if cost <= limit.min(WORD_MAX * BIT) && self.known.has(&reading.letters) {
                limit = cost;
                least = Some(limit / BIT);
            }
            let most = match reading.is_long {
                true => u32::MAX / BIT,
                false => SHORT_WORD_MAX,
            };
            for language in &self.languages {
                let most = most.min(word_max(language.tag()));
                let left = limit.min(most * BIT).checked_sub(reading.extra);
                let cost = left.and_then(|left| language.cost(&reading.letters, left));
                if let Some(cost) = cost {
                    limit = cost + reading.extra;
                    least = Some(limit / BIT);
                }
            }
        }
        least
    }

    /// Returns the most bits that a text can have: each run of letters counts as a word of the language
    /// in which it is likeliest, and a character that stands between all of them once.
    pub(super) fn bits(&self, text: &str) -> f64 {
        let mut bits = 0.0;
        let mut separators = Zeroizing::new(Vec::with_capacity(text.len()));
        let mut run = Zeroizing::new(String::with_capacity(text.len()));
        for letter in text.chars() {
            if letter.is_alphabetic() {
                run.push(letter);
                continue;
            }
            bits += self.run_bits(&run);
            run.clear();
            if separators.contains(&letter) {
                bits += 1.0;
            } else {
                bits += estimate::kind_bits(letter);
                separators.push(letter);
            }
        }
        bits + self.run_bits(&run)
    }

    fn run_bits(&self, run: &str) -> f64 {
        let most: f64 = run.chars().map(estimate::kind_bits).sum();
        let letters = fold(run);
        let mut least = u32::MAX;
        for language in &self.languages {
            least = language.cost(&letters, least).unwrap_or(least);
        }
        most.min(f64::from(least) / f64::from(BIT))
    }
}
