//! `keyward passphrase`: what is refused, why, and what is made instead.

use std::process::Command;

use keyward_tests::{CheapVault, Home, Run, Terminal, program};
use serde_json::Value;

/// A phrase that nothing speaks against.
const GOOD: &str = "unglazed-cosmos-trickle-hubcap-deviator-paprika-swoop";

fn passphrase(home: &Home, words: &[&str]) -> Command {
    let mut command = home.command(program::path());
    command.arg("passphrase").args(words);
    command
}

fn check(home: &Home, words: &[&str], text: &[u8]) -> (Option<i32>, Value) {
    let mut command = passphrase(home, &["check", "--json"]);
    let outcome = command.args(words).outcome_with_input(text);
    let value = serde_json::from_str(&outcome.stdout);
    (
        outcome.code,
        value.unwrap_or_else(|_| panic!("{}", outcome.both())),
    )
}

#[track_caller]
fn refused(home: &Home, text: &str, code: &str) {
    let (exit, verdict) = check(home, &[], text.as_bytes());
    assert_eq!(exit, Some(1), "{text}: {verdict}");
    assert_eq!(verdict["accepted"], false, "{text}");
    let reasons = verdict["reasons"].as_array().unwrap();
    let found = reasons.iter().any(|reason| reason["code"] == code);
    assert!(found, "{text}: {verdict}");
}

#[test]
fn a_good_one_is_accepted_with_exactly_the_promised_fields() {
    let home = Home::new();
    let (exit, verdict) = check(&home, &[], format!("{GOOD}\n").as_bytes());
    assert_eq!(exit, Some(0), "{verdict}");
    let mut fields: Vec<_> = verdict.as_object().unwrap().keys().cloned().collect();
    fields.sort();
    let promised = [
        "accepted",
        "bits",
        "length",
        "not_checked",
        "reasons",
        "warnings",
    ];
    assert_eq!(fields, promised);
    assert_eq!(verdict["accepted"], true);
    assert_eq!(verdict["length"], GOOD.len());
    assert!(verdict["bits"].as_f64().unwrap() > 75.0);
    for warning in verdict["warnings"].as_array().unwrap() {
        assert!(warning["code"].is_string() && warning["message"].is_string());
    }
}

#[test]
fn weak_ones_are_refused_with_the_reason() {
    let home = Home::new();
    for (text, code) in [
        ("short", "too-short"),
        ("13 characters", "too-short"),
        ("Geschwindigkeitsbegrenzung", "single-word"),
        ("Internationalisation1!", "single-word"),
        ("1nt3rn4t10n4l1s4t10n", "single-word"),
        ("noitasilanoitanretni", "single-word"),
        ("désenchantement1998", "single-word"),
        ("противоречивость", "single-word"),
        ("elephantelephant", "single-word"),
        ("qwertyuiopasdfgh", "guessable"),
        ("passwordpassword", "guessable"),
        ("electrocardiogram electrocardiogram", "single-word"),
        ("Electrocardiogram-2024!", "single-word"),
        ("!!!Electrocardiogram!!!", "single-word"),
        ("EL3CTR0CARD10GRAM1987!?", "single-word"),
        ("e l e c t r o c a r d i o g r a m", "single-word"),
        ("Unabhaengigkeitserklaerungen", "single-word"),
        ("Straßenverkehrsordnung-2024!", "single-word"),
        ("192.168.100.200", "guessable"),
        ("31415926535897932", "guessable"),
        ("2024-11-24 12:00", "guessable"),
        ("48201957361048", "guessable"),
        ("zero\u{200b}width and more", "disallowed"),
    ] {
        refused(&home, text, code);
    }
}

