//! What the audit log says of each outcome.

use super::constraints::{CONFIRM, lifetime};
use super::*;

/// Event, outcome and reason of every line.
fn told(world: &World) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let lines = world.records().into_iter();
    lines
        .map(|line| {
            (
                text(&line["event"]),
                text(&line["outcome"]),
                text(&line["reason"]),
            )
        })
        .collect()
}

fn assert_told(world: &World, expected: &[(&str, &str, &str)]) {
    let told = told(world);
    let told: Vec<(&str, &str, &str)> = told
        .iter()
        .map(|(event, outcome, reason)| (&**event, &**outcome, &**reason))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn life_of_a_key_is_told() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", b"")).await;
        assert!(signs(&mut session, &blob("a")).await);
        succeeds(&mut session, &remove(&blob("a"))).await;
        assert!(!signs(&mut session, &blob("a")).await);
        fails(&mut session, &remove(&blob("a"))).await;
        succeeds(&mut session, REMOVE_ALL).await;
        assert_told(
            &world,
            &[
                ("add", "allow", "-"),
                ("sign", "allow", "-"),
                ("remove", "allow", "-"),
                ("sign", "deny", "no such key"),
                ("remove", "deny", "no such key"),
                ("remove-all", "allow", "-"),
            ],
        );
    });
}

#[test]
fn line_names_key_client_and_origin() {
    run(async {
        let world = World::new();
        succeeds(&mut world.session(), &add("a", b"")).await;
        assert!(signs(&mut world.bound("host", true).await, &blob("a")).await);
        let line = world.records().pop().unwrap();
        assert_eq!(line["fingerprint"], FingerprintHash::Sha256.of(&blob("a")));
        assert_eq!(line["key_type"], "ssh-ed25519");
        assert_eq!(line["comment"], "a");
        assert_eq!(line["peer"]["uid"], 1000);
        assert_eq!(line["origin"], "forwarded");
        let host = FingerprintHash::Sha256.of(TestHost::new("host").plain());
        assert_eq!(line["host_key"], host);
    });
}

#[test]
fn locking_is_told() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        fails(&mut session, &lock("")).await;
        succeeds(&mut session, &lock("hunter2")).await;
        fails(&mut session, &unlock("hunter3")).await;
        succeeds(&mut session, &unlock("hunter2")).await;
        fails(&mut session, &unlock("hunter2")).await;
        assert_told(
            &world,
            &[
                ("lock", "deny", "lock passphrase is empty"),
                ("lock", "allow", "-"),
                ("unlock", "deny", "the passphrase is wrong"),
                ("unlock", "allow", "-"),
                ("unlock", "deny", "agent is not locked"),
            ],
        );
    });
}

#[test]
fn refusals_are_told() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", CONFIRM)).await;
        assert!(!signs(&mut session, &blob("a")).await);
        session.asked(&text(27, b"session-bind@openssh.com")).await;
        let provider = constraints::provider("internal");
        fails(&mut session, &add("c", &provider)).await;
        let told = told(&world);
        assert_eq!(told[1].1, "deny");
        assert!(told[1].2.starts_with("nobody can be asked"));
        assert_eq!((&*told[2].0, &*told[2].1), ("bind-session", "deny"));
        assert_eq!(told[3].2, "provider given for a key that is in no token");
        assert_eq!(told.len(), 4);
    });
}

#[test]
fn failure_of_the_keeper_is_told_as_one() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let mut rsa = crate::key::test_key::TestRsa::of_bits(2048);
        rsa.d[8] ^= 1;
        fails(&mut session, &test_key::add(&rsa.fields(), b"rsa", b"")).await;
        let reason = "the private key is not consistent in itself";
        assert_told(&world, &[("add", "fail", reason)]);
    });
}

#[test]
fn end_of_a_lifetime_is_told() {
    run(async {
        let world = World::new();
        succeeds(&mut world.session(), &add("a", &lifetime(0))).await;
        let lines = world.records();
        assert_eq!(lines[0]["event"], "expire");
        assert_eq!(lines[0]["comment"], "a");
        assert_eq!(lines[1]["event"], "add");
    });
}

#[test]
fn refusals_in_a_row_are_counted_and_told_when_nothing_else_happens() {
    run(async {
        let world = World::new();
        let agent = Rc::clone(&world.agent);
        tokio::task::spawn_local(async move { agent.keep_log().await });
        let mut session = world.session();
        for _ in 0..100 {
            fails(&mut session, &remove(&blob("a"))).await;
        }
        session.record();
        tokio::task::yield_now().await;
        tokio::time::pause();
        tokio::time::sleep(crate::front::audit::BOUND * 2).await;
        tokio::time::resume();
        let log = world.folder.path().join("audit.jsonl");
        let read = || fs::read_to_string(&log).unwrap();
        until("the number", || read().contains(r#""repeated":99}"#)).await;
        assert_eq!(read().lines().count(), 2);
    });
}
