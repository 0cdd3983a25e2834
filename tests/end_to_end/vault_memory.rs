//! What root finds in the memory of commands that open a vault.
//!
//! They are looked at while they wait for a person, and while they compute. Nothing of what they were told or opened may be
//! readable then; the same scan has to find it in a build that does not wipe.

use std::{path::PathBuf, process::Command, time::Duration};

use keyward_tests::{
    Home, Key, KeyKind, PlantedVault, Run, Screen,
    agent::signal_to,
    askpass::Askpass,
    deadline,
    memory_scan::{self, Finding},
    planted_vault, process, program,
    secret_forms::{self, Form, words},
    vault_keys,
};
use rustix::process::Signal;

const KINDS: [KeyKind; 5] = [
    KeyKind::Ed25519,
    KeyKind::EcdsaP256,
    KeyKind::EcdsaP384,
    KeyKind::EcdsaP521,
    KeyKind::Rsa3072,
];

/// A vault with keys made for this test alone, and all that must not be found.
struct Scene {
    home: Home,
    vault: PlantedVault,
    secrets: Vec<Form>,
}

impl Scene {
    fn new(program: PathBuf) -> Self {
        let home = Home::new();
        let keys: Vec<Key> = KINDS
            .into_iter()
            .map(|kind| Key::fresh(&home, kind, kind.name(), ""))
            .collect();
        let passphrase = words();
        let vault = PlantedVault::empty(&home, &passphrase).program(program);
        vault.change(|vault| {
            for key in &keys {
                planted_vault::insert(vault, key.kind.name(), planted_vault::private(key));
            }
        });
        let mut secrets: Vec<Form> = keys.iter().flat_map(secret_forms::of_key).collect();
        secrets.extend(vault_keys::forms(&vault.bytes(), &passphrase));
        secrets.extend(secret_forms::of_phrase("passphrase", &passphrase));
        Self {
            home,
            vault,
            secrets,
        }
    }

    /// `keyward` that asks at its terminal.
    fn asking(&self, arguments: &[&str]) -> Command {
        let mut command = self
            .home
            .command(self.vault.keyward(&self.home, &[]).get_program());
        command.args(arguments);
        command
    }

    fn has_also(&mut self, name: &str, phrase: &str) {
        self.secrets.extend(secret_forms::of_phrase(name, phrase));
    }

    fn found_in(&self, pid: u32) -> Vec<Finding> {
        memory_scan::scan(&[pid], &self.secrets)
    }

    #[track_caller]
    fn finds_nothing(&self, terminal: &Screen) {
        terminal.rests();
        let found = self.found_in(terminal.pid());
        assert!(found.is_empty(), "{}", summary(&found));
    }
}

/// The places and forms, each once.
fn summary(found: &[Finding]) -> String {
    let mut lines: Vec<String> = found
        .iter()
        .map(|each| format!("{}: {} at {:x}\n", each.region, each.form, each.address))
        .collect();
    lines.dedup();
    let count = lines.len();
    lines.truncate(60);
    format!("{count} found:\n{}", lines.concat())
}

/// Opens the vault at a terminal, and waits for a passphrase for the file to be exported.
fn exporting(scene: &Scene) -> Screen {
    let mut export = scene.asking(&["export", "rsa3072", "--out"]);
    export.arg(scene.home.path("exported"));
    let mut terminal = Screen::run(&export);
    terminal.expect("Passphrase for ");
    terminal.rests();
    terminal.type_line(scene.vault.passphrase());
    terminal.expect("Passphrase for the file: ");
    terminal
}

#[test]
fn export_that_waits_holds_no_secret() {
    let mut scene = Scene::new(program::path());
    let mut terminal = exporting(&scene);
    scene.finds_nothing(&terminal);
    let new = words();
    scene.has_also("passphrase of the file", &new);
    terminal.type_line(&new);
    terminal.expect("Again: ");
    scene.finds_nothing(&terminal);
    terminal.type_line(&new);
    terminal.expect("Wrote ");
    assert_eq!(terminal.wait(), Some(0), "{}", terminal.said());
}

#[test]
fn wrong_passphrase_is_gone_when_the_next_is_asked_for() {
    let mut scene = Scene::new(program::path());
    let wrong = words();
    scene.has_also("wrong passphrase", &wrong);
    let mut terminal = Screen::run(&scene.asking(&["list"]));
    terminal.expect("Passphrase for ");
    terminal.type_line(&wrong);
    terminal.expect("That does not open it. Passphrase for ");
    scene.finds_nothing(&terminal);
}

