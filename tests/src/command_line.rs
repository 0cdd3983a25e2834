//! The program run as a command rather than as a service.

use std::{path::PathBuf, process::Command};

use rustix::process::Signal;

use crate::{Home, Run, agent, agent::signal_to, process, program};

/// A home with a link named `ssh-agent`; what was started there as a daemon is killed at the end.
#[derive(Debug)]
pub struct CommandLine {
    /// The home.
    pub home: Home,
}

impl CommandLine {
    /// Makes the home and the link.
    #[must_use]
    pub fn new() -> Self {
        let home = Home::new();
        let _ = agent::link(&home, &program::path());
        Self { home }
    }

    /// `ssh-agent` with these flags.
    #[must_use]
    pub fn ssh_agent(&self, flags: &[&str]) -> Command {
        let mut command = self.home.command(self.home.path("ssh-agent"));
        command.args(flags);
        command
    }

    /// Starts a daemon and returns what it printed: the text, the socket and the process id.
    ///
    /// # Panics
    ///
    /// When it does not succeed, or prints something else.
    #[must_use]
    #[track_caller]
    pub fn daemon(&self, flags: &[&str]) -> (String, PathBuf, u32) {
        let said = self.ssh_agent(flags).succeeds().stdout;
        let socket = between(&said, "SSH_AUTH_SOCK", ";")
            .trim_start_matches(['=', ' '])
            .to_owned();
        let pid = between(&said, "SSH_AGENT_PID", ";")
            .trim_start_matches(['=', ' '])
            .parse()
            .unwrap();
        (said, PathBuf::from(socket), pid)
    }
}

impl Default for CommandLine {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for CommandLine {
    fn drop(&mut self) {
        for pid in process::with_environment(&format!("HOME={}", self.home.folder().display())) {
            if process::runs(pid) {
                signal_to(pid, Signal::KILL);
            }
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in: {text}"));
    rest.split_once(end).unwrap().0
}