#[test]
fn names_of_the_person_are_refused() {
    let home = Home::new();
    home.write(
        ".gitconfig",
        "[user]\n name = Alice Liddell\n email = alice.liddell@wonderland.example\n",
    );
    home.write(".ssh/config", "Host looking-glass\n  User jabberwocky\n");
    home.write(
        ".ssh/id.pub",
        "ssh-ed25519 AAAA tweedledee@tweedledum.example\n",
    );
    home.write(
        ".ssh/known_hosts",
        "red-queen.wonderland.example,10.0.0.7 ssh-ed25519 AAAA\n",
    );
    for text in [
        "alice.liddell@wonderland.example",
        "Liddell-Alice-1865",
        "jabberwocky1871!",
        "looking-glass-1871",
        "red-queen.wonderland.example",
        "tweedledee@tweedledum.example",
    ] {
        refused(&home, text, "personal");
    }
    let (exit, verdict) = check(&home, &["--for", "Zwyx Qvutsr"], b"Zwyx Qvutsr 1871");
    assert_eq!(exit, Some(1), "{verdict}");
    assert_eq!(verdict["reasons"][0]["code"], "personal", "{verdict}");
    let mut mail = passphrase(&home, &["check", "--json"]);
    let outcome = mail
        .env("EMAIL", "mock.turtle@sea.example")
        .outcome_with_input(b"mock.turtle@sea.example");
    assert!(
        outcome.stdout.contains("\"personal\""),
        "{}",
        outcome.both()
    );
}

#[test]
fn what_is_no_passphrase_gets_a_clear_reason() {
    let home = Home::new();
    let long = vec![b'x'; 1_000_000];
    let control = "control-character";
    let cases: [(&[u8], &str, &str); 7] = [
        (b"", "empty", "empty"),
        (b"\n", "empty", "empty"),
        (
            b"with\0a zero byte",
            "control character at place 5",
            control,
        ),
        (
            b"two\nlines are not one",
            "control character at place 4",
            control,
        ),
        (b"\xff\xfe\xfd binary bytes here", "not UTF-8", "not-text"),
        (&long[..2000], "longer than 1024 bytes", "too-long"),
        (&long, "longer than", "too-long"),
    ];
    for (input, words, code) in cases {
        let outcome = passphrase(&home, &["check"]).outcome_with_input(input);
        assert_eq!(outcome.code, Some(1), "{words}: {}", outcome.both());
        assert!(outcome.stderr.contains(words), "{}", outcome.both());
        assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
        let (exit, verdict) = check(&home, &[], input);
        assert_eq!(exit, Some(1), "{words}: {verdict}");
        assert_eq!(verdict["reasons"][0]["code"], code, "{verdict}");
    }
}

#[test]
fn a_refused_one_is_answered_with_one_that_passes() {
    let home = Home::new();
    let outcome = passphrase(&home, &["check"]).outcome_with_input(b"internationalisation");
    assert_eq!(outcome.code, Some(1));
    assert!(!outcome.both().contains("internationalisation"));
    let last = outcome.stdout.split_whitespace().last().unwrap();
    let (exit, verdict) = check(&home, &[], last.as_bytes());
    assert_eq!(exit, Some(0), "{last}: {verdict}");
}

#[test]
fn the_terminal_shows_a_meter_and_not_the_passphrase() {
    let home = Home::new();
    let mut command = passphrase(&home, &["check"]);
    let mut terminal = Terminal::run(command.env("NO_COLOR", "1").env("TERM", "xterm"));
    terminal.expects("Passphrase: ");
    terminal.types_hidden(GOOD);
    let shown = terminal.exits(0);
    assert!(shown.contains("[####"), "{shown}");
    assert!(shown.contains("accepted, good"), "{shown}");
    assert!(shown.contains("Argon2id, 512 MiB, 3 passes"), "{shown}");
    assert!(
        !shown.contains('\u{1b}') && !shown.contains(GOOD),
        "{shown}"
    );
}

