//! One session of the system's `sftp`, driven line by line.
//!
//! It is the person's own: their configuration, their keys, their agent. Nothing is forwarded through it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use keyward_vault::store::FILE_BYTES_MAX;
use keyward_vault::{Entropy, SystemEntropy};
use rustix::fs::{MemfdFlags, Mode, fchmod, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::place::{Options, Remote};
use crate::error::Error;
use crate::output;
use crate::progress::Waiting;

/// The longest line that it may say, in bytes: a path twice.
const LINE_MAX: u64 = 16 << 10;

/// The most lines that it may say to one command: as many files as nobody keeps in one folder.
const LINES_MAX: usize = 100_000;

/// How long its last words are waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What it says before each command that it reads.
const ECHO: &str = "sftp> ";

/// A session at a folder of another machine.
#[derive(Debug)]
pub(super) struct Batch {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    host: String,
    /// What passes on what it says on standard error.
    errors: Option<Receiver<()>>,
    /// What tells the echo of our own marks from the name of a file there.
    nonce: String,
    marks: u32,
    /// A file in memory through which it sends and fetches: what is transferred is on no disk of this machine.
    file: OwnedFd,
}

impl Batch {
    /// Connects. A person may be asked for a password or a host key by `ssh` itself.
    ///
    /// # Errors
    /// There is no `sftp`.
    pub(super) fn start(remote: &Remote, options: &Options) -> Result<Self, Error> {
        let mut command = command(remote, options);
        let failed = |source: io::Error| Error::Sftp {
            host: remote.host.clone(),
            source: Some(source),
        };
        // It inherits the file, which no other program is to.
        let file = memfd_create("keyward-backup", MemfdFlags::empty());
        let file = file.map_err(|error| failed(error.into()))?;
        // A new file there gets the mode of the local one.
        let closed = fchmod(&file, Mode::RUSR | Mode::WUSR);
        closed.map_err(|error| failed(error.into()))?;
        let mut random = [0; 8];
        SystemEntropy
            .fill(&mut random)
            .map_err(keyward_vault::Error::from)?;
        let nonce = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let spawned = command.spawn();
        fcntl_setfd(&file, FdFlags::CLOEXEC).map_err(|error| failed(error.into()))?;
        let mut child = spawned.map_err(failed)?;
        limit_files(&child).map_err(|error| failed(error.into()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        let errors = child.stderr.take().map(passed_on);
        Ok(Self {
            child,
            input: Some(input),
            output: BufReader::new(output),
            host: remote.host.clone(),
            errors,
            nonce,
            marks: 0,
            file,
        })
    }

    /// Runs a command that may fail: what is missing, or there already, is none of our business.
    ///
    /// # Errors
    /// The session ended.
    pub(super) fn attempt(&mut self, command: &str) -> Result<Vec<String>, Error> {
        self.run(&format!("-{command}"))
    }

    /// Runs a command, and returns the lines that it says.
    ///
    /// # Errors
    /// It failed, which ends the session; `sftp` itself has said why.
    pub(super) fn run(&mut self, command: &str) -> Result<Vec<String>, Error> {
        self.marks += 1;
        // It echoes what it reads, each when its turn comes: the echo of a mark says that the command is done.
        let mark = format!("!# {} {}", self.nonce, self.marks);
        let line = format!("{command}\n{mark}\n");
        let input = self.input.as_mut().ok_or_else(|| self_failed(&self.host))?;
        let written = input.write_all(line.as_bytes());
        written.map_err(|_| self_failed(&self.host))?;
        let mut said = Vec::new();
        loop {
            let mut line = Vec::new();
            let mut bounded = self.output.by_ref().take(LINE_MAX);
            let count = bounded.read_until(b'\n', &mut line);
            if !count.is_ok_and(|count| count > 0) {
                return Err(self_failed(&self.host));
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            match line.strip_prefix(ECHO) {
                Some(echoed) if echoed == mark => return Ok(said),
                Some(_) => {}
                None if said.len() == LINES_MAX => return Err(self_failed(&self.host)),
                None => said.push(line),
            }
        }
    }

    /// Sends bytes as a new file, mode 0600, has them written to the disk, and reads them back.
    ///
    /// # Errors
    /// It cannot be written, or something else was kept.
    pub(super) fn put(&mut self, bytes: &[u8], name: &str) -> Result<(), Error> {
        let mut file = self.local()?;
        let written = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(bytes));
        written.map_err(|_| self_failed(&self.host))?;
        let local = self.local_path();
        let waiting = Waiting::new(&format!("Sending {} KB", bytes.len() / 1000));
        // It says itself what went wrong; what was kept then is told by reading it back, and removed.
        self.attempt(&format!("put -f {local} {}", quoted(name)))?;
        drop(waiting);
        self.attempt(&format!("chmod 600 {}", quoted(name)))?;
        match self.get(name)? == bytes {
            true => Ok(()),
            false => Err(Error::SftpDiffers {
                host: self.host.clone(),
            }),
        }
    }

    /// Fetches a file.
    ///
    /// # Errors
    /// There is none, or it is longer than any vault.
    pub(super) fn get(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        let local = self.local_path();
        let mut file = self.local()?;
        // What was sent may not be taken for what came back.
        file.set_len(0).map_err(|_| self_failed(&self.host))?;
        let waiting = Waiting::new("Fetching");
        self.run(&format!("get {} {local}", quoted(name)))?;
        drop(waiting);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
            .map_err(|_| self_failed(&self.host))?;
        match u64::try_from(bytes.len()) {
            Ok(length) if length <= FILE_BYTES_MAX => Ok(bytes),
            _ => Err(Error::FileTooLong { path: name.into() }),
        }
    }

    fn local(&self) -> Result<File, Error> {
        let file = self.file.try_clone().map(File::from);
        file.map_err(|_| self_failed(&self.host))
    }

    fn local_path(&self) -> String {
        format!("/dev/fd/{}", self.file.as_raw_fd())
    }

    /// Ends the session.
    ///
    /// # Errors
    /// It had failed.
    pub(super) fn end(mut self) -> Result<(), Error> {
        drop(self.input.take());
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(self_failed(&self.host)),
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // One that ended has nothing to be killed.
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What it said comes before what is said of it; a connection that stays for others may keep the pipe open.
        let _ = self
            .errors
            .take()
            .map(|ended| ended.recv_timeout(LAST_WORDS));
    }
}

/// Describes the session.
fn command(remote: &Remote, options: &Options) -> Command {
    let mut command = Command::new("sftp");
    // The first of two that contradict each other counts: a batch asks nobody otherwise.
    command.args(["-q", "-o", "BatchMode=no", "-b", "-"]);
    for option in [
        "ForwardAgent=no",
        "ForwardX11=no",
        "ClearAllForwardings=yes",
    ] {
        command.args(["-o", option]);
    }
    if let Some(port) = options.port {
        command.args(["-P", &port.to_string()]);
    }
    for option in &options.ssh {
        command.args(["-o", option]);
    }
    command.arg("--").arg(&remote.host);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    command
}

/// Passes on what sftp and ssh say, and tells when they say no more.
fn passed_on(errors: ChildStderr) -> Receiver<()> {
    let (end, ended) = mpsc::channel();
    thread::spawn(move || {
        pass_on(errors);
        // Whoever no longer waits need not know.
        let _ = end.send(());
    });
    ended
}

/// Passes on all but that a folder is there already.
fn pass_on(errors: ChildStderr) {
    let mut lines = BufReader::new(errors);
    let mut line = Vec::new();
    while let Ok(1..) = lines.by_ref().take(LINE_MAX).read_until(b'\n', &mut line) {
        if !line.starts_with(b"remote mkdir ") {
            output::say(&String::from_utf8_lossy(&line));
        }
        line.clear();
    }
}

/// Lets a session write no file that is longer than any vault: the other side says how much it sends, and the file is
/// in our memory.
fn limit_files(child: &Child) -> rustix::io::Result<()> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let longest = Some(FILE_BYTES_MAX + 1);
    let limit = Rlimit {
        current: longest,
        maximum: longest,
    };
    prlimit(pid, Resource::Fsize, limit).map(drop)
}

fn self_failed(host: &str) -> Error {
    Error::Sftp {
        host: host.to_owned(),
        source: None,
    }
}

/// Writes a path as a word of a batch.
pub(super) fn quoted(path: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in path.chars() {
        match letter {
            // What it takes for patterns, too.
            '"' | '\\' | '*' | '?' | '[' | ']' => {
                let _ = write!(quoted, "\\{letter}");
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted() {
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("a\"b\\*"), "\"a\\\"b\\\\\\*\"");
    }
}
