//! What a person is asked at the terminal, and what becomes of what they type.

use std::fs;

use keyward_tests::{
    CheapVault, Home, Key, KeyKind, Run, Terminal,
    agent::signal_to,
    askpass::Askpass,
    cheap_vault::PASSPHRASE,
    program,
    terminal::{CTRL_C, CTRL_D},
};
use rustix::process::Signal;
use serde_json::Value;

#[test]
fn init_asks_twice_and_has_the_recovery_code_typed_back() {
    let home = Home::new();
    let mut init = home.command(program::path());
    let mut terminal = Terminal::run(init.arg("init"));
    terminal.expects("Passphrase for the new vault: ");
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("Again: ");
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("Recovery code, shown this once:\r\n\r\n    ");
    let code = terminal.expects("\r\n").trim().to_owned();
    let fifth = code.split('-').nth(4).unwrap().to_owned();
    assert_eq!(code.split('-').count(), 7, "{code}");
    terminal.expects("Type the fifth group of it: ");
    terminal.types("what?");
    terminal.expects("That is not the fifth group.");
    terminal.expects("Type the fifth group of it: ");
    terminal.types(&fifth.to_lowercase());
    let shown = terminal.exits(0);
    assert!(!shown.contains(PASSPHRASE), "{shown}");
    assert!(
        shown.contains("Next: keyward import ~/.ssh, or keyward generate NAME"),
        "{shown}"
    );
    home.write("code", code);
    home.write("passphrase", PASSPHRASE);
    for words in [
        ["--recovery-file", "code"],
        ["--passphrase-file", "passphrase"],
    ] {
        home.command(program::path())
            .arg("list")
            .args(words)
            .succeeds();
    }
    let slots = home
        .command(program::path())
        .args(["slot", "list", "--json"])
        .succeeds()
        .stdout;
    let slots: Value = serde_json::from_str(&slots).unwrap();
    assert!(
        slots[0]["memory_kib"].as_u64().unwrap() >= 256 << 10,
        "{slots}"
    );
    assert!(slots[0]["passes"].as_u64().unwrap() >= 3, "{slots}");
}

#[test]
fn init_that_is_not_gone_through_with_leaves_no_vault() {
    let home = Home::new();
    let init = || {
        let mut init = home.command(program::path());
        let mut terminal = Terminal::run(init.arg("init"));
        terminal.expects("Passphrase for the new vault: ");
        terminal
    };
    let mut terminal = init();
    for _ in 0..3 {
        terminal.types_hidden(PASSPHRASE);
        terminal.expects("Again: ");
        terminal.types_hidden("another");
        terminal.expects("the two are not the same");
    }
    terminal.exits(1);
    let mut terminal = init();
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("Again: ");
    terminal.types_hidden(PASSPHRASE);
    for _ in 0..3 {
        terminal.expects("Type the fifth group of it: ");
        terminal.types("x");
    }
    let shown = terminal.exits(1);
    assert!(
        shown.contains("error: the recovery code was not typed back"),
        "{shown}"
    );
    let mut terminal = init();
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("Again: ");
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("Type the fifth group of it: ");
    terminal.presses(CTRL_C);
    terminal.exits(130);
    assert!(!home.path("data/keyward/vault").exists());
}

#[test]
fn the_passphrase_may_be_typed_three_times() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let mut terminal = Terminal::run(&vault.bare("list"));
    terminal.expects(&format!("Passphrase for {}: ", vault.path().display()));
    terminal.types_hidden("wrong");
    terminal.expects("That does not open it. Passphrase for ");
    terminal.types_hidden("");
    terminal.expects("That does not open it. Passphrase for ");
    terminal.types_hidden(PASSPHRASE);
    let shown = terminal.exits(0);
    assert!(shown.contains("one   ED25519 256"), "{shown}");
    let mut terminal = Terminal::run(&vault.bare("list"));
    for _ in 0..3 {
        terminal.expects("Passphrase for ");
        terminal.types_hidden("wrong");
    }
    let shown = terminal.exits(3);
    assert!(
        shown.contains("error: no slot opens with this secret\nhint: "),
        "{shown}"
    );
}

#[test]
fn the_recovery_code_may_be_typed_for_the_passphrase() {
    let vault = CheapVault::new();
    let mut terminal = Terminal::run(&vault.bare("list"));
    terminal.expects("Passphrase for ");
    terminal.types_hidden(&vault.recovery_code().to_lowercase().replace('-', " "));
    terminal.exits(0);
}

