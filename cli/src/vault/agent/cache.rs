//! The public keys that an agent lists after its start, before the vault was ever unlocked in it
//! (`PROTOCOL.md`, Vault).

use base64ct::{Base64, Encoding};
use keyward_agent::front::vault::cache::{FILE_MAX, FILE_NAME};
use keyward_vault::store::{Kept, Patience, StateFile};
use serde::{Deserialize, Serialize};

use super::super::arguments;
use super::super::open::Open;
use crate::error::Error;

/// What the file may take beside the keys, in bytes: a path of 4,095 bytes, each written as six.
const BESIDE_KEYS: usize = 32 << 10;

#[derive(Deserialize, Serialize)]
struct Cache {
    path: String,
    vault: String,
    keys: Vec<String>,
}

/// Writes the cache. It names nothing: public keys only, and none of a key that is bound to destinations, which a
/// locked agent could not hide from the others.
///
/// # Errors
/// What the disk said.
pub(super) fn write(open: &Open) -> Result<(), Error> {
    let bytes = bytes(open)?;
    Ok(file()?.update(|_| true, |_| Some(bytes))?)
}

/// Writes it where it is this vault's already, or no vault's: the next agent is to list what was added, and not what was
/// removed.
///
/// # Errors
/// What the disk said.
pub(super) fn renew(open: &Open) -> Result<(), Error> {
    let bytes = bytes(open)?;
    let id = open.vault().id().to_string();
    let is_of = |kept: &[u8]| parse(kept).is_some_and(|cache| cache.vault == id);
    let change = |kept: Kept| match kept {
        Kept::Whole(kept) => (kept != bytes && is_of(&kept)).then_some(bytes),
        Kept::Missing => Some(bytes),
        Kept::Damaged => None,
    };
    Ok(file()?.update(|kept| parse(kept).is_some(), change)?)
}

fn parse(bytes: &[u8]) -> Option<Cache> {
    serde_json::from_slice(bytes).ok()
}

fn file() -> Result<StateFile, Error> {
    let path = arguments::state_folder()?.join(FILE_NAME);
    Ok(StateFile::at(&path, Patience::default()).of_at_most(FILE_MAX))
}

fn bytes(open: &Open) -> Result<Vec<u8>, Error> {
    let keys = open.keys();
    let blobs = keys
        .iter()
        .filter(|key| key.metadata().destinations.is_empty())
        .flat_map(|key| [key.public_key(), &key.metadata().certificate])
        .filter(|blob| !blob.is_empty());
    // What the file has no room for is listed when the vault was unlocked.
    let mut room = usize::try_from(FILE_MAX).unwrap_or(usize::MAX) - BESIDE_KEYS;
    let fitting = blobs.map(Base64::encode_string).take_while(|text| {
        let left = room.checked_sub(text.len() + "\"\",".len());
        room = left.unwrap_or(0);
        left.is_some()
    });
    let cache = Cache {
        path: open.arguments().path.display().to_string(),
        vault: open.vault().id().to_string(),
        keys: fitting.collect(),
    };
    Ok(serde_json::to_vec(&cache).map_err(std::io::Error::from)?)
}
