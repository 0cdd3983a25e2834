//! Exporting, judged by the programs whose formats these are.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use base64ct::{Base64, Encoding};
use keyward_tests::{CheapVault, Key, KeyKind, Run, Terminal};

use crate::every_key::with_every_software_key;

const SECRET: &str = "sesame öffne dich";

/// A vault with a key called `key`.
fn holding(key: &Key) -> CheapVault {
    let vault = CheapVault::new();
    vault.home().write("secret", SECRET);
    let mut import = vault.keyward("import --name key");
    import.arg(&key.path).succeeds();
    vault
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

/// What `ssh-keygen`, `openssl` or `puttygen` reads out of the file `out`: type and base64 of the public key.
fn judged(vault: &CheapVault, format: &str, is_encrypted: bool) -> String {
    let home = vault.home();
    let line = match format {
        "openssh" => {
            let mut keygen = home.command("ssh-keygen");
            keygen.args([
                "-y",
                "-P",
                if is_encrypted { SECRET } else { "" },
                "-f",
                "out",
            ]);
            keygen.succeeds().stdout
        }
        "ppk" => {
            let mut puttygen = home.command("puttygen");
            puttygen.args(["out", "-L"]);
            if is_encrypted {
                puttygen.args(["--old-passphrase", "secret"]);
            }
            puttygen.succeeds().stdout
        }
        _ => judged_by_openssl(vault),
    };
    line.split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

fn judged_by_openssl(vault: &CheapVault) -> String {
    let pkey = |words: &[&str]| {
        let mut openssl = vault.home().command("openssl");
        openssl.args(["pkey", "-in", "out", "-passin", "file:secret"]);
        openssl.args(words).succeeds();
    };
    pkey(&["-check", "-noout"]);
    pkey(&["-pubout", "-out", "out.spki"]);
    from_spki(vault)
}

/// OpenSSH reads what openssl writes, but for Ed25519, whose form is as simple as can be (RFC 8410 section 4).
fn from_spki(vault: &CheapVault) -> String {
    let text = vault.text("out.spki");
    let middle: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = Base64::decode_vec(&middle).unwrap();
    match der.strip_prefix(b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00") {
        None => {
            let mut keygen = vault.home().command("ssh-keygen");
            keygen
                .args(["-i", "-m", "PKCS8", "-f", "out.spki"])
                .succeeds()
                .stdout
        }
        Some(point) => {
            let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
            blob.extend(point);
            format!("ssh-ed25519 {}", Base64::encode_string(&blob))
        }
    }
}

with_every_software_key!(every_format_is_read_by_its_own_program);
fn every_format_is_read_by_its_own_program(kind: KeyKind) {
    let key = Key::plain(kind);
    let vault = holding(&key);
    for format in ["openssh", "pkcs8", "ppk"] {
        let words = format!("export key --out out --new-passphrase-file secret --format {format}");
        let said = vault.keyward(&words).succeeds();
        assert_eq!(
            (&*said.stdout, &*said.stderr),
            ("", "Wrote out and out.pub.\n")
        );
        assert_eq!(
            judged(&vault, format, true),
            key.public_fields(),
            "{format}"
        );
        let out = vault.home().path("out");
        assert_eq!(
            (mode(&out), mode(&vault.home().path("out.pub"))),
            (0o600, 0o644)
        );
        assert_eq!(vault.text("out.pub").trim_end(), key.public_line());
        assert!(vault.text("out").contains(match format {
            "openssh" => "BEGIN OPENSSH PRIVATE KEY",
            "pkcs8" => "BEGIN ENCRYPTED PRIVATE KEY",
            _ => "Encryption: aes256-cbc",
        }));
        // And back.
        let back = CheapVault::new();
        let mut import = back.keyward("import --name back --key-passphrase-file");
        import.arg(vault.home().path("secret")).arg(&out).succeeds();
        let public = back.keyward("public back").succeeds().stdout;
        assert_eq!(public.trim_end(), key.public_line(), "{format}");
        for name in ["out", "out.pub"] {
            fs::remove_file(vault.home().path(name)).unwrap();
        }
    }
}

#[test]
fn plaintext_wants_the_name_typed_at_the_terminal() {
    for (kind, format) in [
        (KeyKind::Ed25519, "openssh"),
        (KeyKind::EcdsaP521, "pkcs8"),
        (KeyKind::Rsa2048, "ppk"),
    ] {
        let key = Key::plain(kind);
        let vault = holding(&key);
        let export = vault.keyward(&format!(
            "export key --plaintext --out out --format {format}"
        ));
        let mut terminal = Terminal::run(&export);
        terminal.expects("Type the key's name to go on: ");
        terminal.types("yes");
        let shown = terminal.exits(1);
        assert!(
            shown.contains("error: the name was not typed; nothing was written"),
            "{shown}"
        );
        assert!(!vault.home().path("out").exists());
        let mut terminal = Terminal::run(&export);
        terminal.expects("in the clear");
        terminal.types("key");
        let shown = terminal.exits(0);
        assert!(shown.contains("Wrote out and out.pub."), "{shown}");
        assert_eq!(judged(&vault, format, false), key.public_fields());
        assert_eq!(mode(&vault.home().path("out")), 0o600);
    }
}

#[test]
fn plaintext_without_a_terminal_is_refused() {
    let vault = holding(&Key::plain(KeyKind::Ed25519));
    let mut export = vault.home().command("setsid");
    let words = vault.keyward("export key --plaintext --out out");
    export
        .arg("--wait")
        .arg(words.get_program())
        .args(words.get_args());
    let said = export.exits(1).stderr;
    assert!(
        said.starts_with("error: there is no terminal to type it at\n"),
        "{said}"
    );
    assert!(!vault.home().path("out").exists());
}

#[test]
fn security_keys_stay_openssh_files() {
    let key = Key::plain(KeyKind::SkEd25519);
    let vault = holding(&key);
    let export = "export key --out out --new-passphrase-file secret --format";
    for format in ["pkcs8", "ppk"] {
        let said = vault.keyward(export).arg(format).exits(1).stderr;
        assert!(said.starts_with("error: "), "{said}");
        assert!(!vault.home().path("out").exists());
    }
    vault.keyward(export).arg("openssh").succeeds();
    assert_eq!(judged(&vault, "openssh", true), key.public_fields());
}

#[test]
fn what_is_there_is_not_overwritten() {
    let vault = holding(&Key::plain(KeyKind::Ed25519));
    let export = "export key --new-passphrase-file secret --out out";
    for name in ["out", "out.pub"] {
        let path = vault.home().write(name, "mine");
        let said = vault.keyward(export).exits(1).stderr;
        assert!(
            said.starts_with(&format!("error: {name} is there already\nhint: ")),
            "{said}"
        );
        assert_eq!(vault.text(name), "mine");
        fs::remove_file(path).unwrap();
    }
    std::os::unix::fs::symlink("nowhere", vault.home().path("out")).unwrap();
    vault.keyward(export).exits(1);
    assert!(!vault.home().path("nowhere").exists());
}

#[test]
fn the_passphrase_of_a_file_is_not_empty_and_comes_from_somewhere() {
    let vault = holding(&Key::plain(KeyKind::Ed25519));
    let export = |words: &str| vault.keyward(&format!("export key --out out {words}"));
    let said = export("--new-passphrase-file /dev/null").exits(1).stderr;
    assert!(
        said.starts_with("error: the passphrase is empty\nhint: "),
        "{said}"
    );
    let said = export("").exits(1).stderr;
    assert!(said.contains("--new-passphrase-file FILE"), "{said}");
    export("--new-passphrase-file secret --plaintext").exits(64);
    export("--format pem").exits(64);
    vault.keyward("export key").exits(64);
    let said = vault
        .keyward("export key --new-passphrase-file secret --out no/out")
        .exits(1)
        .stderr;
    assert_eq!(said, "error: no/out: No such file or directory\n");
    assert!(!vault.home().path("out").exists());
}
