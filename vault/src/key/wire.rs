//! The data types of RFC 4251 section 5, read from and written to memory.
//!
//! Reading borrows, so that a secret is not copied by being looked at.

use super::error::KeyError;

/// Reads fields from exactly one run of bytes.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the bytes that were not read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], KeyError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(KeyError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, KeyError> {
        let (first, rest) = self.rest.split_first().ok_or(KeyError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    pub(crate) fn uint32(&mut self) -> Result<u32, KeyError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(KeyError::Truncated)?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*taken))
    }

    pub(crate) fn string(&mut self) -> Result<&'a [u8], KeyError> {
        let length = usize::try_from(self.uint32()?).map_err(|_| KeyError::Truncated)?;
        self.bytes(length)
    }

    /// Takes a `string` of exactly `N` bytes.
    pub(crate) fn array<const N: usize>(
        &mut self,
        name: &'static str,
    ) -> Result<&'a [u8; N], KeyError> {
        self.string()?
            .try_into()
            .map_err(|_| KeyError::Invalid(name))
    }

    /// Takes an `mpint` that is positive and in its shortest form, and returns its magnitude.
    pub(crate) fn mpint(&mut self, name: &'static str) -> Result<&'a [u8], KeyError> {
        let number = self.string()?;
        match number {
            [0, rest @ ..] if rest.first().is_some_and(|byte| *byte >= 0x80) => Ok(rest),
            [1..=0x7f, ..] => Ok(number),
            _ => Err(KeyError::Invalid(name)),
        }
    }

    /// Ends the reading.
    pub(crate) const fn finish(self) -> Result<(), KeyError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(KeyError::Trailing(count)),
        }
    }
}

/// Appends fields. Whoever writes secrets makes the buffer large enough before.
pub(crate) trait Writer {
    fn put_uint32(&mut self, value: u32);
    fn put_string(&mut self, value: &[u8]);
    /// Appends a positive `mpint` given as a magnitude without leading zeros.
    fn put_mpint(&mut self, magnitude: &[u8]);
}

impl Writer for Vec<u8> {
    fn put_uint32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    // Every length is bounded by that of a file, 1 MiB.
    fn put_string(&mut self, value: &[u8]) {
        self.put_uint32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.extend_from_slice(value);
    }

    fn put_mpint(&mut self, magnitude: &[u8]) {
        let pad = usize::from(magnitude.first().is_some_and(|byte| *byte >= 0x80));
        self.put_uint32(u32::try_from(magnitude.len() + pad).unwrap_or(u32::MAX));
        self.extend(core::iter::repeat_n(0, pad));
        self.extend_from_slice(magnitude);
    }
}

/// Returns how many bytes [`Writer::put_string`] or [`Writer::put_mpint`] append at most.
pub(crate) const fn room(value: &[u8]) -> usize {
    4 + 1 + value.len()
}

/// Returns a big-endian number without its leading zeros.
pub(crate) fn magnitude(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0);
    number.get(start.unwrap_or(number.len())..).unwrap_or(&[])
}

/// Returns the length of a magnitude without leading zeros, in bits.
pub(crate) fn bits(magnitude: &[u8]) -> usize {
    let unused = magnitude.first().map_or(0, |byte| byte.leading_zeros());
    (magnitude.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or(0))
}
