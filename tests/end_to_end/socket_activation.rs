//! A socket made by a service manager (`LISTEN_FDS`), as OpenSSH has it since 10.1.

use std::{
    os::{fd::AsFd, unix::net::UnixListener},
    path::PathBuf,
    process::{Child, Command},
    time::Duration,
};

use keyward_tests::{CommandLine, Connection, Run, deadline, message};
use rustix::process::Signal;

const LIMIT: Duration = Duration::from_secs(20);

/// A shell that runs `ssh-agent` in its own process with the standard input it got as file descriptor 3.
fn activated(
    line: &CommandLine,
    environment: &str,
    flags: &str,
) -> (Command, PathBuf, UnixListener) {
    let socket = line.home.path("activated");
    let listener = UnixListener::bind(&socket).unwrap();
    let script = format!("exec 3<&0 </dev/null; {environment} exec ./ssh-agent {flags}");
    let mut command = line.home.command("sh");
    command
        .args(["-c", &script])
        .stdin(listener.as_fd().try_clone_to_owned().unwrap());
    (command, socket, listener)
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The exit status of the agent, which must end; [`Run`] gives its commands no input of their own.
#[track_caller]
fn exit_status(line: &CommandLine, environment: &str, flags: &str) -> Option<i32> {
    let (mut command, _, _listener) = activated(line, environment, flags);
    let mut child = Running(command.spawn().unwrap());
    deadline::eventually("the agent's end", LIMIT, || child.0.try_wait().unwrap()).code()
}

const GOOD: &str = "LISTEN_PID=$$ LISTEN_FDS=1";

#[test]
fn serves_the_socket_it_was_given() {
    let line = CommandLine::new();
    let (mut command, socket, _listener) = activated(&line, GOOD, "-D > printed");
    let _running = Running(command.spawn().unwrap());
    let mut connection = Connection::open(&socket);
    assert_eq!(message::identities(&connection.ask(&message::LIST)), 0);
    assert_eq!(
        std::fs::read_to_string(line.home.path("printed")).unwrap(),
        ""
    );
}

#[test]
fn ends_with_0_on_term_and_leaves_the_socket() {
    let line = CommandLine::new();
    let (mut command, socket, _listener) = activated(&line, GOOD, "-D");
    let mut running = Running(command.spawn().unwrap());
    assert_eq!(
        message::identities(&Connection::open(&socket).ask(&message::LIST)),
        0
    );
    keyward_tests::agent::signal_to(running.0.id(), Signal::TERM);
    let status = deadline::eventually("the agent's end", LIMIT, || running.0.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert!(socket.exists());
}

#[test]
fn a_socket_for_another_process_is_refused() {
    assert_eq!(
        exit_status(&CommandLine::new(), "LISTEN_PID=1 LISTEN_FDS=1", "-D"),
        Some(255)
    );
}

#[test]
fn more_than_one_socket_is_refused() {
    assert_eq!(
        exit_status(&CommandLine::new(), "LISTEN_PID=$$ LISTEN_FDS=2", "-D"),
        Some(255)
    );
}

#[test]
fn a_number_that_is_none_is_refused() {
    assert_eq!(
        exit_status(&CommandLine::new(), "LISTEN_PID=x LISTEN_FDS=1", "-D"),
        Some(255)
    );
}

#[test]
fn a_path_of_its_own_wins_over_the_socket_given() {
    let line = CommandLine::new();
    let (mut command, _, _listener) = activated(&line, GOOD, "-D -a \"$HOME/own\"");
    let _running = Running(command.spawn().unwrap());
    deadline::until("the agent to listen", LIMIT, || {
        Connection::try_open(&line.home.path("own")).is_ok()
    });
}

#[test]
fn a_daemon_does_not_take_the_socket() {
    let line = CommandLine::new();
    let mut command = line.ssh_agent(&["-s"]);
    let said = command
        .env("LISTEN_PID", "1")
        .env("LISTEN_FDS", "1")
        .succeeds();
    assert!(said.stdout.starts_with("SSH_AUTH_SOCK="), "{}", said.stdout);
}
