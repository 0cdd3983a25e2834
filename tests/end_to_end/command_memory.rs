//! What root finds in the memory of commands that judge passphrases, review keys, and bring back copies.
//!
//! They are looked at while they print what they found out: what they were told, opened or made is used by then.

use std::process::Command;

use keyward_tests::{
    Dam, Home, Key, KeyKind, PlantedVault, Run, Screen, memory_scan, planted_vault, program,
    secret_forms::{self, Form, words},
    vault_keys,
};

fn keyward(home: &Home, words: &str) -> Command {
    let mut command = home.command(program::path());
    command.args(words.split(' '));
    command
}

/// The forms that are in the memory of a process, each once.
fn found(pid: u32, forms: &[Form]) -> Vec<String> {
    let mut found: Vec<String> = memory_scan::scan(&[pid], forms)
        .into_iter()
        .map(|each| format!("{} in {}", each.form, each.region))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn check(program: &std::path::Path) -> Vec<String> {
    let home = Home::new();
    let passphrase = words();
    // Something to try it on.
    let _ = Key::fresh(&home, KeyKind::Ed25519, ".ssh/id", "another passphrase");
    let mut command = home.command(program);
    command.args(["passphrase", "check"]);
    let mut dam = Dam::before(&mut command, passphrase.as_bytes(), 0);
    let _ = dam.freeze();
    found(
        dam.pid(),
        &secret_forms::of_phrase("passphrase", &passphrase),
    )
}

#[test]
fn passphrase_that_was_judged_is_gone() {
    assert_eq!(check(&program::path()), [""; 0]);
}

/// The control of the tests here.
#[test]
fn the_scan_finds_the_passphrase_in_a_build_that_does_not_wipe() {
    assert_ne!(check(&program::unwiped_path()), [""; 0]);
}

#[test]
fn passphrases_that_are_made_lie_in_secret_memory() {
    let home = Home::new();
    for arguments in [
        "passphrase generate --count 500",
        "passphrase generate --count 500 --json",
        "passphrase generate --count 500 --length 24",
    ] {
        let mut dam = Dam::before(&mut keyward(&home, arguments), b"", 4096);
        let said = dam.freeze();
        let of_line = |line: &str| {
            let line = line.trim().trim_start_matches("\"secret\": \"");
            line.trim_end_matches("\",").to_owned()
        };
        let made: Vec<String> = said
            .lines()
            .map(of_line)
            .filter(|line| line.len() > 20)
            .collect();
        assert!(made.len() > 20, "{said}");
        let forms = made
            .iter()
            .flat_map(|line| secret_forms::of_phrase("made", line));
        let forms: Vec<Form> = forms.collect();
        assert_eq!(found(dam.pid(), &forms), [""; 0], "{arguments}");
    }
}

#[test]
fn keys_that_were_reviewed_are_gone() {
    let home = Home::new();
    let keys = [KeyKind::Ed25519, KeyKind::EcdsaP256, KeyKind::Rsa3072]
        .map(|kind| Key::fresh(&home, kind, &format!(".ssh/{}", kind.name()), ""));
    let mut dam = Dam::before(&mut keyward(&home, "health"), b"", 0);
    let _ = dam.freeze();
    let forms: Vec<Form> = keys.iter().flat_map(secret_forms::of_key).collect();
    assert_eq!(found(dam.pid(), &forms), [""; 0]);
}

/// A vault with two keys, a copy of it, and all that must not be found.
struct Scene {
    home: Home,
    vault: PlantedVault,
    secrets: Vec<Form>,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        let passphrase = words();
        let vault = PlantedVault::empty(&home, &passphrase);
        let keys = [KeyKind::Ed25519, KeyKind::EcdsaP256]
            .map(|kind| Key::fresh(&home, kind, kind.name(), ""));
        vault.change(|vault| {
            for key in &keys {
                planted_vault::insert(vault, key.kind.name(), planted_vault::private(key));
            }
        });
        keyward(&home, "backup create copy").succeeds();
        let mut secrets: Vec<Form> = keys.iter().flat_map(secret_forms::of_key).collect();
        secrets.extend(vault_keys::forms(&vault.bytes(), &passphrase));
        secrets.extend(secret_forms::of_phrase("passphrase", &passphrase));
        Self {
            home,
            vault,
            secrets,
        }
    }

    #[track_caller]
    fn holds_nothing(&self, arguments: &str) {
        let mut command = keyward(&self.home, arguments);
        command.args(["--passphrase-file", "-"]);
        let mut dam = Dam::before(&mut command, self.vault.passphrase().as_bytes(), 0);
        let _ = dam.freeze();
        assert_eq!(found(dam.pid(), &self.secrets), [""; 0], "{arguments}");
    }
}