#[test]
fn what_is_made_is_accepted_and_its_bits_are_exact() {
    let home = Home::new();
    let cases: [(&[&str], &str, u64, f64); 7] = [
        (&[], "words", 7, 90.5),
        (&["--language", "fr"], "words", 9, 99.0),
        (
            &["--language", "de-AT", "--words", "5", "--separator", ""],
            "words",
            5,
            63.5,
        ),
        (&["--words", "8", "--separator", " "], "words", 8, 103.4),
        (&["--length", "16"], "length", 16, 104.9),
        (&["--length", "14", "--layout-safe"], "length", 14, 74.5),
        (&["--layout-safe"], "length", 18, 95.8),
    ];
    for (words, shape, count, bits) in cases {
        let outcome = passphrase(&home, &["generate", "--json"])
            .args(words)
            .succeeds();
        let made: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(made["exact"], true);
        assert_eq!(made[shape], count, "{made}");
        assert!(
            (made["bits"].as_f64().unwrap() - bits).abs() < 0.11,
            "{made}"
        );
        let (exit, verdict) = check(&home, &[], made["secret"].as_str().unwrap().as_bytes());
        assert_eq!(exit, Some(0), "{made}: {verdict}");
    }
}

#[test]
fn several_are_made_one_on_a_line_and_each_another() {
    let home = Home::new();
    let outcome = passphrase(&home, &["generate", "--count", "20"]).succeeds();
    let mut lines: Vec<&str> = outcome.stdout.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 20);
    for words in [
        &["--language", "tlh"][..],
        &["--words", "4"],
        &["--length", "13"],
        &["--length", "20", "--words", "7"],
        &["--separator", "a\nb"],
        &["--separator", "123456789"],
    ] {
        let outcome = passphrase(&home, &["generate"]).args(words).outcome();
        assert_eq!(outcome.code, Some(64), "{words:?}: {}", outcome.both());
    }
}

#[test]
fn the_vault_that_is_there_says_what_a_try_costs() {
    let vault = CheapVault::new();
    let outcome = passphrase(vault.home(), &["check"]).outcome_with_input(GOOD.as_bytes());
    // The least that the format allows, and not what a new vault would have.
    let cost = keyward_vault::Cost::LEAST;
    let (memory, passes) = (cost.memory_kib() / 1024, cost.passes());
    let line = format!("vault (Argon2id, {memory} MiB, {passes} passes)");
    assert!(outcome.stdout.contains(&line), "{}", outcome.both());
}

#[test]
fn what_hides_a_word_is_seen_through() {
    let home = Home::new();
    let between = |word: &str, sign: &str| {
        let letters: Vec<String> = word.chars().map(String::from).collect();
        letters.join(sign)
    };
    let word = "internationalization";
    for (text, code) in [
        (between(word, "\u{200c}"), "single-word"),
        (between(word, "\u{323}"), "single-word"),
        (between(word, "."), "single-word"),
        (between("password123456", "\u{200d}"), "guessable"),
        ("password".repeat(14), "guessable"),
        ("password".repeat(40), "guessable"),
        ("a".repeat(512), "guessable"),
        (format!("password{}", " ".repeat(120)), "guessable"),
    ] {
        refused(&home, &text, code);
    }
    // A word among much else is no single word.
    for text in [
        "antidisestablishmentarianism 4827 1938 5520 7731",
        "correct 84719 20573 66120",
    ] {
        let (exit, verdict) = check(&home, &[], text.as_bytes());
        assert_eq!(exit, Some(0), "{text}: {verdict}");
    }
}

#[test]
fn named_pipes_and_foreign_repositories_are_not_waited_for() {
    let home = Home::new();
    let mut make = home.command("sh");
    make.arg("-c").arg("mkfifo .ssh/x.pub .ssh/config pipe && git init -q . && git config --file .git/config include.path ../pipe");
    make.succeeds();
    let (exit, verdict) = check(&home, &[], GOOD.as_bytes());
    assert_eq!(exit, Some(0), "{verdict}");
}
