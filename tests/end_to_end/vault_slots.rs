//! The ways into a vault: listed, added, changed and removed.

use std::fs;

use keyward_tests::{CheapVault, Run, Terminal};
use serde_json::Value;

fn slots(vault: &CheapVault) -> Vec<Value> {
    let said = vault.bare("slot list --json").succeeds().stdout;
    serde_json::from_str(&said).unwrap()
}

fn id(slot: &Value) -> String {
    slot["id"].as_str().unwrap()[..8].to_owned()
}

#[test]
fn slot_list_asks_for_nothing_and_labels_are_sealed() {
    let vault = CheapVault::new();
    let [passphrase, recovery] = &slots(&vault)[..] else {
        panic!("two slots");
    };
    assert_eq!(passphrase["type"], "passphrase");
    assert_eq!(passphrase["memory_kib"], 19456);
    assert_eq!(
        (&passphrase["passes"], &passphrase["lanes"]),
        (&1.into(), &1.into())
    );
    assert_eq!(recovery["type"], "recovery code");
    for field in ["memory_kib", "passes", "lanes", "label", "created"] {
        assert_eq!(recovery[field], Value::Null, "{field}");
    }
    let text = vault.bare("slot list").succeeds().stdout;
    assert_eq!(text.lines().count(), 2);
    assert!(text.starts_with(&id(passphrase)), "{text}");
    let labelled = vault.keyward("slot list --labels").succeeds().stdout;
    assert!(labelled.contains("made 2023-11-14T22:13:20Z"), "{labelled}");
    vault.bare("slot list --labels").exits(1);
}

#[test]
fn another_passphrase_opens_until_it_is_removed() {
    let vault = CheapVault::new();
    vault.home().write("second", "the second one");
    let said = vault
        .keyward("slot add passphrase --label laptop --new-passphrase-file second")
        .succeeds()
        .stderr;
    let added = slots(&vault)
        .into_iter()
        .find(|slot| said.contains(slot["id"].as_str().unwrap()));
    let added = added.expect("the id of the new slot");
    assert!(
        added["memory_kib"].as_u64().unwrap() >= 256 << 10,
        "{added}"
    );
    assert!(
        vault
            .keyward("slot list --labels")
            .succeeds()
            .stdout
            .contains("  laptop  made ")
    );
    vault.bare("list --passphrase-file second").succeeds();
    vault.keyward("generate one").succeeds();
    let before = fs::read(vault.path()).unwrap();
    let said = vault
        .keyward(&format!("slot remove {}", id(&added)))
        .succeeds()
        .stderr;
    assert!(said.contains("the key of the vault is renewed"), "{said}");
    vault.bare("list --passphrase-file second").exits(3);
    assert_eq!(vault.names(), ["one"]);
    vault.bare("list --recovery-file recovery").succeeds();
    // The old file is under a key that is not used any more.
    fs::write(vault.path(), before).unwrap();
    vault.bare("list --passphrase-file second").exits(3);
}

#[test]
fn another_recovery_code_is_written_to_a_new_file() {
    let vault = CheapVault::new();
    vault
        .keyward("slot add recovery --label safe --recovery-out code")
        .succeeds();
    vault.bare("list --recovery-file code").succeeds();
    vault.bare("list --recovery-file recovery").succeeds();
    assert_eq!(slots(&vault).len(), 3);
    let said = vault
        .keyward("slot add recovery --recovery-out code")
        .exits(1)
        .stderr;
    assert!(said.contains("code is there already"), "{said}");
    assert_eq!(slots(&vault).len(), 3);
    // Without a terminal it is shown, and nothing has to be typed.
    let shown = vault.keyward("slot add recovery").succeeds().stdout;
    let code = shown
        .lines()
        .find(|line| line.matches('-').count() == 6)
        .expect("a code");
    vault.home().write("shown", code.trim());
    vault.bare("list --recovery-file shown").succeeds();
}

#[test]
fn the_last_way_in_stays() {
    let vault = CheapVault::new();
    let all = slots(&vault);
    vault
        .keyward(&format!("slot remove {}", id(&all[1])))
        .succeeds();
    let said = vault
        .keyward(&format!("slot remove {}", id(&all[0])))
        .exits(1)
        .stderr;
    assert!(
        said.starts_with(
            "error: the last slot is not removed\nhint: add another way in before: keyward slot add"
        ),
        "{said}"
    );
    vault.keyward("list").succeeds();
}

