use super::*;
use crate::front::verify::verify;
use crate::key::test_key::{self, TestRsa};
use crate::protocol::algorithm::SignatureAlgorithm;
use crate::secret_memory::region::Protection;

const ID: KeyId = KeyId(1);
const DATA: &[u8] = b"signed data";

fn store() -> Store {
    heap::map(Protection::Unlocked).unwrap();
    Store::default()
}

/// A store with the Ed25519 key `mine` as [`ID`].
fn filled() -> Store {
    let mut store = store();
    store.add(ID, secret(&test_key::ed25519("mine"))).unwrap();
    store
}

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::copy_of(bytes).unwrap()
}

fn signs(store: &Store, id: KeyId) -> bool {
    let Ok(key) = store.find(id) else {
        return false;
    };
    let message = test_key::add(&test_key::ed25519("mine"), b"", b"");
    let (blob, _) = test_key::blob_and_fields(&message);
    let signature = key.sign(SignatureAlgorithm::Ed25519, DATA).unwrap();
    verify(&blob, &signature, DATA).is_ok()
}

#[test]
fn signs_with_a_key_until_it_is_removed() {
    let mut store = filled();
    assert!(signs(&store, ID));
    store.remove(ID);
    assert_eq!(store.find(ID).unwrap_err(), Refusal::UnknownKey);
    assert!(store.is_empty());
}

#[test]
fn clearing_forgets_every_key() {
    let mut store = filled();
    store
        .add(KeyId(2), secret(&test_key::ed25519("other")))
        .unwrap();
    assert_eq!(store.len(), 2);
    store.clear();
    assert!(store.is_empty());
}

#[test]
fn keeps_nothing_of_a_key_that_it_refuses() {
    let mut store = store();
    let mut inconsistent = TestRsa::of_bits(2048);
    inconsistent.d[5] ^= 1;
    let refused = store.add(ID, secret(&inconsistent.fields()));
    assert_eq!(refused, Err(Refusal::Inconsistent));
    assert_eq!(store.add(ID, secret(b"nonsense")), Err(Refusal::Unreadable));
    assert!(store.is_empty());
}

#[test]
fn refused_key_leaves_the_one_of_that_name_alone() {
    let mut store = filled();
    assert_eq!(store.add(ID, secret(b"nonsense")), Err(Refusal::Unreadable));
    assert!(signs(&store, ID));
}

#[test]
fn locked_keys_are_sealed_and_sign_again_after_unlock() {
    let mut store = filled();
    let open = store.keys[&ID].bytes.to_vec();
    store.lock(b"phrase").unwrap();
    assert_eq!(store.find(ID).unwrap_err(), Refusal::State);
    assert_ne!(*store.keys[&ID].bytes, *open);
    store.unlock(b"phrase").unwrap();
    assert_eq!(*store.keys[&ID].bytes, *open);
    assert!(signs(&store, ID));
}

#[test]
fn locking_drops_the_open_form_of_every_key() {
    let mut store = filled();
    let key = Arc::downgrade(&store.find(ID).unwrap());
    store.lock(b"phrase").unwrap();
    assert!(key.upgrade().is_none());
}

#[test]
fn wrong_passphrase_leaves_the_store_locked() {
    let mut store = filled();
    store.lock(b"phrase").unwrap();
    assert_eq!(store.unlock(b"phrasE"), Err(Refusal::Passphrase));
    assert_eq!(store.find(ID).unwrap_err(), Refusal::State);
    store.unlock(b"phrase").unwrap();
    assert!(signs(&store, ID));
}

#[test]
fn locks_and_unlocks_once_only() {
    let mut store = filled();
    assert_eq!(store.unlock(b"phrase"), Err(Refusal::State));
    store.lock(b"phrase").unwrap();
    assert_eq!(store.lock(b"other"), Err(Refusal::State));
    store.unlock(b"phrase").unwrap();
    assert_eq!(store.unlock(b"phrase"), Err(Refusal::State));
    assert!(signs(&store, ID));
}

#[test]
fn takes_no_key_while_locked() {
    let mut store = store();
    store.lock(b"phrase").unwrap();
    let refused = store.add(ID, secret(&test_key::ed25519("mine")));
    assert_eq!(refused, Err(Refusal::State));
    store.unlock(b"phrase").unwrap();
    assert!(store.is_empty());
}

#[test]
fn key_removed_while_locked_stays_gone() {
    let mut store = filled();
    store
        .add(KeyId(2), secret(&test_key::ed25519("other")))
        .unwrap();
    store.lock(b"phrase").unwrap();
    store.remove(KeyId(2));
    store.unlock(b"phrase").unwrap();
    assert_eq!(store.find(KeyId(2)).unwrap_err(), Refusal::UnknownKey);
    assert!(signs(&store, ID));
}

#[test]
fn store_that_is_cleared_while_locked_stays_locked() {
    let mut store = filled();
    store.lock(b"phrase").unwrap();
    store.clear();
    let refused = store.add(ID, secret(&test_key::ed25519("mine")));
    assert_eq!(refused, Err(Refusal::State));
    store.unlock(b"phrase").unwrap();
    assert!(store.is_empty());
}

#[test]
fn every_kind_of_key_comes_back_from_a_lock() {
    let mut store = store();
    for (index, name) in (0..).zip(test_key::SOFTWARE) {
        let (_, fields) = test_key::blob_and_fields(&test_key::recorded(name));
        store.add(KeyId(index), secret(&fields)).unwrap();
    }
    store.lock(b"phrase").unwrap();
    store.unlock(b"phrase").unwrap();
    for (index, name) in (0..).zip(test_key::SOFTWARE) {
        store.find(KeyId(index)).expect(name);
    }
}
