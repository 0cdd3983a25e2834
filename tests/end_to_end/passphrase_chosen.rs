//! Where a passphrase is chosen, a weak one is refused, and one that opens something else is warned of.

use std::process::Command;

use keyward_tests::{CheapVault, Home, Run, Terminal, cheap_vault::PASSPHRASE, program};
use serde_json::Value;

/// Phrases that nothing speaks against.
const GOOD: &str = "unglazed-cosmos-trickle-hubcap-deviator-paprika-swoop";
const OTHER: &str = "mantis cupcake unwieldy frostbite gallows";

/// Makes a key file in the folder that is looked into.
fn key_file(home: &Home, passphrase: &str, flags: &[&str]) {
    home.write(".ssh/config", "");
    let mut keygen = home.command("ssh-keygen");
    keygen.args(["-q", "-f", ".ssh/id", "-N", passphrase]);
    keygen.args(flags).succeeds();
}

fn check(home: &Home, text: &str) -> Value {
    let mut command = home.command(program::path());
    command.args(["passphrase", "check", "--json"]);
    let outcome = command.outcome_with_input(text.as_bytes());
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.both()))
}

fn has(verdict: &Value, list: &str, code: &str) -> bool {
    let list = verdict[list].as_array().unwrap();
    list.iter().any(|finding| finding["code"] == code)
}

#[test]
fn a_weak_one_is_refused_wherever_one_is_chosen() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    vault.home().write("weak", "Geschwindigkeitsbegrenzung1!");
    let before = std::fs::read(vault.path()).unwrap();
    for words in [
        "init --vault other --no-recovery --new-passphrase-file weak",
        "passwd --passphrase-file passphrase --new-passphrase-file weak",
        "slot add passphrase --passphrase-file passphrase --new-passphrase-file weak",
        "export one --out other --passphrase-file passphrase --new-passphrase-file weak",
        "export one --format ppk --out other --passphrase-file passphrase --new-passphrase-file weak",
        "backup paper one --out other --passphrase-file passphrase --new-passphrase-file weak",
    ] {
        let said = vault.bare(words).exits(1).stderr;
        assert!(said.contains("is refused: it is a single word"), "{said}");
        assert!(!said.contains("Geschwindigkeit"), "{said}");
        let forward = said.split_whitespace().last().unwrap();
        let verdict = check(vault.home(), forward);
        assert_eq!(verdict["accepted"], true, "{forward}");
    }
    assert!(!vault.home().path("other").exists());
    assert_eq!(std::fs::read(vault.path()).unwrap(), before);
}

#[test]
fn a_person_may_choose_again_and_is_told_how_strong_it_is() {
    let vault = CheapVault::new();
    let mut terminal = Terminal::run(&vault.keyward("slot add passphrase"));
    terminal.expects("New passphrase: ");
    terminal.types_hidden("qwertyuiopasdfgh");
    terminal.expects("is refused: ");
    terminal.expects("such as: ");
    terminal.expects("New passphrase: ");
    terminal.types_hidden(GOOD);
    terminal.expects("Passphrase: good, at most ");
    terminal.expects("Again: ");
    terminal.types_hidden(OTHER);
    terminal.expects("the two are not the same.");
    terminal.expects("New passphrase: ");
    terminal.types_hidden(GOOD);
    terminal.expects("Again: ");
    terminal.types_hidden(GOOD);
    let shown = terminal.exits(0);
    assert!(shown.contains("Passphrase: good, at most "), "{shown}");
    assert!(shown.contains("Added "), "{shown}");
    vault.home().write("good", GOOD);
    vault.bare("list --passphrase-file good").succeeds();
}

#[test]
fn a_person_is_asked_three_times_and_then_no_more() {
    let vault = CheapVault::new();
    let mut terminal = Terminal::run(&vault.keyward("slot add passphrase"));
    for _ in 0..3 {
        terminal.expects("New passphrase: ");
        terminal.types_hidden("short");
    }
    let shown = terminal.exits(1);
    assert!(
        shown.contains("error: the passphrase is refused"),
        "{shown}"
    );
}

