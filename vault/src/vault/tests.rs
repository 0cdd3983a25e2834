mod merging;
mod restoring;

use super::*;
use crate::error::Class;
use crate::random::EntropyError;
use crate::slot::{NewSlot, Opener};
use crate::wire::put_string;
use crate::{Cost, Metadata, Passphrase, RecoveryCode, Sealed, Timestamp, Unlocking};

/// Bytes that count up, so that every run is the same.
struct Counting(u64);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[0];
        }
        Ok(())
    }
}

const NOW: Timestamp = Timestamp(1_780_000_000);

const DAY: u64 = 24 * 60 * 60;

struct Fixture {
    code: RecoveryCode,
    random: Counting,
}

impl Fixture {
    /// A vault that a recovery code opens: no time is spent on derivations.
    fn new() -> (Self, Vault) {
        let mut random = Counting(7);
        let code = RecoveryCode::generate(&mut random).unwrap();
        let passphrase = Passphrase::new("a passphrase").unwrap();
        let slots = FirstSlots {
            passphrase: &passphrase,
            cost: Cost::LEAST,
            recovery: Some(&code),
        };
        let vault = Vault::create(&slots, NOW, &mut random).unwrap();
        (Self { code, random }, vault)
    }

    fn saved(&mut self, vault: &Vault) -> Vault {
        let file = vault.seal(NOW, &mut self.random).unwrap();
        let sealed = Sealed::read(file).unwrap();
        sealed.unlock(&Opener::RecoveryCode(&self.code)).unwrap()
    }

    fn insert(&mut self, vault: &mut Vault, name: &str) -> RecordId {
        vault.insert(key(name), NOW, &mut self.random).unwrap()
    }
}

/// A key whose public part is made of its name.
fn key(name: &str) -> NewKey {
    let public = crate::Fingerprint::of(name.as_bytes()).0;
    let mut private = Vec::new();
    put_string(&mut private, b"ssh-ed25519");
    put_string(&mut private, &public);
    put_string(&mut private, &[public, public].concat());
    let metadata = Metadata {
        name: name.to_owned(),
        ..Metadata::default()
    };
    NewKey {
        private: Secret::new(private),
        metadata,
    }
}

