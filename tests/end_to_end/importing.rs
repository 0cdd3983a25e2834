//! Importing: what becomes of each file.

use std::{fs, os::unix::fs::symlink};

use keyward_tests::{CheapVault, Key, KeyKind, Run};

#[test]
fn a_folder_gives_its_keys_and_their_certificates() {
    let vault = CheapVault::new();
    let folder = vault.home().path(".ssh");
    for kind in KeyKind::SOFTWARE {
        let key = Key::certified(kind);
        for path in [key.path.clone(), key.public_path(), key.certificate_path()] {
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::write(folder.join("config"), "Host *\n").unwrap();
    fs::write(folder.join("known_hosts"), "").unwrap();
    fs::create_dir(folder.join("old")).unwrap();
    symlink("nowhere", folder.join("broken")).unwrap();
    let said = vault.keyward("import .ssh").succeeds();
    assert_eq!(said.stdout.lines().count(), 7, "{}", said.stdout);
    assert!(
        said.stderr.contains("remove them: shred -u FILE"),
        "{}",
        said.stderr
    );
    for kind in KeyKind::SOFTWARE {
        let shown = vault.json(&format!("show {}", kind.name()));
        let certificate = fs::read_to_string(Key::certified(kind).certificate_path()).unwrap();
        assert_eq!(shown["certificate"].as_str(), Some(certificate.trim_end()));
        assert_eq!(shown["comment"], kind.name());
    }
    let again = vault.keyward("import .ssh").succeeds();
    assert_eq!(
        again.stdout.matches(": already there as ").count(),
        7,
        "{}",
        again.stdout
    );
    assert_eq!(again.stderr, "");
}

#[test]
fn a_certificate_that_comes_later_is_taken_and_one_of_another_key_is_not() {
    let vault = CheapVault::new();
    let key = Key::certified(KeyKind::EcdsaP256);
    fs::copy(&key.path, vault.home().path("id")).unwrap();
    vault.keyward("import id").succeeds();
    let other = Key::certified(KeyKind::Ed25519).certificate_path();
    fs::copy(other, vault.home().path("id-cert.pub")).unwrap();
    let said = vault.keyward("import id").exits(1).stderr;
    assert!(said.contains("id-cert.pub is for another key"), "{said}");
    fs::copy(key.certificate_path(), vault.home().path("id-cert.pub")).unwrap();
    let said = vault.keyward("import id").succeeds().stdout;
    assert_eq!(said, "id: already there as id; took its certificate\n");
    assert!(vault.json("show id")["certificate"].is_string());
}

#[test]
fn names_are_the_files_with_a_number_where_one_is_taken() {
    let vault = CheapVault::new();
    for (index, name) in ["a/github.com", "b/github.com", "c/github.com", "c/work.pem"]
        .iter()
        .enumerate()
    {
        let key = Key::plain(KeyKind::SOFTWARE[index]);
        fs::create_dir_all(vault.home().path(name).parent().unwrap()).unwrap();
        fs::copy(key.path, vault.home().path(name)).unwrap();
    }
    vault.keyward("import a b c").succeeds();
    assert_eq!(
        vault.names(),
        ["github.com", "github.com-2", "github.com-3", "work"]
    );
    let said = vault.keyward("import c --name x").exits(1).stderr;
    assert!(said.starts_with("error: --name is for one key"), "{said}");
}

#[test]
fn the_comment_may_come_from_the_public_line() {
    let vault = CheapVault::new();
    let mut keygen = vault.home().command("ssh-keygen");
    keygen
        .args([
            "-q",
            "-t",
            "ecdsa",
            "-m",
            "PEM",
            "-N",
            "",
            "-C",
            "me at home",
            "-f",
            "id",
        ])
        .succeeds();
    vault.keyward("import id").succeeds();
    assert_eq!(vault.json("show id")["comment"], "me at home");
    fs::copy(
        Key::plain(KeyKind::Ed25519).public_path(),
        vault.home().path("id.pub"),
    )
    .unwrap();
    vault.keyward("remove id").succeeds();
    vault.keyward("import id --name other").succeeds();
    assert_eq!(vault.json("show other")["comment"], "");
}

/// Puts files into the home that are no keys, and one that is.
fn spoil(vault: &CheapVault) {
    let home = vault.home();
    let key = Key::plain(KeyKind::Ed25519);
    home.write("good", fs::read(&key.path).unwrap());
    home.write("public", fs::read(key.public_path()).unwrap());
    home.write("empty", "");
    home.write("text", "hello\n");
    home.write("long", vec![b'a'; 2 << 20]);
    let whole = fs::read_to_string(&key.path).unwrap();
    home.write("cut", &whole[..whole.len() / 2]);
    home.write("twice", format!("{whole}{whole}"));
    home.command("mkfifo").arg("pipe").succeeds();
    home.command("openssl")
        .args([
            "genpkey",
            "-quiet",
            "-algorithm",
            "X25519",
            "-out",
            "x25519",
        ])
        .succeeds();
    fs::create_dir(home.path("folder")).unwrap();
}

#[test]
fn what_fails_is_said_and_the_rest_is_done() {
    let vault = CheapVault::new();
    spoil(&vault);
    let said = vault
        .keyward(
            "import public empty text long cut twice pipe x25519 folder nothing /dev/null good",
        )
        .exits(1);
    assert!(
        said.stdout.starts_with("good: imported as good ("),
        "{}",
        said.stdout
    );
    assert_eq!(said.stdout.lines().count(), 1);
    let errors: Vec<&str> = said
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(errors.len(), 11, "{}", said.stderr);
    for (name, reason) in [
        ("public", "file is a public key, not a private key"),
        ("empty", "file is empty"),
        ("text", "file holds no private key"),
        ("pipe", "not a file"),
        ("nothing", "No such file or directory"),
        ("folder holds", "no private keys"),
    ] {
        let line = |line: &&&str| line.contains(name) && line.contains(reason);
        assert!(
            errors.iter().any(|error| line(&error)),
            "{name}: {}",
            said.stderr
        );
    }
    assert_eq!(vault.names(), ["good"]);
}

#[test]
fn an_encrypted_file_needs_its_passphrase() {
    let vault = CheapVault::new();
    let _ = Key::fresh(vault.home(), KeyKind::Ed25519, "one", "first");
    let _ = Key::fresh(vault.home(), KeyKind::Ed25519, "two", "second");
    let _ = Key::fresh(vault.home(), KeyKind::Ed25519, "three", "");
    let said = vault.keyward("import one three").exits(1);
    assert!(
        said.stderr
            .contains("one: key is encrypted, and needs a passphrase\nhint: "),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("--key-passphrase-file"),
        "{}",
        said.stderr
    );
    assert_eq!(vault.names(), ["three"]);
    vault.home().write("secret", "second\n");
    let said = vault
        .keyward("import one two --key-passphrase-file")
        .arg("secret")
        .exits(1);
    assert!(said.stdout.starts_with("two: imported"), "{}", said.stdout);
    assert_eq!(vault.names(), ["three", "two"]);
}

#[test]
fn secrets_come_from_standard_input_and_open_files_too() {
    let vault = CheapVault::new();
    let _ = Key::fresh(vault.home(), KeyKind::Ed25519, "one", "first");
    let mut import = vault.keyward("import --key-passphrase-file - one");
    assert_eq!(import.outcome_with_input(b"first\n").code, Some(0));
    let script = "exec 3<passphrase; \"$0\" list --passphrase-file /dev/fd/3 && \"$0\" list --passphrase-file - <passphrase";
    let mut shell = vault.home().command("sh");
    shell
        .args(["-c", script])
        .arg(keyward_tests::program::path());
    assert_eq!(shell.succeeds().stdout.matches("\none ").count(), 2);
}
