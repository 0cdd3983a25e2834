//! Small files of state.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use keyward_vault::store::{Error, Kept, Patience, STATE_BYTES_MAX, StateFile};

use crate::room::{Room, chmod, chown};

fn is_pin(bytes: &[u8]) -> bool {
    bytes.starts_with(b"pin ")
}

fn file(room: &Room) -> StateFile {
    StateFile::at(&room.path("state/keyward/pin"), Patience::default())
}

fn put(room: &Room, bytes: &[u8]) -> Result<(), Error> {
    file(room).update(|_| true, |_| Some(bytes.to_vec()))
}

#[test]
fn state_is_made_replaced_and_left() {
    let room = Room::empty();
    assert_eq!(file(&room).read(is_pin).unwrap(), Kept::Missing);
    assert_eq!(room.names(), [""; 0]);
    for (number, before) in [(1, Kept::Missing), (2, Kept::Whole(b"pin 1".to_vec()))] {
        let new = format!("pin {number}").into_bytes();
        let change = |kept| {
            assert_eq!(kept, before);
            Some(new.clone())
        };
        file(&room).update(is_pin, change).unwrap();
        assert_eq!(file(&room).read(is_pin).unwrap(), Kept::Whole(new));
    }
    file(&room).update(is_pin, |_| None).unwrap();
    assert_eq!(
        file(&room).read(is_pin).unwrap(),
        Kept::Whole(b"pin 2".to_vec())
    );
    let names = crate::room::names(&room.path("state/keyward"));
    assert_eq!(names, ["pin", "pin.lock"]);
    let mode = |name: &str| fs::metadata(room.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("state/keyward") & 0o777, 0o700);
    assert_eq!(mode("state/keyward/pin") & 0o777, 0o600);
}

#[test]
fn damaged_state_is_told_from_missing_state_and_can_be_replaced() {
    let room = Room::empty();
    let limit = usize::try_from(STATE_BYTES_MAX).unwrap();
    put(&room, b"pin 1").unwrap();
    for damage in [b"nip".to_vec(), Vec::new(), vec![b' '; limit + 1]] {
        fs::write(room.path("state/keyward/pin"), damage).unwrap();
        assert_eq!(file(&room).read(is_pin).unwrap(), Kept::Damaged);
        put(&room, b"pin 2").unwrap();
        assert_eq!(
            file(&room).read(is_pin).unwrap(),
            Kept::Whole(b"pin 2".to_vec())
        );
    }
    fs::remove_file(room.path("state/keyward/pin")).unwrap();
    assert_eq!(file(&room).read(is_pin).unwrap(), Kept::Missing);
}

#[test]
fn state_above_the_limit_is_not_written() {
    let room = Room::empty();
    let limit = usize::try_from(STATE_BYTES_MAX).unwrap();
    put(&room, &vec![1; limit]).unwrap();
    let result = put(&room, &vec![2; limit + 1]);
    assert!(matches!(result, Err(Error::TooLarge { .. })), "{result:?}");
    assert_eq!(
        file(&room).read(|_| true).unwrap(),
        Kept::Whole(vec![1; limit])
    );
}

#[test]
fn state_that_is_not_the_users_alone_is_refused() {
    let room = Room::empty();
    put(&room, b"pin 1").unwrap();
    let path = room.path("state/keyward/pin");
    let read = || file(&room).read(is_pin).unwrap_err();
    chmod(&path, 0o644);
    assert!(matches!(read(), Error::Mode { .. }));
    chmod(&path, 0o600);
    chown(&path);
    assert!(matches!(read(), Error::Owner { .. }));
    fs::rename(&path, room.path("elsewhere")).unwrap();
    symlink(room.path("elsewhere"), &path).unwrap();
    assert!(matches!(read(), Error::NotAFile { .. }));
    assert!(matches!(put(&room, b"pin 2"), Err(Error::NotAFile { .. })));
    fs::remove_file(&path).unwrap();
    chmod(&room.path("state/keyward"), 0o777);
    assert!(matches!(read(), Error::FolderMode { .. }));
}

#[test]
fn updates_of_many_threads_are_all_kept() {
    let room = Room::empty();
    let number = |kept: Kept| match kept {
        Kept::Whole(bytes) => u64::from_be_bytes(bytes.try_into().unwrap()),
        _ => 0,
    };
    let add = || {
        for _ in 0..25 {
            let change = |kept| Some((number(kept) + 1).to_be_bytes().to_vec());
            file(&room).update(|_| true, change).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(add);
        }
    });
    assert_eq!(number(file(&room).read(|_| true).unwrap()), 200);
}