fn names(vault: &Vault) -> Vec<String> {
    let mut names: Vec<_> = vault.keys().map(|key| key.name().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_is_saved_is_found_again() {
    let (mut fixture, mut vault) = Fixture::new();
    let id = fixture.insert(&mut vault, "laptop");
    let private = vault.private(id).unwrap();
    let again = fixture.saved(&vault);
    assert!(vault.is_changed() && !again.is_changed());
    assert_eq!((again.generation(), again.id()), (1, vault.id()));
    assert_eq!(again.private(id).unwrap().expose(), private.expose());
    let key = again.key_named("laptop").unwrap();
    assert_eq!(
        again.key_with_fingerprint(&key.fingerprint()).unwrap().id(),
        id
    );
    assert_eq!((key.key_type(), key.created()), ("ssh-ed25519", NOW));
}

#[test]
fn unchanged_blocks_are_copied() {
    let (mut fixture, mut vault) = Fixture::new();
    let first = fixture.insert(&mut vault, "first");
    let vault = fixture.saved(&vault);
    let mut next = fixture.saved(&vault);
    fixture.insert(&mut next, "second");
    let next = fixture.saved(&next);
    let block = |vault: &Vault| vault.bytes(&vault.records[&first]).to_vec();
    assert_eq!(block(&vault), block(&next));
    assert_eq!(next.records[&first].version, 1);
    assert_eq!(fixture.saved(&next).header.previous, next.digest());
}

#[test]
fn names_and_keys_are_there_once() {
    let (mut fixture, mut vault) = Fixture::new();
    let id = fixture.insert(&mut vault, "laptop");
    let mut same_name = key("other");
    "laptop".clone_into(&mut same_name.metadata.name);
    let taken = vault.insert(same_name, NOW, &mut fixture.random);
    assert!(matches!(taken, Err(Error::NameTaken { .. })));
    let mut same_key = key("laptop");
    "other".clone_into(&mut same_key.metadata.name);
    let stored = vault.insert(same_key, NOW, &mut fixture.random);
    assert!(matches!(stored, Err(Error::KeyStored { name, .. }) if name == "laptop"));
    fixture.insert(&mut vault, "server");
    let renamed = vault.rename(id, "server", NOW, &mut fixture.random);
    assert!(matches!(renamed, Err(Error::NameTaken { .. })));
    let control = vault.rename(id, "lap\ntop", NOW, &mut fixture.random);
    assert!(matches!(control, Err(Error::Refused(_))));
    assert_eq!(names(&vault), ["laptop", "server"]);
}

#[test]
fn a_removed_key_can_come_back_for_30_days() {
    let (mut fixture, mut vault) = Fixture::new();
    let id = fixture.insert(&mut vault, "laptop");
    vault.remove(id, NOW, &mut fixture.random).unwrap();
    assert!(matches!(
        vault.remove(id, NOW, &mut fixture.random),
        Err(Error::NoSuchKey(_))
    ));
    assert_eq!((vault.keys().count(), vault.removed().count()), (0, 1));
    let at = |days: u64, seconds: u64| Timestamp(NOW.0 + days * DAY + seconds);
    let mut kept = |now| {
        let file = vault.seal(now, &mut fixture.random).unwrap();
        vault.reread(file).unwrap().removed().count()
    };
    assert_eq!((kept(at(30, 0)), kept(at(30, 1))), (1, 0));
    vault.undelete(id, NOW, &mut fixture.random).unwrap();
    assert_eq!(names(&fixture.saved(&vault)), ["laptop"]);
}

#[test]
fn a_change_that_changes_nothing_is_none() {
    let (mut fixture, mut vault) = Fixture::new();
    let id = fixture.insert(&mut vault, "laptop");
    let mut vault = fixture.saved(&vault);
    vault
        .rename(id, "laptop", NOW, &mut fixture.random)
        .unwrap();
    assert!(!vault.is_changed());
}

#[test]
fn an_old_secret_opens_nothing_that_is_saved_later() {
    let (mut fixture, mut vault) = Fixture::new();
    fixture.insert(&mut vault, "laptop");
    let old = fixture.saved(&vault);
    let slots: Vec<_> = old.slots().map(|view| view.slot.id()).collect();
    let mut vault = fixture.saved(&vault);
    let changed = Passphrase::new("changed").unwrap();
    let new = NewSlot::Passphrase(&changed, Cost::LEAST);
    let made = vault
        .replace_slot(slots[0], &new, NOW, &mut fixture.random)
        .unwrap();
    fixture.insert(&mut vault, "later");
    let file = vault.seal(NOW, &mut fixture.random).unwrap();
    let sealed = Sealed::read(file).unwrap();
    let ids: Vec<_> = sealed.slots().iter().map(crate::slot::Slot::id).collect();
    assert_eq!(ids, [made, slots[1]]);
    let before = Passphrase::new("a passphrase").unwrap();
    assert_eq!(
        sealed
            .unlock(&Opener::Passphrase(&before))
            .unwrap_err()
            .class(),
        Some(Class::Locked)
    );
    for opener in [
        Opener::Passphrase(&changed),
        Opener::RecoveryCode(&fixture.code),
    ] {
        assert_eq!(names(&sealed.unlock(&opener).unwrap()), ["laptop", "later"]);
    }
    // Who had opened the old vault knows the keys that wrap for the slot that stayed, and cannot
    // open it with them: that takes the slot's secret.
    let wraps =
        |record: &Record| matches!(&record.content, Content::Slot(slot) if slot.slot == slots[1]);
    let (id, record) = old
        .records
        .iter()
        .find(|(_, record)| wraps(record))
        .unwrap();
    let mut plain = Secret::new(Vec::new());
    let known = crate::record::wrap_keys(old.content(*id, record, &mut plain).unwrap()).unwrap();
    let (context, slot) = (sealed.header.context(), &sealed.header.slots[1]);
    assert!(
        slot.unwrap(&known.as_if_it_opened(slot), &context)
            .is_none()
    );
    let right = slot
        .derive(&Opener::RecoveryCode(&fixture.code), &context)
        .unwrap()
        .unwrap();
    assert!(slot.unwrap(&right, &context).is_some());
}

#[test]
fn the_last_slot_is_not_removed() {
    let (mut fixture, mut vault) = Fixture::new();
    let slots: Vec<_> = vault.slots().map(|view| view.slot.id()).collect();
    vault.remove_slot(slots[0], &mut fixture.random).unwrap();
    assert!(matches!(
        vault.remove_slot(slots[0], &mut fixture.random),
        Err(Error::NoSuchSlot(_))
    ));
    assert!(matches!(
        vault.remove_slot(slots[1], &mut fixture.random),
        Err(Error::LastSlot)
    ));
    assert_eq!(fixture.saved(&vault).slots().count(), 1);
}

#[test]
fn slots_are_counted_and_labelled() {
    let (mut fixture, mut vault) = Fixture::new();
    let first = vault.slots().next().unwrap().slot.id();
    vault
        .relabel_slot(first, "laptop", NOW, &mut fixture.random)
        .unwrap();
    assert!(
        vault
            .relabel_slot(first, &"l".repeat(65), NOW, &mut fixture.random)
            .is_err()
    );
    for _ in 2..32 {
        let code = RecoveryCode::generate(&mut fixture.random).unwrap();
        vault
            .add_slot(&NewSlot::RecoveryCode(&code), "", NOW, &mut fixture.random)
            .unwrap();
    }
    let code = RecoveryCode::generate(&mut fixture.random).unwrap();
    let more = vault.add_slot(&NewSlot::RecoveryCode(&code), "", NOW, &mut fixture.random);
    assert!(matches!(more, Err(Error::Full { .. })));
    let vault = fixture.saved(&vault);
    assert_eq!(vault.slots().next().unwrap().label, "laptop");
    assert_eq!(vault.slots().count(), 32);
}

#[test]
fn memory_above_the_ceiling_is_not_taken() {
    let (mut fixture, vault) = Fixture::new();
    let sealed = Sealed::read(vault.seal(NOW, &mut fixture.random).unwrap()).unwrap();
    let passphrase = Passphrase::new("a passphrase").unwrap();
    let mut tried = 0;
    let mut progress = |_: &crate::slot::Slot| tried += 1;
    let mut unlocking = Unlocking {
        memory_max_kib: Some(19_455),
        progress: Some(&mut progress),
    };
    let refused = sealed.unlock_with(&Opener::Passphrase(&passphrase), &mut unlocking);
    assert!(matches!(
        refused,
        Err(Error::MemoryCeiling {
            needed_kib: 19_456,
            ..
        })
    ));
    unlocking.memory_max_kib = Some(19_456);
    let (_, slot) = sealed
        .unlock_with(&Opener::Passphrase(&passphrase), &mut unlocking)
        .unwrap();
    assert_eq!((slot, tried), (sealed.slots()[0].id(), 1));
}

#[test]
fn what_is_not_known_survives_a_change() {
    let (mut fixture, mut vault) = Fixture::new();
    let id = fixture.insert(&mut vault, "laptop");
    let Content::Key(known) = vault.records[&id].content.clone() else {
        panic!("a key was inserted");
    };
    // The content as a later version writes it: 100 and 2^40 are not known.
    let content =
        crate::record::encode_key(&known, &key("laptop").private.expose()[..], None).unwrap();
    let mut later = content.expose().clone();
    later[0] += 2;
    later.extend(b"\x18\x64\xf6\x1b\x00\x00\x01\x00\x00\x00\x00\x00\x61x");
    vault
        .put(id, Content::Key(known), &later, &mut fixture.random)
        .unwrap();
    let mut vault = fixture.saved(&vault);
    vault
        .rename(id, "renamed", NOW, &mut fixture.random)
        .unwrap();
    let mut plain = Secret::new(Vec::new());
    let kept = vault.content(id, &vault.records[&id], &mut plain).unwrap();
    assert!(kept.ends_with(b"\x18\x64\xf6\x1b\x00\x00\x01\x00\x00\x00\x00\x00\x61x"));
    assert_eq!(names(&fixture.saved(&vault)), ["renamed"]);
}

#[test]
fn no_error_and_no_debug_shows_a_secret() {
    let (mut fixture, mut vault) = Fixture::new();
    let id = fixture.insert(&mut vault, "laptop");
    let shown = format!(
        "{vault:?} {:?} {:?}",
        vault.private(id).unwrap(),
        fixture.code
    );
    assert!(!shown.contains(fixture.code.format().expose().as_str()));
    assert!(shown.contains("Secret(..)"));
}
