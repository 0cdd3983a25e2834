//! Reads and writes the integers and strings of the file (`FORMAT.md` section 1).

/// The bytes that are still to be read.
///
/// Nothing is copied and nothing allocated: a length that is not there reads as `None`.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Takes the next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// Takes a `u32` length and as many bytes, which are all there.
    pub(crate) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes a `u32` length and as many bytes.
///
/// What is written so is bounded far below 4 GiB; a longer one would read as damaged.
pub(crate) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32_of(bytes.len()).to_be_bytes());
    out.extend(bytes);
}

/// Returns a length as the file writes it. Lengths are bounded before they come here.
pub(crate) fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_order_and_stops_at_the_end() {
        let mut reader = Reader::new(&[0, 1, 0, 0, 0, 2, 7, 8, 9]);
        assert_eq!(reader.u16(), Some(1));
        assert_eq!(reader.string(), Some(&[7, 8][..]));
        assert_eq!(reader.u16(), None);
        assert_eq!(reader.take(1), Some(&[9][..]));
        assert!(reader.is_empty());
    }

    #[test]
    fn refuses_string_longer_than_what_is_there() {
        assert_eq!(Reader::new(&[255, 255, 255, 255, 1]).string(), None);
    }
}