#[test]
fn copies_that_were_verified_tried_and_planned_leave_nothing() {
    let scene = Scene::new();
    scene.holds_nothing("backup verify copy --full");
    scene.holds_nothing("backup drill copy");
    scene.holds_nothing("backup restore copy --records ed25519");
}

#[test]
fn page_that_was_read_leaves_neither_its_key_nor_its_passphrase() {
    let mut scene = Scene::new();
    let passphrases = [words(), words()];
    for (name, (kind, passphrase)) in ["one", "two"].into_iter().zip(
        [KeyKind::Ed25519, KeyKind::EcdsaP256]
            .into_iter()
            .zip(&passphrases),
    ) {
        scene.home.write("new", passphrase);
        let mut paper = keyward(&scene.home, "backup paper --new-passphrase-file new");
        paper.args(["--passphrase-file", "passphrase", kind.name(), "--out"]);
        paper.arg(format!("{name}.txt")).succeeds();
    }
    scene
        .secrets
        .extend(secret_forms::of_phrase("page", &passphrases[0]));
    let elsewhere = Home::new();
    let other = PlantedVault::empty(&elsewhere, &words());
    let mut import = keyward(
        &scene.home,
        "import one.txt two.txt --vault other --passphrase-file passphrase",
    );
    scene.home.write("passphrase", other.passphrase());
    std::fs::copy(other.path(), scene.home.path("other")).unwrap();
    let mut terminal = Screen::run(import.env_remove("SSH_ASKPASS"));
    terminal.expect("one.txt: ");
    terminal.rests();
    terminal.type_line(&passphrases[0]);
    terminal.expect("two.txt: ");
    terminal.rests();
    assert_eq!(found(terminal.pid(), &scene.secrets), [""; 0]);
    terminal.type_line(&passphrases[1]);
    terminal.expect("two.txt: imported");
    assert_eq!(terminal.wait(), Some(0), "{}", terminal.said());
}

#[test]
fn share_that_was_shown_is_gone_when_the_next_comes() {
    let mut scene = Scene::new();
    let mut add = keyward(&scene.home, "slot add recovery --shares 2-of-3");
    let mut terminal = Screen::run(add.env_remove("SSH_ASKPASS"));
    terminal.expect("Passphrase for ");
    terminal.rests();
    terminal.type_line(scene.vault.passphrase());
    let shown = terminal.expect("Type word ");
    let lines = shown.lines().filter(|line| {
        line.trim_start()
            .starts_with(|it: char| it.is_ascii_digit())
    });
    let of_share =
        |word: &&str| word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let share: Vec<&str> = lines
        .flat_map(str::split_whitespace)
        .filter(of_share)
        .collect();
    assert_eq!(share.len(), 20, "{shown}");
    scene
        .secrets
        .extend(secret_forms::of_phrase("share", &share.join(" ")));
    terminal.rests();
    assert_eq!(found(terminal.pid(), &scene.secrets), [""; 0]);
    // The word that is asked for is typed back.
    let asked = terminal.expect(" of it: ");
    let place: usize = asked.trim().split(' ').next().unwrap().parse().unwrap();
    terminal.type_line(share[place - 1]);
    terminal.expect("2 of 3");
    terminal.expect("Type word ");
    terminal.rests();
    assert_eq!(found(terminal.pid(), &scene.secrets), [""; 0]);
}
