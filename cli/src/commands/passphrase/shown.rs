//! How strength is shown to a person.

use core::fmt::Write;

use keyward_vault::Cost;
use keyward_vault::strength::attack::{Attack, Derivation};
use keyward_vault::strength::{BITS_GOOD, Verdict};

/// How many places the meter has, and how many bits each of them stands for.
const PLACES: u8 = 20;
const PLACE_BITS: f64 = 6.0;

/// How many cards the attacker rents at once: they find it so many times as soon, at the same price.
const CARDS: f64 = 1000.0;

/// Seconds in the units of time, the largest first.
const UNITS: [(f64, &str); 5] = [
    (31_557_600.0, "years"),
    (86_400.0, "days"),
    (3600.0, "hours"),
    (60.0, "minutes"),
    (1.0, "seconds"),
];

/// Describes a verdict, with a meter for a terminal.
pub(super) fn verdict(verdict: &Verdict, is_terminal: bool, colours: bool) -> String {
    let (word, colour) = match (verdict.is_accepted(), verdict.bits >= BITS_GOOD) {
        (false, _) => ("refused", "31"),
        (true, false) => ("accepted, fair", "33"),
        (true, true) => ("accepted, good", "32"),
    };
    let painted = |text: &str| match colours {
        true => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let mut text = String::new();
    if is_terminal {
        text = format!("{}  ", painted(&meter(verdict.bits)));
    }
    let bits = rounded(verdict.bits);
    let length = verdict.length;
    let word = painted(word);
    let _ = writeln!(text, "{word}: at most {bits:.0} bits, {length} characters");
    for reason in &verdict.reasons {
        let _ = writeln!(text, "  {}: {reason}", reason.code());
    }
    for warning in &verdict.warnings {
        let _ = writeln!(text, "  hint, {}: {warning}", warning.code());
    }
    for open in &verdict.not_checked {
        let _ = writeln!(text, "  not checked, {}: {open}", open.code());
    }
    text
}

fn meter(bits: f64) -> String {
    let full = (0..PLACES)
        .filter(|place| f64::from(*place) * PLACE_BITS < bits)
        .count();
    let empty = usize::from(PLACES).saturating_sub(full);
    format!("[{}{}]", "#".repeat(full), "-".repeat(empty))
}

/// Describes what an attacker needs who has the file.
pub(super) fn attacks(bits: f64, cost: Cost) -> String {
    let memory = cost.memory_kib() / 1024;
    let ours = format!("vault (Argon2id, {memory} MiB, {} passes)", cost.passes());
    let derivations = [
        (ours.as_str(), Derivation::Argon2id(cost)),
        (
            "OpenSSH key file, 24 rounds",
            Derivation::Bcrypt { rounds: 24 },
        ),
        (
            "OpenSSH key file, 16 rounds",
            Derivation::Bcrypt { rounds: 16 },
        ),
        ("legacy PEM file (MD5)", Derivation::PemMd5),
    ];
    let mut text = String::from(
        "Who has the file and a thousand graphics cards finds it in about, for about:\n",
    );
    for (name, derivation) in derivations {
        let attack = derivation.attack(bits);
        let _ = writeln!(
            text,
            "  {name:40}  {:>22}  {:>22}",
            time(&attack),
            money(&attack)
        );
    }
    text
}

fn time(attack: &Attack) -> String {
    let seconds = attack.card_seconds / CARDS;
    let unit = UNITS.iter().find(|(length, _)| seconds >= *length);
    match unit {
        Some((length, name)) => format!("{} {name}", figure(seconds / length)),
        None => "no time".to_owned(),
    }
}

fn money(attack: &Attack) -> String {
    match attack.dollars < 1.0 {
        true => "nothing".to_owned(),
        false => format!("${}", figure(attack.dollars)),
    }
}

/// Writes a figure with as many digits as it deserves.
fn figure(value: f64) -> String {
    const WORDS: [(f64, &str); 3] = [(1e12, "trillion"), (1e9, "billion"), (1e6, "million")];
    if value >= 1e15 {
        return format!("{value:.0e}");
    }
    match WORDS.iter().find(|(size, _)| value >= *size) {
        Some((size, word)) => format!("{:.0} {word}", value / size),
        None => format!("{value:.0}"),
    }
}

/// Rounds bits to a tenth.
pub(super) fn rounded(bits: f64) -> f64 {
    (bits * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meter_is_empty_without_bits_and_full_with_many() {
        assert_eq!(meter(0.0), "[--------------------]");
        assert_eq!(meter(60.0), "[##########----------]");
        assert_eq!(meter(1000.0), "[####################]");
    }

    #[test]
    fn figures_have_words() {
        assert_eq!(figure(12.4), "12");
        assert_eq!(figure(2.5e9), "2 billion");
        assert_eq!(figure(7.1e20), "7e20");
    }

    #[test]
    fn every_derivation_is_named() {
        let text = attacks(90.0, Cost::DEFAULT);
        for name in ["Argon2id, 512 MiB", "24 rounds", "16 rounds", "MD5"] {
            assert!(text.contains(name), "{text}");
        }
        assert!(attacks(0.0, Cost::DEFAULT).contains("no time"));
    }
}
