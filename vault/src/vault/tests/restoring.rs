//! Keys and whole vaults from a copy.

use super::*;
use crate::backup::{Change, Standing, plan, standing};

/// A vault that was saved, and its file.
fn saved(fixture: &mut Fixture, vault: &Vault) -> (Vault, Vec<u8>) {
    let file = vault.seal(NOW, &mut fixture.random).unwrap();
    (vault.reread(file.clone()).unwrap(), file)
}

const LATER: Timestamp = Timestamp(NOW.0 + 10);

/// A copy with keys that were changed since in every way, and the vault as it is now.
fn scene() -> (Fixture, Vault, Vault) {
    let (mut fixture, mut vault) = Fixture::new();
    for name in ["same", "changed", "removed", "renamed"] {
        fixture.insert(&mut vault, name);
    }
    let (mut vault, file) = saved(&mut fixture, &vault);
    let copy = vault.reread(file).unwrap();
    let id = |name: &str| copy.key_named(name).unwrap().id();
    let random = &mut fixture.random;
    let comment = |metadata: &mut Metadata| metadata.notes = "changed".to_owned();
    vault.update(id("changed"), LATER, random, comment).unwrap();
    vault.remove(id("removed"), LATER, random).unwrap();
    vault.rename(id("renamed"), "other", LATER, random).unwrap();
    vault.insert(key("added"), LATER, random).unwrap();
    let (vault, _) = saved(&mut fixture, &vault);
    (fixture, vault, copy)
}

fn planned(vault: &Vault, copy: &Vault) -> Vec<(String, Change)> {
    let plan = plan(vault, copy).unwrap().into_iter();
    plan.map(|planned| (planned.name, planned.change)).collect()
}

fn expect(expected: &[(&str, Change)]) -> Vec<(String, Change)> {
    let owned = |(name, change): &(&str, Change)| ((*name).to_owned(), *change);
    expected.iter().map(owned).collect()
}

#[test]
fn plan_tells_each_key_that_differs() {
    let (mut fixture, mut vault, copy) = scene();
    let expected = [
        ("added", Change::Missing),
        ("changed", Change::Older),
        ("removed", Change::New),
        ("renamed", Change::Older),
        ("same", Change::Same),
    ];
    assert_eq!(planned(&vault, &copy), expect(&expected));
    let back = planned(&copy, &vault);
    assert!(back.contains(&("changed".to_owned(), Change::Newer)));
    assert!(back.contains(&("added".to_owned(), Change::New)));
    // Another key got the name of one that was removed.
    let mut other = key("another");
    "removed".clone_into(&mut other.metadata.name);
    vault.insert(other, LATER, &mut fixture.random).unwrap();
    assert!(planned(&vault, &copy).contains(&("removed".to_owned(), Change::Conflicting)));
}

#[test]
fn keys_come_back_one_by_one() {
    let (mut fixture, mut vault, copy) = scene();
    let names_wanted = ["changed", "removed"].map(str::to_owned);
    let wanted = copy.keys_named(&names_wanted).unwrap();
    vault
        .take_keys(&wanted, &copy, LATER, &mut fixture.random)
        .unwrap();
    let (vault, _) = saved(&mut fixture, &vault);
    assert_eq!(
        names(&vault),
        ["added", "changed", "other", "removed", "same"]
    );
    assert_eq!(vault.key_named("changed").unwrap().metadata().notes, "");
    assert_eq!(vault.generation(), 3);
    let missing = ["none".to_owned()];
    assert_eq!(copy.keys_named(&missing), Err("none"));
}

#[test]
fn the_same_key_does_not_come_twice() {
    let (mut fixture, mut vault, copy) = scene();
    vault
        .insert(key("removed"), LATER, &mut fixture.random)
        .unwrap();
    let names_wanted = ["changed".to_owned(), "removed".to_owned()];
    let wanted = copy.keys_named(&names_wanted).unwrap();
    let taken = vault.take_keys(&wanted, &copy, LATER, &mut fixture.random);
    assert!(matches!(taken, Err(Error::KeyStored { .. })));
    assert_eq!(
        vault.key_named("changed").unwrap().metadata().notes,
        "changed"
    );
}

#[test]
fn what_takes_the_place_of_a_newer_state_follows_it() {
    let (mut fixture, vault, mut copy) = scene();
    copy.follow(vault.generation(), vault.digest());
    let (copy, file) = saved(&mut fixture, &copy);
    assert_eq!(copy.generation(), 3);
    assert_eq!(Sealed::read(file).unwrap().previous(), vault.digest());
    assert_eq!(names(&copy), ["changed", "removed", "renamed", "same"]);
    // An older state is none that a newer one has to follow.
    let mut newer = copy;
    newer.follow(1, [7; 32]);
    assert_eq!(saved(&mut fixture, &newer).0.generation(), 4);
}

#[test]
fn copies_stand_to_the_vault_by_generation_and_digest() {
    let (mut fixture, mut vault) = Fixture::new();
    fixture.insert(&mut vault, "one");
    let (vault, first) = saved(&mut fixture, &vault);
    let (vault, second) = saved(&mut fixture, &vault);
    let beside = {
        let mut beside = vault.reread(first.clone()).unwrap();
        fixture.insert(&mut beside, "beside");
        saved(&mut fixture, &beside).1
    };
    let read = |file: &[u8]| Sealed::read(file.to_vec()).unwrap();
    let (first, second, beside) = (read(&first), read(&second), read(&beside));
    assert_eq!(standing(&second, &second), Standing::Same);
    assert_eq!(standing(&second, &first), Standing::Older(1));
    assert_eq!(standing(&first, &second), Standing::Newer(1));
    assert_eq!(standing(&second, &beside), Standing::Beside);
    let mut random = Counting(99);
    let passphrase = Passphrase::new("another").unwrap();
    let slots = FirstSlots {
        passphrase: &passphrase,
        cost: Cost::LEAST,
        recovery: None,
    };
    let other = Vault::create(&slots, NOW, &mut random).unwrap();
    let other = read(&other.seal(NOW, &mut random).unwrap());
    assert_eq!(standing(&second, &other), Standing::Another);
}
