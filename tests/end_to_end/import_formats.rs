//! Importing what other programs wrote: every format, every type of key, encrypted or not.

use std::{fs, path::PathBuf};

use keyward_tests::{CheapVault, Key, KeyKind, Run};
use serde_json::Value;

use crate::every_key::with_every_software_key;

const SECRET: &str = "sesame öffne dich";

/// Imports one file under a passphrase from a file and returns what the vault says of it.
fn imported(vault: &CheapVault, path: &str, name: &str) -> Value {
    vault.home().write("secret", format!("{SECRET}\n"));
    let mut import = vault.keyward("import --key-passphrase-file");
    import
        .arg(vault.home().path("secret"))
        .arg("--name")
        .arg(name);
    let said = import.arg(path).succeeds().stdout;
    assert!(
        said.starts_with(&format!("{path}: imported as {name} (SHA256:")),
        "{said}"
    );
    vault.json(&format!("show {name}"))
}

fn public_fields(key: &Value) -> String {
    let line = key["public"].as_str().unwrap();
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// A copy of the shared key that `ssh-keygen -p` writes anew.
fn copied(vault: &CheapVault, kind: KeyKind, name: &str) -> (Key, PathBuf) {
    let key = Key::plain(kind);
    let copy = vault.home().write(name, fs::read(&key.path).unwrap());
    (key, copy)
}

with_every_software_key!(everything_that_ssh_keygen_writes);
fn everything_that_ssh_keygen_writes(kind: KeyKind) {
    for (format, passphrase) in [
        ("RFC4716", ""),
        ("RFC4716", SECRET),
        ("PEM", ""),
        ("PEM", SECRET),
        ("PKCS8", ""),
        ("PKCS8", SECRET),
    ] {
        let vault = CheapVault::new();
        let (key, copy) = copied(&vault, kind, "id");
        let before = fs::read(&copy).unwrap();
        let mut rewrite = vault.home().command("ssh-keygen");
        rewrite
            .args(["-q", "-p", "-P", "", "-N", passphrase, "-m", format, "-f"])
            .arg(&copy);
        rewrite.succeeds();
        assert!(
            kind == KeyKind::Ed25519 || format == "RFC4716" || fs::read(&copy).unwrap() != before
        );
        let written = fs::read(&copy).unwrap();
        let shown = imported(&vault, "id", "work");
        assert_eq!(public_fields(&shown), key.public_fields(), "{format}");
        assert_eq!(shown["fingerprint"], key.fingerprint());
        assert_eq!(fs::read(&copy).unwrap(), written);
    }
}

with_every_software_key!(everything_that_puttygen_writes);
fn everything_that_puttygen_writes(kind: KeyKind) {
    for version in ["2", "3"] {
        for passphrase in ["", SECRET] {
            let vault = CheapVault::new();
            let (key, copy) = copied(&vault, kind, "id");
            vault.home().write("new", passphrase);
            let mut puttygen = vault.home().command("puttygen");
            puttygen
                .arg(copy)
                .args(["-C", "from putty", "-O", "private", "-o", "id.ppk"]);
            puttygen.args([
                "--ppk-param",
                &format!("version={version}"),
                "--new-passphrase",
                "new",
            ]);
            puttygen.succeeds();
            let shown = imported(&vault, "id.ppk", "work");
            assert_eq!(public_fields(&shown), key.public_fields(), "{version}");
            assert_eq!(shown["comment"], "from putty");
        }
    }
}

#[test]
fn every_cipher_that_ssh_keygen_writes() {
    let vault = CheapVault::new();
    for cipher in [
        "3des-cbc",
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
    ] {
        let mut keygen = vault.home().command("ssh-keygen");
        keygen
            .args([
                "-q", "-t", "ed25519", "-a", "2", "-N", SECRET, "-Z", cipher, "-f", cipher,
            ])
            .succeeds();
        let shown = imported(&vault, cipher, cipher);
        let public = vault.text(&format!("{cipher}.pub"));
        assert_eq!(shown["public"].as_str(), Some(public.trim_end()));
    }
}

/// The ways in which openssl writes a key, by the words for it.
const OPENSSL: [(&str, &[&str]); 8] = [
    ("pkey", &[]),
    ("pkey", &["-traditional"]),
    ("pkey", &["-traditional", "-des3"]),
    ("pkey", &["-traditional", "-aes256"]),
    ("pkcs8", &["-topk8", "-v2", "aes-128-cbc"]),
    (
        "pkcs8",
        &["-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"],
    ),
    ("pkcs8", &["-topk8", "-v2", "des3"]),
    ("pkcs8", &["-topk8", "-scrypt"]),
];

#[test]
fn everything_that_openssl_writes() {
    for algorithm in ["RSA", "EC", "ED25519"] {
        let vault = CheapVault::new();
        vault.home().write("secret", format!("{SECRET}\n"));
        let openssl = |words: &[&str]| {
            let mut openssl = vault.home().command("openssl");
            openssl.args(words).succeeds().stdout
        };
        let curve = "ec_paramgen_curve:P-384";
        let mut make = vec!["genpkey", "-quiet", "-out", "made", "-algorithm", algorithm];
        if algorithm == "EC" {
            make.extend(["-pkeyopt", curve, "-pkeyopt", "ec_param_enc:named_curve"]);
        }
        openssl(&make);
        let public = openssl(&["pkey", "-in", "made", "-pubout"]);
        for (command, words) in OPENSSL {
            // There is no such form.
            if algorithm == "ED25519" && words.contains(&"-traditional") {
                continue;
            }
            let convert = [
                command,
                "-in",
                "made",
                "-out",
                "key",
                "-passout",
                "file:secret",
            ];
            openssl(&[&convert[..], words].concat());
            let shown = imported(&vault, "key", "key");
            assert_eq!(
                spki(&vault, &shown, algorithm),
                public,
                "{algorithm} {words:?}"
            );
            vault.keyward("remove key").succeeds();
        }
    }
}

/// The public key as openssl has it: ssh-keygen turns the line into it, but for Ed25519, which it does not know.
fn spki(vault: &CheapVault, key: &Value, algorithm: &str) -> String {
    let line = vault
        .home()
        .write("line.pub", key["public"].as_str().unwrap());
    if algorithm == "ED25519" {
        use base64ct::{Base64, Encoding};
        let blob =
            Base64::decode_vec(key["public"].as_str().unwrap().split(' ').nth(1).unwrap()).unwrap();
        let mut der = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".to_vec();
        der.extend(&blob[blob.len() - 32..]);
        let text = Base64::encode_string(&der);
        return format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
    }
    let mut keygen = vault.home().command("ssh-keygen");
    keygen
        .args(["-e", "-m", "PKCS8", "-f"])
        .arg(line)
        .succeeds()
        .stdout
}
