//! An estimate by what attackers try first: common passwords and words, dates, sequences, rows of
//! keys. The zxcvbn library finds them.

use zxcvbn::matching::patterns::MatchPattern;

/// What a text is worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate {
    /// The guesses that zxcvbn counts, in bits: low for what it knows nothing about.
    pub(super) guesses: f64,
    /// The most bits it can have: what zxcvbn knows nothing about counts by its kinds of characters.
    pub(super) bits: f64,
}

impl Estimate {
    /// Says whether both figures are below a limit: zxcvbn's own is low for random characters too.
    pub(super) fn is_guessable(self, limit: f64) -> bool {
        self.guesses < limit && self.bits < limit
    }
}

/// How many bytes are looked at. What follows counts for nothing: it could go on as what was before.
const LOOKED_AT: usize = 100;

/// Reads the tables that estimates are made with. It may be called before a secret is in memory: they are
/// large, and stay.
pub fn prepare() {
    let _ = of("prepare");
}

/// Estimates what a text is worth.
pub(super) fn of(text: &str) -> Estimate {
    let looked_at = text
        .get(..text.floor_char_boundary(LOOKED_AT))
        .unwrap_or(text);
    let found = zxcvbn::zxcvbn(looked_at, &[]);
    let unknown = |part: &str| -> f64 { part.chars().map(kind_bits).sum() };
    let mut bits = 0.0;
    let mut parts = 0.0_f64;
    for part in found.sequence() {
        parts += 1.0;
        bits += parts.log2();
        bits += match part.pattern {
            MatchPattern::BruteForce => unknown(&part.token),
            _ => (part.guesses.map_or(f64::INFINITY, bits_of)).min(unknown(&part.token)),
        };
    }
    Estimate {
        guesses: found.guesses_log10() * core::f64::consts::LOG2_10,
        bits,
    }
}

/// Returns the bits of a count.
fn bits_of(count: u64) -> f64 {
    let digits = count.checked_ilog2().unwrap_or_default();
    f64::from(digits)
}

/// Returns what a character is worth that could be any of its kind.
pub(super) fn kind_bits(letter: char) -> f64 {
    match letter {
        '0'..='9' => 3.32,
        'a'..='z' | 'A'..='Z' => 5.7,
        ' '..='~' => 6.55,
        letter if letter.is_alphabetic() => 6.55,
        _ => 10.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_attackers_try_first_is_worth_little() {
        for text in [
            "qwertyuiopasdfgh",
            "abcdefghijklmnop",
            "passwordpassword",
            "19841984198419",
        ] {
            assert!(of(text).guesses < 37.0, "{text}");
            assert!(of(text).bits < 37.0, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_worth_what_its_characters_are() {
        let random = of("kX9#vLq2$mWz7&bT");
        assert!(random.guesses > 50.0);
        assert!((85.0..105.0).contains(&random.bits), "{random:?}");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert!(of(&"ы".repeat(500)).bits > 0.0);
        assert!(of(&"é1".repeat(300)).guesses < 37.0);
    }
}
