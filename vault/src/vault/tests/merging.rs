//! Two writers of one vault.

use super::*;

#[test]
fn two_writers_keep_what_both_did() {
    let (mut fixture, mut vault) = Fixture::new();
    for name in ["one", "two", "three"] {
        fixture.insert(&mut vault, name);
    }
    let file = vault.seal(NOW, &mut fixture.random).unwrap();
    let base = vault.reread(file.clone()).unwrap();
    let (mut ours, mut theirs) = (
        base.reread(file.clone()).unwrap(),
        base.reread(file).unwrap(),
    );
    let id = |name: &str| base.key_named(name).unwrap().id();
    ours.rename(id("one"), "first", NOW, &mut fixture.random)
        .unwrap();
    fixture.insert(&mut ours, "both");
    let mut other = key("theirs");
    "both".clone_into(&mut other.metadata.name);
    theirs.insert(other, NOW, &mut fixture.random).unwrap();
    theirs.remove(id("two"), NOW, &mut fixture.random).unwrap();
    let theirs = fixture.saved(&theirs);
    let merged = ours.merge(theirs, &base, NOW, &mut fixture.random).unwrap();
    let merged = fixture.saved(&merged);
    assert_eq!(names(&merged), ["both", "both-2", "first", "three"]);
    assert_eq!((merged.generation(), merged.slots().count()), (3, 2));
}

#[test]
fn our_ways_in_are_kept_in_a_merge() {
    let (mut fixture, mut vault) = Fixture::new();
    fixture.insert(&mut vault, "one");
    let file = vault.seal(NOW, &mut fixture.random).unwrap();
    let base = vault.reread(file.clone()).unwrap();
    let (mut ours, mut theirs) = (
        base.reread(file.clone()).unwrap(),
        base.reread(file).unwrap(),
    );
    let code = RecoveryCode::generate(&mut fixture.random).unwrap();
    let new = NewSlot::RecoveryCode(&code);
    ours.add_slot(&new, "", NOW, &mut fixture.random).unwrap();
    fixture.insert(&mut theirs, "theirs");
    let theirs = fixture.saved(&theirs);
    let merged = ours.merge(theirs, &base, NOW, &mut fixture.random).unwrap();
    let merged = fixture.saved(&merged);
    assert_eq!(names(&merged), ["one", "theirs"]);
    assert_eq!(merged.slots().count(), 3);
}

#[test]
fn a_renewed_vault_key_is_not_merged() {
    let (mut fixture, mut vault) = Fixture::new();
    fixture.insert(&mut vault, "one");
    let file = vault.seal(NOW, &mut fixture.random).unwrap();
    let base = vault.reread(file.clone()).unwrap();
    let (ours, mut theirs) = (
        base.reread(file.clone()).unwrap(),
        base.reread(file).unwrap(),
    );
    let slot = theirs.slots().next().unwrap().slot.id();
    theirs.remove_slot(slot, &mut fixture.random).unwrap();
    let theirs = fixture.saved(&theirs);
    let merged = ours.merge(theirs, &base, NOW, &mut fixture.random);
    assert!(matches!(merged, Err(Error::AnotherVault)));
}

#[test]
fn what_both_sides_changed_is_a_conflict() {
    let (mut fixture, mut vault) = Fixture::new();
    let id = fixture.insert(&mut vault, "one");
    let file = vault.seal(NOW, &mut fixture.random).unwrap();
    let base = vault.reread(file.clone()).unwrap();
    let (mut ours, mut theirs) = (
        base.reread(file.clone()).unwrap(),
        base.reread(file).unwrap(),
    );
    ours.rename(id, "ours", NOW, &mut fixture.random).unwrap();
    theirs
        .rename(id, "theirs", NOW, &mut fixture.random)
        .unwrap();
    for side in [&mut ours, &mut theirs] {
        let code = RecoveryCode::generate(&mut fixture.random).unwrap();
        let new = NewSlot::RecoveryCode(&code);
        side.add_slot(&new, "", NOW, &mut fixture.random).unwrap();
    }
    let conflict = ours
        .merge(theirs, &base, NOW, &mut fixture.random)
        .unwrap_err();
    let Error::Conflict(names) = conflict else {
        panic!("{conflict}");
    };
    assert_eq!(names[..2], ["slots", "ours"]);
    let (_, other) = Fixture::new();
    let (_, another) = Fixture::new();
    let mut another = another;
    another.header.vault = VaultId([0; 16]);
    let foreign = other.merge(another, &base, NOW, &mut fixture.random);
    assert!(matches!(foreign, Err(Error::AnotherVault)));
}
