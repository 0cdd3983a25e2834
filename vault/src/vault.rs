//! An open vault.

mod open;
mod create;
mod keys;
mod slots;
mod saving;
mod merge;
mod restoring;
mod remains;

pub use create::FirstSlots;
pub use keys::NewKey;
pub(crate) use merge::is_same;
pub use remains::Lost;
pub(crate) use remains::Remains;
pub use slots::SlotView;

use core::fmt;
use core::ops::Range;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::block::{Kind, Name, Sealer};
use crate::error::{Error, Part};
use crate::header::{DIGEST, Header};
use crate::id::{RecordId, VaultId};
use crate::random::Entropy;
use crate::record::Content;
use crate::secret::Secret;
use crate::subkey::Key;

/// A vault whose keys can be listed, used and changed.
///
/// It holds the vault key and what is said of the private keys; they themselves stay sealed. What is
/// changed is sealed at once, and [`Vault::seal`] puts the file together.
pub struct Vault {
    /// The file it was read from; empty for a new vault.
    file: Arc<Vec<u8>>,
    /// The header it was read from; of a new vault, what will be in its first one.
    header: Header,
    /// The digest of that header; zeros for a new vault.
    digest: [u8; DIGEST],
    vault_key: Key,
    sealer: Sealer,
    records: BTreeMap<RecordId, Record>,
    is_changed: bool,
}

/// One record, sealed, and what it says.
struct Record {
    version: u64,
    block: Bytes,
    content: Content,
}

/// Where the bytes of a block are.
enum Bytes {
    /// In the file the vault was read from.
    Saved(Range<usize>),
    /// Sealed since.
    New(Vec<u8>),
}

impl Vault {
    /// Returns the name of the vault, which stays for all its life.
    pub fn id(&self) -> VaultId {
        self.header.vault
    }

    /// Returns the generation the vault was read from, 0 for one that was never saved.
    pub fn generation(&self) -> u64 {
        self.header.generation
    }

    /// Returns the digest of the header the vault was read from; zeros for one that was never saved.
    pub fn digest(&self) -> [u8; DIGEST] {
        self.digest
    }

    /// Returns what commits the vault to its vault key.
    pub fn commitment(&self) -> [u8; 32] {
        self.header.commitment
    }

    /// Says whether there is something to be saved.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Returns the generation that the next save makes, in which all is sealed from now on.
    fn next_generation(&self) -> Result<u64, Error> {
        let next = self.header.generation.checked_add(1);
        next.ok_or(Error::Full {
            what: "generations",
            limit: u64::MAX,
        })
    }

    fn bytes<'a>(&'a self, record: &'a Record) -> &'a [u8] {
        match &record.block {
            Bytes::Saved(range) => self.file.get(range.clone()).unwrap_or_default(),
            Bytes::New(block) => block,
        }
    }

    /// Opens the content of a record into `plain`.
    fn content<'b>(
        &self,
        id: RecordId,
        record: &Record,
        plain: &'b mut Secret<Vec<u8>>,
    ) -> Result<&'b [u8], Error> {
        self.content_of(&self.sealer, (id, record), plain)
    }

    /// Opens the content of a record that was sealed with another vault key than this one's.
    fn content_of<'b>(
        &self,
        sealer: &Sealer,
        (id, record): (RecordId, &Record),
        plain: &'b mut Secret<Vec<u8>>,
    ) -> Result<&'b [u8], Error> {
        let name = Name {
            kind: Kind::Record,
            id,
            version: record.version,
        };
        let opened = sealer.open(&name, self.bytes(record), plain);
        let part = || Part::Block(self.records.range(..=id).count());
        match opened {
            None => Err(Error::Forged { part: part() }),
            Some(Err(rule)) => Err(Error::Invalid { part: part(), rule }),
            Some(Ok(content)) => Ok(content),
        }
    }

    /// Seals a content as the next version of a record.
    fn put(
        &mut self,
        id: RecordId,
        content: Content,
        bytes: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        let version = self.next_generation()?;
        let record = seal_record(&self.sealer, version, (id, content, bytes), entropy)?;
        self.records.insert(id, record);
        self.is_changed = true;
        Ok(())
    }
}

/// Seals the content of a record.
fn seal_record(
    sealer: &Sealer,
    version: u64,
    (id, content, bytes): (RecordId, Content, &[u8]),
    entropy: &mut dyn Entropy,
) -> Result<Record, Error> {
    let name = Name {
        kind: Kind::Record,
        id,
        version,
    };
    let block = Bytes::New(sealer.seal(&name, bytes, entropy)?);
    Ok(Record {
        version,
        block,
        content,
    })
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("id", &self.header.vault)
            .field("generation", &self.header.generation)
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
