//! `ssh-agent COMMAND`: the agent lives as long as the command.

use std::time::Duration;

use keyward_tests::{CommandLine, Run, deadline, process};

/// The agent looks every ten seconds whether its command is still there.
const END_LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_commands_exit_status_is_handed_on() {
    let line = CommandLine::new();
    line.ssh_agent(&["sh", "-c", "exit 7"]).exits(7);
}

#[test]
fn the_command_finds_the_agent() {
    let line = CommandLine::new();
    let said = line.ssh_agent(&["ssh-add", "-l"]).exits(1);
    assert_eq!(said.stdout, "The agent has no identities.\n");
}

#[test]
fn the_command_is_the_process_that_was_started() {
    let line = CommandLine::new();
    let mut command = line.ssh_agent(&["sh", "-c", "echo $$ $SSH_AGENT_PID > pids"]);
    let mut child = command.spawn().unwrap();
    assert!(child.wait().unwrap().success());
    let pids = std::fs::read_to_string(line.home.path("pids")).unwrap();
    let pids: Vec<u32> = pids
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect();
    assert_eq!(pids[0], child.id());
    assert_ne!(pids[1], child.id());
}

#[test]
fn the_agent_ends_after_its_command() {
    let line = CommandLine::new();
    let said = line
        .ssh_agent(&["sh", "-c", "echo $SSH_AGENT_PID $SSH_AUTH_SOCK"])
        .succeeds()
        .stdout;
    let (pid, socket) = said.trim().split_once(' ').unwrap();
    let pid = pid.parse().unwrap();
    deadline::until("the agent to end", END_LIMIT, || !process::runs(pid));
    assert!(!std::path::Path::new(socket).exists());
}

#[test]
fn nothing_is_printed_beside_what_the_command_prints() {
    let line = CommandLine::new();
    let said = line.ssh_agent(&["echo", "hello"]).succeeds();
    assert_eq!(said.both(), "hello\n");
}

#[test]
fn flags_after_the_command_are_the_commands() {
    let line = CommandLine::new();
    let said = line.ssh_agent(&["-t", "60", "echo", "-k", "-s"]).succeeds();
    assert_eq!(said.stdout, "-k -s\n");
}

#[test]
fn a_command_that_does_not_exist_gives_exit_status_1() {
    let line = CommandLine::new();
    let said = line.ssh_agent(&["/no/such/command"]).exits(1);
    assert!(said.stderr.contains("/no/such/command"), "{}", said.stderr);
}
