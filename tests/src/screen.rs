//! A terminal with a person before it.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::{deadline, process};

/// How long a prompt may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A command at a terminal of its own; killed at the end.
#[derive(Debug)]
pub struct Screen {
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
    read: usize,
    child: Child,
}

impl Screen {
    /// Runs a command with the terminal as its input, its outputs and its controlling terminal.
    ///
    /// # Panics
    ///
    /// When there are no terminals.
    #[must_use]
    pub fn run(command: &Command) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let keyboard = openpt(flags).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let own = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let stream = || Stdio::from(OwnedFd::from(own.try_clone().unwrap()));
        // It becomes the command, under the same process id.
        let mut leader = Command::new("setsid");
        leader
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear();
        if let Some(folder) = command.get_current_dir() {
            leader.current_dir(folder);
        }
        for (name, value) in command.get_envs() {
            leader.env(name, value.unwrap_or_default());
        }
        leader.stdin(stream()).stdout(stream()).stderr(stream());
        let child = leader.spawn().unwrap();
        let keyboard = File::from(keyboard);
        let screen = Arc::new(Mutex::new(Vec::new()));
        watch(keyboard.try_clone().unwrap(), Arc::clone(&screen));
        Self {
            keyboard,
            screen,
            read: 0,
            child,
        }
    }

    /// The command's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the text is on the screen, after what was waited for before, and the command for a person; returns what
    /// came up to there.
    ///
    /// # Panics
    ///
    /// When it does not come.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> String {
        let from = self.read;
        let found = || {
            let screen = self.screen.lock().unwrap();
            let new = String::from_utf8_lossy(&screen[from..]).into_owned();
            let (before, _) = new.split_once(text)?;
            Some(format!("{before}{text}"))
        };
        let start = std::time::Instant::now();
        let said = loop {
            if let Some(said) = found() {
                break said;
            }
            assert!(start.elapsed() < LIMIT, "no {text:?}: {:?}", self.said());
            thread::sleep(Duration::from_millis(5));
        };
        self.read += said.len();
        said
    }

    /// Waits until the command does nothing.
    ///
    /// # Panics
    ///
    /// When it goes on.
    #[track_caller]
    pub fn rests(&self) {
        deadline::until("the command to wait", LIMIT, || {
            process::waits(self.pid()) && process::waits(self.pid())
        });
    }

    /// Types a line.
    ///
    /// # Panics
    ///
    /// When the terminal is gone.
    pub fn type_line(&mut self, text: &str) {
        self.keyboard
            .write_all(format!("{text}\r").as_bytes())
            .unwrap();
    }

    /// Everything on the screen so far.
    #[must_use]
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    /// Waits for the command's end and returns its exit status.
    ///
    /// # Panics
    ///
    /// When it does not end.
    #[track_caller]
    pub fn wait(&mut self) -> Option<i32> {
        let ended = || self.child.try_wait().unwrap();
        deadline::eventually("the command's end", LIMIT, ended).code()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watch(mut output: File, screen: Arc<Mutex<Vec<u8>>>) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        // It fails when nobody is at the other end any more.
        while let Ok(count) = output.read(&mut bytes) {
            if count == 0 {
                break;
            }
            screen.lock().unwrap().extend_from_slice(&bytes[..count]);
        }
    });
}
