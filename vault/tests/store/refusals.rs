//! What is no file of the user's own alone is refused, with what was found.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;

use keyward_vault::store::{Error, Kind, Patience, Store};
use rustix::fs::{CWD, FileType, Mode};

use crate::counter;
use crate::room::{Room, STRANGER, chmod, chown, count};

/// Asserts that neither reading nor saving nor creating is possible, and returns the error of a
/// read.
fn refused(path: &Path) -> Error {
    let patience = Patience::default();
    let open = || Store::open(path, patience);
    let saved = open().and_then(|store| store.save(b"new", |_| true, |_| true));
    assert!(saved.is_err());
    let created = open().and_then(|store| store.create(b"new", |_| true));
    assert!(created.is_err());
    match open().and_then(|store| store.read()) {
        Err(error) => error,
        Ok(_) => panic!("{} was read", path.display()),
    }
}

#[test]
fn file_of_somebody_else() {
    let room = Room::new();
    chown(&room.vault());
    let error = refused(&room.vault());
    let Error::Owner { path, owner, user } = error else {
        panic!("{error:?}");
    };
    assert_eq!((path, owner, user), (room.vault(), STRANGER, 0));
}

#[test]
fn file_with_rights_for_others() {
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666] {
        let room = Room::new();
        chmod(&room.vault(), mode);
        let error = refused(&room.vault());
        let Error::Mode { path, mode: found } = error else {
            panic!("{error:?}");
        };
        assert_eq!((path, found), (room.vault(), mode));
    }
}

#[test]
fn file_with_a_second_name() {
    let room = Room::new();
    fs::hard_link(room.vault(), room.path("second")).unwrap();
    let error = refused(&room.vault());
    assert!(
        matches!(error, Error::HardLinks { links: 2, .. }),
        "{error:?}"
    );
    fs::remove_file(room.path("second")).unwrap();
    count(&room.vault()).unwrap();
}

#[test]
fn what_is_no_file() {
    let make = |kind: Kind, path: &Path| match kind {
        Kind::Folder => fs::create_dir(path).unwrap(),
        Kind::Socket => drop(UnixListener::bind(path).unwrap()),
        Kind::Fifo => rustix::fs::mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap(),
        _ => {
            let null = rustix::fs::makedev(1, 3);
            let mode = Mode::RUSR | Mode::WUSR;
            rustix::fs::mknodat(CWD, path, FileType::CharacterDevice, mode, null).unwrap();
        }
    };
    for kind in [Kind::Folder, Kind::Socket, Kind::Fifo, Kind::Device] {
        for name in ["vault", "vault.lock"] {
            let room = Room::empty();
            if name != "vault" {
                room.put("vault", &counter::bytes(0));
            }
            make(kind, &room.path(name));
            let error = match name {
                "vault" => refused(&room.vault()),
                _ => count(&room.vault()).unwrap_err(),
            };
            let Error::NotAFile { path, kind: found } = error else {
                panic!("{error:?}");
            };
            assert_eq!((path, found), (room.path(name), kind));
        }
    }
}

#[test]
fn lock_file_of_somebody_else() {
    let room = Room::new();
    chown(&room.put("vault.lock", b""));
    let error = count(&room.vault()).unwrap_err();
    assert!(matches!(error, Error::Owner { .. }), "{error:?}");
}

#[test]
fn folder_of_somebody_else() {
    let room = Room::new();
    let folder = room.vault().parent().unwrap().to_owned();
    chown(&folder);
    let error = refused(&room.vault());
    let Error::FolderOwner { path, owner, user } = error else {
        panic!("{error:?}");
    };
    assert_eq!((path, owner, user), (folder, STRANGER, 0));
}

#[test]
fn folder_in_which_others_may_write() {
    for mode in [0o720, 0o702, 0o777] {
        let room = Room::new();
        let folder = room.vault().parent().unwrap().to_owned();
        chmod(&folder, mode);
        let error = refused(&room.vault());
        let Error::FolderMode { path, mode: found } = error else {
            panic!("{error:?}");
        };
        assert_eq!((path, found), (folder, mode));
    }
}

#[test]
fn folder_for_all_with_the_sticky_bit_is_allowed_for_a_file_of_ones_own() {
    let room = Room::new();
    let folder = room.vault().parent().unwrap().to_owned();
    chmod(&folder, 0o1777);
    count(&room.vault()).unwrap();
    chown(&room.vault());
    let error = refused(&room.vault());
    assert!(matches!(error, Error::Owner { .. }), "{error:?}");
    chown(&folder);
    let error = refused(&room.vault());
    assert!(matches!(error, Error::FolderOwner { .. }), "{error:?}");
}

#[test]
fn nothing_is_made_in_a_folder_of_somebody_else() {
    let room = Room::empty();
    chown(&room.folder("theirs"));
    let result = Store::prepare(&room.path("theirs/new/vault"), Patience::default());
    assert!(
        matches!(result, Err(Error::FolderOwner { .. })),
        "{result:?}"
    );
    assert!(!room.path("theirs/new").exists());
}

#[test]
fn path_that_is_too_long_or_names_nothing() {
    let room = Room::empty();
    let open = |path: &Path| Store::open(path, Patience::default()).unwrap_err();
    for path in [
        room.path(&"n".repeat(235)),
        room.path(&format!("{}/vault", "n".repeat(300))),
        room.path(&format!("{}vault", "n/".repeat(3000))),
    ] {
        let error = open(&path);
        assert!(matches!(error, Error::TooLong { .. }), "{error:?}");
    }
    for path in ["", "/", "..", "/tmp/.."] {
        let error = open(Path::new(path));
        assert!(matches!(error, Error::NoName { .. }), "{error:?}");
    }
    let longest = room.path(&"n".repeat(234));
    let store = Store::open(&longest, Patience::default()).unwrap();
    store.create(b"new", |_| true).unwrap();
    store.save(b"newer", |_| true, |_| true).unwrap();
}
