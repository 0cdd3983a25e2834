//! A program at a terminal of its own, and the person who talks with it.

use std::{
    os::unix::process::ExitStatusExt,
    process::{Child, Command},
    time::Duration,
};

use crate::{Console, deadline};

/// How long a program may take to say something, or to end.
const LIMIT: Duration = Duration::from_secs(60);

/// The key that interrupts.
pub const CTRL_C: &str = "\x03";
/// The key that ends input.
pub const CTRL_D: &str = "\x04";

/// A program that runs in a terminal, which is all it has: input, both outputs and `/dev/tty`. It is killed at the end.
#[derive(Debug)]
pub struct Terminal {
    console: Console,
    child: Child,
    read_to: usize,
}

impl Terminal {
    /// Runs a command in a new terminal.
    #[must_use]
    #[track_caller]
    pub fn run(command: &Command) -> Self {
        let console = Console::new();
        let child = console.start(command);
        Self {
            console,
            child,
            read_to: 0,
        }
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the program shows a text, after those that were waited for before; returns what came up to its end.
    ///
    /// # Panics
    ///
    /// When it does not, in time or ever.
    #[track_caller]
    pub fn expects(&mut self, text: &str) -> String {
        let found = deadline::eventually(&format!("{text:?}"), LIMIT, || {
            let has_ended = self.child.try_wait().unwrap().is_some();
            let shown = match has_ended {
                true => self.console.everything(),
                false => self.console.shown(),
            };
            let new = shown.get(self.read_to..).unwrap_or_default();
            let end = new.find(text).map(|place| place + text.len());
            assert!(!has_ended || end.is_some(), "no {text:?} in: {shown}");
            end.map(|end| new[..end].to_owned())
        });
        self.read_to += found.len();
        found
    }

    /// Waits until nothing that is typed is shown.
    ///
    /// # Panics
    ///
    /// When the program goes on showing it.
    #[track_caller]
    pub fn hides(&self) {
        deadline::until("echo to go off", LIMIT, || !self.console.echoes());
    }

    /// Waits until nothing that is typed is shown, and types a line.
    #[track_caller]
    pub fn types_hidden(&self, line: &str) {
        self.hides();
        self.types(line);
    }

    /// Types a line.
    pub fn types(&self, line: &str) {
        self.presses(&format!("{line}\r"));
    }

    /// Presses keys.
    pub fn presses(&self, keys: &str) {
        self.console.types(keys);
    }

    /// Waits for the end of the program, which is to be what a shell has as `$?`, and returns all that was shown. The terminal is to
    /// be as before.
    ///
    /// # Panics
    ///
    /// When it ends otherwise, or not at all.
    #[track_caller]
    pub fn exits(mut self, code: i32) -> String {
        let ended = || self.child.try_wait().unwrap();
        let status = deadline::eventually("the end of the program", LIMIT, ended);
        let shown = self.console.everything().replace("\r\n", "\n");
        let signal = || 128 + status.signal().unwrap();
        assert_eq!(status.code().unwrap_or_else(signal), code, "{shown}");
        assert!(self.console.echoes(), "no echo any more: {shown}");
        shown
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
