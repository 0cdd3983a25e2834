//! Keys that are held for a time only (`ssh-add -t`, `ssh-agent -t`).

use std::time::{Duration, Instant};

use keyward_tests::{Agent, Connection, Key, KeyKind, Run, deadline, message};

const SEED: [u8; 32] = [7; 32];
/// How long after its time a key may still be there.
const LATE: Duration = Duration::from_secs(20);

/// `SSH_AGENT_CONSTRAIN_LIFETIME`.
fn lifetime(seconds: u32) -> Vec<u8> {
    [vec![1], seconds.to_be_bytes().to_vec()].concat()
}

fn held(connection: &mut Connection) -> usize {
    message::identities(&connection.ask(&message::LIST))
}

#[test]
fn a_key_expires() {
    let agent = Agent::start(&[]);
    let added = agent
        .ssh_add(&["-t", "1"])
        .arg(Key::plain(KeyKind::Ed25519).path)
        .succeeds();
    assert!(added.stderr.contains("Lifetime set to"), "{}", added.stderr);
    let mut connection = agent.connect();
    deadline::until("the key to expire", LATE, || held(&mut connection) == 0);
}

#[test]
fn a_key_does_not_expire_early() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    let added = Instant::now();
    assert_eq!(
        connection.ask(&message::add_constrained(&SEED, "short", &lifetime(3))),
        message::SUCCESS
    );
    deadline::until("the key to expire", LATE, || held(&mut connection) == 0);
    assert!(
        added.elapsed() >= Duration::from_millis(1900),
        "it was held for {:?}",
        added.elapsed()
    );
}

#[test]
fn an_expired_key_does_not_sign() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    let sign = message::sign(&message::ed25519_blob(&SEED), b"data", 0);
    assert_eq!(
        connection.ask(&message::add_constrained(&SEED, "short", &lifetime(1))),
        message::SUCCESS
    );
    message::signature(&connection.ask(&sign));
    deadline::until("the key to expire", LATE, || {
        connection.ask(&sign) == message::FAILURE
    });
}

#[test]
fn the_agents_own_lifetime_holds_for_keys_without_one() {
    let agent = Agent::start(&["-t", "1"]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let mut connection = agent.connect();
    deadline::until("the key to expire", LATE, || held(&mut connection) == 0);
}

#[test]
fn a_keys_lifetime_wins_over_the_agents() {
    let agent = Agent::start(&["-t", "1"]);
    let mut connection = agent.connect();
    let other = [8; 32];
    assert_eq!(
        connection.ask(&message::add_constrained(&SEED, "long", &lifetime(1000))),
        message::SUCCESS
    );
    assert_eq!(
        connection.ask(&message::add(&other, "short")),
        message::SUCCESS
    );
    deadline::until("the other key to expire", LATE, || {
        held(&mut connection) == 1
    });
    message::signature(&connection.ask(&message::sign(&message::ed25519_blob(&SEED), b"data", 0)));
}

#[test]
fn other_keys_stay() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::EcdsaP256));
    let mut connection = agent.connect();
    assert_eq!(
        connection.ask(&message::add_constrained(&SEED, "short", &lifetime(1))),
        message::SUCCESS
    );
    deadline::until("the key to expire", LATE, || held(&mut connection) == 1);
    assert!(agent.lists(&Key::plain(KeyKind::EcdsaP256)));
}

#[test]
fn adding_again_without_a_lifetime_takes_it_away() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    let other = [8; 32];
    assert_eq!(
        connection.ask(&message::add_constrained(&SEED, "short", &lifetime(1))),
        message::SUCCESS
    );
    assert_eq!(
        connection.ask(&message::add(&SEED, "for ever")),
        message::SUCCESS
    );
    assert_eq!(
        connection.ask(&message::add_constrained(&other, "short", &lifetime(2))),
        message::SUCCESS
    );
    deadline::until("the other key to expire", LATE, || {
        held(&mut connection) < 2
    });
    message::signature(&connection.ask(&message::sign(&message::ed25519_blob(&SEED), b"data", 0)));
}

#[test]
fn a_lifetime_goes_on_while_locked() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    assert_eq!(
        connection.ask(&message::add(&[8; 32], "for ever")),
        message::SUCCESS
    );
    assert_eq!(
        connection.ask(&message::add_constrained(&SEED, "short", &lifetime(2))),
        message::SUCCESS
    );
    let added = Instant::now();
    assert_eq!(connection.ask(&message::lock("phrase")), message::SUCCESS);
    deadline::until("the time to pass", LATE, || {
        added.elapsed() > Duration::from_millis(3200)
    });
    assert_eq!(connection.ask(&message::unlock("phrase")), message::SUCCESS);
    assert_eq!(held(&mut connection), 1);
}
