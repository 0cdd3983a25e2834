//! Puts the file of the next generation together (`FORMAT.md` section 7).

use core::time::Duration;

use sha2::{Digest, Sha256};

use super::{Record, Vault};
use crate::block::{self, Kind, MANIFEST, Name};
use crate::error::Error;
use crate::header::{FILE_MAX, Header, RECORDS_MAX, TRAILER, write_trailer};
use crate::id::RecordId;
use crate::manifest::{self, Entry};
use crate::random::Entropy;
use crate::record::Content;
use crate::timestamp::Timestamp;

/// How long a removed key can be brought back.
const REMOVED_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Vault {
    /// Returns the bytes of the next generation. Blocks that did not change are copied as they are;
    /// keys that were removed more than 30 days ago are left out.
    ///
    /// The vault itself stays as it is: what [`Vault::reread`] makes of the bytes, once they are on
    /// a disk, takes its place.
    ///
    /// # Errors
    /// [`Error::Entropy`] without randomness, and [`Error::Full`] for more than the format takes.
    pub fn seal(&self, now: Timestamp, entropy: &mut dyn Entropy) -> Result<Vec<u8>, Error> {
        let generation = self.next_generation()?;
        let records: Vec<_> = self
            .records
            .iter()
            .filter(|(_, record)| !is_over(record, now))
            .collect();
        if records.len() > RECORDS_MAX {
            return Err(full("records", RECORDS_MAX));
        }
        let manifest = self.manifest(&records, generation, entropy)?;
        let lengths = records.iter().map(|(_, record)| self.bytes(record).len());
        let body = manifest.len() + lengths.sum::<usize>();
        let mut digest = Sha256::new();
        digest.update(block::digest_of(&manifest));
        records
            .iter()
            .for_each(|(_, record)| digest.update(block::digest_of(self.bytes(record))));
        let header = Header {
            generation,
            records: records.len(),
            body,
            previous: self.digest,
            body_digest: digest.finalize().into(),
            ..self.header.clone()
        };
        let header = header.write(&self.sealer.header_key())?;
        let length = 2 * header.len() + body + TRAILER;
        if length > FILE_MAX {
            return Err(full("bytes of the file", FILE_MAX));
        }
        let mut file = Vec::with_capacity(length);
        file.extend_from_slice(&header);
        file.extend_from_slice(&manifest);
        records
            .iter()
            .for_each(|(_, record)| file.extend_from_slice(self.bytes(record)));
        file.extend_from_slice(&header);
        write_trailer(&mut file, header.len());
        Ok(file)
    }

    fn manifest(
        &self,
        records: &[(&RecordId, &Record)],
        generation: u64,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Error> {
        let entry = |(id, record): &(&RecordId, &Record)| Entry {
            id: **id,
            version: record.version,
            tag: block::tag_of(self.bytes(record)),
        };
        let entries: Vec<_> = records.iter().map(entry).collect();
        let name = Name {
            kind: Kind::Manifest,
            id: MANIFEST,
            version: generation,
        };
        self.sealer.seal(&name, &manifest::write(&entries), entropy)
    }
}

/// Says whether a record is of a key whose time to be brought back is over.
fn is_over(record: &Record, now: Timestamp) -> bool {
    let Content::Key(key) = &record.content else {
        return false;
    };
    key.removed
        .is_some_and(|removed| now.since(removed) > REMOVED_KEPT)
}

fn full(what: &'static str, limit: usize) -> Error {
    Error::Full {
        what,
        limit: u64::try_from(limit).unwrap_or(u64::MAX),
    }
}
