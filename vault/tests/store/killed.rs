//! A save that is killed anywhere leaves the old bytes or the new ones.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::room::{Room, counting, program, traced};

/// Returns the names of all system calls that the program makes for `arguments`.
fn system_calls(arguments: &[&OsStr]) -> Vec<String> {
    let room = Room::empty();
    let list = room.path("calls");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o"]).arg(&list);
    let run = strace.arg(program()).args(arguments).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    let list = fs::read_to_string(list).unwrap();
    let calls = list.lines().filter_map(|line| {
        let call = line.split_once(' ')?.1.trim_start();
        Some(call.split_once('(')?.0.to_owned())
    });
    let mut calls: Vec<_> = calls.filter(|call| call != "execve").collect();
    calls.sort();
    calls.dedup();
    calls
}

/// Runs the program and kills it at each system call, and calls `check` after each of them.
fn kill_at_each_call(arguments: &[&OsStr], mut check: impl FnMut(&str)) -> usize {
    let mut kills = 0;
    for call in system_calls(arguments) {
        for when in 1.. {
            let injection = format!("{call}:signal=KILL:when={when}");
            let mut command = traced(&[injection], arguments);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let status = command.status().unwrap();
            check(&format!("{call} {when}"));
            if status.code().is_some() {
                break;
            }
            kills += 1;
        }
    }
    kills
}

#[test]
fn save_killed_at_any_system_call_leaves_the_old_bytes_or_the_new() {
    let room = Room::new();
    let path = room.vault();
    let arguments = ["count".as_ref(), path.as_os_str(), "1".as_ref()];
    let calls = system_calls(&arguments);
    for needed in ["openat", "read", "write", "fsync", "flock", "unlinkat"] {
        // Nothing is unlinked unless something was left.
        assert!(calls.iter().any(|call| call == needed) || needed == "unlinkat");
    }
    assert!(
        calls.iter().any(|call| call.starts_with("rename")),
        "{calls:?}"
    );
    let mut before = room.number();
    let kills = kill_at_each_call(&arguments, |at| {
        let now = room.number();
        assert!(
            now == before || now == before + 1,
            "{at}: {before} to {now}"
        );
        assert!((1..=3).any(|back| room.older(back).is_some()), "{at}");
        before = now;
    });
    assert!(kills > 100, "{kills} kills only");
    assert!(counting(&path, 1).output().unwrap().status.success());
    let left = ["vault", "vault.1", "vault.2", "vault.3", "vault.lock"];
    assert_eq!(room.names(), left);
}

#[test]
fn creation_killed_at_any_system_call_leaves_nothing_or_the_whole_file() {
    let room = Room::empty();
    let path = room.path("new/deep/vault");
    let arguments = ["create".as_ref(), path.as_os_str()];
    let mut files = 0;
    // The first run, which only lists the calls, leaves the file.
    let kills = kill_at_each_call(&arguments, |at| {
        if path.exists() {
            files += 1;
            let whole = fs::read(&path).unwrap();
            assert_eq!(whole, crate::counter::bytes(0), "{at}");
            fs::remove_dir_all(room.path("new")).unwrap();
        }
    });
    assert!(kills > 80, "{kills} kills only");
    assert!(files > 10, "{files} files only");
}

#[test]
fn writer_killed_at_any_moment_leaves_the_old_bytes_or_the_new() {
    let room = Room::new();
    let is_long = std::env::var_os("KEYWARD_LONG").is_some();
    let mut before = 0;
    for round in 0..if is_long { 2000 } else { 200_u64 } {
        let mut command = counting(&room.vault(), 10_000);
        let mut writer = command.stdout(Stdio::null()).spawn().unwrap();
        // The moment matters only in that it is another one each time.
        thread::sleep(Duration::from_micros(round * 7919 % 12_000));
        writer.kill().unwrap();
        let status = writer.wait().unwrap();
        assert!(status.code().is_none(), "{status} in round {round}");
        let now = room.number();
        assert!(now >= before, "{before} to {now}");
        before = now;
        for back in 1..=3 {
            room.older(back);
        }
    }
    assert!(before > 20, "{before} saves only");
}
