//! When each key was used last, as far as this machine knows.
//!
//! It is noted beside the vault and not in it: in the vault each use would change a record, and who keeps copies of the file
//! could tell from them which record is the key to which host.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use keyward_vault::store::{Kept, Patience, StateFile};

use super::arguments;
use crate::error::Error;
use crate::listing::Listing;

/// The longest file, in bytes: some 60 for each of the 65,536 keys that a vault can have.
const FILE_MAX: u64 = 4 << 20;

/// Seconds since 1970 by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Uses(BTreeMap<String, u64>);

impl Uses {
    /// Reads what was noted of a vault; what is damaged is nothing.
    pub(crate) fn of(vault: &str) -> Self {
        let kept = file(vault).and_then(|file| Ok(file.read(is_whole)?));
        match kept {
            Ok(Kept::Whole(bytes)) => Self(parse(&bytes).unwrap_or_default()),
            _ => Self::default(),
        }
    }

    /// Returns when the key of this fingerprint was used last.
    pub(crate) fn last(&self, fingerprint: &str) -> Option<u64> {
        self.0.get(fingerprint).copied()
    }

    /// Notes what an agent knows of the keys of a vault.
    ///
    /// # Errors
    /// What the disk said.
    pub(crate) fn note(vault: &str, keys: impl Iterator<Item = Listing>) -> Result<(), Error> {
        let new: Vec<(String, u64)> = keys.filter_map(used).collect();
        let change = |kept: Kept| {
            let mut uses = match &kept {
                Kept::Whole(bytes) => parse(bytes).unwrap_or_default(),
                _ => BTreeMap::new(),
            };
            let before = uses.clone();
            for (fingerprint, time) in &new {
                let known = uses.entry(fingerprint.clone()).or_insert(*time);
                *known = (*known).max(*time);
            }
            let bytes = serde_json::to_vec(&uses).ok();
            bytes.filter(|_| uses != before)
        };
        Ok(file(vault)?.update(is_whole, change)?)
    }
}

/// Returns fingerprint and time of a key that was used.
fn used(key: Listing) -> Option<(String, u64)> {
    let time: Timestamp = key.last_used.as_deref()?.parse().ok()?;
    let seconds = u64::try_from(time.as_second()).ok()?;
    (!key.fingerprint.is_empty()).then_some((key.fingerprint, seconds))
}

fn parse(bytes: &[u8]) -> Option<BTreeMap<String, u64>> {
    serde_json::from_slice(bytes).ok()
}

fn is_whole(bytes: &[u8]) -> bool {
    parse(bytes).is_some()
}

fn file(vault: &str) -> Result<StateFile, Error> {
    let path: PathBuf = arguments::state_folder()?
        .join("vaults")
        .join(format!("{vault}.uses.json"));
    Ok(StateFile::at(&path, Patience::default()).of_at_most(FILE_MAX))
}