#[test]
fn passphrase_from_standard_input_is_gone() {
    let scene = Scene::new(program::path());
    let line = format!(
        "exec {} export rsa3072 --out exported --passphrase-file - <passphrase",
        program::path().display()
    );
    let mut shell = scene.home.command("sh");
    let mut terminal = Screen::run(shell.args(["-c", &line]));
    terminal.expect("Passphrase for the file: ");
    scene.finds_nothing(&terminal);
}

#[test]
fn recovery_code_is_gone_after_it_opened_the_vault() {
    let mut scene = Scene::new(program::path());
    let code = scene.vault.code().to_owned();
    scene.secrets.extend(of_code(&code));
    scene.home.write("code", &code);
    let mut passwd = scene.asking(&["passwd", "--recovery-file"]);
    let mut terminal = Screen::run(passwd.arg(scene.home.path("code")));
    terminal.expect("New passphrase: ");
    scene.finds_nothing(&terminal);
}

/// The code as text and as bytes (`FORMAT.md` section 3.2).
fn of_code(code: &str) -> Vec<Form> {
    let alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let symbols = code.chars().filter_map(|letter| alphabet.find(letter));
    let symbols: Vec<usize> = symbols.collect();
    let fold = |number: u128, symbol: &usize| number << 5 | u128::try_from(*symbol).unwrap();
    let number =
        symbols[..25].iter().fold(0, fold) << 3 | u128::try_from(symbols[25] >> 2).unwrap();
    let mut forms = secret_forms::of_phrase("recovery code", code);
    forms.extend(secret_forms::of_value(
        "recovery code's bytes",
        &number.to_be_bytes(),
    ));
    let symbols: Vec<u8> = symbols
        .iter()
        .map(|it| u8::try_from(*it).unwrap())
        .collect();
    forms.extend(secret_forms::of_value("recovery code's symbols", &symbols));
    forms
}

#[test]
fn init_holds_neither_passphrase_nor_code_while_it_waits_and_while_it_derives() {
    let home = Home::new();
    let mut init = home.command(program::path());
    let mut terminal = Screen::run(init.arg("init"));
    let passphrase = words();
    terminal.expect("Passphrase for the new vault: ");
    terminal.rests();
    terminal.type_line(&passphrase);
    terminal.expect("Again: ");
    terminal.rests();
    terminal.type_line(&passphrase);
    let shown = terminal.expect("Type the fifth group of it: ");
    let code = shown
        .lines()
        .map(str::trim)
        .find(|line| line.split('-').count() == 7 && line.len() == 34);
    let code = code.unwrap_or_else(|| panic!("no code: {shown}"));
    let mut secrets = of_code(code);
    secrets.extend(secret_forms::of_phrase("passphrase", &passphrase));
    terminal.rests();
    let found = memory_scan::scan(&[terminal.pid()], &secrets);
    assert!(found.is_empty(), "{}", summary(&found));
    terminal.type_line(code.split('-').nth(4).unwrap());
    // Half a gigabyte that is filled: the derivation has begun.
    let has_begun = || resident_kib(terminal.pid()) > 100_000;
    deadline::until("a derivation", Duration::from_secs(20), has_begun);
    signal_to(terminal.pid(), Signal::STOP);
    let found = memory_scan::scan(&[terminal.pid()], &secrets);
    signal_to(terminal.pid(), Signal::CONT);
    assert!(found.is_empty(), "{}", summary(&found));
    terminal.expect("Created ");
    assert_eq!(terminal.wait(), Some(0), "{}", terminal.said());
}

fn resident_kib(pid: u32) -> u64 {
    let text = process::status(pid, "VmRSS");
    text.trim_end_matches(" kB").trim().parse().unwrap()
}

/// Three files that are imported, the last two sealed with different passphrases.
struct Importing {
    scene: Scene,
    passphrases: [String; 2],
    terminal: Screen,
}

