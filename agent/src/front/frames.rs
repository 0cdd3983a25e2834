//! The bytes that a client has sent and that are not answered yet.

use std::io;
use std::os::unix::net::UnixStream;

use super::intake::{Intake, SecretBuffer};
use crate::protocol::frame::{self, FrameTooLong, HEADER_LENGTH};
use crate::protocol::message;
use crate::secret_memory::region;

/// Bytes to make room for at first: every usual request fits.
const FIRST: usize = 4 << 10;

/// A buffer that takes no memory while its connection is idle, and no more than twice the bytes
/// that came: what a client announces costs nothing.
///
/// It lies in secret memory from when a message with a private key or a passphrase begins until
/// everything is answered, where there is such memory. Wherever it lies, it is wiped when it grows
/// and when it is done.
#[derive(Default)]
pub struct Frames {
    buffer: Buffer,
    start: usize,
    /// Where what is not wiped yet begins, at `start` at most.
    forgotten: usize,
    filled: usize,
}

enum Buffer {
    Plain(Vec<u8>),
    Secret(SecretBuffer),
}

impl Frames {
    /// Reads what there is without waiting; says how many bytes came, 0 for the end.
    ///
    /// # Errors
    /// What the socket said, `WouldBlock` too.
    pub fn fill(&mut self, intake: &Intake, stream: &UnixStream) -> io::Result<usize> {
        intake.read(stream, |came| self.put(intake, came))
    }

    /// Takes the next whole message.
    ///
    /// # Errors
    /// [`FrameTooLong`] when the client announced too much; nothing more can be understood then.
    pub fn take(&mut self) -> Result<Option<&[u8]>, FrameTooLong> {
        let waiting = self.buffer.bytes().get(self.start..self.filled);
        let Some(frame) = frame::split(waiting.unwrap_or_default())? else {
            return Ok(None);
        };
        self.start += frame.consumed;
        Ok(Some(frame.message))
    }

    /// Wipes the message that was taken last, and those before it.
    pub fn forget(&mut self) {
        self.buffer.wipe(self.forgotten..self.start);
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
        self.buffer
            .bytes_mut()
            .copy_within(self.start..self.filled, 0);
        self.buffer.wipe(left..self.filled);
        (self.start, self.forgotten, self.filled) = (0, 0, left);
        if left == 0 {
            self.buffer = Buffer::default();
        }
    }

    /// Appends what came. All whole messages have been taken: what waits is the begin of one.
    fn put(&mut self, intake: &Intake, came: &[u8]) {
        let waiting = self.buffer.bytes().get(self.start..self.filled);
        let is_secret = brings_secret(waiting.unwrap_or_default(), came);
        let end = self.filled + came.len();
        self.make_room(intake, end, is_secret);
        if let Some(room) = self.buffer.bytes_mut().get_mut(self.filled..end) {
            room.copy_from_slice(came);
            self.filled = end;
        }
    }

    fn make_room(&mut self, intake: &Intake, size: usize, is_secret: bool) {
        let is_moving = is_secret && matches!(self.buffer, Buffer::Plain(_));
        let capacity = self.buffer.bytes().len();
        if size <= capacity && !is_moving {
            return;
        }
        // Twice as much each time, never in place: a vector that moves leaves a copy behind.
        let larger = size.next_power_of_two().max(FIRST).max(capacity);
        let is_secret = is_secret || matches!(self.buffer, Buffer::Secret(_));
        let secret = is_secret.then(|| intake.secret(larger)).flatten();
        let mut larger = secret.map_or_else(|| Buffer::Plain(vec![0; larger]), Buffer::Secret);
        let held = self.buffer.bytes().get(..self.filled).unwrap_or_default();
        if let Some(begin) = larger.bytes_mut().get_mut(..self.filled) {
            begin.copy_from_slice(held);
        }
        self.buffer.wipe(0..self.filled);
        self.buffer = larger;
    }
}

/// Says whether a message with a secret begins in, or goes on with, what `came` after the begin of a
/// message that `waits`.
fn brings_secret(waits: &[u8], came: &[u8]) -> bool {
    let mut start = 0_usize;
    loop {
        let mut bytes = waits.iter().chain(came).skip(start).copied();
        let mut header = [0; HEADER_LENGTH];
        for field in &mut header {
            let Some(byte) = bytes.next() else {
                return false;
            };
            *field = byte;
        }
        let length = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
        match bytes.next() {
            None => return false,
            // The byte after an empty message is the next one's.
            Some(number) if length > 0 && message::carries_secret(number) => return true,
            Some(_) => start = start.saturating_add(HEADER_LENGTH).saturating_add(length),
        }
    }
}

impl Buffer {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Secret(buffer) => buffer.bytes(),
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Secret(buffer) => buffer.bytes_mut(),
        }
    }

    fn wipe(&mut self, range: core::ops::Range<usize>) {
        region::wipe_slice(self.bytes_mut().get_mut(range).unwrap_or_default());
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::Plain(Vec::new())
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.buffer.wipe(0..self.filled);
    }
}

impl core::fmt::Debug for Frames {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Frames({} bytes)", self.filled)
    }
}

#[cfg(test)]
mod tests;
