//! What becomes of a vault that is damaged.

use std::fs;

use keyward_tests::{CheapVault, Run};

/// A vault with two keys, and its bytes.
fn scene() -> (CheapVault, Vec<u8>) {
    let vault = CheapVault::new();
    for name in ["one", "two"] {
        vault.keyward(&format!("generate {name}")).succeeds();
    }
    let bytes = fs::read(vault.path()).unwrap();
    (vault, bytes)
}

/// Where the blocks begin: the manifest first.
fn blocks(bytes: &[u8]) -> Vec<usize> {
    let begins = |place: &usize| bytes[*place..].starts_with(b"KWVB");
    (0..bytes.len()).filter(begins).collect()
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[place] ^= 1;
    flipped
}

#[test]
fn whole_vault_is_said_to_be_whole() {
    let (vault, bytes) = scene();
    vault.bare("fsck").succeeds();
    let report = vault.json("fsck --full");
    assert_eq!(report["whole"], true);
    assert_eq!(report["records"], 4);
    vault.keyward("fsck --repair").succeeds();
    assert_eq!(fs::read(vault.path()).unwrap(), bytes);
}

#[test]
fn damaged_header_is_mended_from_its_twin() {
    let (vault, bytes) = scene();
    fs::write(vault.path(), flipped(&bytes, 50)).unwrap();
    let said = vault.keyward("list").succeeds();
    assert!(said.stderr.contains("warning: "), "{}", said.stderr);
    assert!(vault.bare("fsck").exits(4).stdout.contains("header"));
    vault.keyward("fsck --repair").succeeds();
    vault.bare("fsck").succeeds();
    assert_eq!(vault.names(), ["one", "two"]);
}

#[test]
fn damaged_manifest_loses_nothing() {
    let (vault, bytes) = scene();
    fs::write(vault.path(), flipped(&bytes, blocks(&bytes)[0] + 100)).unwrap();
    vault.keyward("list").exits(4);
    vault.keyward("fsck --repair").succeeds();
    assert_eq!(vault.names(), ["one", "two"]);
}

#[test]
fn damaged_record_loses_that_record_alone_or_comes_back_from_an_older_version() {
    let (vault, bytes) = scene();
    for place in &blocks(&bytes)[1..] {
        for has_older in [true, false] {
            fs::write(vault.path(), flipped(&bytes, place + 100)).unwrap();
            if !has_older {
                for number in 1..=3 {
                    let _ = fs::remove_file(vault.path().with_extension(number.to_string()));
                }
            }
            let _ = fs::remove_dir_all(vault.home().path("state"));
            vault.bare("fsck").exits(4);
            let said = vault.keyward("fsck --repair").outcome();
            assert!(matches!(said.code, Some(0 | 1)), "{said:?}");
            assert_eq!(
                said.code == Some(1),
                said.stdout.contains("lost: "),
                "{said:?}"
            );
            vault.bare("fsck").succeeds();
            assert!(!vault.names().is_empty(), "{said:?}");
        }
    }
}

#[test]
fn damage_to_an_old_copy_does_not_make_it_the_newest() {
    let (vault, old) = scene();
    vault.keyward("remove one").succeeds();
    let damaged = flipped(&old, blocks(&old)[2] + 100);
    fs::write(vault.path(), &damaged).unwrap();
    let said = vault.keyward("fsck --repair").exits(3).stderr;
    assert!(said.contains("this machine has seen 4"), "{said}");
    assert_eq!(fs::read(vault.path()).unwrap(), damaged);
    let said = vault.keyward("fsck --repair --accept-rollback").outcome();
    assert!(matches!(said.code, Some(0 | 1)), "{said:?}");
}
