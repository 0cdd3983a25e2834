//! What signals do to the agent.

use std::time::Duration;

use keyward_tests::{Agent, Key, KeyKind, deadline, message, process};
use rustix::process::Signal;

const LIMIT: Duration = Duration::from_secs(20);

/// OpenSSH has it since 10.0; before, the signal ended the agent.
#[test]
fn usr1_drops_every_key_and_the_agent_goes_on() {
    let agent = Agent::start_with_every_key();
    let mut connection = agent.connect();
    assert_eq!(
        message::identities(&connection.ask(&message::LIST)),
        KeyKind::ALL.len()
    );
    agent.signal(Signal::USR1);
    deadline::until("the keys to go", LIMIT, || {
        message::identities(&connection.ask(&message::LIST)) == 0
    });
    agent.add(&Key::plain(KeyKind::Ed25519));
}

#[track_caller]
fn ends_with_2(signal: Signal) {
    let mut agent = Agent::start(&[]);
    let processes = agent.processes();
    agent.signal(signal);
    assert_eq!(agent.wait(), Some(2));
    assert!(!agent.socket().exists(), "the socket is still there");
    for pid in processes {
        deadline::until("the agent's processes to end", LIMIT, || {
            !process::runs(pid)
        });
    }
}

#[test]
fn term_ends_the_agent_and_takes_its_socket_away() {
    ends_with_2(Signal::TERM);
}

#[test]
fn hup_ends_the_agent_and_takes_its_socket_away() {
    ends_with_2(Signal::HUP);
}

#[test]
fn int_ends_an_agent_in_the_foreground() {
    ends_with_2(Signal::INT);
}

#[test]
fn an_agent_killed_hard_leaves_no_process_behind() {
    let mut agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let processes = agent.processes();
    agent.signal(Signal::KILL);
    let _ = agent.wait();
    for pid in processes {
        deadline::until("the agent's processes to end", LIMIT, || {
            !process::runs(pid)
        });
    }
}

#[test]
fn a_client_that_goes_away_early_does_no_harm() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Rsa4096);
    agent.add(&key);
    for _ in 0..20 {
        agent
            .connect()
            .send(&message::sign(&key.blob(), b"data", 2));
    }
    message::signature(&agent.connect().ask(&message::sign(&key.blob(), b"data", 2)));
}
