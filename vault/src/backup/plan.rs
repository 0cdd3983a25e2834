//! What restoring a copy changes, key by key.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::fingerprint::Fingerprint;
use crate::id::RecordId;
use crate::record::KeyRecord;
use crate::vault::{Vault, is_same};

/// How a key of a copy stands to the vault's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The vault does not have it.
    New,
    /// Both have it in the same state.
    Same,
    /// The vault's was changed later.
    Older,
    /// The copy's was changed later.
    Newer,
    /// Both changed at one time and in one generation, and differ; or another key of the vault has its name or is the same key.
    Conflicting,
    /// Only the vault has it.
    Missing,
}

/// One key in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its record.
    pub record: RecordId,
    /// Its name in the copy, or else in the vault.
    pub name: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// How it stands.
    pub change: Change,
}

/// Compares the keys of a copy with those of the vault, by name.
///
/// Keys that were removed count as not there; what a restoring does to slots is no part of it.
///
/// # Errors
/// [`Error::Forged`] or [`Error::Invalid`] for a record that does not open.
pub fn plan(vault: &Vault, copy: &Vault) -> Result<Vec<Planned>, Error> {
    let ids: BTreeSet<RecordId> = vault.keys().chain(copy.keys()).map(KeyRecord::id).collect();
    let mut planned = Vec::with_capacity(ids.len());
    for record in ids {
        let alive = |side: &Vault| {
            side.key(record)
                .filter(|key| key.removed().is_none())
                .cloned()
        };
        let (here, there) = (alive(vault), alive(copy));
        let change = match (&here, &there) {
            (Some(_), None) => Change::Missing,
            (Some(here), Some(there)) => compared(vault, copy, here, there)?,
            (None, Some(there)) if is_taken(vault, there) => Change::Conflicting,
            // One that was removed since is brought back.
            (None, _) => Change::New,
        };
        if let Some(key) = there.or(here) {
            planned.push(Planned {
                record,
                name: key.name().to_owned(),
                fingerprint: key.fingerprint(),
                change,
            });
        }
    }
    planned.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(planned)
}

fn compared(
    vault: &Vault,
    copy: &Vault,
    here: &KeyRecord,
    there: &KeyRecord,
) -> Result<Change, Error> {
    if is_same(here.id(), vault, copy)? {
        return Ok(Change::Same);
    }
    // Of two changes in one second the one that was sealed in a later generation is the later one.
    let age = |key: &KeyRecord, side: &Vault| (key.times.changed, side.version(key.id()));
    Ok(match age(here, vault).cmp(&age(there, copy)) {
        core::cmp::Ordering::Greater => Change::Older,
        core::cmp::Ordering::Less => Change::Newer,
        core::cmp::Ordering::Equal => Change::Conflicting,
    })
}

/// Says whether another key of the vault has the name, or is the same key.
fn is_taken(vault: &Vault, there: &KeyRecord) -> bool {
    let same_key = vault.key_with_fingerprint(&there.fingerprint()).is_some();
    same_key || vault.key_named(there.name()).is_some()
}
