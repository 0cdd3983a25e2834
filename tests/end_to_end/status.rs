//! `keyward status`: what the agent tells of itself.

use std::{process::Command, time::Duration};

use keyward_tests::{Agent, Key, KeyKind, Run, agent::signal_to, deadline, message, program};
use rustix::process::Signal;
use serde_json::Value;

fn status(agent: &Agent, flags: &[&str]) -> Command {
    let mut command = agent.command(program::path());
    command.arg("status").args(flags);
    command
}

fn fields(agent: &Agent) -> Value {
    serde_json::from_str(&status(agent, &["--json"]).succeeds().stdout).expect("one JSON object")
}

#[test]
fn tells_what_is_held_and_who_is_connected() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let mut connection = agent.connect();
    assert_eq!(connection.ask(&message::lock("phrase")), message::SUCCESS);
    let fields = fields(&agent);
    assert_eq!(fields["pid"], agent.pid());
    assert_eq!(fields["keeper_pid"], agent.processes()[1]);
    assert_eq!(fields["socket"], agent.socket().display().to_string());
    assert_eq!(fields["identities"], 1);
    assert_eq!(fields["locked"], true);
    assert_eq!(fields["connections"], 1);
}

#[test]
fn tells_the_protection_that_is_in_force() {
    let agent = Agent::start(&["-O", "memory=locked"]);
    // Whoever is answered finds the control socket too: it is made before anyone is served.
    agent.connect().ask(&message::LIST);
    assert_eq!(fields(&agent)["memory"]["mapped"], false);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let fields = fields(&agent);
    assert_eq!(fields["memory"]["protection"], "mlock");
    assert_eq!(fields["memory"]["mapped"], true);
    assert!(fields["memory"]["used_bytes"].as_u64() > Some(0));
    assert_eq!(fields["sandbox"]["seccomp"], true);
    assert_eq!(fields["sandbox"]["no_new_privs"], true);
    assert_eq!(fields["sandbox"]["dumpable"], false);
}

#[test]
fn lines_for_a_person_know_every_field() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let text = status(&agent, &[]).succeeds().stdout;
    assert!(!text.contains("unknown"), "{text}");
    assert!(text.contains(" KiB used\n"), "{text}");
}

/// A keeper that does not answer is not described as one that is protected.
#[test]
fn nothing_is_promised_of_a_keeper_that_is_not_there() {
    let agent = Agent::start(&[]);
    // Whoever is answered finds the control socket, and what asks for the keeper's state has it started.
    agent.connect().ask(&message::LIST);
    let keeper = fields(&agent)["keeper_pid"].as_u64().unwrap();
    let keeper = u32::try_from(keeper).unwrap();
    let mut seen = vec![];
    deadline::until("another keeper", Duration::from_secs(20), || {
        if seen.is_empty() {
            signal_to(keeper, Signal::KILL);
        }
        let fields = fields(&agent);
        assert_eq!(fields["memory"].is_null(), fields["sandbox"].is_null());
        seen.push(fields["keeper_pid"].clone());
        seen.last()
            .is_some_and(|pid| !pid.is_null() && *pid != keeper)
    });
}

#[test]
fn without_an_agent_the_exit_status_is_2() {
    let agent = Agent::start(&[]);
    let mut command = status(&agent, &["--socket", "/nonexistent/socket"]);
    let outcome = command.exits(2);
    let fact = "error: no agent at /nonexistent/socket\nhint: start one with ";
    assert!(outcome.stderr.starts_with(fact), "{outcome:?}");
}