#[test]
fn the_only_passphrase_is_removed_when_a_person_says_so() {
    let vault = CheapVault::new();
    let remove = format!(
        "slot remove {} --recovery-file recovery",
        id(&slots(&vault)[0])
    );
    let said = vault.bare(&remove).exits(1).stderr;
    assert!(
        said.starts_with(
            "error: it is the only passphrase; nothing was removed\nhint: add another"
        ),
        "{said}"
    );
    let mut terminal = Terminal::run(&vault.bare(&remove));
    terminal.expects("No passphrase would be left: only a recovery code would open the vault.");
    terminal.types("no");
    let shown = terminal.exits(1);
    assert!(
        shown.contains("error: it is the only passphrase"),
        "{shown}"
    );
    vault.keyward("list").succeeds();
    vault.bare(&format!("{remove} --yes")).succeeds();
    vault.keyward("list").exits(3);
    vault.bare("list --recovery-file recovery").succeeds();
    let said = vault
        .bare("passwd --recovery-file recovery --new-passphrase-file passphrase")
        .exits(1)
        .stderr;
    assert!(
        said == "error: the vault has no passphrase to change\nhint: keyward slot add passphrase\n",
        "{said}"
    );
    vault
        .bare("slot add passphrase --recovery-file recovery --new-passphrase-file passphrase")
        .succeeds();
    vault.keyward("list").succeeds();
}

#[test]
fn ids_that_are_none_or_several_are_refused() {
    let vault = CheapVault::new();
    for _ in 0..17 {
        vault.keyward("slot add recovery").succeeds();
    }
    // Of nineteen ids, two begin with the same of sixteen digits.
    let ids: Vec<String> = slots(&vault).iter().map(id).collect();
    let twice = ids
        .iter()
        .find(|id| ids.iter().filter(|other| other[..1] == id[..1]).count() > 1);
    let prefix = &twice.unwrap()[..1];
    let said = vault
        .keyward(&format!("slot remove {prefix}"))
        .exits(1)
        .stderr;
    assert!(said.contains("more than one way in"), "{said}");
    for none in ["zz", ""] {
        let said = vault.keyward("slot remove").arg(none).exits(1).stderr;
        assert!(said.contains("no way in has an id"), "{said}");
        assert!(said.contains("hint: keyward slot list"), "{said}");
    }
    assert_eq!(slots(&vault).len(), 19);
}

#[test]
fn passwd_renews_the_key_and_keeps_the_recovery_code() {
    let vault = CheapVault::new();
    vault.home().write("new", "the new one, of five words");
    vault.keyward("generate one").succeeds();
    let before = fs::read(vault.path()).unwrap();
    let recovery = id(&slots(&vault)[1]);
    vault.keyward("passwd --new-passphrase-file new").succeeds();
    assert!(slots(&vault).iter().any(|slot| id(slot) == recovery));
    vault.keyward("list").exits(3);
    vault.bare("list --passphrase-file new").succeeds();
    vault.bare("list --recovery-file recovery").succeeds();
    // Who has the old file and the old passphrase gets no further than the old keys.
    let after = fs::read(vault.path()).unwrap();
    fs::write(vault.path(), before).unwrap();
    vault.keyward("list").exits(3);
    vault.keyward("list --accept-rollback").exits(3);
    vault
        .keyward("list --accept-rollback --accept-changed-keys")
        .succeeds();
    fs::write(vault.path(), after).unwrap();
    vault
        .bare("list --passphrase-file new --accept-changed-keys")
        .succeeds();
}

#[test]
fn a_forgotten_passphrase_is_set_anew_with_the_recovery_code() {
    let vault = CheapVault::new();
    vault.home().write("new", "the new one, of five words");
    vault
        .bare("passwd --recovery-file recovery --new-passphrase-file new")
        .succeeds();
    vault.keyward("list").exits(3);
    vault.bare("list --passphrase-file new").succeeds();
    assert_eq!(slots(&vault).len(), 2);
    vault
        .bare("slot add passphrase --recovery-file recovery --new-passphrase-file passphrase")
        .succeeds();
    let said = vault
        .bare("passwd --recovery-file recovery --new-passphrase-file new")
        .exits(1)
        .stderr;
    assert!(said.contains("more than one passphrase"), "{said}");
}

#[test]
fn looking_into_an_old_copy_changes_nothing_for_the_vault() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let copy = vault.home().path("stick");
    fs::copy(vault.path(), &copy).unwrap();
    let way_in = id(&slots(&vault)[1]);
    vault.keyward(&format!("slot remove {way_in}")).succeeds();
    let stick = |flags: &str| vault.keyward(&format!("list --vault stick {flags}"));
    stick("").exits(3);
    stick("--accept-rollback").exits(3);
    stick("--accept-rollback --accept-changed-keys").succeeds();
    vault.keyward("list").succeeds();
    stick("").exits(3);
    // In the vault's own place it is what the person wants.
    fs::copy(&copy, vault.path()).unwrap();
    vault.keyward("list").exits(3);
    vault
        .keyward("list --accept-rollback --accept-changed-keys")
        .succeeds();
    vault.keyward("list").succeeds();
}