#[test]
fn ctrl_c_at_a_prompt_is_130_and_ctrl_d_cancels() {
    let vault = CheapVault::new();
    for (keys, code) in [(CTRL_C, 130), (CTRL_D, 1)] {
        let mut terminal = Terminal::run(&vault.bare("list"));
        terminal.expects("Passphrase for ");
        terminal.hides();
        terminal.presses(keys);
        let shown = terminal.exits(code);
        assert!(!shown.contains("panicked"), "{shown}");
    }
}

#[test]
fn a_signal_at_a_prompt_leaves_the_terminal_with_echo() {
    let vault = CheapVault::new();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut terminal = Terminal::run(&vault.bare("list"));
        terminal.expects("Passphrase for ");
        terminal.hides();
        signal_to(terminal.pid(), signal);
        terminal.exits(code);
    }
}

#[test]
fn import_asks_three_times_for_each_file_and_tries_what_it_knows() {
    let vault = CheapVault::new();
    for name in ["one", "two", "three"] {
        let _ = Key::fresh(
            vault.home(),
            KeyKind::Ed25519,
            name,
            if name == "one" { "first" } else { "both" },
        );
    }
    let mut terminal = Terminal::run(&vault.keyward("import one three two"));
    terminal.expects("Passphrase for one: ");
    terminal.types_hidden("no");
    for _ in 0..2 {
        terminal.expects("Wrong. Passphrase for one: ");
        terminal.types_hidden("no");
    }
    terminal.expects("Passphrase for three: ");
    terminal.types_hidden("both");
    let shown = terminal.exits(1);
    assert!(shown.contains("error: one: wrong passphrase\n"), "{shown}");
    assert!(shown.contains("two: imported as two ("), "{shown}");
    assert_eq!(vault.names(), ["three", "two"]);
}

#[test]
fn ctrl_c_stops_an_import_as_a_whole() {
    let vault = CheapVault::new();
    let _ = Key::fresh(vault.home(), KeyKind::Ed25519, "one", "");
    let _ = Key::fresh(vault.home(), KeyKind::Ed25519, "two", "secret");
    let before = fs::read(vault.path()).unwrap();
    let mut terminal = Terminal::run(&vault.keyward("import one two"));
    terminal.expects("Passphrase for two: ");
    terminal.hides();
    terminal.presses(CTRL_C);
    let shown = terminal.exits(130);
    assert!(!shown.contains("imported as"), "{shown}");
    assert_eq!(fs::read(vault.path()).unwrap(), before);
}

#[test]
fn passwd_asks_for_the_old_one_and_twice_for_the_new_one() {
    let vault = CheapVault::new();
    let mut terminal = Terminal::run(&vault.bare("passwd"));
    terminal.expects("Passphrase for ");
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("New passphrase: ");
    terminal.types_hidden("a newer one, of six words");
    terminal.expects("Again: ");
    terminal.types_hidden("a newer one, of six words");
    let shown = terminal.exits(0);
    assert!(shown.contains("The passphrase is changed."), "{shown}");
    vault.keyward("list").exits(3);
    vault
        .home()
        .write("passphrase", "a newer one, of six words");
    vault.keyward("list").succeeds();
    vault.bare("list --recovery-file recovery").succeeds();
}

#[test]
fn export_asks_twice_for_the_passphrase_of_the_file() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let mut terminal = Terminal::run(&vault.keyward("export one --out out"));
    terminal.expects("Passphrase for the file: ");
    terminal.types_hidden("typed into the file");
    terminal.expects("Again: ");
    terminal.types_hidden("typed into the file");
    terminal.exits(0);
    let mut keygen = vault.home().command("ssh-keygen");
    keygen
        .args(["-y", "-P", "typed into the file", "-f", "out"])
        .succeeds();
}

#[test]
fn an_askpass_program_is_asked_as_ssh_add_asks_it() {
    let vault = CheapVault::new();
    let askpass = Askpass::answering(vault.home(), "asking", PASSPHRASE, 0);
    let mut list = vault.bare("list");
    list.envs(askpass.environment()).succeeds();
    assert_eq!(
        askpass.questions(),
        format!("|Passphrase for {}: \n", vault.path().display())
    );
    let refusing = Askpass::pressing(vault.home(), "refusing", 1);
    let said = vault
        .bare("list")
        .envs(refusing.environment())
        .exits(1)
        .stderr;
    assert_eq!(said, "error: cancelled\n");
    let said = vault
        .bare("list")
        .envs(askpass.environment())
        .env("SSH_ASKPASS_REQUIRE", "never")
        .exits(1)
        .stderr;
    assert!(said.contains("nobody to ask"), "{said}");
}
