//! Changes the ways in (`FORMAT.md` section 5.2).

use std::collections::BTreeMap;

use super::{Record, Vault, seal_record};
use crate::block::Sealer;
use crate::error::{Error, Part};
use crate::header::SLOTS_MAX;
use crate::id::{RecordId, SlotId};
use crate::random::{self, Entropy};
use crate::record::{Content, LABEL, SlotRecord, Times, encode_slot, label_is_allowed, wrap_keys};
use crate::secret::Secret;
use crate::slot::{Context, NewSlot, Slot, WrapKey, check_work};
use crate::subkey::Key;
use crate::timestamp::Timestamp;

/// A slot with what its record says.
#[derive(Debug, Clone, Copy)]
pub struct SlotView<'a> {
    /// The slot as it stands in the header.
    pub slot: &'a Slot,
    /// The owner's name for it; empty if there is none.
    pub label: &'a str,
    /// When it was made.
    pub created: Timestamp,
}

/// A new vault key, and all that was sealed with it.
struct Renewal {
    vault_key: Key,
    sealer: Sealer,
    slots: Vec<Slot>,
    records: BTreeMap<RecordId, Record>,
}

const NO_RECORD: Error = Error::Contradiction("a slot has no record");

impl Vault {
    /// Returns the ways in.
    pub fn slots(&self) -> impl Iterator<Item = SlotView<'_>> {
        self.header.slots.iter().filter_map(|slot| {
            let (_, record) = self.slot_record(slot.id())?;
            Some(SlotView {
                slot,
                label: &record.label,
                created: record.times.created,
            })
        })
    }

    /// Adds a way in, at the end. It takes as long as the derivation.
    ///
    /// # Errors
    /// [`Error::Full`] when there are 32 already, [`Error::Work`] when it costs too much beside the others, and
    /// [`Error::Refused`] for a label that breaks a rule.
    pub fn add_slot(
        &mut self,
        new: &NewSlot<'_>,
        label: &str,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<SlotId, Error> {
        if self.header.slots.len() >= SLOTS_MAX {
            return Err(Error::Full {
                what: "slots",
                limit: 32,
            });
        }
        if !label_is_allowed(label) {
            return Err(LABEL.into());
        }
        check_work(&self.header.slots, Some(new))?;
        let (slot, wrap) = Slot::create(new, &self.vault_key, &self.header.context(), entropy)?;
        let times = Times {
            created: now,
            changed: now,
        };
        let record = SlotRecord {
            times,
            slot: slot.id(),
            label: label.to_owned(),
        };
        let content = encode_slot(&record, &wrap, None)?;
        let id = RecordId(random::array(entropy)?);
        self.put(id, Content::Slot(record), content.expose(), entropy)?;
        self.header.slots.push(slot.clone());
        Ok(slot.id())
    }

    /// Gives a slot another label.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`], and [`Error::Refused`] for a label that breaks a rule.
    pub fn relabel_slot(
        &mut self,
        slot: SlotId,
        label: &str,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        if !label_is_allowed(label) {
            return Err(LABEL.into());
        }
        let (id, record) = self.slot_record(slot).ok_or(Error::NoSuchSlot(slot))?;
        let mut changed = record.clone();
        label.clone_into(&mut changed.label);
        changed.times.changed = now;
        let mut plain = Secret::new(Vec::new());
        let entry = self.records.get(&id).ok_or(NO_RECORD)?;
        let before = self.content(id, entry, &mut plain)?;
        let content = encode_slot(&changed, &wrap_keys(before)?, Some(before))?;
        self.put(id, Content::Slot(changed), content.expose(), entropy)
    }

    /// Removes a way in. There is a new vault key after that, and everything is sealed anew: who
    /// kept the secret and an old copy opens nothing that is saved from then on.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`], and [`Error::LastSlot`] for the only one.
    pub fn remove_slot(&mut self, slot: SlotId, entropy: &mut dyn Entropy) -> Result<(), Error> {
        self.slot_index(slot)?;
        if self.header.slots.len() == 1 {
            return Err(Error::LastSlot);
        }
        let renewal = self.renew(slot, entropy)?;
        self.adopt(renewal);
        Ok(())
    }

    /// Puts a new way in, with the same label, in the place of another: so a passphrase is changed.
    /// There is a new vault key after that, as with [`Vault::remove_slot`]. It takes as long as the
    /// derivation.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`], and [`Error::Work`] when the new one costs too much beside the others; the slots stay as
    /// they were whatever fails.
    pub fn replace_slot(
        &mut self,
        slot: SlotId,
        new: &NewSlot<'_>,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<SlotId, Error> {
        let index = self.slot_index(slot)?;
        let (_, old) = self.slot_record(slot).ok_or(NO_RECORD)?;
        let label = old.label.clone();
        let others = self.header.slots.iter().filter(|held| held.id() != slot);
        check_work(others, Some(new))?;
        let mut renewal = self.renew(slot, entropy)?;
        let context = Context {
            vault: self.id(),
            commitment: &renewal.sealer.commitment,
        };
        let (made, wrap) = Slot::create(new, &renewal.vault_key, &context, entropy)?;
        let times = Times {
            created: now,
            changed: now,
        };
        let record = SlotRecord {
            times,
            slot: made.id(),
            label,
        };
        let content = encode_slot(&record, &wrap, None)?;
        let id = RecordId(random::array(entropy)?);
        let sealed = (id, Content::Slot(record), &content.expose()[..]);
        let record = seal_record(&renewal.sealer, self.next_generation()?, sealed, entropy)?;
        renewal.records.insert(id, record);
        let made_id = made.id();
        renewal.slots.insert(index, made);
        self.adopt(renewal);
        Ok(made_id)
    }

    /// Checks that the record of each slot has that slot's own keys.
    pub(super) fn check_wrap_keys(&self) -> Result<(), Error> {
        for (index, slot) in self.header.slots.iter().enumerate() {
            if !slot.is_of(&self.wrap_key_of(slot.id())?, self.id())? {
                let part = Part::Slot(index + 1);
                return Err(Error::Forged { part });
            }
        }
        Ok(())
    }

    /// Returns the keys that the vault has for a slot.
    pub(super) fn wrap_key_of(&self, slot: SlotId) -> Result<WrapKey, Error> {
        let (id, _) = self.slot_record(slot).ok_or(NO_RECORD)?;
        self.wrap_key(id)
    }

    /// Returns the keys in a record of a slot.
    pub(super) fn wrap_key(&self, id: RecordId) -> Result<WrapKey, Error> {
        let record = self.records.get(&id).ok_or(NO_RECORD)?;
        let mut plain = Secret::new(Vec::new());
        let content = self.content(id, record, &mut plain)?;
        Ok(wrap_keys(content)?)
    }

    /// Wraps a new vault key for all slots but one, and seals all records but that slot's.
    fn renew(&self, without: SlotId, entropy: &mut dyn Entropy) -> Result<Renewal, Error> {
        let mut vault_key = Secret::new([0; 32]);
        entropy.fill(vault_key.expose_mut())?;
        let sealer = Sealer::new(self.id(), &vault_key)?;
        let context = Context {
            vault: self.id(),
            commitment: &sealer.commitment,
        };
        let mut plain = Secret::new(Vec::new());
        let mut slots = Vec::new();
        for slot in self.header.slots.iter().filter(|slot| slot.id() != without) {
            let mut slot = slot.clone();
            let wrap = self.wrap_key_of(slot.id())?;
            slot.wrap(&vault_key, &wrap, &context, entropy)?;
            slots.push(slot);
        }
        let version = self.next_generation()?;
        let mut records = BTreeMap::new();
        for (id, record) in &self.records {
            if matches!(&record.content, Content::Slot(slot) if slot.slot == without) {
                continue;
            }
            let content = self.content(*id, record, &mut plain)?;
            let sealed = (*id, record.content.clone(), content);
            records.insert(*id, seal_record(&sealer, version, sealed, entropy)?);
        }
        Ok(Renewal {
            vault_key,
            sealer,
            slots,
            records,
        })
    }

    fn adopt(&mut self, renewal: Renewal) {
        self.header.commitment = renewal.sealer.commitment;
        self.header.slots = renewal.slots;
        self.vault_key = renewal.vault_key;
        self.sealer = renewal.sealer;
        self.records = renewal.records;
        self.is_changed = true;
    }

    fn slot_index(&self, id: SlotId) -> Result<usize, Error> {
        let index = self.header.slots.iter().position(|slot| slot.id() == id);
        index.ok_or(Error::NoSuchSlot(id))
    }

    fn slot_record(&self, id: SlotId) -> Option<(RecordId, &SlotRecord)> {
        self.records
            .iter()
            .find_map(|(record_id, record)| match &record.content {
                Content::Slot(slot) if slot.slot == id => Some((*record_id, slot)),
                _ => None,
            })
    }
}
