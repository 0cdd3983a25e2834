//! The process that keeps the keys: what it may do, and what happens when it dies.

use std::{fs, time::Duration};

use keyward_tests::{
    Agent, Connection, Key, KeyKind, agent::signal_to, deadline, message, process,
};
use rustix::process::Signal;

const LIMIT: Duration = Duration::from_secs(20);

/// An agent with a key of every kind of software key, and its keeper's process id.
fn agent_and_keeper() -> (Agent, u32) {
    let agent = Agent::start(&[]);
    for kind in KeyKind::SOFTWARE {
        agent.add(&Key::plain(kind));
    }
    let keeper = keeper(&agent);
    (agent, keeper)
}

/// The agent's only child.
#[track_caller]
fn keeper(agent: &Agent) -> u32 {
    // The socket takes clients before the keeper is there.
    deadline::until("the front, the keeper and nothing else", LIMIT, || {
        agent.processes().len() == 2
    });
    agent.processes()[1]
}

fn sign(connection: &mut Connection) -> Vec<u8> {
    connection.ask(&message::sign(
        &Key::plain(KeyKind::Ed25519).blob(),
        b"data",
        0,
    ))
}

#[test]
fn the_keeper_may_make_few_system_calls_and_gain_nothing() {
    let (_agent, keeper) = agent_and_keeper();
    assert_eq!(process::status(keeper, "Seccomp"), "2");
    assert_eq!(process::status(keeper, "NoNewPrivs"), "1");
}

#[test]
fn the_keeper_has_no_socket_and_no_file() {
    let (agent, keeper) = agent_and_keeper();
    let _client = agent.connect();
    let mut pipes = 0;
    for entry in fs::read_dir(format!("/proc/{keeper}/fd")).unwrap() {
        let target = fs::read_link(entry.unwrap().path())
            .unwrap()
            .display()
            .to_string();
        pipes += usize::from(target.starts_with("pipe:"));
        let harmless = ["pipe:", "anon_inode:", "/secretmem", "/memfd:", "/dev/null"];
        assert!(
            harmless.iter().any(|start| target.starts_with(start)),
            "{target}"
        );
    }
    // Requests come over one and answers go over the other.
    assert_eq!(pipes, 2);
}

#[test]
fn a_signature_fails_when_the_keeper_has_died() {
    let (agent, keeper) = agent_and_keeper();
    let mut connection = agent.connect();
    message::signature(&sign(&mut connection));
    signal_to(keeper, Signal::KILL);
    assert_eq!(sign(&mut connection), message::FAILURE);
}

#[test]
fn the_agent_works_again_after_its_keeper_has_died_with_the_keys() {
    let (agent, first) = agent_and_keeper();
    signal_to(first, Signal::KILL);
    let mut connection = agent.connect();
    deadline::until("an empty list", LIMIT, || {
        message::identities(&connection.ask(&message::LIST)) == 0
    });
    agent.add(&Key::plain(KeyKind::Ed25519));
    message::signature(&sign(&mut connection));
    let second = keeper(&agent);
    assert_ne!(second, first);
    assert_eq!(process::status(second, "Seccomp"), "2");
}

#[test]
fn nobody_waits_for_ever_for_a_keeper_that_has_died() {
    let (agent, keeper) = agent_and_keeper();
    let key = Key::plain(KeyKind::Rsa4096);
    let mut waiting: Vec<Connection> = (0..50).map(|_| agent.connect()).collect();
    for connection in &mut waiting {
        for _ in 0..20 {
            connection.send(&message::sign(&key.blob(), b"data", 2));
        }
    }
    signal_to(keeper, Signal::KILL);
    for connection in &mut waiting {
        for _ in 0..20 {
            let answer = connection.receive().expect("an answer");
            assert!(answer == message::FAILURE || answer[0] == 14, "{answer:?}");
        }
    }
}

#[test]
fn keepers_that_die_again_and_again_are_replaced() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    for _ in 0..5 {
        agent.add(&Key::plain(KeyKind::Ed25519));
        message::signature(&sign(&mut connection));
        signal_to(keeper(&agent), Signal::KILL);
        deadline::until("an empty list", LIMIT, || {
            message::identities(&connection.ask(&message::LIST)) == 0
        });
    }
}

#[test]
fn a_locked_agent_whose_keeper_has_died_lists_nothing_and_signs_nothing() {
    let (agent, keeper) = agent_and_keeper();
    let mut connection = agent.connect();
    assert_eq!(connection.ask(&message::lock("phrase")), message::SUCCESS);
    signal_to(keeper, Signal::KILL);
    assert_eq!(message::identities(&connection.ask(&message::LIST)), 0);
    assert_eq!(sign(&mut connection), message::FAILURE);
}

/// Its secret memory, with which the machine could not hibernate, would stay until the next key came and went.
#[test]
fn the_keeper_that_refused_its_only_key_is_replaced() {
    let agent = Agent::start(&[]);
    let first = keeper(&agent);
    let mut request = message::add(&[7; 32], "key");
    // The last byte of the seed: type, "ssh-ed25519" and the public key come before it, each after its length.
    request[1 + 4 + 11 + 4 + 32 + 4 + 31] ^= 1;
    assert_eq!(agent.connect().ask(&request), message::FAILURE);
    deadline::until("another keeper", LIMIT, || !process::runs(first));
}

#[test]
fn the_front_ends_its_keeper_in_order() {
    let (mut agent, keeper) = agent_and_keeper();
    agent.signal(Signal::TERM);
    let _ = agent.wait();
    deadline::until("the keeper to end", LIMIT, || !process::runs(keeper));
}
