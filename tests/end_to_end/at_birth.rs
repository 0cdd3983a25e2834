//! The instant in which a process of the agent begins, before it can hide its memory itself.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};

use keyward_tests::{
    Agent, CommandLine, Home, Run, agent::Launch, agent::signal_to, deadline, message,
    onlooker::Onlooker, process, program,
};
use rustix::process::Signal;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(60);

/// How many beginnings are watched: the control needs a few at most.
const BEGINNINGS: usize = 20;

const AS_NOBODY: [&str; 4] = [
    "setpriv",
    "--reuid=nobody",
    "--regid=nogroup",
    "--clear-groups",
];

/// Runs a program on a system that makes no file in memory for it, though perhaps for its children.
const WITHOUT_COPY: [&str; 6] = [
    "strace",
    "-D",
    "-o/dev/null",
    "-einject=memfd_create:error=EACCES",
    "-etrace=memfd_create",
    "--",
];

fn hand_to_nobody(home: &Home) {
    home.command("chown")
        .args(["-R", "nobody:nogroup"])
        .arg(home.folder())
        .succeeds();
    fs::set_permissions(home.folder(), fs::Permissions::from_mode(0o755)).unwrap();
}

fn agent_of_nobody(wrapper: &[&str]) -> Agent {
    let home = Home::new();
    hand_to_nobody(&home);
    let wrapper = [wrapper, &AS_NOBODY].concat();
    Launch::new(home).wrapper(&wrapper).start()
}

fn as_nobody(home: &Home) -> Command {
    let mut command = home.command(AS_NOBODY[0]);
    command.args(&AS_NOBODY[1..]).current_dir("/");
    command
}

/// The agent's keeper, when there is another one than `last`.
#[track_caller]
fn next_keeper(agent: &Agent, last: u32) -> u32 {
    deadline::eventually("a keeper", LIMIT, || {
        let family = agent.processes();
        family
            .into_iter()
            .find(|pid| *pid != last && is_named(*pid, "keyward-keeper"))
    })
}

fn is_named(pid: u32, name: &str) -> bool {
    let read = fs::read_to_string(format!("/proc/{pid}/comm"));
    read.is_ok_and(|read| read.trim() == name)
}

/// Ends keepers until the onlooker has opened one, or so many times; says whether it has.
fn opens_a_keeper(agent: &Agent) -> bool {
    let onlooker = Onlooker::start(as_nobody(agent.home()));
    let mut keeper = next_keeper(agent, 0);
    for _ in 0..BEGINNINGS {
        signal_to(keeper, Signal::KILL);
        keeper = next_keeper(agent, keeper);
        if onlooker.has_opened(keeper) {
            return true;
        }
    }
    // What the last one had opened is told by now: the onlooker tells before it looks again.
    onlooker.has_opened(keeper)
}

/// Starts agents in the background until the onlooker has opened one; says whether it has.
fn opens_a_front(wrapper: &[&str]) -> bool {
    let line = CommandLine::new();
    hand_to_nobody(&line.home);
    let onlooker = Onlooker::start(as_nobody(&line.home));
    let words = [wrapper, &AS_NOBODY].concat();
    (0..BEGINNINGS).any(|_| {
        let mut command = line.home.command(words[0]);
        command.args(&words[1..]).arg(line.home.path("ssh-agent"));
        let said = command.arg("-s").succeeds().stdout;
        let (_, rest) = said.split_once("Agent pid ").unwrap();
        let front = rest.trim_end_matches(";\n").parse().unwrap();
        assert!(is_named(front, "ssh-agent"));
        let opened = onlooker.has_opened(front);
        signal_to(front, Signal::TERM);
        opened
    })
}

fn at_start(agent: &Agent) -> Value {
    // Whoever is answered finds the control socket too: it is made before anyone is served.
    agent.connect().ask(&message::LIST);
    let mut command = agent.command(program::path());
    let status = command.args(["status", "--json"]).succeeds().stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    status["sandbox"]["dumpable_at_start"].clone()
}

fn runs_a_copy(pid: u32) -> bool {
    let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
    program == Path::new("/memfd:keyward (deleted)")
}

/// How many ends of sockets, and how many of pipes, a process holds.
fn sockets_and_pipes(pid: u32) -> (usize, usize) {
    let targets: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .map(|entry| fs::read_link(entry.unwrap().path()).unwrap())
        .map(|target| target.display().to_string())
        .collect();
    let count = |kind| targets.iter().filter(|name| name.starts_with(kind)).count();
    (count("socket:"), count("pipe:"))
}

#[test]
fn the_same_user_does_not_open_the_memory_of_a_keeper() {
    assert!(!opens_a_keeper(&agent_of_nobody(&[])));
}

/// The control.
#[test]
fn the_same_user_opens_the_memory_of_a_keeper_that_is_started_from_an_ordinary_file() {
    assert!(opens_a_keeper(&agent_of_nobody(&WITHOUT_COPY)));
}

#[test]
fn the_same_user_does_not_open_the_memory_of_a_front_in_the_background() {
    assert!(!opens_a_front(&[]));
}

/// The control.
#[test]
fn the_same_user_opens_the_memory_of_a_front_that_is_started_from_an_ordinary_file() {
    assert!(opens_a_front(&WITHOUT_COPY));
}

#[test]
fn an_agent_in_the_foreground_and_its_keepers_run_a_copy() {
    let agent = agent_of_nobody(&[]);
    let keeper = next_keeper(&agent, 0);
    assert!(runs_a_copy(agent.pid()) && runs_a_copy(keeper));
    assert_eq!(process::status(agent.pid(), "Name"), "ssh-agent");
    assert_eq!(at_start(&agent), false);
    assert_eq!(sockets_and_pipes(keeper), (0, 2));
}

#[test]
fn a_program_that_its_user_may_not_read_is_not_copied() {
    let home = Home::new();
    hand_to_nobody(&home);
    let file = home.path("unreadable");
    fs::copy(program::path(), &file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o711)).unwrap();
    let launch = Launch::new(home).program(file).wrapper(&AS_NOBODY);
    let agent = launch.start();
    assert!(!runs_a_copy(agent.pid()));
    assert_eq!(at_start(&agent), false);
}

#[test]
fn where_no_copy_can_be_run_the_agent_works_and_says_so() {
    let agent = agent_of_nobody(&WITHOUT_COPY);
    assert!(!runs_a_copy(agent.pid()));
    assert_eq!(at_start(&agent), true);
    // Whoever sees a pipe in that instant could open it once more, and listen.
    assert_eq!(sockets_and_pipes(next_keeper(&agent, 0)), (2, 0));
}
