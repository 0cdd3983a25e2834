//! How hard a passphrase is to guess, and passphrases that are.
//!
//! [`Judge::check`] says whether a passphrase may be set, and why not. What it knows is given to
//! it: the words of languages, in [`language`], and the names that belong to the person. It looks
//! at the prepared form (`FORMAT.md` section 3.1), which is what opens a vault.

pub mod fold;
pub mod known;
pub mod language;
pub mod reading;
pub mod personal;
pub mod finding;
pub mod layout;
mod bare;
mod estimate;
mod words;
pub mod generate;
pub mod attack;

use unicode_segmentation::UnicodeSegmentation;

use crate::Passphrase;

use self::finding::{NotChecked, Reason, Warning};
use self::personal::Personal;

pub use self::estimate::prepare;
pub use self::words::{WordData, data, word_max};

/// The fewest characters that a passphrase has.
pub const LENGTH_MIN: usize = 14;

/// The characters that a passphrase should have: NIST SP 800-63B-4 asks for 15.
pub const LENGTH_GOOD: usize = 15;

/// The bits from which a passphrase is called good.
pub const BITS_GOOD: f64 = 75.0;

/// The bits below which a passphrase is made of what attackers try first. Five random words that are
/// among the most common of all are worth more.
const GUESSABLE: f64 = 36.0;

/// What came of a check. It shows nothing of the passphrase.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The most bits it can have, by what was found. It may have fewer.
    pub bits: f64,
    /// Its length in characters.
    pub length: usize,
    /// Why it is refused.
    pub reasons: Vec<Reason>,
    /// What could be better.
    pub warnings: Vec<Warning>,
    /// What nobody looked at.
    pub not_checked: Vec<NotChecked>,
}

impl Verdict {
    /// Says whether the passphrase may be set.
    pub fn is_accepted(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Says in words why it is refused.
    pub fn why(&self) -> String {
        let reasons: Vec<String> = self.reasons.iter().map(Reason::to_string).collect();
        reasons.join("; ")
    }

    /// Adds a reason, and what the passphrase is worth by it.
    pub fn refuse(&mut self, reason: Reason, bits: f64) {
        self.warnings.retain(|warning| *warning != Warning::Fair);
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
        self.bits = self.bits.min(bits);
    }

    /// Notes that something was looked at after all.
    pub fn has_checked(&mut self, what: NotChecked) {
        self.not_checked.retain(|open| *open != what);
    }
}

/// Judges passphrases.
#[derive(Debug)]
pub struct Judge<'a> {
    words: &'a WordData<'a>,
    personal: &'a Personal,
}

impl<'a> Judge<'a> {
    /// Makes a judge who knows these words and these names.
    pub const fn new(words: &'a WordData<'a>, personal: &'a Personal) -> Self {
        Self { words, personal }
    }

    /// Judges a passphrase.
    pub fn check(&self, passphrase: &Passphrase) -> Verdict {
        let text = core::str::from_utf8(passphrase.bytes()).unwrap_or_default();
        let length = text.chars().count().min(text.graphemes(true).count());
        let mut verdict = Verdict {
            bits: f64::INFINITY,
            length,
            reasons: Vec::new(),
            warnings: Vec::new(),
            not_checked: vec![
                NotChecked::LoginPassword,
                NotChecked::UsedElsewhere,
                NotChecked::Leaked,
            ],
        };
        if length < LENGTH_MIN {
            verdict.refuse(Reason::TooShort { length }, f64::INFINITY);
        }
        self.check_text(text, &mut verdict);
        if let Some(bare) = bare::of(text) {
            self.check_text(&bare, &mut verdict);
        }
        if !passphrase.is_stable() {
            verdict.refuse(Reason::Disallowed, f64::INFINITY);
        }
        warn(text, &mut verdict);
        verdict
    }

    /// Adds what a text, or what is left of it, is worth, and why it is refused.
    fn check_text(&self, text: &str, verdict: &mut Verdict) {
        let estimate = estimate::of(text);
        let bits = estimate.bits.min(self.words.bits(text));
        verdict.bits = verdict.bits.min(bits);
        if self.personal.is_most_of(text, LENGTH_MIN) {
            verdict.refuse(Reason::Personal, PERSONAL_BITS);
        }
        if let Some(bits) = self.words.single_word(&reading::readings(text)) {
            verdict.refuse(Reason::SingleWord, f64::from(bits));
        }
        if estimate.is_guessable(GUESSABLE) && verdict.length >= LENGTH_MIN {
            verdict.refuse(Reason::Guessable, estimate.guesses);
        }
        if let Some(bits) = number(text) {
            verdict.refuse(Reason::Guessable, bits);
        }
    }
}

/// The fewest digits of a number that is no date, no address and no number of anything.
const DIGITS_MIN: usize = 20;

/// Returns the most bits of a text that is a number, with signs between the digits, and not a long one.
fn number(text: &str) -> Option<f64> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let signs = text.chars().count() - digits;
    let is_number = !text.chars().any(char::is_alphabetic) && 2 * signs <= digits;
    let digits = u32::try_from(digits).ok().filter(|_| digits < DIGITS_MIN);
    digits
        .filter(|_| is_number)
        .map(|digits| f64::from(digits) * 10_f64.log2())
}

/// What names with decorations are worth: a thousand names, written in a thousand ways.
const PERSONAL_BITS: f64 = 20.0;

fn warn(text: &str, verdict: &mut Verdict) {
    let (moving, others) = layout::moving(text);
    let is_letter = |letter: char| letter.is_alphabetic() || letter == ' ';
    let findings = [
        (verdict.length < LENGTH_GOOD, Warning::Short),
        // One that is refused is not mended by another word.
        (
            verdict.is_accepted() && verdict.bits < BITS_GOOD,
            Warning::Fair,
        ),
        (moving > 0, Warning::Layout { count: moving }),
        (others > 0, Warning::NotAscii { count: others }),
        (
            text.starts_with(' ') || text.ends_with(' '),
            Warning::OuterSpace,
        ),
        (text.chars().all(is_letter), Warning::LettersOnly),
    ];
    let found = findings.into_iter().filter(|(is_so, _)| *is_so);
    verdict.warnings.extend(found.map(|(_, warning)| warning));
}
