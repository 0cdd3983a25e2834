//! The vault that the agent serves: what is in it, and which of that is held open.
//!
//! The agent knows nothing of the vault's file and never sees its key: whoever opens the file hands its
//! keys over on the control socket (`PROTOCOL.md`, Vault).

pub mod message;
pub mod cache;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use self::message::{Begin, Id, Key};
use super::clock::BootTime;

/// What is known of the vault, open or closed.
#[derive(Debug)]
pub struct Catalogue {
    /// The vault's id.
    pub id: Id,
    /// Where its file is.
    pub path: String,
    /// The generation of the file; unknown after a restart.
    pub generation: Option<u64>,
    /// Whether its private keys are held.
    pub open: bool,
    /// When it was opened: lifetimes of its keys count from here.
    pub opened: BootTime,
    /// When one of its keys signed last, or it was opened.
    pub last_signed: BootTime,
    /// What was taken out of the ring since it was opened, and is not to come back with a change.
    pub removed: HashSet<Rc<[u8]>>,
    records: Vec<Record>,
    places: HashMap<Id, usize>,
    keys: HashMap<Rc<[u8]>, Origin>,
}

/// One record of the vault, which has one key, with or without a certificate.
#[derive(Debug)]
struct Record {
    id: Id,
    /// What whoever opened the vault says of it.
    listing: Box<RawValue>,
    /// When this agent signed with it, in seconds of Unix time.
    last_used: Option<u64>,
}

/// Which state of which record a key is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Origin {
    record: usize,
    version: u64,
}

impl Catalogue {
    /// Starts without records, closed.
    pub fn new(id: Id, path: String) -> Self {
        let now = BootTime::now();
        Self {
            id,
            path,
            generation: None,
            open: false,
            opened: now,
            last_signed: now,
            removed: HashSet::new(),
            records: Vec::new(),
            places: HashMap::new(),
            keys: HashMap::new(),
        }
    }

    /// Starts what replaces `old`: what was taken out stays out when it is changed, and comes back
    /// when it is unlocked.
    pub fn succeed(begin: &Begin, old: Option<&Self>) -> Self {
        let mut new = Self::new(begin.vault.clone(), begin.path.clone());
        new.generation = Some(begin.generation);
        new.open = begin.is_open();
        if let Some(old) = old.filter(|old| begin.is_update() && old.id == new.id) {
            new.removed.clone_from(&old.removed);
            if old.open {
                (new.opened, new.last_signed) = (old.opened, old.last_signed);
            }
        }
        new
    }

    /// Enters a key; two keys of one record are one line of the list.
    pub fn enter(&mut self, key: Key, blob: Rc<[u8]>) {
        let version = key.version;
        let id = key.record.clone();
        let record = *self.places.entry(key.record).or_insert_with(|| {
            self.records.push(Record {
                id,
                listing: key.listing,
                last_used: None,
            });
            self.records.len() - 1
        });
        self.keys.insert(blob, Origin { record, version });
    }

    /// Takes over what `old` knows of the use of the same records.
    pub fn inherit_use(&mut self, old: &Self) {
        for (id, place) in &old.places {
            let used = old.records.get(*place).and_then(|record| record.last_used);
            let new = self.places.get(id).copied();
            if let Some(record) = new.and_then(|place| self.records.get_mut(place)) {
                record.last_used = used;
            }
        }
    }

    /// Says whether the key with this blob is here in the same state of the same record as in `other`.
    pub fn has_same(&self, blob: &[u8], other: &Self) -> bool {
        let state = |catalogue: &Self| {
            let origin = catalogue.keys.get(blob)?;
            let record = catalogue.records.get(origin.record)?;
            Some((record.id.clone(), origin.version))
        };
        state(self).is_some_and(|own| state(other) == Some(own))
    }

    /// Notes a signature, at `moment` and at `time` in seconds of Unix time.
    pub fn note_use(&mut self, blob: &[u8], moment: BootTime, time: u64) {
        self.last_signed = moment;
        let origin = self.keys.get(blob).copied();
        if let Some(record) = origin.and_then(|origin| self.records.get_mut(origin.record)) {
            record.last_used = Some(time);
        }
    }

    /// Returns what was said of each record, with the time of its last use where that is later.
    pub fn listings(&self) -> Vec<Box<RawValue>> {
        self.records.iter().map(Record::told).collect()
    }
}

impl Record {
    fn told(&self) -> Box<RawValue> {
        self.with_last_use().unwrap_or_else(|| self.listing.clone())
    }

    fn with_last_use(&self) -> Option<Box<RawValue>> {
        let used = self.last_used?;
        let mut listing: Map<String, Value> = serde_json::from_str(self.listing.get()).ok()?;
        let known = listing.get("last_used").and_then(Value::as_u64);
        if known.is_some_and(|known| known >= used) {
            return None;
        }
        listing.insert("last_used".to_owned(), used.into());
        serde_json::value::to_raw_value(&listing).ok()
    }
}

#[cfg(test)]
mod tests;
