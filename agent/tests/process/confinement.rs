//! What the running keeper has given up.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;

use keyward_agent::keeper::channel::{Answer, Ask, KeyId};
use keyward_agent::keeper::sandbox::Confinement;
use keyward_agent::protocol::algorithm::SignatureAlgorithm;

use super::keeper::{Keeper, ed25519, until};

fn line(pid: u32, file: &str, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim().to_owned()
}

#[test]
fn everything_is_in_force_when_the_first_request_is_answered() {
    let mut keeper = Keeper::start();
    let expected = Confinement {
        seccomp: true,
        landlock: true,
        no_new_privs: true,
        dumpable: false,
        // Its program is an ordinary file here.
        dumpable_at_start: true,
    };
    assert_eq!(keeper.report().confinement, expected);
    let pid = keeper.child.id();
    assert_eq!(line(pid, "status", "Seccomp:"), "2");
    assert_eq!(line(pid, "status", "NoNewPrivs:"), "1");
    let limits = line(pid, "limits", "Max core file size");
    assert!(limits.split_whitespace().take(2).eq(["0", "0"]), "{limits}");
}

#[test]
fn every_thread_is_confined() {
    let mut keeper = Keeper::start();
    keeper.report();
    let pid = keeper.child.id();
    let mut threads = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        assert!(status.contains("Seccomp:\t2"), "{status}");
        threads += 1;
    }
    assert!(threads > 1, "the workers have threads of their own");
}

#[test]
fn confined_keeper_does_all_its_work() {
    let mut keeper = Keeper::start();
    let sign = Ask::Sign(KeyId(1), SignatureAlgorithm::Ed25519, b"data");
    let key = ed25519("a");
    assert_eq!(keeper.ask(Ask::Add(KeyId(1), &key)), Answer::Done);
    assert!(matches!(keeper.ask(sign), Answer::Signature(_)));
    assert_eq!(keeper.ask(Ask::Lock(b"phrase")), Answer::Done);
    assert_eq!(keeper.ask(Ask::Unlock(b"phrase")), Answer::Done);
    assert!(matches!(keeper.ask(sign), Answer::Signature(_)));
    assert_eq!(keeper.ask(Ask::Clear), Answer::Done);
    assert_eq!(keeper.report().keys, 0);
}

#[test]
fn inherited_descriptors_are_closed() {
    // Not closed on exec, as descriptors of a careless parent are.
    let (read, write) = rustix::pipe::pipe().unwrap();
    let mut keeper = Keeper::start();
    drop(write);
    keeper.report();
    let mut pipe = fs::File::from(read);
    assert_eq!(pipe.read(&mut [0; 1]).unwrap(), 0);
    assert!(keeper.child.try_wait().unwrap().is_none());
}

#[test]
fn keeper_ends_with_its_channel() {
    let mut keeper = Keeper::start();
    keeper.report();
    keeper.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(keeper.child.wait().unwrap().success());
}

#[test]
fn keeper_that_gets_nonsense_ends_without_a_crash() {
    use std::io::Write;
    let mut keeper = Keeper::start();
    keeper.stream.write_all(&[0xff; 64]).unwrap();
    keeper.wait_for_end();
    let status = keeper.child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(1), None));
}

#[test]
fn keeper_ends_with_its_parent_though_its_channel_is_open() {
    let mut keeper = Keeper::start_with_parent();
    assert!(keeper.report().confinement.seccomp);
    keeper.child.kill().unwrap();
    keeper.child.wait().unwrap();
    until("the keeper has closed its end", || {
        keeper.stream.set_nonblocking(true).unwrap();
        matches!(keeper.stream.read(&mut [0; 1]), Ok(0))
    });
}
