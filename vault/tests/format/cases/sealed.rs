//! Vaults that the library itself wrote, with randomness that is always the same.

use keyward_vault::vault::{FirstSlots, NewKey};
use keyward_vault::{Cost, Metadata, NewSlot, Passphrase, RecoveryCode, Secret, Timestamp, Vault};

use super::{Cases, PASSPHRASE, Typed, code};
use crate::fixed::Fixed;
use crate::private::{Private, ed25519, openssh};

const DAY: u64 = 24 * 60 * 60;

/// A vault, and what it is saved with.
struct Saved {
    vault: Vault,
    now: Timestamp,
    random: Fixed,
}

impl Saved {
    fn create(name: &str, recovery: bool) -> Self {
        let (now, mut random) = (Timestamp(1_780_000_000), Fixed::new(name));
        let passphrase = Passphrase::new(PASSPHRASE).unwrap();
        let code = RecoveryCode::parse(&code()).unwrap();
        let slots = FirstSlots {
            passphrase: &passphrase,
            cost: Cost::LEAST,
            recovery: recovery.then_some(&code),
        };
        let vault = Vault::create(&slots, now, &mut random).unwrap();
        Self { vault, now, random }
    }

    fn key(&mut self, name: &str, private: &Private) {
        let private = Secret::new(private.fields.clone());
        let metadata = Metadata {
            name: name.to_owned(),
            ..Metadata::default()
        };
        self.vault
            .insert(NewKey { private, metadata }, self.now, &mut self.random)
            .unwrap();
    }

    /// Saves, and goes on with what was saved, a day later.
    fn save(&mut self) -> Vec<u8> {
        let file = self.vault.seal(self.now, &mut self.random).unwrap();
        self.vault = self.vault.reread(file.clone()).unwrap();
        self.now.0 += DAY;
        file
    }

    fn add(
        &self,
        cases: &mut Cases,
        (name, comment): (&str, &str),
        typed: Typed<'_>,
        file: Vec<u8>,
    ) {
        let keys = self
            .vault
            .keys()
            .map(|key| (key.fingerprint(), key.name().to_owned()));
        let keys: Vec<_> = keys.collect();
        cases.add_file(name, comment, ("success", typed), (file, &keys));
    }
}

pub(crate) fn add(cases: &mut Cases) {
    let typed = Typed::Passphrase(PASSPHRASE);
    first_saves(cases, typed);
    changes(cases, typed);
    ways_in(cases, typed);
}

fn first_saves(cases: &mut Cases, typed: Typed<'_>) {
    let mut saved = Saved::create("sealed-empty", false);
    let file = saved.save();
    saved.add(cases, ("sealed-empty", "a new vault"), typed, file);
    saved.key("laptop", &ed25519("laptop"));
    let file = saved.save();
    saved.add(cases, ("sealed-one-key", "and a key in it"), typed, file);
    let mut saved = Saved::create("sealed-types", true);
    for name in [
        "ecdsa-256",
        "ecdsa-384",
        "ecdsa-521",
        "rsa-2048",
        "rsa-4096",
    ] {
        saved.key(name, &openssh(name));
    }
    let file = saved.save();
    saved.add(
        cases,
        ("sealed-types", "keys of several types"),
        typed,
        file.clone(),
    );
    let code = code();
    saved.add(
        cases,
        ("sealed-types-recovery", "and with the recovery code"),
        Typed::Recovery(&code),
        file,
    );
}

fn changes(cases: &mut Cases, typed: Typed<'_>) {
    let mut saved = Saved::create("sealed-changes", false);
    for name in ["one", "two", "three"] {
        saved.key(name, &ed25519(name));
    }
    saved.save();
    let id = |vault: &Vault, name: &str| vault.key_named(name).unwrap().id();
    let one = id(&saved.vault, "one");
    let everything = |metadata: &mut Metadata| {
        metadata.comment = b"alice@\xffexample".to_vec();
        metadata.confirm = true;
        metadata.lifetime_seconds = Some(3_600.try_into().unwrap());
        metadata.destinations = vec!["db1.example".to_owned()];
        metadata.notes = "two\nlines".to_owned();
        metadata.last_used = Some(Timestamp(1_780_000_001));
    };
    saved
        .vault
        .update(one, saved.now, &mut saved.random, everything)
        .unwrap();
    let file = saved.save();
    saved.add(
        cases,
        ("sealed-changed", "a key was changed, two blocks are copies"),
        typed,
        file,
    );
    let two = id(&saved.vault, "two");
    saved
        .vault
        .remove(two, saved.now, &mut saved.random)
        .unwrap();
    saved
        .vault
        .rename(one, "first", saved.now, &mut saved.random)
        .unwrap();
    let file = saved.save();
    saved.add(
        cases,
        ("sealed-removed", "a key was removed, another renamed"),
        typed,
        file,
    );
    saved
        .vault
        .undelete(two, saved.now, &mut saved.random)
        .unwrap();
    let file = saved.save();
    saved.add(
        cases,
        ("sealed-undeleted", "the key was brought back"),
        typed,
        file,
    );
    saved
        .vault
        .remove(two, saved.now, &mut saved.random)
        .unwrap();
    saved.save();
    saved.now.0 += 30 * DAY;
    let file = saved.save();
    saved.add(
        cases,
        ("sealed-dropped", "the removed key is gone for good"),
        typed,
        file,
    );
}

fn ways_in(cases: &mut Cases, typed: Typed<'_>) {
    let mut saved = Saved::create("sealed-slots", true);
    saved.key("laptop", &ed25519("laptop"));
    saved.save();
    let first = saved.vault.slots().next().unwrap().slot.id();
    saved
        .vault
        .relabel_slot(first, "laptop", saved.now, &mut saved.random)
        .unwrap();
    let second = Passphrase::new("second passphrase").unwrap();
    let new = NewSlot::Passphrase(&second, Cost::LEAST);
    saved
        .vault
        .add_slot(&new, "desktop", saved.now, &mut saved.random)
        .unwrap();
    let file = saved.save();
    let other = Typed::Passphrase("second passphrase");
    saved.add(
        cases,
        ("sealed-added-slot", "a second passphrase"),
        other,
        file,
    );
    let changed = Passphrase::new("changed passphrase").unwrap();
    let new = NewSlot::Passphrase(&changed, Cost::LEAST);
    saved
        .vault
        .replace_slot(first, &new, saved.now, &mut saved.random)
        .unwrap();
    let file = saved.save();
    let now = Typed::Passphrase("changed passphrase");
    saved.add(
        cases,
        (
            "sealed-changed-passphrase",
            "the first passphrase was changed",
        ),
        now,
        file.clone(),
    );
    saved.add(
        cases,
        ("sealed-kept-passphrase", "and the second one opens still"),
        other,
        file.clone(),
    );
    let code = code();
    saved.add(
        cases,
        ("sealed-kept-recovery", "and so does the code"),
        Typed::Recovery(&code),
        file.clone(),
    );
    cases.add_file(
        "locked-changed-passphrase",
        "and the old passphrase does not",
        ("locked", typed),
        (file, &[]),
    );
    let second = saved.vault.slots().nth(1).unwrap().slot.id();
    saved.vault.remove_slot(second, &mut saved.random).unwrap();
    let file = saved.save();
    saved.add(
        cases,
        ("sealed-removed-slot", "the recovery code was removed"),
        now,
        file.clone(),
    );
    cases.add_file(
        "locked-removed-slot",
        "and opens no more",
        ("locked", Typed::Recovery(&code)),
        (file, &[]),
    );
}
