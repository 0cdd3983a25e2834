//! A vault file of which all is checked that needs no secret.

use std::sync::Arc;

use core::ops::Range;

use sha2::{Digest, Sha256};

use crate::block::{self, Block, Kind};
use crate::error::{Broken, Error, Part, damaged};
use crate::header::{self, Chosen, DIGEST, Header, TRAILER, Warning, choose};
use crate::id::VaultId;
use crate::memory;
use crate::slot::Slot;
use crate::spread::spread;

/// A vault that is not open.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub(crate) file: Arc<Vec<u8>>,
    pub(crate) header: Header,
    /// Where the header stands that serves.
    pub(crate) header_range: Range<usize>,
    /// The blocks in the order of the file: the manifest first.
    pub(crate) blocks: Vec<Block>,
    warning: Option<Warning>,
}

impl Sealed {
    /// Reads a file as far as it can be read without a secret (`FORMAT.md` section 6, steps 1 and
    /// 2). Costs out of bounds are refused before the body is looked at.
    ///
    /// # Errors
    /// An [`Error`] of class [`NotAVault`](crate::Class::NotAVault),
    /// [`Unsupported`](crate::Class::Unsupported), [`Cost`](crate::Class::Cost) or
    /// [`Damaged`](crate::Class::Damaged).
    pub fn read(bytes: Vec<u8>) -> Result<Self, Error> {
        memory::public(|| Self::read_public(bytes))
    }

    fn read_public(bytes: Vec<u8>) -> Result<Self, Error> {
        let Chosen { range, warning } = choose(&bytes)?;
        let header = Header::read(bytes.get(range.clone()).unwrap_or_default())?;
        let body = body(&bytes, &header, range.len())?;
        let blocks = blocks(&bytes, &header, body)?;
        digests(&bytes, &header, &blocks)?;
        Ok(Self {
            file: Arc::new(bytes),
            header,
            header_range: range,
            blocks,
            warning,
        })
    }

    /// Returns the name of the vault, which stays for all its life.
    pub fn vault_id(&self) -> VaultId {
        self.header.vault
    }

    /// Returns how many times the vault was saved.
    pub fn generation(&self) -> u64 {
        self.header.generation
    }

    /// Returns the digest of the header, which names this save of the vault.
    pub fn digest(&self) -> [u8; DIGEST] {
        header::digest_of(self.header_bytes()).unwrap_or_default()
    }

    /// Returns the digest of the generation before; zeros in generation 1.
    pub fn previous(&self) -> [u8; DIGEST] {
        self.header.previous
    }

    /// Returns what commits the vault to its vault key; another one after that was renewed.
    pub fn commitment(&self) -> [u8; 32] {
        self.header.commitment
    }

    /// Returns the ways in.
    pub fn slots(&self) -> &[Slot] {
        &self.header.slots
    }

    /// Returns how many records there are, those of slots and removed keys included.
    pub fn records(&self) -> usize {
        self.header.records
    }

    /// Returns what is damaged although the file can be read.
    pub fn warning(&self) -> Option<Warning> {
        self.warning
    }

    /// Returns the bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.file
    }

    pub(crate) fn header_bytes(&self) -> &[u8] {
        self.file.get(self.header_range.clone()).unwrap_or_default()
    }
}

/// Returns where the blocks stand, when the file is as long as its header says.
fn body(file: &[u8], header: &Header, header_length: usize) -> Result<Range<usize>, Error> {
    let end = header_length.checked_add(header.body);
    let whole = end.and_then(|end| end.checked_add(header_length + TRAILER));
    let fits = end.filter(|_| whole == Some(file.len()));
    damaged(
        fits.map(|end| header_length..end),
        Part::File,
        "length is not what the header says",
    )
}

/// Finds the blocks, whose digests are still to be checked.
fn blocks(file: &[u8], header: &Header, body: Range<usize>) -> Result<Vec<Block>, Error> {
    // A block has more than 512 bytes, so that nothing is allocated for blocks that are not there.
    let possible = header.records.min(body.len() / 512) + 1;
    let mut blocks: Vec<Block> = Vec::with_capacity(possible);
    let mut start = body.start;
    let within = file.get(..body.end).unwrap_or_default();
    for index in 0..=header.records {
        let error = |Broken(rule)| Error::Damaged {
            part: part(index),
            rule,
        };
        let block = Block::read(within, start).map_err(error)?;
        order(&block, blocks.last(), header).map_err(error)?;
        start = block.range.end;
        blocks.push(block);
    }
    damaged(
        (start == body.end).then_some(blocks),
        Part::File,
        "bytes stand after the last record",
    )
}

/// Checks that a block may follow the one before.
fn order(block: &Block, before: Option<&Block>, header: &Header) -> Result<(), Broken> {
    let name = &block.name;
    let Some(before) = before else {
        return match (name.kind, name.version == header.generation) {
            (Kind::Record, _) => Err(Broken("no manifest comes first")),
            (_, false) => Err(Broken("version of the manifest is not the generation")),
            _ => Ok(()),
        };
    };
    if name.kind != Kind::Record {
        return Err(Broken("manifest does not come first"));
    }
    if !(1..=header.generation).contains(&name.version) {
        return Err(Broken("version is not 1 to the generation"));
    }
    if before.name.kind == Kind::Record && before.name.id >= name.id {
        return Err(Broken("ids are not in ascending order"));
    }
    Ok(())
}

fn digests(file: &[u8], header: &Header, blocks: &[Block]) -> Result<(), Error> {
    let bytes = |block: &Block| file.get(block.range.clone()).unwrap_or_default();
    let numbered: Vec<_> = blocks.iter().enumerate().collect();
    spread(&numbered, |part_of| {
        let broken = part_of
            .iter()
            .find(|(_, block)| !block::holds(bytes(block)));
        let rule = "digest does not hold";
        broken.map_or(Ok(()), |(index, _)| {
            Err(Error::Damaged {
                part: part(*index),
                rule,
            })
        })
    })?;
    let mut all = Sha256::new();
    blocks
        .iter()
        .for_each(|block| all.update(block::digest_of(bytes(block))));
    let holds = all.finalize().as_slice() == header.body_digest;
    damaged(holds.then_some(()), Part::File, "body digest does not hold")
}

/// Returns the name of a block by its place.
pub(crate) fn part(index: usize) -> Part {
    if index == 0 {
        Part::Manifest
    } else {
        Part::Block(index)
    }
}
