//! The vault's file: where it is, what is wrong with it, and how that is mended.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
    process::Command,
};

use keyward_tests::{CheapVault, Home, Run, cheap_vault, program};

/// Runs the command that a hint names, without its `sudo`.
fn mend(vault: &CheapVault, stderr: &str) {
    let (_, hint) = stderr.split_once("\nhint: ").expect("a hint");
    let command = hint
        .trim()
        .rsplit_once("sudo ")
        .map_or(hint, |(_, command)| command);
    let command = command
        .strip_prefix("give it a file of its own: ")
        .unwrap_or(command);
    vault.home().command("sh").args(["-c", command]).succeeds();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Puts the vault into a state that is refused, and lets the hint mend it.
fn refused_and_mended(spoil: impl FnOnce(&CheapVault), fact: &str) {
    let vault = CheapVault::new();
    spoil(&vault);
    let said = vault.keyward("list").exits(3);
    assert_eq!(said.stdout, "");
    assert!(said.stderr.starts_with("error: "), "{}", said.stderr);
    assert!(said.stderr.contains(fact), "{}", said.stderr);
    mend(&vault, &said.stderr);
    vault.keyward("list").succeeds();
}

#[test]
fn file_that_others_may_read_is_refused() {
    refused_and_mended(
        |vault| set_mode(&vault.path(), 0o644),
        "has mode 0644, expected 0600",
    );
}

#[test]
fn folder_that_others_may_write_is_refused() {
    let spoil = |vault: &CheapVault| set_mode(vault.path().parent().unwrap(), 0o777);
    refused_and_mended(spoil, "has mode 0777, in which others may write");
}

#[test]
fn file_of_somebody_else_is_refused() {
    let spoil = |vault: &CheapVault| chown(vault.path(), Some(1234), None).unwrap();
    refused_and_mended(spoil, "belongs to uid 1234, not to 0");
}

#[test]
fn folder_of_somebody_else_is_refused() {
    let spoil = |vault: &CheapVault| {
        chown(vault.path().parent().unwrap(), Some(1234), None).unwrap();
    };
    refused_and_mended(spoil, "belongs to uid 1234, not to 0");
}

#[test]
fn file_with_two_names_is_refused() {
    let spoil = |vault: &CheapVault| {
        fs::hard_link(vault.path(), vault.home().path("second")).unwrap();
    };
    refused_and_mended(spoil, "has 2 names (hard links), expected 1");
}

#[test]
fn a_link_is_followed_once_and_stays_a_link() {
    let vault = CheapVault::new();
    let (one, two) = (vault.home().path("one"), vault.home().path("two"));
    symlink(vault.path(), &one).unwrap();
    symlink(&one, &two).unwrap();
    vault.keyward("generate key --vault one").succeeds();
    assert!(one.symlink_metadata().unwrap().is_symlink());
    assert_eq!(vault.names(), ["key"]);
    let said = vault.keyward("list --vault two").exits(3).stderr;
    assert!(said.contains("which is a link again\nhint: "), "{said}");
    symlink("nowhere", vault.home().path("dangling")).unwrap();
    for words in ["list --vault dangling", "init --vault dangling"] {
        let said = vault
            .bare(words)
            .arg("--passphrase-file")
            .arg("passphrase")
            .outcome();
        assert!(matches!(said.code, Some(1 | 3)), "{said:?}");
        assert!(said.stderr.contains("\nhint: "), "{said:?}");
    }
    assert!(!vault.home().path("nowhere").exists());
}

#[test]
fn what_is_no_vault_is_refused() {
    let vault = CheapVault::new();
    let home = vault.home();
    home.write("text", "hello\n");
    home.write("empty", "");
    home.command("mkfifo")
        .args(["-m", "600", "pipe"])
        .succeeds();
    for (path, fact) in [
        ("text", "not a keyward vault"),
        ("empty", "not a keyward vault"),
        ("pipe", "is a named pipe, not a file"),
        ("run", "is a folder, not a file"),
        ("missing", "no vault at "),
        ("no/folder/vault", "no vault at "),
        ("/", "names no file"),
    ] {
        let said = vault.keyward("list --vault").arg(path).exits(3).stderr;
        assert!(
            said.contains(fact) && said.contains("\nhint: "),
            "{path}: {said}"
        );
    }
    vault.keyward("list --vault").arg("").exits(64);
}

#[test]
fn damage_is_exit_4_and_names_the_command_that_looks_into_it() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let whole = fs::read(vault.path()).unwrap();
    let mut middle = whole.clone();
    middle[whole.len() / 2] ^= 1;
    let short = whole[..whole.len() / 3].to_vec();
    for bytes in [middle, short] {
        fs::write(vault.path(), bytes).unwrap();
        let said = vault.keyward("list").exits(4).stderr;
        assert!(said.starts_with("error: vault is damaged: "), "{said}");
        assert!(
            said.contains("hint: see what is whole with keyward fsck"),
            "{said}"
        );
    }
    let mut header = whole;
    header[40] ^= 1;
    fs::write(vault.path(), header).unwrap();
    let said = vault.keyward("list").succeeds().stderr;
    assert!(
        said.contains("its header is damaged, and the copy at its end serves"),
        "{said}"
    );
    vault.keyward("rename one two").succeeds();
    let said = vault.keyward("list").succeeds().stderr;
    assert!(!said.contains("damaged"), "{said}");
}

