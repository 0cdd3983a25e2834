use super::*;
use crate::secret_memory::heap;
use crate::secret_memory::region::Protection;

const ID: KeyId = KeyId(7);

fn lock(passphrase: &[u8]) -> (Lock, LockKey) {
    heap::map(Protection::Unlocked).unwrap();
    Lock::new(passphrase).unwrap()
}

#[test]
fn what_is_sealed_is_unreadable_and_opens_again() {
    let (lock, key) = lock(b"phrase");
    let mut bytes = *b"a private key";
    let seal = key.seal(ID, &mut bytes).unwrap();
    assert_ne!(&bytes, b"a private key");
    let again = lock.open(b"phrase").unwrap();
    again.open(ID, &mut bytes, &seal).unwrap();
    assert_eq!(&bytes, b"a private key");
}

#[test]
fn wrong_passphrase_opens_nothing() {
    let (lock, _) = lock(b"phrase");
    for wrong in [&b"phrasE"[..], b"phrase\0", b""] {
        assert_eq!(lock.open(wrong).unwrap_err(), Refusal::Passphrase);
    }
}

#[test]
fn each_locking_has_a_key_of_its_own() {
    let (_, first) = lock(b"phrase");
    let (_, second) = lock(b"phrase");
    let mut bytes = *b"a private key";
    let seal = first.seal(ID, &mut bytes).unwrap();
    let sealed = bytes;
    let opened = second.open(ID, &mut bytes, &seal);
    assert_eq!((opened, bytes), (Err(Refusal::Passphrase), sealed));
}

#[test]
fn seal_of_one_key_does_not_open_another_and_no_bit_may_change() {
    let (_, key) = lock(b"phrase");
    let mut bytes = *b"a private key";
    let seal = key.seal(ID, &mut bytes).unwrap();
    let sealed = bytes;
    let moved = key.open(KeyId(8), &mut bytes, &seal);
    assert_eq!((moved, bytes), (Err(Refusal::Passphrase), sealed));
    bytes[3] ^= 1;
    let changed = bytes;
    let opened = key.open(ID, &mut bytes, &seal);
    assert_eq!((opened, bytes), (Err(Refusal::Passphrase), changed));
}

#[test]
fn debug_shows_no_key() {
    let (_, key) = lock(b"phrase");
    assert_eq!(format!("{key:?}"), "LockKey(SecretBytes(..))");
}
