//! What a save leaves, and when it writes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use keyward_vault::store::{Error, FILE_BYTES_MAX, Outcome, Patience, Store};

use crate::counter;
use crate::room::{Room, count};

fn mode(room: &Room, name: &str) -> u32 {
    let found = fs::symlink_metadata(room.path(name)).unwrap();
    found.permissions().mode() & 0o7777
}

#[test]
fn last_three_versions_are_kept() {
    let room = Room::new();
    for number in 1..=6 {
        assert_eq!(count(&room.vault()).unwrap(), Outcome::Saved);
        assert_eq!(room.number(), number);
        for back in 1..=3 {
            assert_eq!(room.older(back), number.checked_sub(u64::from(back)));
        }
    }
    let left = ["vault", "vault.1", "vault.2", "vault.3", "vault.lock"];
    assert_eq!(room.names(), left);
    assert!(left.into_iter().all(|name| mode(&room, name) == 0o600));
    assert_eq!((room.older(0), room.older(4)), (None, None));
}

#[test]
fn removed_version_leaves_a_gap_that_is_filled() {
    let room = Room::new();
    (0..5).for_each(|_| drop(count(&room.vault()).unwrap()));
    fs::remove_file(room.path("vault.1")).unwrap();
    count(&room.vault()).unwrap();
    let older: Vec<_> = (1..=3).map(|back| room.older(back)).collect();
    assert_eq!(older, [Some(5), Some(3), Some(2)]);
}

#[test]
fn file_changed_by_another_save_is_a_conflict() {
    let room = Room::new();
    let base = room.store().read().unwrap();
    count(&room.vault()).unwrap();
    let names = room.names();
    let is_base = |current: &[u8]| current == base.bytes;
    let outcome = room.store().save(b"new", is_base, |_| true).unwrap();
    let Outcome::Conflict(current) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(counter::number(&current.bytes), Some(1));
    assert_ne!(current.identity, base.identity);
    assert_eq!(room.names(), names);
    assert_eq!(room.number(), 1);
}

#[test]
fn file_changed_without_the_lock_during_a_save_is_a_conflict() {
    let room = Room::new();
    let intrude = |_: &[u8]| {
        fs::write(room.vault(), counter::bytes(50)).unwrap();
        true
    };
    let outcome = room.store().save(b"new", |_| true, intrude).unwrap();
    let Outcome::Conflict(current) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(counter::number(&current.bytes), Some(50));
    assert_eq!(room.number(), 50);
}

#[test]
fn bytes_that_the_caller_rejects_are_not_saved() {
    let room = Room::new();
    let result = room.store().save(b"new", |_| true, |_| false);
    assert!(matches!(result, Err(Error::Rejected { .. })), "{result:?}");
    assert_eq!(room.number(), 0);
    assert_eq!(room.names(), ["vault", "vault.lock"]);
}

#[test]
fn leftovers_of_killed_writers_are_removed_and_nothing_else() {
    let room = Room::new();
    let kept = [
        "other.tmp-0123456789abcdef",
        "vault.tmp-0123456789abcde",
        "vault.tmp-0123456789abcdeX",
    ];
    kept.into_iter().for_each(|name| drop(room.put(name, b"")));
    room.folder("vault.tmp-000000000000000f");
    room.put("vault.tmp-0123456789abcdef", b"half");
    count(&room.vault()).unwrap();
    let mut names = room.names();
    names.retain(|name| name.contains("tmp"));
    let mut expected = kept.to_vec();
    expected.insert(1, "vault.tmp-000000000000000f");
    assert_eq!(names, expected);
}

#[test]
fn creation_makes_missing_folders_and_never_overwrites() {
    let room = Room::empty();
    let path = room.path("share/keyward/vault");
    let missing = Store::open(&path, Patience::default());
    assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
    let store = Store::prepare(&path, Patience::default()).unwrap();
    assert!(matches!(store.read(), Err(Error::Missing { .. })));
    store.create(&counter::bytes(3), |_| true).unwrap();
    assert_eq!(store.read().unwrap().bytes, counter::bytes(3));
    assert_eq!(mode(&room, "share"), 0o700);
    assert_eq!(mode(&room, "share/keyward"), 0o700);
    assert_eq!(mode(&room, "share/keyward/vault"), 0o600);
    let again = store.create(b"other", |_| true);
    assert!(matches!(again, Err(Error::Exists { .. })), "{again:?}");
    assert_eq!(store.read().unwrap().bytes, counter::bytes(3));
}

#[test]
fn file_that_appears_while_another_is_created_stays() {
    let room = Room::empty();
    let appear = |_: &[u8]| {
        room.put("vault", &counter::bytes(9));
        true
    };
    let result = room.store().create(b"new", appear);
    assert!(matches!(result, Err(Error::Exists { .. })), "{result:?}");
    assert_eq!(room.number(), 9);
    assert_eq!(room.names(), ["vault", "vault.lock"]);
}

#[test]
fn file_above_the_limit_is_refused_before_memory_is_taken() {
    let room = Room::new();
    let file = fs::OpenOptions::new().write(true).open(room.vault());
    file.unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
    let result = room.store().read();
    let Err(Error::TooLarge { size, limit, .. }) = result else {
        panic!("{:?}", result.map(|read| read.identity));
    };
    assert_eq!((size, limit), (FILE_BYTES_MAX + 1, FILE_BYTES_MAX));
}
