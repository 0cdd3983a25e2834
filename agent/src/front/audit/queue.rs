//! Lines on their way from the front to the thread that writes them.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many bytes may wait, some 3,000 lines; what comes on top is dropped and counted.
pub(super) const WAITING_MAX: usize = 1024 * 1024;

/// A bounded queue of lines.
///
/// Its lock is held only to copy a line or to swap two vectors, never while something is written.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    dropped: u64,
    is_reader_idle: bool,
    is_closing: bool,
    is_finished: bool,
}

impl Queue {
    /// Appends `line`, or counts it where there is no room.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.lines.len() + line.len() > WAITING_MAX {
            state.dropped += 1;
            return;
        }
        state.lines.extend_from_slice(line);
        // While the reader writes or pauses it will look by itself: waking it would cost the front
        // a system call for each line.
        if state.is_reader_idle {
            state.is_reader_idle = false;
            self.changed.notify_all();
        }
    }

    /// Waits for lines, swaps them into the empty `lines` and returns how many were dropped; `None`
    /// once the queue is closed and empty.
    pub(super) fn next(&self, lines: &mut Vec<u8>) -> Option<u64> {
        let mut state = self.lock();
        state.is_reader_idle = true;
        let mut state = self
            .changed
            .wait_while(state, |state| state.lines.is_empty() && !state.is_closing)
            .unwrap_or_else(PoisonError::into_inner);
        state.is_reader_idle = false;
        if state.lines.is_empty() {
            return None;
        }
        core::mem::swap(lines, &mut state.lines);
        Some(core::mem::take(&mut state.dropped))
    }

    /// Lets more lines come together, unless the queue is being closed.
    pub(super) fn pause(&self, pause: Duration) {
        let state = self.lock();
        let _state = self
            .changed
            .wait_timeout_while(state, pause, |state| !state.is_closing);
    }

    /// Asks the reader to end and waits for it; false where `patience` was not enough.
    pub(super) fn close(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        state.is_closing = true;
        self.changed.notify_all();
        self.changed
            .wait_timeout_while(state, patience, |state| !state.is_finished)
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .is_finished
    }

    /// Tells whoever closes the queue that all has been written.
    pub(super) fn finish(&self) {
        self.lock().is_finished = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is whole at any point where it could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_limit_are_counted() {
        let queue = Queue::default();
        let line = vec![b'x'; WAITING_MAX / 2];
        for _ in 0..5 {
            queue.push(&line);
        }
        let mut lines = Vec::new();
        assert_eq!(queue.next(&mut lines), Some(3));
        assert_eq!(lines.len(), WAITING_MAX);
        lines.clear();
        queue.push(b"y\n");
        assert_eq!(queue.next(&mut lines), Some(0));
        assert_eq!(lines, b"y\n");
    }

    #[test]
    fn closing_hands_out_what_waits_first() {
        let queue = Queue::default();
        queue.push(b"x\n");
        assert!(!queue.close(Duration::ZERO));
        let mut lines = Vec::new();
        assert_eq!(queue.next(&mut lines), Some(0));
        lines.clear();
        assert_eq!(queue.next(&mut lines), None);
    }

    #[test]
    fn closing_gives_up_when_the_reader_hangs() {
        assert!(!Queue::default().close(Duration::from_millis(1)));
    }
}
