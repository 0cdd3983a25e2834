//! The second reader of vaults, which was written from `vault/FORMAT.md` alone, judges the first.

use std::{fs, path::Path, process::Command};

use keyward_tests::{CheapVault, Home, Run, program};
use serde_json::Value;

fn reader(home: &Home) -> Command {
    let mut python = home.command(program::tools_folder().join("python/bin/python"));
    python
        .arg("-B")
        .arg(program::clients_folder().join("read_vault.py"));
    python
}

#[test]
fn both_readers_agree_on_every_vector() {
    let home = Home::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vault/testdata/vectors");
    let vectors: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // The list of them is the vault's own tests': here it matters that none is left out.
    assert!(vectors.len() > 400, "{}", vectors.len());
    let said = reader(&home).arg("check").args(&vectors).succeeds();
    assert_eq!(said.stdout.lines().count(), vectors.len());
}

#[test]
fn both_readers_agree_on_every_key_on_paper() {
    let home = Home::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vault/testdata/paper");
    let vectors: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(vectors.len() >= 17, "{}", vectors.len());
    let mut check = reader(&home);
    let said = check.arg("check-paper").args(&vectors).succeeds();
    assert_eq!(said.stdout.lines().count(), vectors.len());
}

#[test]
fn second_reader_opens_what_the_program_wrote() {
    let vault = CheapVault::new();
    let home = vault.home();
    for kind in ["ed25519", "ecdsa-p256", "ecdsa-p521", "rsa-3072"] {
        vault
            .keyward(&format!("generate {kind} --type {kind}"))
            .succeeds();
    }
    vault.keyward("remove ecdsa-p521").succeeds();
    for secret in [
        ["--passphrase-file", "passphrase"],
        ["--recovery-file", "recovery"],
    ] {
        let said = reader(home)
            .arg("list")
            .arg(vault.path())
            .args(secret)
            .args(["--json", "--check-private"])
            .succeeds();
        let keys: Value = serde_json::from_str(&said.stdout).unwrap();
        let read = |key: &Value| (key["name"].clone(), key["fingerprint"].clone());
        let mut theirs: Vec<_> = keys.as_array().unwrap().iter().map(read).collect();
        let listed = vault.json("list");
        let mut ours: Vec<_> = listed.as_array().unwrap().iter().map(read).collect();
        theirs.sort_by_key(|(name, _)| name.to_string());
        ours.sort_by_key(|(name, _)| name.to_string());
        assert_eq!(theirs, ours);
        assert_eq!(ours.len(), 3);
    }
}
