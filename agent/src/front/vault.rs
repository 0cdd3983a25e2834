//! The vault that the agent serves: what is in it, and which of that is held open.
//!
//! The agent knows nothing of the vault's file and never sees its key: whoever opens the file hands its
//! keys over on the control socket (`PROTOCOL.md`, Vault).

pub mod message;
pub mod cache;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
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
    open: bool,
    /// Whether it came because the vault was changed, and not because a person opened it.
    is_update: bool,
    /// When it was said.
    began: BootTime,
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
#[derive(Debug, Clone, Copy)]
struct Origin {
    record: usize,
    version: u64,
    /// Since when it is held in this state: its lifetime counts from here.
    since: BootTime,
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
            is_update: false,
            began: now,
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
        new.is_update = begin.is_update();
        if let Some(old) = old.filter(|old| new.continues(old)) {
            new.removed.clone_from(&old.removed);
            if old.open {
                new.last_signed = old.last_signed;
            }
        }
        new
    }

    /// Says whether this is `old` after a change, and not opened anew.
    pub fn continues(&self, old: &Self) -> bool {
        self.is_update && old.id == self.id
    }

    /// Says whether its private keys are held.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Notes that the private keys are gone, and forgets what only an open vault tells.
    pub fn close(&mut self) {
        self.open = false;
        for record in &mut self.records {
            record.listing = remainder(&record.listing);
        }
    }

    /// Enters a key; two keys of one record are one line of the list. Returns since when the key is held: where this
    /// replaces `old` and the key is as it was, its lifetime goes on.
    pub fn enter(&mut self, key: Key, blob: Rc<[u8]>, old: Option<&Self>) -> BootTime {
        let version = key.version;
        let held = old.and_then(|old| old.since(&blob, &key));
        let since = held.unwrap_or(self.began);
        let record = self.list(key);
        let origin = Origin {
            record,
            version,
            since,
        };
        self.keys.insert(blob, origin);
        since
    }

    fn since(&self, blob: &[u8], key: &Key) -> Option<BootTime> {
        let origin = self.keys.get(blob)?;
        let record = self.records.get(origin.record)?;
        let is_same = record.id == key.record && origin.version == key.version;
        is_same.then_some(origin.since)
    }

    /// Enters a record, of which the ring may have no key; returns its place.
    pub fn list(&mut self, key: Key) -> usize {
        let id = key.record.clone();
        let place = self.places.entry(key.record);
        *place.or_insert_with(|| {
            self.records.push(Record {
                id,
                listing: match self.open {
                    true => key.listing,
                    false => remainder(&key.listing),
                },
                last_used: None,
            });
            self.records.len() - 1
        })
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

/// What is kept of a listing while the vault is closed: no more than the key ring tells everybody then, and by which
/// its last use can be noted.
fn remainder(listing: &RawValue) -> Box<RawValue> {
    let fields = serde_json::from_str::<Remainder>(listing.get()).unwrap_or_default();
    serde_json::value::to_raw_value(&fields).unwrap_or_default()
}

#[derive(Default, Deserialize, Serialize)]
struct Remainder {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

#[cfg(test)]
mod tests;