#[test]
fn one_that_opens_a_key_file_is_warned_of() {
    let home = Home::new();
    for flags in [&["-t", "ed25519"][..], &["-t", "rsa", "-m", "PEM"]] {
        key_file(&home, GOOD, flags);
        let verdict = check(&home, GOOD);
        assert_eq!(verdict["accepted"], true, "{verdict}");
        assert!(has(&verdict, "warnings", "used-elsewhere"), "{verdict}");
        let verdict = check(&home, OTHER);
        assert!(!has(&verdict, "warnings", "used-elsewhere"), "{verdict}");
        assert!(!has(&verdict, "not_checked", "used-elsewhere"), "{verdict}");
        std::fs::remove_file(home.path(".ssh/id")).unwrap();
        std::fs::remove_file(home.path(".ssh/id.pub")).unwrap();
    }
}

/// A user of this machine with a password; removed at the end.
struct Account(String);

impl Account {
    fn new(password: &str) -> Self {
        let name = format!("kw-{}", std::process::id());
        let add = ["--no-create-home", "--shell", "/bin/sh", &name];
        Command::new("useradd").args(add).succeeds();
        let line = format!("{name}:{password}\n");
        let set = Command::new("chpasswd").outcome_with_input(line.as_bytes());
        assert_eq!(set.code, Some(0), "{set:?}");
        Self(name)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = Command::new("userdel").arg(&self.0).outcome();
    }
}

#[test]
fn the_password_of_the_account_is_refused_and_another_is_not() {
    let account = Account::new(GOOD);
    let home = Home::new();
    home.command("chown")
        .args(["-R", &account.0])
        .arg(home.folder())
        .succeeds();
    let judged = |text: &str| {
        let mut check = home.command("setpriv");
        check.args(["--reuid", &account.0, "--clear-groups"]);
        check
            .arg(program::path())
            .args(["passphrase", "check", "--json"]);
        let outcome = check.outcome_with_input(text.as_bytes());
        let verdict: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert!(!has(&verdict, "not_checked", "login-password"), "{verdict}");
        verdict
    };
    let verdict = judged(GOOD);
    assert!(has(&verdict, "reasons", "login-password"), "{verdict}");
    // Others may be tried for ever: the account is not locked, and its password still known.
    for _ in 0..6 {
        assert_eq!(judged(OTHER)["accepted"], true);
    }
    assert!(has(&judged(GOOD), "reasons", "login-password"));
}

#[test]
fn what_takes_too_long_to_try_is_said_to_be_unchecked() {
    let home = Home::new();
    key_file(&home, GOOD, &["-t", "ed25519", "-a", "200"]);
    let verdict = check(&home, GOOD);
    assert!(has(&verdict, "not_checked", "used-elsewhere"), "{verdict}");
    assert!(!has(&verdict, "warnings", "used-elsewhere"), "{verdict}");
}

#[test]
fn the_passphrase_that_a_vault_has_is_warned_of_when_it_is_added_again() {
    let vault = CheapVault::new();
    let mut terminal = Terminal::run(&vault.keyward("slot add passphrase"));
    terminal.expects("New passphrase: ");
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("opens another key or vault");
    terminal.presses("\u{3}");
    terminal.exits(130);
}

#[test]
fn one_that_opens_the_vault_is_warned_of() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let said = vault
        .keyward("slot add passphrase --new-passphrase-file passphrase")
        .succeeds()
        .stderr;
    assert!(
        said.starts_with("warning: the new passphrase: it opens another"),
        "{said}"
    );
    let verdict = check(vault.home(), PASSPHRASE);
    assert!(has(&verdict, "warnings", "used-elsewhere"), "{verdict}");
    let verdict = check(vault.home(), OTHER);
    assert!(!has(&verdict, "not_checked", "used-elsewhere"), "{verdict}");
    let mut terminal = Terminal::run(&vault.keyward("export one --out out"));
    terminal.expects("Passphrase for the file: ");
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("Again: ");
    terminal.types_hidden(PASSPHRASE);
    let shown = terminal.exits(0);
    assert!(shown.contains("opens another key or vault"), "{shown}");
}
