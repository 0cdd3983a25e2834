//! `keyward shell`: a command with an agent of its own.

use std::{process::Command, time::Duration};

use keyward_tests::{Home, Key, KeyKind, Run, deadline, process, program};

fn shell(home: &Home, words: &[&str]) -> Command {
    let mut command = home.command(program::path());
    command.arg("shell").args(words);
    command
}

#[test]
fn the_exit_status_is_the_commands() {
    let home = Home::new();
    assert_eq!(shell(&home, &["sh", "-c", "exit 7"]).exits(7).both(), "");
    let missing = shell(&home, &["/nonexistent/program"]).exits(127);
    let fact = "error: cannot run /nonexistent/program: No such file or directory\nhint: ";
    assert!(missing.stderr.starts_with(fact), "{missing:?}");
    shell(&home, &["/"]).exits(126);
}

#[test]
fn the_command_talks_to_the_agent() {
    let home = Home::new();
    let key = Key::plain(KeyKind::Ed25519);
    let file = key.path.display().to_string();
    let script = format!("ssh-add -q {file} && ssh-add -L");
    let outcome = shell(&home, &["sh", "-c", &script]).succeeds();
    assert!(outcome.stdout.starts_with("ssh-ed25519 "), "{outcome:?}");
}

#[test]
fn the_agent_ends_with_the_command_and_takes_its_sockets_away() {
    let home = Home::new();
    let script = "echo $SSH_AGENT_PID; ls ~/.ssh/agent | wc -l";
    let outcome = shell(&home, &["sh", "-c", script]).succeeds();
    let (pid, sockets) = outcome.stdout.split_once('\n').unwrap();
    assert_eq!(
        sockets.trim(),
        "2",
        "the agent's socket and its control socket"
    );
    let pid = pid.parse().unwrap();
    let limit = Duration::from_secs(20);
    deadline::until("the agent to end", limit, || !process::runs(pid));
    assert_eq!(home.path(".ssh/agent").read_dir().unwrap().count(), 0);
}

#[test]
fn without_a_command_the_persons_shell_is_run() {
    let home = Home::new();
    let mine = home.script("mine", "echo my shell, agent $SSH_AGENT_PID");
    let outcome = shell(&home, &[]).env("SHELL", mine).succeeds();
    assert!(
        outcome.stdout.starts_with("my shell, agent "),
        "{outcome:?}"
    );
}
