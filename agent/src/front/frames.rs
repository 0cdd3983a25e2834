//! The bytes that a client has sent and that are not answered yet.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;

use zeroize::Zeroize;

use crate::protocol::frame::{self, FrameTooLong};

/// Bytes to make room for at first: every usual request fits.
const FIRST: usize = 4 << 10;

/// A buffer that takes no memory while its connection is idle, and no more than twice the bytes
/// that came: what a client announces costs nothing.
///
/// Private keys and passphrases pass through it, so it is wiped when it grows and when it is done.
#[derive(Default)]
pub struct Frames {
    buffer: Vec<u8>,
    start: usize,
    /// Where what is not wiped yet begins, at `start` at most.
    forgotten: usize,
    filled: usize,
}

impl Frames {
    /// Reads what there is without waiting; says how many bytes came, 0 for the end.
    ///
    /// # Errors
    /// What the socket said, `WouldBlock` too.
    pub fn fill(&mut self, mut stream: &UnixStream) -> io::Result<usize> {
        self.make_room();
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let count = stream.read(room)?;
        self.filled += count;
        Ok(count)
    }

    /// Takes the next whole message.
    ///
    /// # Errors
    /// [`FrameTooLong`] when the client announced too much; nothing more can be understood then.
    pub fn take(&mut self) -> Result<Option<&[u8]>, FrameTooLong> {
        let waiting = self.buffer.get(self.start..self.filled).unwrap_or_default();
        let Some(frame) = frame::split(waiting)? else {
            return Ok(None);
        };
        self.start += frame.consumed;
        Ok(Some(frame.message))
    }

    /// Wipes the message that was taken last, and those before it.
    pub fn forget(&mut self) {
        wipe(
            self.buffer
                .get_mut(self.forgotten..self.start)
                .unwrap_or_default(),
        );
        self.forgotten = self.start;
    }

    /// Says whether a message has begun that is not whole.
    pub const fn has_partial(&self) -> bool {
        self.start < self.filled
    }

    /// Wipes what was taken, and gives the memory back when nothing is left.
    pub fn tidy(&mut self) {
        if self.start == 0 && self.filled > 0 {
            return;
        }
        let left = self.filled - self.start;
        self.buffer.copy_within(self.start..self.filled, 0);
        wipe(self.buffer.get_mut(left..self.filled).unwrap_or_default());
        (self.start, self.forgotten, self.filled) = (0, 0, left);
        if left == 0 {
            self.buffer = Vec::new();
        }
    }

    fn make_room(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = vec![0; FIRST];
        } else if self.filled == self.buffer.len() {
            // Twice as much each time, never in place: a vector that moves leaves a copy behind.
            let mut larger = vec![0; self.buffer.len() * 2];
            if let Some(begin) = larger.get_mut(..self.filled) {
                begin.copy_from_slice(&self.buffer);
            }
            wipe(&mut self.buffer);
            self.buffer = larger;
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        wipe(self.buffer.get_mut(..self.filled).unwrap_or_default());
    }
}

fn wipe(bytes: &mut [u8]) {
    if cfg!(not(feature = "unwiped")) {
        bytes.zeroize();
    }
}

impl core::fmt::Debug for Frames {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Frames({} bytes)", self.filled)
    }
}
