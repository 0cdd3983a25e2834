//! The recovery code in shares.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use keyward_tests::{CheapVault, Home, Run, Terminal, program};

/// The words of the shares that lie in a folder of the home.
fn words(vault: &CheapVault, folder: &str, count: usize) -> Vec<String> {
    let share = |number| {
        let text = vault.text(&format!("{folder}/share-{number}-of-{count}.txt"));
        let [heading, words] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("two lines: {text}");
        };
        let expected = format!("# Share {number} of {count} of a recovery code of keyward. Any ");
        assert!(heading.starts_with(&expected), "{heading}");
        assert_eq!(words.split(' ').count(), 20);
        words.to_owned()
    };
    (1..=count).map(share).collect()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

#[test]
fn any_two_of_three_shares_open_the_vault_and_one_does_not() {
    let vault = CheapVault::new();
    let said = vault
        .keyward("slot add recovery --shares 2-of-3 --recovery-out shares")
        .succeeds();
    assert!(
        said.stderr.contains("Give each file to another person"),
        "{}",
        said.stderr
    );
    let shares = words(&vault, "shares", 3);
    assert_eq!(mode(&vault.home().path("shares")), 0o700);
    for number in 1..=3 {
        let path = vault
            .home()
            .path(&format!("shares/share-{number}-of-3.txt"));
        assert_eq!(mode(&path), 0o600);
    }
    let short: Vec<&str> = shares[0].split(' ').map(|word| &word[..4]).collect();
    let short = short.join("  ").to_uppercase();
    for text in [
        format!("{}\n{}\n", shares[2], shares[0]),
        format!("# mine\n\n{short}\n{}", shares[1]),
        shares.join("\n"),
    ] {
        vault.home().write("some", &text);
        vault.bare("list --recovery-file some").succeeds();
    }
    vault.home().write("some", &shares[1]);
    let said = vault.bare("list --recovery-file some").exits(3).stderr;
    assert!(
        said.starts_with("error: it takes 2 shares, and there is 1\nhint: "),
        "{said}"
    );
    // Whole files one after the other are as good.
    let files = ["shares/share-3-of-3.txt", "shares/share-1-of-3.txt"];
    vault
        .home()
        .write("some", files.map(|file| vault.text(file)).concat());
    vault.bare("list --recovery-file some").succeeds();
}

#[test]
fn errors_say_which_line_is_wrong() {
    let vault = CheapVault::new();
    let add = "slot add recovery --shares 2-of-2 --recovery-out";
    vault.keyward(add).arg("one").succeeds();
    vault.keyward(add).arg("two").succeeds();
    let (one, two) = (words(&vault, "one", 2), words(&vault, "two", 2));
    let mut swapped: Vec<&str> = one[1].split(' ').collect();
    swapped.swap(10, 11);
    for (text, fact) in [
        (
            format!("{}\n{}", one[0], swapped.join(" ")),
            "line 2 is no share: its words do not agree",
        ),
        (
            format!("{}\n\n{} lamp", one[0], one[1]),
            "line 3 is no share: it has 21 words",
        ),
        (
            format!("{}\nlampe {}", one[0], one[1]),
            "line 2 is no share: word 1 is in no share",
        ),
        (
            format!("{}\n{}", one[0], one[0]),
            "line 2 is the same share as line 1",
        ),
        (
            format!("{}\n{}", one[0], two[1]),
            "line 2 is not of the same recovery code",
        ),
    ] {
        vault.home().write("some", &text);
        let said = vault.bare("list --recovery-file some").exits(3).stderr;
        assert!(said.starts_with(&format!("error: {fact}")), "{said}");
    }
}