impl Importing {
    /// Begins, up to the passphrase of the second file.
    fn begin(program: PathBuf) -> Self {
        let mut scene = Scene::new(program);
        let passphrases = [words(), words()];
        scene.has_also("passphrase of a file", &passphrases[0]);
        let plain = Key::fresh(&scene.home, KeyKind::EcdsaP256, "a-plain", "");
        let sealed = Key::fresh(&scene.home, KeyKind::Ed25519, "b-sealed", "");
        for key in [&plain, &sealed] {
            let forms = secret_forms::of_key(key).into_iter();
            scene.secrets.extend(forms.map(|form| Form {
                name: format!("imported {}", form.name),
                ..form
            }));
        }
        let mut seal = scene.home.command("ssh-keygen");
        seal.args(["-q", "-p", "-P", "", "-N", &passphrases[0], "-f"])
            .arg(&sealed.path)
            .succeeds();
        let other = Key::fresh(&scene.home, KeyKind::Ed25519, "c-other", &passphrases[1]);
        let mut import = scene.asking(&["import"]);
        import.args([&plain.path, &sealed.path, &other.path]);
        let mut terminal = Screen::run(&import);
        terminal.expect("Passphrase for ");
        terminal.type_line(scene.vault.passphrase());
        terminal.expect("b-sealed: ");
        Self {
            scene,
            passphrases,
            terminal,
        }
    }

    fn go_on(&mut self) {
        self.terminal.rests();
        self.terminal.type_line(&self.passphrases[0]);
        self.terminal.expect("c-other: ");
    }
}

#[test]
fn import_that_waits_holds_no_key_and_no_passphrase() {
    let mut importing = Importing::begin(program::path());
    importing.scene.finds_nothing(&importing.terminal);
    importing.go_on();
    importing.scene.finds_nothing(&importing.terminal);
    let Importing {
        mut terminal,
        passphrases,
        ..
    } = importing;
    terminal.type_line(&passphrases[1]);
    terminal.expect("c-other: imported");
    assert_eq!(terminal.wait(), Some(0), "{}", terminal.said());
}

/// The control of the tests here.
#[test]
fn the_scan_finds_the_secrets_of_a_command_that_does_not_wipe() {
    let mut importing = Importing::begin(program::unwiped_path());
    importing.go_on();
    importing.terminal.rests();
    let found = importing.scene.found_in(importing.terminal.pid());
    let mut forms: Vec<&str> = found.iter().map(|each| &each.form[..]).collect();
    forms.sort_unstable();
    forms.dedup();
    for wanted in ["passphrase of a file", "vault key", "imported "] {
        assert!(
            forms.iter().any(|form| form.starts_with(wanted)),
            "no {wanted} among {forms:#?}"
        );
    }
}

/// So many records are opened by several threads.
#[test]
fn large_vault_leaves_nothing_with_the_threads_that_opened_it() {
    let mut scene = Scene::new(program::path());
    scene.vault.change(|vault| {
        for number in 0..2_100_u32 {
            let seed = [&number.to_be_bytes()[..], words().as_bytes()].concat();
            let seed: [u8; 32] = seed[..32].try_into().unwrap();
            let private = made_up(&seed);
            planted_vault::insert(vault, &format!("{number}"), private);
            if number % 10 == 0 {
                scene
                    .secrets
                    .extend(secret_forms::of_value("one of many", &seed));
            }
        }
    });
    scene
        .secrets
        .retain(|form| !form.name.starts_with("key of the header"));
    let terminal = exporting(&scene);
    scene.finds_nothing(&terminal);
}

/// A private key as a vault has it, whose public half is made up.
fn made_up(seed: &[u8; 32]) -> Vec<u8> {
    use keyward_tests::message::string;
    let turned: Vec<u8> = seed.iter().map(|byte| byte ^ 0x5a).collect();
    let both = [&seed[..], &turned].concat();
    [string(b"ssh-ed25519"), string(&turned), string(&both)].concat()
}

#[test]
fn command_that_waits_for_an_askpass_program_holds_no_secret() {
    let scene = Scene::new(program::path());
    let body = "test -e asked && exec sleep 60\ntouch asked\ncat passphrase";
    let askpass = Askpass::running(&scene.home, "askpass", body);
    let mut export = scene.asking(&["export", "rsa3072", "--out", "exported"]);
    export.envs(askpass.environment());
    let mut child = export.spawn().unwrap();
    deadline::until("the second question", Duration::from_secs(20), || {
        askpass.questions().lines().count() == 2 && process::waits(child.id())
    });
    let found = scene.found_in(child.id());
    for pid in process::family(child.id()) {
        signal_to(pid, Signal::KILL);
    }
    let _ = child.wait();
    assert!(found.is_empty(), "{}", summary(&found));
}