#[test]
fn an_older_vault_than_was_seen_is_refused_until_it_is_accepted() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let old = fs::read(vault.path()).unwrap();
    vault.keyward("generate two").succeeds();
    fs::write(vault.path(), &old).unwrap();
    for words in [
        "list",
        "generate three",
        "export one --out out --new-passphrase-file passphrase",
    ] {
        let said = vault.keyward(words).exits(3).stderr;
        assert!(
            said.contains("has generation 2, and this machine has seen 3"),
            "{said}"
        );
        assert!(
            said.contains("keyward list --accept-rollback --vault "),
            "{said}"
        );
    }
    assert_eq!(fs::read(vault.path()).unwrap(), old);
    vault.keyward("list --accept-rollback").succeeds();
    assert_eq!(vault.names(), ["one"]);
}

#[test]
fn two_vaults_saved_from_the_same_state_are_told_apart() {
    let vault = CheapVault::new();
    let base = fs::read(vault.path()).unwrap();
    vault.keyward("generate here").succeeds();
    // Elsewhere nothing is known of that.
    fs::write(vault.path(), base).unwrap();
    let mut elsewhere = vault.keyward("generate there");
    elsewhere
        .env("XDG_STATE_HOME", vault.home().path("elsewhere"))
        .succeeds();
    let said = vault.keyward("list").exits(3).stderr;
    assert!(
        said.contains("from the same state, as generation 2\nhint: "),
        "{said}"
    );
    vault.keyward("list --accept-rollback").succeeds();
    assert_eq!(vault.names(), ["there"]);
}

#[test]
fn the_vault_is_named_by_flag_then_environment_then_configuration() {
    let vault = CheapVault::new();
    let home = vault.home();
    vault.keyward("generate default").succeeds();
    for name in ["flag", "environment", "configuration"] {
        let _ = cheap_vault::create(&home.path(name));
        vault
            .keyward(&format!("generate {name} --vault {name}"))
            .succeeds();
    }
    let says = |command: &mut Command, name: &str| {
        let said = command.succeeds().stdout;
        assert!(said.contains(&format!("\n{name} ")), "{name}: {said}");
    };
    says(&mut vault.keyward("list"), "default");
    fs::create_dir_all(home.path("config/keyward")).unwrap();
    let configuration = format!("vault = {:?}\n", home.path("configuration"));
    home.write("config/keyward/config.toml", configuration);
    says(&mut vault.keyward("list"), "configuration");
    says(
        vault.keyward("list").env("KEYWARD_VAULT", "environment"),
        "environment",
    );
    says(
        vault.keyward("list").env("KEYWARD_VAULT", ""),
        "configuration",
    );
    says(
        vault
            .keyward("list --vault flag")
            .env("KEYWARD_VAULT", "environment"),
        "flag",
    );
}

