//! Where a command can be killed: at each of its system calls.

use std::{collections::BTreeMap, fs, process::Command};

use crate::{Home, Run};

/// The calls that change something on a disk, or let others know of it.
pub const CHANGING: [&str; 14] = [
    "fdatasync",
    "flock",
    "fsync",
    "ftruncate",
    "linkat",
    "mkdirat",
    "openat",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "write",
];

/// The calls of a command's first thread, by name: which of them there are, counted from 1, and whether they come after it first
/// touched its home and can change something.
#[derive(Debug, Default)]
pub struct Calls(BTreeMap<String, Vec<bool>>);

impl Calls {
    /// Runs the command once and writes down its calls.
    ///
    /// # Panics
    ///
    /// When it does not succeed.
    #[must_use]
    #[track_caller]
    pub fn of(home: &Home, command: &Command) -> Self {
        let list = home.path("tmp/calls");
        let path = list.display().to_string();
        traced(home, command, &["-y", "-o", &path]).succeeds();
        let list = fs::read_to_string(list).unwrap();
        let own = format!("<{}", home.folder().display());
        let first = list.split(' ').next().unwrap_or_default().to_owned();
        let mut calls = Self::default();
        let mut touched = false;
        for line in list.lines().filter(|line| line.starts_with(&first)) {
            let call = line[first.len()..].trim_start();
            // The second half of a call that another thread's came between is no call.
            let Some((name, _)) = call.split_once('(').filter(|_| !call.starts_with('<')) else {
                continue;
            };
            touched |= line.contains(&own);
            let is_changing =
                CHANGING.contains(&name) && (name != "openat" || line.contains("O_CREAT"));
            let places = calls.0.entry(name.to_owned()).or_default();
            places.push(touched && is_changing);
        }
        calls
    }

    /// Where to kill: after the command touched its home, at each call that changes something; in the long mode at every call.
    #[must_use]
    pub fn points(&self) -> Vec<(String, usize)> {
        let mut points = vec![];
        for (name, places) in &self.0 {
            let numbered = (1..).zip(places);
            let chosen = numbered.filter(|(_, is_changing)| **is_changing || is_long());
            points.extend(chosen.map(|(when, _)| (name.clone(), when)));
        }
        // The start and the end of the program are no calls to be killed in.
        points.retain(|(name, _)| !matches!(&name[..], "execve" | "exit_group"));
        points
    }

    /// The numbers of the calls of this name, counted from 1, from the first on that can change something after the command touched
    /// its home.
    pub fn numbers_of(&self, name: &str) -> impl Iterator<Item = usize> {
        let count = self.0.get(name).map_or(0, Vec::len);
        self.start(name)..=count
    }

    /// The number of the first of them; 1 where there is none.
    #[must_use]
    pub fn start(&self, name: &str) -> usize {
        let places = self.0.get(name).map_or(&[][..], Vec::as_slice);
        places
            .iter()
            .position(|it| *it)
            .map_or(1, |index| index + 1)
    }
}

/// The command under `strace` with these flags.
#[must_use]
pub fn traced(home: &Home, command: &Command, flags: &[&str]) -> Command {
    let mut strace = home.command("strace");
    strace.args(["-f", "-qq"]).args(flags);
    strace.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            strace.env(name, value);
        }
    }
    strace
}

/// The command with something injected into its calls: `write:signal=KILL:when=3`.
#[must_use]
pub fn injected(home: &Home, command: &Command, injection: &str) -> Command {
    let (call, _) = injection.split_once(':').unwrap_or((injection, ""));
    let (trace, inject) = (format!("trace={call}"), format!("inject={injection}"));
    let mut flags = vec!["-o", "/dev/null", "-e", &trace, "-e", &inject];
    // It is faster by far, and loses signals (strace 6.1).
    if !injection.contains(":signal=") {
        flags.push("--seccomp-bpf");
    }
    traced(home, command, &flags)
}

/// Whether the long proofs are asked for, with `KEYWARD_LONG=1`.
#[must_use]
pub fn is_long() -> bool {
    std::env::var_os("KEYWARD_LONG").is_some()
}
