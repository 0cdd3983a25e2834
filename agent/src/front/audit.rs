//! The audit log: one line of JSON for everything that was done or refused (`AUDIT.md`).
//!
//! Lines are written by a thread of their own: a disk that hangs or is full costs lines, which are
//! counted, and never a signature.

mod file;
mod queue;
mod record;
mod repeats;

use core::cell::RefCell;
use core::time::Duration;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustix::io::Errno;
use thiserror::Error;

use crate::front::clock;

use self::file::LogFile;
use self::queue::Queue;
pub use self::record::{Event, Outcome, PeerRecord, Record};
pub use self::repeats::BOUND;
use self::repeats::Repeats;

/// How long the thread rests after a write, so that a busy agent writes in batches.
const PAUSE: Duration = Duration::from_millis(20);

/// Says why there is no audit log.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The folder or the file could not be made, opened or written.
    #[error("audit log cannot be opened or written: {0}")]
    Io(#[from] io::Error),
    /// The folder belongs to somebody else or lets others write, or the file is not a plain file of
    /// ours: somebody could have it rewritten, or our lines sent elsewhere.
    #[error("{0} of the audit log is not ours alone")]
    NotOurs(&'static str),
}

impl From<Errno> for AuditError {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

/// The place to report to; it never waits and never fails.
#[derive(Debug)]
pub struct Audit {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    path: PathBuf,
    repeats: RefCell<Repeats>,
    queue: Arc<Queue>,
    thread: JoinHandle<()>,
}

impl Audit {
    /// Opens the log at `path` and starts the thread that writes it.
    ///
    /// It has to come after any fork, which threads do not survive.
    ///
    /// # Errors
    /// [`AuditError`]; the agent can go on with [`Audit::off`].
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let file = LogFile::open(path)?;
        let queue = Arc::new(Queue::default());
        let lines = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || Writer::new(file).run(&lines))?;
        Ok(Self {
            running: Some(Running {
                path: path.to_path_buf(),
                repeats: RefCell::default(),
                queue,
                thread,
            }),
        })
    }

    /// Keeps no log.
    pub const fn off() -> Self {
        Self { running: None }
    }

    /// Names the file the log is kept in: `keyward/audit.jsonl` in `$XDG_STATE_HOME`, or in
    /// `~/.local/state` where that is not an absolute path (XDG Base Directory Specification).
    pub fn path(state_home: Option<&OsStr>, home: &Path) -> PathBuf {
        state_home
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .unwrap_or_else(|| home.join(".local/state"))
            .join("keyward/audit.jsonl")
    }

    /// Returns the file that is written; none without a log.
    pub fn file(&self) -> Option<&Path> {
        self.running.as_ref().map(|running| &*running.path)
    }

    /// Reports what happened. Of equal refusals one after the other only the first is written at once:
    /// [`Audit::flush`] has to be called some [`BOUND`] after one that leaves the log counting.
    ///
    /// Where 1 MiB is waiting to be written already, the record is dropped, and a later line tells
    /// how many were.
    pub fn record(&self, record: &Record<'_>) {
        if let Some(running) = &self.running {
            let mut repeats = running.repeats.borrow_mut();
            repeats.take(record, |line| running.queue.push(line));
        }
    }

    /// Says whether refusals are being counted, whose number is not written yet.
    pub fn is_counting(&self) -> bool {
        let running = self.running.as_ref();
        running.is_some_and(|running| running.repeats.borrow().is_counting())
    }

    /// Writes how often the last refusal was repeated, if it was.
    pub fn flush(&self) {
        if let Some(running) = &self.running {
            let mut repeats = running.repeats.borrow_mut();
            repeats.flush(|line| running.queue.push(line));
        }
    }

    /// Writes what is waiting and ends the thread; false where `patience` was not enough.
    ///
    /// This blocks: it is for the end of the agent.
    pub fn close(self, patience: Duration) -> bool {
        self.flush();
        let Some(Running { queue, thread, .. }) = self.running else {
            return true;
        };
        queue.close(patience) && thread.join().is_ok()
    }
}

