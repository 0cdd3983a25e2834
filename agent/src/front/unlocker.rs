//! The program that asks a person for the passphrase of the vault and hands its keys to the agent.
//!
//! It is this program in a process of its own, which ends when that is done: neither the passphrase nor
//! the key of the vault ever come here.

mod question;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};
use tokio::time;

use super::child::Child;
use super::escape::Escaped;

pub use self::question::{Login, UnlockQuestion};
pub use self::terminal::of_foreground;

/// The name under which our program unlocks a vault.
pub const UNLOCKER_NAME: &str = "keyward-unlock";

/// The variable that names the vault to it.
pub const VAULT: &str = "KEYWARD_UNLOCK_VAULT";

/// The variable that tells it what to show.
pub const REASON: &str = "KEYWARD_UNLOCK_REASON";

/// How much of the end of what it says is kept, in bytes.
const SAID_MAX: usize = 1 << 10;

/// How long to wait for the rest of what it said after it has ended: what it started may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// How to start it.
#[derive(Debug, Clone)]
pub struct Unlocker {
    /// Our executable.
    pub program: PathBuf,
    /// The control socket, on which it hands keys over; without one it cannot.
    pub control_socket: Option<PathBuf>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It did what it is for.
    Done,
    /// The person would not.
    Cancelled,
    /// There is nobody to ask.
    NoOne,
    /// It could not, and said this.
    Failed(String),
}

/// One that is running; dropping it ends it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    errors: Option<ChildStderr>,
}

impl Unlocker {
    /// Starts one for the vault at `path`.
    ///
    /// With a terminal it may ask there. The question is text that holds nothing unescaped from a
    /// stranger.
    ///
    /// # Errors
    /// [`Ended::Failed`] when it cannot be started.
    pub fn start(
        &self,
        path: &str,
        terminal: Option<&Path>,
        question: &str,
    ) -> Result<Running, Ended> {
        let socket = self.control_socket.as_ref();
        let socket = socket.ok_or_else(|| Ended::Failed("no control socket".to_owned()))?;
        let mut command = Command::new(&self.program);
        command.arg0(UNLOCKER_NAME).arg(socket);
        if let Some(terminal) = terminal {
            command.arg("--tty").arg(terminal);
        }
        // Other users read the arguments of every process, and of none but their own its environment.
        command.env(VAULT, path).env(REASON, question);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let started = Child::start(&mut command);
        let mut child = started.map_err(|error| Ended::Failed(error.to_string()))?;
        let errors = child.errors();
        Ok(Running { child, errors })
    }
}

impl Running {
    /// Waits for its end. Dropping the future ends it.
    pub async fn ended(self) -> Ended {
        let mut said = Tail::default();
        let mut errors = self.errors;
        let ended = self.child.ended();
        tokio::pin!(ended);
        let status = loop {
            tokio::select! {
                status = &mut ended => break status,
                more = said.read(&mut errors), if errors.is_some() => if !more { errors = None },
            }
        };
        let rest = async { while said.read(&mut errors).await {} };
        let _ = time::timeout(LAST_WORDS, rest).await;
        match status {
            Ok(status) => said.judge(status),
            Err(error) => Ended::Failed(error.to_string()),
        }
    }
}

/// The end of what a program said.
#[derive(Debug, Default)]
struct Tail(Vec<u8>);

impl Tail {
    /// Reads what there is; false at the end.
    async fn read(&mut self, errors: &mut Option<ChildStderr>) -> bool {
        let Some(errors) = errors else {
            return false;
        };
        let mut piece = [0; SAID_MAX];
        let Ok(count) = errors.read(&mut piece).await else {
            return false;
        };
        self.0
            .extend_from_slice(piece.get(..count).unwrap_or_default());
        let over = self.0.len().saturating_sub(SAID_MAX);
        self.0.drain(..over);
        count > 0
    }

    /// Tells what an exit code means; the codes are in `PROTOCOL.md`.
    fn judge(&self, status: ExitStatus) -> Ended {
        match status.code() {
            Some(0) => Ended::Done,
            Some(4) => Ended::Cancelled,
            Some(5) => Ended::NoOne,
            _ => Ended::Failed(self.last_line().unwrap_or_else(|| status.to_string())),
        }
    }

    fn last_line(&self) -> Option<String> {
        let lines = self.0.split(|byte| matches!(byte, b'\n' | b'\r'));
        let last = lines
            .rev()
            .map(<[u8]>::trim_ascii)
            .find(|line| !line.is_empty())?;
        let last = last.strip_prefix(b"error: ").unwrap_or(last);
        Some(Escaped::new(last).to_string())
    }
}

#[cfg(test)]
mod tests;
