//! Which of the two headers serves.

use core::ops::Range;

use sha2::{Digest, Sha256};

use super::{DIGEST, END, FIXED, HEADER_MAX, MAJOR};
use crate::error::{Error, Part, damaged};
use crate::wire::{Reader, u32_of};

/// What every vault begins with.
pub(crate) const MAGIC: [u8; 8] = *b"\x89KWV\r\n\x1a\n";

/// What every vault ends with: the same backwards.
const END_MAGIC: [u8; 8] = *b"\n\x1a\n\rVWK\x89";

/// The length of the twin, and the magic of the end.
pub(crate) const TRAILER: usize = 4 + 8;

/// The longest file, in bytes: 1 GiB.
pub(crate) const FILE_MAX: usize = 1 << 30;

/// What is not as it was written in a file that can be read all the same. The next save mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The header at the start is damaged, and its twin serves.
    HeaderDamaged,
    /// The end of the file is damaged, where the twin of the header stands.
    TwinDamaged,
}

/// The header that serves.
pub(crate) struct Chosen {
    /// Where it stands in the file.
    pub(crate) range: Range<usize>,
    pub(crate) warning: Option<Warning>,
}

/// One of the two headers, by where it begins.
#[derive(Clone, Copy)]
pub(crate) struct Copy {
    pub(crate) start: usize,
    pub(crate) part: Part,
}

/// Finds the header that serves, and what is wrong with the other.
pub(crate) fn choose(file: &[u8]) -> Result<Chosen, Error> {
    let ends_well = file.ends_with(&END_MAGIC);
    if !file.starts_with(&MAGIC) && !ends_well {
        return Err(Error::NotAVault);
    }
    let short = (file.len() <= FILE_MAX).then_some(());
    damaged(short, Part::File, "longer than 1 GiB")?;
    let first = Copy {
        start: 0,
        part: Part::Header,
    }
    .find(file);
    let twin = twin_at(file).map(|start| {
        Copy {
            start,
            part: Part::Twin,
        }
        .find(file)
    });
    let twin = twin
        .and_then(Result::ok)
        .filter(|twin| twin.end + TRAILER == file.len());
    let twin = twin.filter(|_| ends_well);
    match (first, twin) {
        (Ok(first), Some(twin)) if file.get(first.clone()) == file.get(twin.clone()) => {
            Ok(Chosen {
                range: first,
                warning: None,
            })
        }
        (Ok(_), Some(_)) => Err(Error::Damaged {
            part: Part::Twin,
            rule: "differs from the header",
        }),
        (Ok(first), None) => Ok(Chosen {
            range: first,
            warning: Some(Warning::TwinDamaged),
        }),
        (Err(_), Some(twin)) => Ok(Chosen {
            range: twin,
            warning: Some(Warning::HeaderDamaged),
        }),
        (Err(error), None) => Err(error),
    }
}

/// Returns where the end of the file says that the twin begins.
pub(crate) fn twin_at(file: &[u8]) -> Option<usize> {
    let end = file.len().checked_sub(TRAILER)?;
    let length = Reader::new(file.get(end..)?).u32()?;
    let length = usize::try_from(length).ok()?;
    end.checked_sub(length).filter(|_| length <= HEADER_MAX)
}

/// Writes what stands after the twin.
pub(crate) fn write_trailer(out: &mut Vec<u8>, header_length: usize) {
    out.extend(u32_of(header_length).to_be_bytes());
    out.extend(END_MAGIC);
}

impl Copy {
    /// Returns where the header stands if only its length is right.
    pub(crate) fn frame(self, file: &[u8]) -> Option<Range<usize>> {
        let bytes = file.get(self.start..)?;
        let mut reader = Reader::new(bytes.get(12..)?);
        let length = usize::try_from(reader.u32()?).ok()?;
        let possible = (FIXED + END..=HEADER_MAX.min(bytes.len())).contains(&length);
        possible.then_some(self.start..self.start + length)
    }

    /// Returns where the header stands if its magic, major version, length and digest hold.
    pub(crate) fn find(self, file: &[u8]) -> Result<Range<usize>, Error> {
        let Self { start, part } = self;
        let bytes = file.get(start..).unwrap_or_default();
        let mut reader = Reader::new(bytes);
        let start_of = |reader: &mut Reader<'_>| {
            Some((reader.array()?, reader.u16()?, reader.u16()?, reader.u32()?))
        };
        let (magic, major, _minor, length) =
            damaged(start_of(&mut reader), part, "ends too early")?;
        damaged((magic == MAGIC).then_some(()), part, "magic is another")?;
        if major != MAJOR {
            return Err(Error::MajorVersion { found: major });
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let possible = (FIXED + END..=HEADER_MAX)
            .contains(&length)
            .then_some(length);
        let header = possible.and_then(|length| bytes.get(..length));
        let header = damaged(header, part, "length is impossible")?;
        let split = header.split_last_chunk::<DIGEST>();
        let (content, digest) = damaged(split, part, "ends too early")?;
        let holds = Sha256::digest(content).as_slice() == digest;
        damaged(
            holds.then_some(start..start + length),
            part,
            "digest does not hold",
        )
    }
}
