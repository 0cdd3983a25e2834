//! Lifetimes and destinations.

use super::*;
use crate::front::clock::Alarm;

pub(super) const CONFIRM: &[u8] = &[2];

pub(super) fn lifetime(seconds: u32) -> Vec<u8> {
    let mut constraint = vec![1];
    constraint.put_uint32(seconds);
    constraint
}

pub(super) fn provider(name: &str) -> Vec<u8> {
    let mut constraint = text(255, b"sk-provider@openssh.com");
    constraint.put_string(name.as_bytes());
    constraint
}

/// One step from here to each of the hosts.
pub(super) fn destinations(hosts: &[&str]) -> Vec<u8> {
    let mut list = Vec::new();
    for host in hosts {
        let mut step = Vec::new();
        step.put_string(&hop("", &[]));
        step.put_string(&hop(host, TestHost::new(host).plain()));
        step.put_string(b"");
        list.put_string(&step);
    }
    let mut constraint = text(255, b"restrict-destination-v00@openssh.com");
    constraint.put_string(&list);
    constraint
}

fn hop(host: &str, key: &[u8]) -> Vec<u8> {
    let mut hop = Vec::new();
    hop.put_string(b"");
    hop.put_string(host.as_bytes());
    hop.put_string(b"");
    if !key.is_empty() {
        hop.put_string(key);
        hop.push(0);
    }
    hop
}

/// Data for a login with the key `name` to the host of a session.
fn login(name: &str, host: &str) -> Vec<u8> {
    let mut data = Vec::new();
    data.put_string(b"session");
    data.push(50);
    data.put_string(b"alice");
    data.put_string(b"ssh-connection");
    data.put_string(b"publickey-hostbound-v00@openssh.com");
    data.push(1);
    data.put_string(b"ssh-ed25519");
    data.put_string(&blob(name));
    data.put_string(TestHost::new(host).plain());
    data
}

#[test]
fn lifetime_is_counted_from_when_the_key_came() {
    run(async {
        let world = World::new();
        let before = BootTime::now();
        succeeds(&mut world.session(), &add("a", &lifetime(3600))).await;
        let expires = world.agent.ring(|ring| ring.iter().next().unwrap().expires);
        let hour = Duration::from_secs(3600);
        let expires = expires.unwrap();
        assert!(expires >= before.after(hour) && expires <= BootTime::now().after(hour));
    });
}

#[test]
fn key_is_gone_from_ring_and_keeper_when_its_time_is_over() {
    run(async {
        let world = World::with(|parts| parts.lifetime = Some(Duration::from_millis(50)));
        let mut session = world.session();
        let alarm = Alarm::new().unwrap();
        let agent = Rc::clone(&world.agent);
        tokio::task::spawn_local(async move { agent.keep_time(alarm).await });
        succeeds(&mut session, &add("a", b"")).await;
        succeeds(&mut session, &add("b", &lifetime(3600))).await;
        let start = Instant::now();
        while world.kept().await > 1 {
            assert!(start.elapsed() < Duration::from_secs(20), "never expired");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(names(&mut session).await, ["b"]);
        assert!(!signs(&mut session, &blob("a")).await);
    });
}

#[test]
fn expired_key_does_not_sign_where_no_timer_ran() {
    run(async {
        let world = World::with(|parts| parts.lifetime = Some(Duration::from_millis(20)));
        let mut session = world.session();
        succeeds(&mut session, &add("a", b"")).await;
        tokio::time::sleep(Duration::from_millis(25)).await;
        assert!(!signs(&mut session, &blob("a")).await);
        assert_eq!(world.kept().await, 0);
    });
}

#[test]
fn lifetime_of_zero_is_over_at_once() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", &lifetime(0))).await;
        assert!(list(&mut session).await.is_empty());
        assert_eq!(world.kept().await, 0);
    });
}

#[test]
fn adding_again_without_a_lifetime_keeps_the_key() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", &lifetime(3600))).await;
        succeeds(&mut session, &add("a", b"")).await;
        let expires = world.agent.ring(|ring| ring.iter().next().unwrap().expires);
        assert_eq!(expires, None);
    });
}

#[test]
fn key_with_an_unknown_or_repeated_constraint_is_not_kept() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let mut unknown = text(255, b"unknown@example.org");
        unknown.put_string(b"");
        for constraints in [
            unknown,
            vec![3],
            [CONFIRM, CONFIRM].concat(),
            [lifetime(9), lifetime(9)].concat(),
            destinations(&[]),
        ] {
            fails(&mut session, &add("a", &constraints)).await;
        }
        assert_eq!(
            (world.kept().await, names(&mut session).await.len()),
            (0, 0)
        );
    });
}

#[test]
fn restricted_key_signs_a_login_at_its_host_only() {
    run(async {
        let world = World::new();
        let mut owner = world.session();
        succeeds(&mut owner, &add("a", &destinations(&["good"]))).await;
        let mut good = world.bound("good", false).await;
        let answer = good.asked(&sign(&blob("a"), &login("a", "good"), 0)).await;
        assert!(matches!(answer, Response::SignResponse(_)));
        assert!(!signs(&mut good, &blob("a")).await, "data that is no login");
        fails(&mut good, &sign(&blob("a"), &login("a", "bad"), 0)).await;
        let mut bad = world.bound("bad", false).await;
        fails(&mut bad, &sign(&blob("a"), &login("a", "bad"), 0)).await;
        fails(&mut owner, &sign(&blob("a"), &login("a", "good"), 0)).await;
    });
}

#[test]
fn restricted_key_is_hidden_where_it_may_not_be_used() {
    run(async {
        let world = World::new();
        let mut owner = world.session();
        succeeds(&mut owner, &add("a", &destinations(&["good"]))).await;
        succeeds(&mut owner, &add("b", b"")).await;
        assert_eq!(names(&mut owner).await, ["a", "b"]);
        let mut bad = world.bound("bad", true).await;
        assert_eq!(names(&mut bad).await, ["b"]);
        fails(&mut bad, &remove(&blob("a"))).await;
        fails(&mut bad, &add("a", b"")).await;
        let mut good = world.bound("good", false).await;
        assert_eq!(names(&mut good).await, ["a", "b"]);
        assert_eq!(names(&mut owner).await, ["a", "b"]);
    });
}

#[test]
fn failed_bind_hides_restricted_keys() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", &destinations(&["good"]))).await;
        let answer = session.asked(&text(27, b"session-bind@openssh.com")).await;
        assert_eq!(answer, Response::ExtensionFailure);
        assert!(names(&mut session).await.is_empty());
    });
}
