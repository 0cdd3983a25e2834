//! The audit log: where people look after a client was told no more than "refused".

use std::fs;
use std::time::Duration;

use keyward_tests::{Agent, Run, deadline};

const LIMIT: Duration = Duration::from_secs(10);

/// Returns the line of the audit log that has `text`, once it is written.
#[track_caller]
fn line_with(agent: &Agent, text: &str) -> String {
    let path = agent.home().path("state/keyward/audit.jsonl");
    deadline::eventually("a line of the audit log", LIMIT, || {
        let log = fs::read_to_string(&path).ok()?;
        log.lines()
            .find(|line| line.contains(text))
            .map(str::to_owned)
    })
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
    let line = line_with(&agent, r#""event":"add","outcome":"deny""#);
    assert!(line.contains(r#""reason":""#), "{line}");
}

#[test]
fn a_smartcard_is_refused_with_a_reason() {
    let agent = Agent::start(&[]);
    let message = b"\x14\0\0\0\x06reader\0\0\0\x041234";
    assert_eq!(agent.connect().ask(message), [5]);
    let line = line_with(&agent, "smartcard keys are not supported");
    assert!(line.contains(r#""event":"add","outcome":"deny""#), "{line}");
    assert!(!line.contains("1234"), "{line}");
}

#[test]
fn a_request_while_locked_is_refused_with_a_reason() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    assert_eq!(connection.ask(b"\x16\0\0\0\x01p"), [6]);
    assert_eq!(connection.ask(b"\x13"), [5]);
    let line = line_with(&agent, "agent is locked");
    assert!(
        line.contains(r#""event":"remove-all","outcome":"deny""#),
        "{line}"
    );
}
