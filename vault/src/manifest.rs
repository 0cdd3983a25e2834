//! The sealed list of what belongs to a generation (`FORMAT.md` section 2.4).

use crate::block::{Block, tag_of};
use crate::cipher::TAG;
use crate::error::Broken;
use crate::id::RecordId;
use crate::wire::{Reader, u32_of};

/// One record as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: RecordId,
    pub(crate) version: u64,
    pub(crate) tag: [u8; TAG],
}

/// The bytes of an entry.
const ENTRY: usize = 16 + 8 + TAG;

impl Entry {
    /// Returns the entry that lists a block.
    pub(crate) fn of(block: &Block, bytes: &[u8]) -> Self {
        Self {
            id: block.name.id,
            version: block.name.version,
            tag: tag_of(bytes),
        }
    }
}

/// Writes the content of a manifest.
pub(crate) fn write(entries: &[Entry]) -> Vec<u8> {
    let mut content = Vec::with_capacity(4 + entries.len() * ENTRY);
    content.extend(u32_of(entries.len()).to_be_bytes());
    for entry in entries {
        content.extend(entry.id.0);
        content.extend(entry.version.to_be_bytes());
        content.extend(entry.tag);
    }
    content
}

/// Reads the content of a manifest.
pub(crate) fn read(content: &[u8]) -> Result<Vec<Entry>, Broken> {
    let disagrees = Broken("count does not agree with the length");
    let mut reader = Reader::new(content);
    let count = reader.u32().ok_or(disagrees)?;
    let listed = reader.rest().chunks_exact(ENTRY);
    if !listed.remainder().is_empty() || u32_of(listed.len()) != count {
        return Err(disagrees);
    }
    let entry = |bytes| {
        let mut reader = Reader::new(bytes);
        Some(Entry {
            id: RecordId(reader.array()?),
            version: reader.u64()?,
            tag: reader.array()?,
        })
    };
    let mut entries = Vec::with_capacity(listed.len());
    for bytes in listed {
        entries.push(entry(bytes).ok_or(disagrees)?);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let entry = |byte| Entry {
            id: RecordId([byte; 16]),
            version: u64::from(byte),
            tag: [byte; TAG],
        };
        let entries: Vec<_> = (0..5).map(entry).collect();
        let content = write(&entries);
        assert_eq!(read(&content).unwrap(), entries);
        assert!(read(&content[1..]).is_err());
        assert!(read(&[&content[..], &[0]].concat()).is_err());
        assert!(read(&[&content[..], &[0; ENTRY]].concat()).is_err());
        assert!(read(b"\xff\xff\xff\xff").is_err());
        assert!(read(b"").is_err());
    }
}
