//! How far a long work has come, on a terminal only and after a second only.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::output;

/// How long a person waits without a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(100);

/// A line that tells how much is done. It goes away when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    label: &'static str,
    total: usize,
    done: usize,
    next: Option<Instant>,
    is_drawn: bool,
}

impl Progress {
    /// Begins a work of so many steps.
    pub(crate) fn new(label: &'static str, total: usize) -> Self {
        Self {
            label,
            total,
            done: 0,
            next: io::stderr()
                .is_terminal()
                .then(|| Instant::now() + PATIENCE),
            is_drawn: false,
        }
    }

    /// Counts a step.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        if self.next.is_some_and(|next| Instant::now() >= next) {
            let Self {
                label, total, done, ..
            } = self;
            output::say(&format!("\r{label} {done}/{total}"));
            self.next = Some(Instant::now() + PERIOD);
            self.is_drawn = true;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_drawn {
            output::say("\r\x1b[K");
        }
    }
}

/// A line that tells that something of which nobody knows how far it has come still goes on. It goes away when it is
/// dropped.
#[derive(Debug)]
pub(crate) struct Waiting(Option<(Sender<()>, JoinHandle<()>)>);

impl Waiting {
    /// Begins.
    pub(crate) fn new(label: &str) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let label = label.to_owned();
        let (end, ended) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut seconds = 0;
            while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                seconds += PATIENCE.as_secs();
                output::say(&format!("\r{label} ... {seconds} s"));
            }
            if seconds > 0 {
                output::say("\r\x1b[K");
            }
        });
        Self(Some((end, thread)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            // It does nothing that fails.
            let _ = thread.join();
        }
    }
}
