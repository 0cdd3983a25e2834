//! Puts together what two writers saved from the same state.

use std::collections::BTreeSet;

use super::{Record, Vault};
use crate::error::Error;
use crate::id::RecordId;
use crate::random::Entropy;
use crate::record::{Content, KeyRecord};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The longest name, in bytes.
const NAME_MAX: usize = 128;

/// Which side has to give way for a record.
enum Side {
    Ours,
    Theirs,
    Neither,
}

impl Vault {
    /// Brings what was changed here, since `base` was read, into `theirs`, which somebody else saved
    /// meanwhile. What is returned takes the place of this vault, and is to be saved.
    ///
    /// Keys are compared one by one. A key that got the name of one of theirs gets another: `-2` is
    /// put behind it.
    ///
    /// # Errors
    /// [`Error::Conflict`] with the names of keys that both sides changed differently, or `slots` when
    /// both changed the ways in; [`Error::AnotherVault`] when these are not states of one vault under one vault key.
    pub fn merge(
        &self,
        theirs: Self,
        base: &Self,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, Error> {
        let is_same =
            |other: &Self| self.id() == other.id() && self.commitment() == other.commitment();
        if !is_same(&theirs) || !is_same(base) {
            return Err(Error::AnotherVault);
        }
        let mut conflicts = Vec::new();
        let mut ours = Vec::new();
        let slots = self.header.slots != base.header.slots;
        if slots && theirs.header.slots != base.header.slots {
            conflicts.push("slots".to_owned());
        }
        let stores = [self, &theirs, base];
        let ids: BTreeSet<_> = stores
            .iter()
            .flat_map(|side| side.records.keys())
            .copied()
            .collect();
        for id in ids {
            match side(id, stores)? {
                Side::Ours => ours.push(id),
                Side::Theirs => {}
                Side::Neither => conflicts.push(self.name_of(id)),
            }
        }
        if !conflicts.is_empty() {
            return Err(Error::Conflict(conflicts));
        }
        let mut merged = theirs;
        if slots {
            merged.header.slots.clone_from(&self.header.slots);
            merged.is_changed = true;
        }
        for id in &ours {
            merged.take(*id, self, entropy)?;
        }
        merged.rename_doubles(&ours, now, entropy)?;
        Ok(merged)
    }

    /// Takes one record of the other side as it is there.
    pub(super) fn take(
        &mut self,
        id: RecordId,
        other: &Self,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        let Some(record) = other.records.get(&id) else {
            self.is_changed |= self.records.remove(&id).is_some();
            return Ok(());
        };
        let mut plain = Secret::new(Vec::new());
        let content = other.content(id, record, &mut plain)?;
        self.put(id, record.content.clone(), content, entropy)
    }

    /// Gives other names to those of `ours` whose names another key has.
    pub(super) fn rename_doubles(
        &mut self,
        ours: &[RecordId],
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        for id in ours {
            let Some(key) = self.key(*id).filter(|key| key.removed().is_none()).cloned() else {
                continue;
            };
            let is_taken = |name: &str| {
                self.keys()
                    .any(|other| other.id() != *id && other.name() == name)
            };
            if !is_taken(key.name()) {
                continue;
            }
            let mut names = (2_u64..).map(|number| suffixed(key.name(), number));
            let name = names.find(|name| !is_taken(name));
            let mut changed: KeyRecord = key;
            changed.metadata.name = name.unwrap_or_default();
            self.replace(changed, now, entropy)?;
        }
        Ok(())
    }

    fn name_of(&self, id: RecordId) -> String {
        match self.records.get(&id).map(|record| &record.content) {
            Some(Content::Key(key)) => key.name().to_owned(),
            Some(Content::Slot(slot)) => format!("slot {}", slot.slot),
            _ => format!("record {id}"),
        }
    }
}

/// Puts a number behind a name, which loses its end where that would make it too long.
fn suffixed(name: &str, number: u64) -> String {
    let suffix = format!("-{number}");
    let end = name.floor_char_boundary(NAME_MAX - suffix.len());
    format!("{}{suffix}", name.get(..end).unwrap_or_default())
}

/// Says whose state of a record holds. A record that one side dropped and the other changed stays:
/// nothing is lost by it.
fn side(id: RecordId, [ours, theirs, base]: [&Vault; 3]) -> Result<Side, Error> {
    let same = |one, other| is_same(id, one, other);
    Ok(if same(ours, base)? || same(ours, theirs)? {
        Side::Theirs
    } else if same(theirs, base)? {
        Side::Ours
    } else if !ours.records.contains_key(&id) {
        Side::Theirs
    } else if !theirs.records.contains_key(&id) {
        Side::Ours
    } else {
        Side::Neither
    })
}

/// Says whether both sides have the same content for a record, whichever key sealed it.
pub(crate) fn is_same(id: RecordId, one: &Vault, other: &Vault) -> Result<bool, Error> {
    let (left, right): (&Record, &Record) = match (one.records.get(&id), other.records.get(&id)) {
        (None, None) => return Ok(true),
        (Some(left), Some(right)) => (left, right),
        _ => return Ok(false),
    };
    if one.bytes(left) == other.bytes(right) {
        return Ok(true);
    }
    let (mut one_plain, mut other_plain) = (Secret::new(Vec::new()), Secret::new(Vec::new()));
    let left = one.content(id, left, &mut one_plain)?;
    Ok(left == other.content(id, right, &mut other_plain)?)
}