/// What the thread does.
struct Writer {
    file: LogFile,
    /// How many lines were lost since the last one that was written.
    lost: u64,
}

impl Writer {
    const fn new(file: LogFile) -> Self {
        Self { file, lost: 0 }
    }

    /// Writes lines until the queue is closed.
    fn run(mut self, queue: &Queue) {
        let mut lines = Vec::new();
        while let Some(dropped) = queue.next(&mut lines) {
            self.write(&mut lines, dropped);
            lines.clear();
            queue.pause(PAUSE);
        }
        queue.finish();
    }

    /// Writes `lines`, and how many were lost before and between them.
    fn write(&mut self, lines: &mut Vec<u8>, dropped: u64) {
        let count = count_lines(lines);
        let lost = self.lost + dropped;
        if lost > 0 {
            lines.extend(Record::lost(clock::wall_time(), lost).line());
        }
        match self.file.append(lines) {
            Ok(()) => self.lost = 0,
            Err(error) => {
                if self.lost == 0 {
                    tracing::warn!(%error, "records of the audit log are lost");
                }
                self.lost = lost + count;
            }
        }
    }
}

fn count_lines(lines: &[u8]) -> u64 {
    let count = lines.iter().filter(|byte| **byte == b'\n').count();
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::Timestamp;
    use serde_json::Value;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn record() -> Record<'static> {
        Record::new(Timestamp::UNIX_EPOCH, Event::Sign, Outcome::Allow)
    }

    fn lines(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    #[test]
    fn names_the_file_by_the_state_folder() {
        let home = Path::new("/home/me");
        let default = Path::new("/home/me/.local/state/keyward/audit.jsonl");
        assert_eq!(Audit::path(None, home), default);
        assert_eq!(Audit::path(Some("".as_ref()), home), default);
        assert_eq!(Audit::path(Some("state".as_ref()), home), default);
        let state = Path::new("/state/keyward/audit.jsonl");
        assert_eq!(Audit::path(Some("/state".as_ref()), home), state);
    }

    #[test]
    fn closing_writes_every_line_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward/audit.jsonl");
        let audit = Audit::open(&path).unwrap();
        for number in 0..500 {
            let reason = format!("number {number}");
            audit.record(&Record {
                reason: Some(&reason),
                ..record()
            });
        }
        assert!(audit.close(PATIENCE));
        let lines = lines(&path);
        assert_eq!(lines.len(), 500);
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(line["reason"], format!("number {number}"));
        }
    }

    #[test]
    fn line_is_written_without_being_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let audit = Audit::open(&path).unwrap();
        audit.record(&record());
        let start = std::time::Instant::now();
        while fs::read_to_string(&path).unwrap().is_empty() {
            assert!(start.elapsed() < PATIENCE, "never written");
            std::thread::yield_now();
        }
        assert_eq!(lines(&path).len(), 1);
        assert!(audit.close(PATIENCE));
    }

    #[test]
    fn lines_that_could_not_be_written_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward/audit.jsonl");
        let file = LogFile::open(&path).unwrap();
        let mut writer = Writer::new(file);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        writer.write(&mut [record().line(), record().line()].concat(), 0);
        writer.write(&mut record().line(), 4);
        fs::remove_dir(&path).unwrap();
        writer.write(&mut record().line(), 0);
        writer.write(&mut record().line(), 0);
        let lines = lines(&path);
        assert_eq!(lines[0]["event"], "sign");
        assert_eq!(lines[1]["event"], "lost");
        assert_eq!(lines[1]["lost"], 7);
        assert_eq!(lines[2]["event"], "sign");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn without_a_log_nothing_happens() {
        let audit = Audit::off();
        audit.record(&record());
        assert!(audit.close(Duration::ZERO));
    }
}
