//! The audit log: one line for each thing that was done or refused.

use std::{fs, time::Duration};

use keyward_tests::{
    Agent, Home, Key, KeyKind, Run, agent::Launch, askpass::Askpass, deadline, message,
};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);

/// The lines of an event so far.
fn lines(agent: &Agent, event: &str) -> Vec<Value> {
    let text = fs::read_to_string(agent.home().path("state/keyward/audit.jsonl"));
    text.unwrap_or_default()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a JSON object on each line"))
        .filter(|line| line["event"] == event)
        .collect()
}

/// The one line of an event, once it is written.
#[track_caller]
pub(crate) fn line(agent: &Agent, event: &str) -> Value {
    deadline::until(event, LIMIT, || !lines(agent, event).is_empty());
    let mut found = lines(agent, event);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn each_request_is_one_line() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let mut connection = agent.connect();
    message::signature(&connection.ask(&message::sign(&key.blob(), b"data", 0)));
    assert_eq!(connection.ask(&message::lock("phrase")), message::SUCCESS);
    assert_eq!(connection.ask(&message::unlock("phrase")), message::SUCCESS);
    assert_eq!(
        connection.ask(&message::remove(&key.blob())),
        message::SUCCESS
    );
    assert_eq!(connection.ask(&message::REMOVE_ALL), message::SUCCESS);
    for event in ["add", "sign", "lock", "unlock", "remove", "remove-all"] {
        let line = line(&agent, event);
        assert_eq!(line["outcome"], "allow", "{line}");
        assert_eq!(line["origin"], "unbound", "{line}");
        assert!(line["time"].is_string(), "{line}");
    }
    for event in ["add", "sign", "remove"] {
        let line = line(&agent, event);
        assert_eq!(line["key_type"], "ssh-ed25519", "{line}");
        assert!(line["fingerprint"].as_str().unwrap().starts_with("SHA256:"));
    }
    let sign = line(&agent, "sign");
    assert_eq!(sign["peer"]["pid"], std::process::id());
    let program = std::env::current_exe().unwrap();
    assert_eq!(sign["peer"]["program"], program.display().to_string());
}

#[test]
fn what_is_refused_while_locked_is_told_with_its_reason() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let mut connection = agent.connect();
    assert_eq!(connection.ask(&message::lock("phrase")), message::SUCCESS);
    let request = message::sign(&key.blob(), b"data", 0);
    assert_eq!(connection.ask(&request), message::FAILURE);
    let line = line(&agent, "sign");
    assert_eq!(line["outcome"], "deny");
    assert_eq!(line["reason"], "agent is locked");
    assert!(line["fingerprint"].is_string());
}

#[test]
fn a_question_whose_client_has_gone_is_told() {
    let home = Home::new();
    let body = "while [ ! -e \"$HOME/answer\" ]; do sleep 0.05; done";
    let askpass = Askpass::running(&home, "askpass", body);
    let agent = Launch::new(home).environment(askpass.environment()).start();
    let mut connection = agent.connect();
    let request = message::add_constrained(&[7; 32], "key", &[2]);
    assert_eq!(connection.ask(&request), message::SUCCESS);
    connection.send(&message::sign(&message::ed25519_blob(&[7; 32]), b"data", 0));
    deadline::until("the question", LIMIT, || !askpass.questions().is_empty());
    drop(connection);
    let line = line(&agent, "sign");
    assert_eq!(line["outcome"], "fail");
    assert_eq!(line["reason"], "client went away before it was answered");
    assert_eq!(line["comment"], "key");
}

#[test]
fn phrases_and_keys_are_in_no_line() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    let seed = *b"a seed that is plain to see in it";
    let seed: [u8; 32] = seed[..32].try_into().unwrap();
    assert_eq!(
        connection.ask(&message::add(&seed, "key")),
        message::SUCCESS
    );
    assert_eq!(connection.ask(&message::lock("hunter2")), message::SUCCESS);
    assert_eq!(
        connection.ask(&message::unlock("hunter3")),
        message::FAILURE
    );
    line(&agent, "unlock");
    let text = fs::read_to_string(agent.home().path("state/keyward/audit.jsonl")).unwrap();
    assert!(
        !text.contains("hunter") && !text.contains("a seed"),
        "{text}"
    );
}

#[test]
fn the_end_of_the_agent_loses_no_line() {
    let mut agent = Agent::start(&[]);
    let mut connection = agent.connect();
    for _ in 0..100 {
        assert_eq!(connection.ask(&message::REMOVE_ALL), message::SUCCESS);
    }
    agent.signal(rustix::process::Signal::TERM);
    assert_eq!(agent.wait(), Some(2));
    assert_eq!(lines(&agent, "remove-all").len(), 100);
    assert_eq!(lines(&agent, "stop").len(), 1);
}

#[test]
fn a_key_that_is_too_short_is_refused_with_a_reason() {
    let agent = Agent::start(&[]);
    let path = agent.home().path("short");
    agent
        .command("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f"])
        .arg(&path)
        .succeeds();
    agent.ssh_add(&[]).arg(&path).exits(1);
    let line = line(&agent, "add");
    assert_eq!(line["outcome"], "deny");
    assert!(line["reason"].is_string());
}

#[test]
fn a_smartcard_is_refused_with_a_reason() {
    let agent = Agent::start(&[]);
    let message = b"\x14\0\0\0\x06reader\0\0\0\x06secret";
    assert_eq!(agent.connect().ask(message), message::FAILURE);
    let line = line(&agent, "add");
    assert_eq!(line["outcome"], "deny");
    assert_eq!(line["reason"], "smartcard keys are not supported");
    assert!(!line.to_string().contains("secret"));
}

#[test]
fn a_removal_while_locked_is_refused_with_a_reason() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    assert_eq!(connection.ask(&message::lock("phrase")), message::SUCCESS);
    assert_eq!(connection.ask(&message::REMOVE_ALL), message::FAILURE);
    let line = line(&agent, "remove-all");
    assert_eq!(line["outcome"], "deny");
    assert_eq!(line["reason"], "agent is locked");
}
