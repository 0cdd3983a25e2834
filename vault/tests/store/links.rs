//! Symbolic links: one of the user's own is followed and stays, all else is refused.

use std::fs;
use std::os::unix::fs::symlink;

use keyward_vault::store::{Error, Patience, Store};

use crate::counter;
use crate::room::{Room, STRANGER, chmod, chown, count, names};

#[test]
fn own_link_is_followed_and_stays() {
    for target in ["sync/vault", "ABSOLUTE"] {
        let room = Room::empty();
        let folder = room.folder("sync");
        room.put("sync/vault", &counter::bytes(0));
        let target = match target {
            "ABSOLUTE" => folder.join("vault"),
            relative => relative.into(),
        };
        symlink(&target, room.vault()).unwrap();
        count(&room.vault()).unwrap();
        assert_eq!(room.number(), 1);
        assert_eq!(fs::read_link(room.vault()).unwrap(), target);
        assert_eq!(room.store().path(), folder.join("vault"));
        assert_eq!(room.names(), ["sync", "vault"]);
        assert_eq!(names(&folder), ["vault", "vault.1", "vault.lock"]);
    }
}

#[test]
fn link_of_somebody_else_is_refused() {
    let room = Room::empty();
    room.folder("sync");
    room.put("sync/vault", &counter::bytes(0));
    symlink("sync/vault", room.vault()).unwrap();
    chown(&room.vault());
    let result = count(&room.vault());
    let Err(Error::ForeignLink { path, owner, user }) = result else {
        panic!("{result:?}");
    };
    assert_eq!((path, owner, user), (room.vault(), STRANGER, 0));
}

#[test]
fn link_to_a_link_is_refused() {
    let room = Room::empty();
    room.put("file", &counter::bytes(0));
    symlink("file", room.path("second")).unwrap();
    symlink("second", room.vault()).unwrap();
    let result = count(&room.vault());
    let Err(Error::LinkToLink { path, target }) = result else {
        panic!("{result:?}");
    };
    assert_eq!((path, target), (room.vault(), "second".into()));
}

#[test]
fn dangling_link_is_refused_for_reading_and_for_creating() {
    for target in ["nothing", "no/folder", "vault"] {
        let room = Room::empty();
        symlink(target, room.vault()).unwrap();
        let result = Store::prepare(&room.vault(), Patience::default());
        match (target, result) {
            ("vault", Err(Error::LinkToLink { .. })) => {}
            (
                _,
                Err(Error::DanglingLink {
                    path,
                    target: found,
                }),
            ) => {
                assert_eq!((path, found), (room.vault(), target.into()));
            }
            (_, result) => panic!("{result:?}"),
        }
        assert_eq!(room.names(), ["vault"]);
    }
}

#[test]
fn link_into_an_unsafe_folder_is_refused() {
    let room = Room::empty();
    let folder = room.folder("sync");
    room.put("sync/vault", &counter::bytes(0));
    chmod(&folder, 0o770);
    symlink("sync/vault", room.vault()).unwrap();
    let result = count(&room.vault());
    assert!(
        matches!(result, Err(Error::FolderMode { .. })),
        "{result:?}"
    );
    assert_eq!(names(&folder), ["vault"]);
}

#[test]
fn link_that_takes_the_files_place_later_is_not_followed() {
    let room = Room::new();
    let store = room.store();
    room.folder("elsewhere");
    let other = room.put("elsewhere/vault", &counter::bytes(5));
    fs::remove_file(room.vault()).unwrap();
    symlink(&other, room.vault()).unwrap();
    let read = store.read();
    assert!(matches!(read, Err(Error::NotAFile { .. })), "{read:?}");
    let saved = store.save(b"new", |_| true, |_| true);
    assert!(matches!(saved, Err(Error::NotAFile { .. })), "{saved:?}");
    assert_eq!(names(&room.path("elsewhere")), ["vault"]);
    assert_eq!(fs::read(other).unwrap(), counter::bytes(5));
}
