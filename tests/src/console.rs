//! A terminal with somebody before it who types.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rustix::{
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::deadline;

/// How long a program may take to say something.
const LIMIT: Duration = Duration::from_secs(30);

/// A pseudo-terminal.
#[derive(Debug)]
pub struct Console {
    keyboard: File,
    /// It is kept open, so that the terminal does not hang up between two programs.
    line: OwnedFd,
    name: String,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Console {
    /// Opens one, which echoes and reads line by line.
    ///
    /// # Panics
    ///
    /// When the system has none.
    #[must_use]
    pub fn new() -> Self {
        let keyboard =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new())
            .unwrap()
            .into_string()
            .unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let line = open(name.as_str(), flags, Mode::empty()).unwrap();
        let keyboard = File::from(keyboard);
        let mut screen = keyboard.try_clone().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut piece) {
                seen.lock().unwrap().extend_from_slice(&piece[..count]);
            }
        });
        Self {
            keyboard,
            line,
            name,
            shown,
        }
    }

    /// Its path, `/dev/pts/N`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts a command in its foreground, as a shell would that has nothing else to do.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    #[track_caller]
    pub fn start(&self, command: &Command) -> Child {
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg("--wait");
        session.arg(command.get_program()).args(command.get_args());
        session.env_clear();
        for (name, value) in command.get_envs() {
            session.env(name, value.unwrap());
        }
        session.current_dir(command.get_current_dir().unwrap());
        let end = || Stdio::from(self.line.try_clone().unwrap());
        session.stdin(end()).stdout(end()).stderr(end());
        session
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"))
    }

    /// What was shown so far.
    ///
    /// # Panics
    ///
    /// Never: nobody panics who looks at it.
    #[must_use]
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits until all that was written to it before is among what was shown, and returns that.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    #[must_use]
    #[track_caller]
    pub fn everything(&self) -> String {
        // No program of ours writes it.
        const MARK: &str = "\x1e";
        rustix::io::write(&self.line, MARK.as_bytes()).unwrap();
        deadline::eventually("the end of the output", LIMIT, || {
            let shown = self.shown();
            shown.strip_suffix(MARK).map(str::to_owned)
        })
    }

    /// Waits until this was shown so many times, and what is typed is not shown.
    ///
    /// # Panics
    ///
    /// When it does not come in time.
    #[track_caller]
    pub fn asks(&self, text: &str, times: usize) {
        deadline::until(&format!("{text:?} on the terminal"), LIMIT, || {
            self.shown().matches(text).count() >= times && !self.echoes()
        });
    }

    /// Waits until this was shown.
    ///
    /// # Panics
    ///
    /// When it does not come in time.
    #[track_caller]
    pub fn says(&self, text: &str) {
        deadline::until(&format!("{text:?} on the terminal"), LIMIT, || {
            self.shown().contains(text)
        });
    }

    /// Types.
    ///
    /// # Panics
    ///
    /// When the terminal does not take it.
    pub fn types(&self, text: &str) {
        (&self.keyboard).write_all(text.as_bytes()).unwrap();
    }

    /// Whether it shows what is typed, and reads line by line.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[must_use]
    pub fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.line).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}
