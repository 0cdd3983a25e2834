//! System calls that fail on a real file system.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::counter;
use crate::room::{Room, traced};

/// The calls of a save, without those that only the start of a program makes.
const CALLS: [&str; 8] = [
    "fsync",
    "flock",
    "getdents64",
    "getrandom",
    "renameat",
    "statx",
    "unlinkat",
    "write",
];

#[test]
fn failed_system_call_leaves_the_old_bytes() {
    let room = Room::new();
    let path = room.vault();
    let arguments = ["count".as_ref(), path.as_os_str(), "1".as_ref()];
    let mut failures = 0;
    for (call, errno) in CALLS
        .iter()
        .flat_map(|call| [(call, "EIO"), (call, "ENOSPC")])
    {
        for when in 1..40 {
            let before = room.number();
            let injection = format!("{call}:error={errno}:when={when}");
            let run = traced(&[injection], &arguments).output().unwrap();
            let stderr = String::from_utf8(run.stderr).unwrap();
            let now = room.number();
            if run.status.success() {
                assert_eq!(now, before + 1);
            } else {
                failures += 1;
                assert_eq!(now, before, "{call} {when}: {stderr}");
                assert!(stderr.contains("os error"), "{call} {when}: {stderr}");
            }
        }
    }
    assert!(failures > 30, "{failures} failures only");
}

fn create_without_rename_flags(room: &Room, more: &str) -> bool {
    let path = room.vault();
    let arguments: [&OsStr; 2] = ["create".as_ref(), path.as_os_str()];
    let injections = ["renameat2:error=EINVAL", more].map(str::to_owned);
    let run = traced(&injections, &arguments).output().unwrap();
    run.status.success()
}

#[test]
fn file_is_created_where_renames_take_no_flags() {
    let room = Room::empty();
    assert!(create_without_rename_flags(&room, "fsync:delay_enter=0"));
    assert_eq!(room.names(), ["vault", "vault.lock"]);
    assert_eq!(fs::metadata(room.vault()).unwrap().nlink(), 1);
    assert!(!create_without_rename_flags(&room, "fsync:delay_enter=0"));
}

#[test]
fn second_name_left_by_a_killed_creation_is_tidied_up_by_reading() {
    let room = Room::empty();
    let killed = !create_without_rename_flags(&room, "unlinkat:signal=KILL");
    assert!(killed);
    assert_eq!(fs::metadata(room.vault()).unwrap().nlink(), 2);
    assert_eq!(room.store().read().unwrap().bytes, counter::bytes(0));
    assert_eq!(room.names(), ["vault", "vault.lock"]);
}
