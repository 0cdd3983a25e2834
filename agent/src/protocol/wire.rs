//! The data types of RFC 4251 section 5, read from and written to memory.
//!
//! Reading borrows: no byte of a frame is copied until its owner asks for it, so a private key in
//! a frame stays in that frame's wiped buffer.

use thiserror::Error;

/// Says why bytes are not what the protocol promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireError {
    /// The field announces more bytes than the message has left.
    #[error("field is cut short")]
    Truncated,
    /// The message has bytes after its last field.
    #[error("{0} bytes after the last field")]
    Trailing(usize),
    /// A field holds a value that its type does not allow.
    #[error("{0} is not valid")]
    Invalid(&'static str),
    /// A count or a length is above its limit.
    #[error("{0} is above its limit")]
    TooLarge(&'static str),
}

/// Reads fields from exactly one message.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `message`.
    pub const fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Returns the bytes that were not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Says whether every byte was read.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the next `count` bytes as they are.
    ///
    /// # Errors
    /// [`WireError::Truncated`] when fewer are left.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes a `byte`.
    ///
    /// # Errors
    /// [`WireError::Truncated`] when none is left.
    pub fn byte(&mut self) -> Result<u8, WireError> {
        let (first, rest) = self.rest.split_first().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    /// Takes a `boolean`; any byte but 0 is true, as RFC 4251 asks.
    ///
    /// # Errors
    /// [`WireError::Truncated`] when none is left.
    pub fn boolean(&mut self) -> Result<bool, WireError> {
        Ok(self.byte()? != 0)
    }

    /// Takes a `uint32`.
    ///
    /// # Errors
    /// [`WireError::Truncated`] when fewer than four bytes are left.
    pub fn uint32(&mut self) -> Result<u32, WireError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*taken))
    }

    /// Takes a `uint64`.
    ///
    /// # Errors
    /// [`WireError::Truncated`] when fewer than eight bytes are left.
    pub fn uint64(&mut self) -> Result<u64, WireError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(u64::from_be_bytes(*taken))
    }

    /// Takes a `string`: a length and as many bytes.
    ///
    /// # Errors
    /// [`WireError::Truncated`] when the message ends before the string does.
    pub fn string(&mut self) -> Result<&'a [u8], WireError> {
        let mut ahead = *self;
        let length = usize::try_from(ahead.uint32()?).map_err(|_| WireError::Truncated)?;
        let taken = ahead.bytes(length)?;
        *self = ahead;
        Ok(taken)
    }

    /// Takes a `string` that has to be UTF-8, as names of algorithms and extensions are.
    ///
    /// # Errors
    /// [`WireError::Truncated`], or [`WireError::Invalid`] with `name` when it is not UTF-8.
    pub fn text(&mut self, name: &'static str) -> Result<&'a str, WireError> {
        core::str::from_utf8(self.string()?).map_err(|_| WireError::Invalid(name))
    }

    /// Takes a `string` that others hand on as a C string, such as a user's or a host's name.
    ///
    /// A NUL is refused: what comes after it is checked here and invisible there.
    ///
    /// # Errors
    /// [`WireError::Truncated`], or [`WireError::Invalid`] with `name` when it holds a NUL.
    pub fn name(&mut self, name: &'static str) -> Result<&'a [u8], WireError> {
        let taken = self.string()?;
        if taken.contains(&0) {
            return Err(WireError::Invalid(name));
        }
        Ok(taken)
    }

    /// Takes a non-negative `mpint` and returns its magnitude without leading zeros.
    ///
    /// # Errors
    /// [`WireError::Truncated`], or [`WireError::Invalid`] when it is negative or not in the
    /// shortest form.
    pub fn mpint(&mut self) -> Result<&'a [u8], WireError> {
        match self.string()? {
            [] => Ok(&[]),
            [0, tail @ ..] if tail.first().is_some_and(|byte| *byte & 0x80 != 0) => Ok(tail),
            [0, ..] => Err(WireError::Invalid("mpint")),
            [first, ..] if *first & 0x80 != 0 => Err(WireError::Invalid("mpint")),
            magnitude => Ok(magnitude),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`WireError::Trailing`] when bytes are left.
    pub const fn finish(self) -> Result<(), WireError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(WireError::Trailing(self.rest.len()))
        }
    }
}

/// Appends fields to a message.
///
/// Whoever writes secrets makes the vector large enough before: one that moves when it grows leaves a copy behind.
pub trait Writer {
    /// Appends a `uint32`.
    fn put_uint32(&mut self, value: u32);
    /// Appends a `string`. Lengths above `u32::MAX` cannot come up: no message is longer than 256 KiB.
    fn put_string(&mut self, value: &[u8]);
    /// Appends a non-negative `mpint` given as a big-endian magnitude.
    fn put_mpint(&mut self, magnitude: &[u8]);
}

impl Writer for Vec<u8> {
    fn put_uint32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put_string(&mut self, value: &[u8]) {
        self.put_uint32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.extend_from_slice(value);
    }

    fn put_mpint(&mut self, magnitude: &[u8]) {
        let start = magnitude
            .iter()
            .position(|byte| *byte != 0)
            .unwrap_or(magnitude.len());
        let digits = magnitude.get(start..).unwrap_or_default();
        let pad = usize::from(digits.first().is_some_and(|byte| *byte & 0x80 != 0));
        self.put_uint32(u32::try_from(digits.len() + pad).unwrap_or(u32::MAX));
        self.extend(core::iter::repeat_n(0, pad));
        self.extend_from_slice(digits);
    }
}

impl core::fmt::Debug for Reader<'_> {
    // A frame may hold a private key: only its length is shown.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Reader({} bytes)", self.rest.len())
    }
}
