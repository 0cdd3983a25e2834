//! A person at a terminal: reads what a program shows there, and types.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::{
        fd::OwnedFd,
        unix::{fs::OpenOptionsExt, process::ExitStatusExt},
    },
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::OFlags,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::deadline;

/// How long a program may take until it shows what is waited for.
const LIMIT: Duration = Duration::from_secs(60);
/// How long one look at the terminal waits.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};

/// The key that interrupts.
pub const CTRL_C: &[u8] = b"\x03";
/// The key that ends input.
pub const CTRL_D: &[u8] = b"\x04";

/// A program that runs in a terminal of its own, which is all it has: input, both outputs and `/dev/tty`.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    ours: File,
    theirs: File,
    shown: Vec<u8>,
    read_to: usize,
}

impl Terminal {
    /// Runs a command in a new terminal. Of the command its program, arguments, folder and the environment that was set count.
    ///
    /// # Panics
    ///
    /// When the system gives no terminal.
    #[must_use]
    #[track_caller]
    pub fn run(command: &Command) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let path = ptsname(&ours, Vec::new()).unwrap();
        let path = PathBuf::from(path.into_string().unwrap());
        let no_ctty = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(no_ctty);
        let theirs = options.open(path).unwrap();
        // It makes the terminal the program's own, and becomes the program.
        let mut setsid = Command::new("/usr/bin/setsid");
        setsid.args(["--ctty", "--wait"]).arg(command.get_program());
        setsid.args(command.get_args()).env_clear();
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                setsid.env(name, value);
            }
        }
        setsid.current_dir(command.get_current_dir().expect("a folder"));
        let end = || OwnedFd::from(theirs.try_clone().unwrap());
        setsid.stdin(end()).stdout(end()).stderr(end());
        let child = setsid.spawn().expect("setsid of util-linux");
        Self {
            child,
            ours: ours.into(),
            theirs,
            shown: Vec::new(),
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
        let started = Instant::now();
        loop {
            let has_ended = self.child.try_wait().unwrap().is_some();
            self.look();
            let new = String::from_utf8_lossy(&self.shown[self.read_to..]).into_owned();
            if let Some(place) = new.find(text) {
                let read = &new[..place + text.len()];
                self.read_to += read.len();
                return read.to_owned();
            }
            let waited = started.elapsed();
            assert!(!has_ended && waited < LIMIT, "no {text:?} in: {new:?}");
        }
    }

    /// Waits until nothing that is typed is shown, and types a line.
    ///
    /// # Panics
    ///
    /// When the program goes on showing what is typed.
    #[track_caller]
    pub fn types_hidden(&mut self, line: &str) {
        deadline::until("echo to go off", LIMIT, || !self.echoes());
        self.types(line);
    }

    /// Types a line.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    pub fn types(&mut self, line: &str) {
        self.presses(format!("{line}\r").as_bytes());
    }

    /// Presses keys.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    pub fn presses(&mut self, keys: &[u8]) {
        self.ours.write_all(keys).unwrap();
    }

    /// Whether what is typed is shown.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    #[must_use]
    pub fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.theirs).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON)
    }

    /// Waits for the end of the program: what a shell has in `$?`, and all that was shown. The terminal is to be as before.
    ///
    /// # Panics
    ///
    /// When it does not end.
    #[track_caller]
    pub fn ends(mut self) -> (i32, String) {
        let started = Instant::now();
        let status = loop {
            let ended = self.child.try_wait().unwrap();
            self.look();
            if let Some(status) = ended {
                break status;
            }
            let shown = String::from_utf8_lossy(&self.shown);
            assert!(started.elapsed() < LIMIT, "does not end: {shown:?}");
        };
        let shown = String::from_utf8_lossy(&self.shown).replace("\r\n", "\n");
        assert!(self.echoes(), "left the terminal without echo: {shown:?}");
        let signal = || 128 + status.signal().unwrap();
        (status.code().unwrap_or_else(signal), shown)
    }

    /// Waits for the end of the program, which is to be exit status `code`, and returns all that was shown.
    ///
    /// # Panics
    ///
    /// When it ends otherwise.
    #[track_caller]
    pub fn exits(self, code: i32) -> String {
        let (found, shown) = self.ends();
        assert_eq!(found, code, "{shown}");
        shown
    }

    fn look(&mut self) {
        loop {
            let mut fds = [PollFd::new(&self.ours, PollFlags::IN)];
            match poll(&mut fds, Some(&LOOK)) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let mut bytes = [0; 4096];
            match self.ours.read(&mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(length) => self.shown.extend_from_slice(&bytes[..length]),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
