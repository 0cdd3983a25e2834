//! What becomes of a vault that is damaged.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use keyward_tests::{CheapVault, Run, run::Outcome};

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

/// The vault and its older versions as they are now.
fn versions(vault: &CheapVault) -> Vec<Option<Vec<u8>>> {
    places(vault).map(|path| fs::read(path).ok()).collect()
}

fn places(vault: &CheapVault) -> impl Iterator<Item = PathBuf> {
    let path = vault.path();
    let older = (1..=3).map(|back| path.with_extension(back.to_string()));
    let older: Vec<_> = older.collect();
    std::iter::once(vault.path()).chain(older)
}

/// Damages the record of this number, from 1 on, of these versions' newest, and mends the vault.
fn mended(vault: &CheapVault, versions: &[Option<Vec<u8>>], number: usize) -> Outcome {
    for (path, bytes) in places(vault).zip(versions) {
        let _ = fs::remove_file(&path);
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    let _ = fs::remove_dir_all(vault.home().path("state"));
    let bytes = versions[0].as_ref().unwrap();
    fs::write(vault.path(), flipped(bytes, blocks(bytes)[number] + 100)).unwrap();
    vault.bare("fsck").exits(4);
    vault.keyward("fsck --repair").outcome()
}

/// What became of the vault: the kinds of lines that were said.
fn became(vault: &CheapVault, said: &Outcome) -> &'static str {
    let lines = |what: &str| {
        said.stdout
            .lines()
            .filter(|line| line.starts_with(what))
            .count()
    };
    let counted = (
        lines("restored: key "),
        lines("lost: what was changed of key \"one\""),
    );
    let (kind, code, keys) = match (counted, lines("lost: record "), lines("lost: way in ")) {
        // The key that was not changed since.
        ((1, 0), 0, 0) => ("restored", 0, 2),
        ((1, 1), 0, 0) => ("restored as it was", 1, 2),
        // The name of a key that does not open is not known.
        ((0, 0), 1, 0) => ("key lost", 1, 1),
        ((0, 0), 0, 1) => ("way in lost", 1, 2),
        ((0, 0), 0, 0) => ("nothing lost", 0, 2),
        other => panic!("{other:?}: {said:?}"),
    };
    assert_eq!(said.code, Some(code), "{said:?}");
    vault.bare("fsck").succeeds();
    assert_eq!(vault.names().len(), keys);
    let code = vault.bare("list --recovery-file recovery").outcome().code;
    assert_eq!(code, Some(if kind == "way in lost" { 3 } else { 0 }));
    kind
}

#[test]
fn damaged_record_loses_that_record_alone_or_comes_back_from_an_older_version() {
    let (vault, _) = scene();
    vault.keyward("edit one --comment changed").succeeds();
    let all = versions(&vault);
    let newest = [all[0].clone(), None, None, None];
    for (versions, expected) in [
        (
            &all[..],
            [
                "nothing lost",
                "restored",
                "restored as it was",
                "way in lost",
            ],
        ),
        (
            &newest,
            ["key lost", "key lost", "nothing lost", "way in lost"],
        ),
    ] {
        let kinds = (1..=4).map(|number| became(&vault, &mended(&vault, versions, number)));
        let mut kinds: Vec<_> = kinds.collect();
        kinds.sort_unstable();
        assert_eq!(kinds, expected);
    }
}

#[test]
fn what_was_removed_stays_removed_when_it_comes_back() {
    let (vault, _) = scene();
    vault.keyward("remove one").succeeds();
    vault.keyward("edit two --comment changed").succeeds();
    let all = versions(&vault);
    for number in 1..=4 {
        let said = mended(&vault, &all, number);
        assert_eq!(vault.names(), ["two"], "{said:?}");
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
