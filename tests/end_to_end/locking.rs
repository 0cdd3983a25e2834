//! Locking and unlocking (`ssh-add -x`, `ssh-add -X`).

use std::time::Duration;

use keyward_tests::{Agent, Key, KeyKind, Run, askpass::Askpass, message};

const PHRASE: &str = "a phrase to lock with";

/// An agent with a key of every kind, locked.
fn locked() -> Agent {
    let agent = Agent::start_with_every_key();
    assert_eq!(
        agent.connect().ask(&message::lock(PHRASE)),
        message::SUCCESS
    );
    agent
}

fn sign(agent: &Agent, kind: KeyKind) -> Vec<u8> {
    agent
        .connect()
        .ask(&message::sign(&Key::plain(kind).blob(), b"data", 2))
}

#[test]
fn ssh_add_locks_and_unlocks() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let askpass = Askpass::answering(agent.home(), "askpass", PHRASE, 0);
    let locked = agent
        .ssh_add(&["-x"])
        .envs(askpass.environment())
        .succeeds();
    assert_eq!(locked.stderr, "Agent locked.\n");
    agent.ssh_add(&["-l"]).exits(1);
    let unlocked = agent
        .ssh_add(&["-X"])
        .envs(askpass.environment())
        .succeeds();
    assert_eq!(unlocked.stderr, "Agent unlocked.\n");
    assert!(agent.lists(&key));
}

#[test]
fn a_locked_agent_lists_nothing() {
    let agent = locked();
    assert_eq!(message::identities(&agent.connect().ask(&message::LIST)), 0);
}

#[test]
fn a_locked_agent_refuses_all_else() {
    let agent = locked();
    let blob = Key::plain(KeyKind::Ed25519).blob();
    let requests = [
        message::sign(&blob, b"data", 0),
        message::add(&[7; 32], "new"),
        message::add_constrained(&[7; 32], "new", &[]),
        message::remove(&blob),
        message::REMOVE_ALL.to_vec(),
        message::lock("another phrase"),
    ];
    let mut connection = agent.connect();
    for request in requests {
        assert_eq!(
            connection.ask(&request),
            message::FAILURE,
            "message type {}",
            request[0]
        );
    }
    assert_eq!(connection.ask(&message::unlock(PHRASE)), message::SUCCESS);
    assert_eq!(
        message::identities(&connection.ask(&message::LIST)),
        KeyKind::ALL.len()
    );
}

#[test]
fn unlocking_brings_every_key_back() {
    let agent = locked();
    assert_eq!(
        agent.connect().ask(&message::unlock(PHRASE)),
        message::SUCCESS
    );
    for kind in KeyKind::ALL {
        agent
            .ssh_add(&["-T"])
            .arg(Key::plain(kind).public_path())
            .succeeds();
    }
}

#[test]
fn unlocking_brings_constraints_back() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.ssh_add(&["-q", "-c"]).arg(&key.path).succeeds();
    let mut connection = agent.connect();
    assert_eq!(connection.ask(&message::lock(PHRASE)), message::SUCCESS);
    assert_eq!(connection.ask(&message::unlock(PHRASE)), message::SUCCESS);
    // There is nobody to ask, so a key that still has to be confirmed is refused.
    assert_eq!(sign(&agent, KeyKind::Ed25519), message::FAILURE);
}

#[test]
fn a_wrong_phrase_does_not_unlock() {
    let agent = locked();
    let mut connection = agent.connect();
    assert_eq!(connection.ask(&message::unlock("wrong")), message::FAILURE);
    assert_eq!(sign(&agent, KeyKind::Ed25519), message::FAILURE);
    assert_eq!(connection.ask(&message::unlock(PHRASE)), message::SUCCESS);
    message::signature(&sign(&agent, KeyKind::Ed25519));
}

#[test]
fn the_beginning_of_the_phrase_does_not_unlock() {
    let agent = locked();
    assert_eq!(
        agent
            .connect()
            .ask(&message::unlock(&PHRASE[..PHRASE.len() - 1])),
        message::FAILURE
    );
}

#[test]
fn an_empty_phrase_does_not_lock() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    assert_eq!(agent.connect().ask(&message::lock("")), message::FAILURE);
    message::signature(&sign(&agent, KeyKind::Ed25519));
}

#[test]
fn an_unlocked_agent_does_not_unlock() {
    let agent = Agent::start(&[]);
    assert_eq!(
        agent.connect().ask(&message::unlock(PHRASE)),
        message::FAILURE
    );
}

#[test]
fn locks_again_with_another_phrase() {
    let agent = locked();
    let mut connection = agent.connect();
    assert_eq!(connection.ask(&message::unlock(PHRASE)), message::SUCCESS);
    assert_eq!(connection.ask(&message::lock("another")), message::SUCCESS);
    assert_eq!(connection.ask(&message::unlock(PHRASE)), message::FAILURE);
    assert_eq!(
        connection.ask(&message::unlock("another")),
        message::SUCCESS
    );
    message::signature(&sign(&agent, KeyKind::Ed25519));
}

#[test]
fn wrong_phrases_make_nobody_else_wait() {
    let agent = locked();
    let mut guessing: Vec<_> = (0..20).map(|_| agent.connect()).collect();
    for connection in &mut guessing {
        connection.send(&message::unlock("wrong"));
    }
    let mut other = agent.connect();
    other.set_limit(Duration::from_secs(2));
    assert_eq!(message::identities(&other.ask(&message::LIST)), 0);
    for mut connection in guessing {
        assert_eq!(connection.receive().expect("an answer"), message::FAILURE);
    }
}

#[test]
fn a_message_without_a_phrase_is_refused() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    assert_eq!(connection.ask(&[22]), message::FAILURE);
    assert_eq!(connection.ask(&[23]), message::FAILURE);
    assert_eq!(connection.ask(&[22, 0, 0, 0, 9, b'x']), message::FAILURE);
    assert_eq!(message::identities(&connection.ask(&message::LIST)), 0);
}

#[test]
fn guesses_of_clients_that_have_gone_do_not_hold_up_the_owner() {
    let agent = locked();
    for guess in 0..40 {
        let mut connection = agent.connect();
        connection.send(&message::unlock(&format!("guess {guess}")));
    }
    let mut owner = agent.connect();
    owner.set_limit(Duration::from_secs(15));
    assert_eq!(owner.ask(&message::unlock(PHRASE)), message::SUCCESS);
}