#[test]
fn what_cannot_be_split_or_written_adds_nothing() {
    let vault = CheapVault::new();
    let before = fs::read(vault.path()).unwrap();
    let add = |words: &str| vault.keyward(&format!("slot add recovery {words}"));
    let said = add("--shares 1-of-1 --recovery-out shares")
        .exits(64)
        .stderr;
    assert!(
        said.contains("if one share were enough, each would be the whole code"),
        "{said}"
    );
    add("--shares 3-of-2 --recovery-out shares").exits(64);
    add("--shares 2-of-17 --recovery-out shares").exits(64);
    let said = add("--shares 2-of-3").exits(1).stderr;
    assert!(
        said.contains("hint: write them to files: --recovery-out FOLDER"),
        "{said}"
    );
    let said = add("--shares 2-of-3 --recovery-out a --recovery-out b")
        .exits(1)
        .stderr;
    assert!(said.contains("2 files are named for 3 shares"), "{said}");
    add("--recovery-out a --recovery-out b").exits(1);
    fs::create_dir(vault.home().path("full")).unwrap();
    vault.home().write("full/share-2-of-2.txt", "mine");
    add("--shares 2-of-2 --recovery-out full").exits(1);
    assert!(!vault.home().path("full/share-1-of-2.txt").exists());
    assert_eq!(vault.text("full/share-2-of-2.txt"), "mine");
    assert_eq!(fs::read(vault.path()).unwrap(), before);
    add("--shares 2-of-2 --recovery-out a --recovery-out b").succeeds();
    vault
        .home()
        .write("both", vault.text("b") + &vault.text("a"));
    vault.bare("list --recovery-file both").succeeds();
}

#[test]
fn each_share_has_its_screen_and_is_typed_back() {
    let vault = CheapVault::new();
    let add = vault.keyward("slot add recovery --shares 2-of-3");
    let mut terminal = Terminal::run(&add);
    let mut shares = Vec::new();
    for number in 1..=3 {
        let before = terminal.expects(&format!(
            "Share {number} of 3 of a recovery code of keyward, shown this once:"
        ));
        assert!(before.contains("\x1b[H\x1b[2J\x1b[3J"), "{before:?}");
        let shown = terminal.expects("Write it on paper.");
        let words: Vec<String> = shown
            .split_whitespace()
            .filter(|word| word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_lowercase()))
            .map(str::to_owned)
            .collect();
        assert_eq!(words.len(), 20, "{shown}");
        terminal.expects("Give the 3 to different people.");
        terminal.expects("Type word ");
        let place: usize = terminal
            .expects(" of it: ")
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        if number == 2 {
            terminal.types("wrong");
            terminal.expects("That is not the word.");
        }
        terminal.types(&words[place - 1]);
        shares.push(words.join(" "));
    }
    terminal.expects("\x1b[H\x1b[2J\x1b[3J");
    terminal.exits(0);
    // And typed where the passphrase is asked for.
    let mut terminal = Terminal::run(&vault.bare("list"));
    terminal.expects("Passphrase for ");
    terminal.types_hidden(&shares[2]);
    terminal.expects("Share 2 of the 2 that it takes: ");
    terminal.types_hidden(&shares[0].replacen(' ', " x", 1));
    terminal.expects("That is no share: word 2 is in no share. Share 2 of 2: ");
    terminal.types_hidden(&shares[0]);
    terminal.exits(0);
}

#[test]
fn a_share_that_is_not_typed_back_adds_nothing() {
    let vault = CheapVault::new();
    let before = fs::read(vault.path()).unwrap();
    let mut terminal = Terminal::run(&vault.keyward("slot add recovery --shares 2-of-2"));
    for _ in 0..3 {
        terminal.expects(" of it: ");
        terminal.types("wrong");
    }
    let shown = terminal.exits(1);
    assert!(
        shown.contains("error: the recovery code was not typed back"),
        "{shown}"
    );
    assert_eq!(fs::read(vault.path()).unwrap(), before);
}

#[test]
fn the_code_of_a_new_vault_can_be_split_at_once() {
    let home = Home::new();
    home.write("new", "unglazed cosmos trickle hubcap deviator");
    let init = |words: &str| {
        let mut init = home.command(program::path());
        init.args(["init", "--new-passphrase-file", "new"]);
        init.args(words.split(' '));
        init
    };
    init("--shares 2-of-3 --no-recovery").exits(64);
    init("--shares 2-of-3 --recovery-file a --recovery-file b").exits(1);
    assert!(!home.path("data/keyward/vault").exists());
    init("--shares 2-of-3 --recovery-file shares").succeeds();
    let share = |number: u8| {
        fs::read_to_string(home.path(&format!("shares/share-{number}-of-3.txt"))).unwrap()
    };
    home.write("two", share(3) + &share(2));
    let mut list = home.command(program::path());
    list.args(["list", "--recovery-file", "two"]).succeeds();
}
