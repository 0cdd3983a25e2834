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

#[test]
#[expect(clippy::too_many_lines, reason = "one scenario, told in order")]
fn everything_that_openssl_writes() {
    let curve = [
        "-pkeyopt",
        "ec_paramgen_curve:P-384",
        "-pkeyopt",
        "ec_param_enc:named_curve",
    ];
    for algorithm in ["RSA", "EC", "ED25519"] {
        for (name, words) in [
            ("plain", &[][..]),
            ("traditional", &["-traditional"]),
            ("traditional-des3", &["-traditional", "-des3"]),
            ("traditional-aes", &["-traditional", "-aes256"]),
            ("aes128", &["-v2", "aes-128-cbc"]),
            (
                "aes256-sha512",
                &["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"],
            ),
            ("des3", &["-v2", "des3"]),
            ("scrypt", &["-scrypt"]),
        ] {
            // There is no such form.
            if algorithm == "ED25519" && name.starts_with("traditional") {
                continue;
            }
            let vault = CheapVault::new();
            vault.home().write("secret", format!("{SECRET}\n"));
            let mut make = vault.home().command("openssl");
            make.args([
                "genpkey",
                "-quiet",
                "-algorithm",
                algorithm,
                "-out",
                "made.pem",
            ]);
            if algorithm == "EC" {
                make.args(curve);
            }
            make.succeeds();
            let mut convert = vault.home().command("openssl");
            let is_traditional = name.starts_with("traditional");
            convert.arg(if is_traditional || name == "plain" {
                "pkey"
            } else {
                "pkcs8"
            });
            if !is_traditional && name != "plain" {
                convert.arg("-topk8");
            }
            convert
                .args([
                    "-in",
                    "made.pem",
                    "-out",
                    "key.pem",
                    "-passout",
                    "file:secret",
                ])
                .args(words);
            convert.succeeds();
            let mut public = vault.home().command("openssl");
            let public = public
                .args(["pkey", "-in", "made.pem", "-pubout"])
                .succeeds()
                .stdout;
            let shown = imported(&vault, "key.pem", "key");
            assert_eq!(
                spki(&vault, &shown, algorithm),
                public,
                "{algorithm} {name}"
            );
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
