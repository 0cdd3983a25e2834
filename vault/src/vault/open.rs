//! Opens a vault, and reads what its records say.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{Bytes, Record, Vault};
use crate::block::{Block, Sealer};
use crate::error::{Broken, Error, Part};
use crate::header;
use crate::id::{RecordId, SlotId};
use crate::manifest::{self, Entry};
use crate::memory;
use crate::record::Content;
use crate::sealed::{Sealed, part};
use crate::secret::Secret;
use crate::slot::Opener;
use crate::spread::spread;
use crate::subkey::Key;
use crate::unlocking::Unlocking;

impl Sealed {
    /// Opens the vault with a secret (`FORMAT.md` section 6, steps 3 and 4).
    ///
    /// It takes as long as the slots' derivations. A failure leaves this as it was, for another try.
    ///
    /// # Errors
    /// [`Error::Locked`] when no slot opens with the secret; an [`Error`] of class
    /// [`Forged`](crate::Class::Forged) or [`Invalid`](crate::Class::Invalid) when one does, and
    /// what is behind it is not right.
    pub fn unlock(&self, opener: &Opener<'_>) -> Result<Vault, Error> {
        self.unlock_with(opener, &mut Unlocking::default())
            .map(|(vault, _)| vault)
    }

    /// Opens the vault with a secret, minding the caller's memory and telling of each slot that is
    /// tried; returns which slot opened.
    ///
    /// # Errors
    /// As [`Sealed::unlock`], and [`Error::MemoryCeiling`] or [`Error::OutOfMemory`] when slots were
    /// left out.
    pub fn unlock_with(
        &self,
        opener: &Opener<'_>,
        unlocking: &mut Unlocking<'_>,
    ) -> Result<(Vault, SlotId), Error> {
        let unlocked = unlocking.unlock(&self.header, opener)?;
        let vault = open(self, unlocked.vault_key, unlocked.sealer)?;
        Ok((vault, unlocked.slot))
    }
}

impl Vault {
    /// Reads back what [`Vault::seal`] returned and somebody wrote to a disk: every record is opened
    /// and read. The vault that is returned takes the place of this one.
    ///
    /// # Errors
    /// As [`Sealed::read`] and [`Sealed::unlock`]; [`Error::AnotherVault`] when the file was sealed
    /// with another vault key.
    pub fn reread(&self, bytes: Vec<u8>) -> Result<Self, Error> {
        let sealed = Sealed::read(bytes)?;
        if !self.sealer.made(&sealed.header) {
            return Err(Error::AnotherVault);
        }
        let vault_key = Secret::new(*self.vault_key.expose());
        let sealer = Sealer::new(sealed.header.vault, &vault_key)?;
        open(&sealed, vault_key, sealer)
    }
}

fn open(sealed: &Sealed, vault_key: Key, sealer: Sealer) -> Result<Vault, Error> {
    if !header::is_authentic(sealed.header_bytes(), &sealer.header_key())? {
        return Err(Error::Forged { part: Part::Header });
    }
    check_manifest(sealed, &sealer)?;
    let vault = Vault {
        file: Arc::clone(&sealed.file),
        header: sealed.header.clone(),
        digest: sealed.digest(),
        vault_key,
        records: records(sealed, &sealer)?,
        sealer,
        is_changed: false,
    };
    check_names(&vault)?;
    check_slots(&vault)?;
    vault.check_wrap_keys()?;
    Ok(vault)
}

fn check_manifest(sealed: &Sealed, sealer: &Sealer) -> Result<(), Error> {
    let part = Part::Manifest;
    let forged = || Error::Forged { part };
    let (block, records) = sealed.blocks.split_first().ok_or_else(forged)?;
    let mut plain = Secret::new(Vec::new());
    let opened = sealer.open(&block.name, bytes(sealed, block), &mut plain);
    let invalid = |rule: Broken| Error::Invalid { part, rule };
    let content = opened.ok_or_else(forged)?.map_err(invalid)?;
    let listed = memory::public(|| manifest::read(content)).map_err(invalid)?;
    let agrees = listed.len() == records.len()
        && records
            .iter()
            .zip(&listed)
            .all(|(block, entry)| Entry::of(block, bytes(sealed, block)) == *entry);
    agrees.then_some(()).ok_or_else(forged)
}

/// Opens every record, and keeps what is no secret.
fn records(sealed: &Sealed, sealer: &Sealer) -> Result<BTreeMap<RecordId, Record>, Error> {
    let numbered: Vec<_> = memory::public(|| sealed.blocks.iter().enumerate().skip(1).collect());
    let parts = spread(&numbered, |part_of| {
        let mut plain = Secret::new(Vec::new());
        let mut records = memory::public(|| Vec::with_capacity(part_of.len()));
        for (index, block) in part_of {
            let opened = sealer.open(&block.name, bytes(sealed, block), &mut plain);
            let content = opened.ok_or(Error::Forged { part: part(*index) })?;
            let read = |content| memory::public(|| Content::read(block.name.id, content));
            let content = content.and_then(read);
            let content = content.map_err(|rule| Error::Invalid {
                part: part(*index),
                rule,
            })?;
            records.push((block.name.id, record(block, content)));
        }
        Ok(records)
    })?;
    Ok(memory::public(|| {
        let mut all = Vec::with_capacity(numbered.len());
        parts.into_iter().for_each(|part| all.extend(part));
        all.into_iter().collect()
    }))
}

fn record(block: &Block, content: Content) -> Record {
    Record {
        version: block.name.version,
        block: Bytes::Saved(block.range.clone()),
        content,
    }
}

fn bytes<'a>(sealed: &'a Sealed, block: &Block) -> &'a [u8] {
    sealed.file.get(block.range.clone()).unwrap_or_default()
}

fn check_names(vault: &Vault) -> Result<(), Error> {
    let mut names = memory::public(|| HashSet::with_capacity(vault.records.len()));
    for (index, record) in vault.records.values().enumerate() {
        if let Content::Key(key) = &record.content
            && key.removed.is_none()
            && !names.insert(key.name())
        {
            let rule = Broken("another key has the same name");
            return Err(Error::Invalid {
                part: part(index + 1),
                rule,
            });
        }
    }
    Ok(())
}

/// Checks that slots and the records of slots belong together, one to one.
fn check_slots(vault: &Vault) -> Result<(), Error> {
    let mut slots: HashMap<_, _> = vault
        .header
        .slots
        .iter()
        .map(|slot| (slot.id(), 0))
        .collect();
    for (index, record) in vault.records.values().enumerate() {
        let Content::Slot(slot) = &record.content else {
            continue;
        };
        let rule = Broken("record belongs to no slot, or to the slot of another record");
        let count = slots.get_mut(&slot.slot).filter(|count| **count == 0);
        *count.ok_or(Error::Invalid {
            part: part(index + 1),
            rule,
        })? += 1;
    }
    let ids = vault.header.slots.iter().map(|slot| slot.id());
    match ids.enumerate().find(|(_, id)| slots.get(id) != Some(&1)) {
        None => Ok(()),
        Some((index, _)) => {
            let rule = Broken("no record belongs to it");
            Err(Error::Invalid {
                part: Part::Slot(index + 1),
                rule,
            })
        }
    }
}