#[test]
fn init_makes_folders_for_the_owner_alone_and_never_overwrites() {
    let home = Home::new();
    home.write("secret", cheap_vault::PASSPHRASE);
    let init = |words: &str| {
        let mut init = home.command(program::path());
        init.arg("init").args(words.split(' '));
        init
    };
    let said = init("--new-passphrase-file secret --recovery-file code").succeeds();
    assert_eq!(said.stdout, "");
    for (name, mode) in [
        ("data/keyward", 0o700),
        ("data/keyward/vault", 0o600),
        ("code", 0o600),
    ] {
        let metadata = home.path(name).metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{name}");
    }
    let before = fs::read(home.path("data/keyward/vault")).unwrap();
    for words in [
        "--passphrase-file secret --no-recovery",
        "--passphrase-file secret --recovery-file other",
    ] {
        let said = init(words).exits(1).stderr;
        assert!(
            said.contains("data/keyward/vault is there already\nhint: "),
            "{said}"
        );
    }
    assert!(!home.path("other").exists());
    assert_eq!(fs::read(home.path("data/keyward/vault")).unwrap(), before);
    let mut list = home.command(program::path());
    list.args(["list", "--recovery-file", "code", "--allow-large-kdf"])
        .succeeds();
    let said = init("--vault v --new-passphrase-file secret --recovery-file code")
        .exits(1)
        .stderr;
    assert!(said.contains("code is there already"), "{said}");
}

#[test]
fn init_refuses_what_is_no_passphrase() {
    let home = Home::new();
    home.write("secret", cheap_vault::PASSPHRASE);
    let init = |words: &str| {
        let mut init = home.command(program::path());
        init.arg("init").args(words.split(' '));
        init
    };
    init("--vault v --new-passphrase-file secret --no-recovery --recovery-file x").exits(64);
    for (content, fact) in [
        (&b""[..], "empty"),
        (b"a\tb", "control"),
        (b"\xff", "UTF-8"),
    ] {
        home.write("secret", content);
        let said = init("--vault v --new-passphrase-file secret --no-recovery").outcome();
        assert!(
            said.stderr.contains(fact) && said.code == Some(1),
            "{said:?}"
        );
    }
    assert!(!home.path("v").exists());
}

#[test]
fn secrets_that_do_not_open_are_exit_3() {
    let vault = CheapVault::new();
    let home = vault.home();
    home.write("wrong", "wrong\n");
    home.write("spaced", format!("  {}  \n", cheap_vault::PASSPHRASE));
    home.write("long", "x".repeat(5000));
    home.write("bytes", b"\xff\xfe");
    for name in ["wrong", "spaced", "long", "recovery"] {
        let said = vault
            .bare("list --passphrase-file")
            .arg(name)
            .exits(3)
            .stderr;
        assert!(said.contains("\nhint: "), "{name}: {said}");
    }
    let said = vault.bare("list --passphrase-file bytes").outcome().stderr;
    assert!(said.contains("UTF-8"), "{said}");
    for name in ["wrong", "passphrase"] {
        let said = vault.bare("list --recovery-file").arg(name).exits(3).stderr;
        assert!(said.contains("seven groups"), "{name}: {said}");
    }
    home.write("huge", vec![b'x'; 1 << 20]);
    vault.bare("list --passphrase-file huge").exits(1);
    let said = vault.bare("list --passphrase-file missing").exits(1).stderr;
    assert_eq!(
        said,
        "error: cannot read missing: No such file or directory\n"
    );
    vault
        .bare("list --passphrase-file a --recovery-file b")
        .exits(64);
    let said = vault.bare("list").exits(1).stderr;
    assert!(said.contains("--passphrase-file FILE"), "{said}");
}
