//! The public keys that an agent lists after its start, before the vault was ever unlocked in it
//! (`PROTOCOL.md`, Vault).

use base64ct::{Base64, Encoding};
use keyward_vault::KeyRecord;
use keyward_vault::store::{Patience, StateFile};
use serde::Serialize;

use super::super::arguments;
use super::super::open::Open;
use crate::error::Error;

#[derive(Serialize)]
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
    let mut keys: Vec<&KeyRecord> = open.vault().keys().collect();
    keys.sort_by(|one, other| one.name().cmp(other.name()));
    let blobs = keys
        .into_iter()
        .filter(|key| key.metadata().destinations.is_empty())
        .flat_map(|key| [key.public_key(), &key.metadata().certificate])
        .filter(|blob| !blob.is_empty());
    let cache = Cache {
        path: open.arguments().path.display().to_string(),
        vault: open.vault().id().to_string(),
        keys: blobs.map(Base64::encode_string).collect(),
    };
    let bytes = serde_json::to_vec(&cache).map_err(std::io::Error::from)?;
    let path = arguments::state_folder()?.join("vault-keys.json");
    let file = StateFile::at(&path, Patience::default());
    Ok(file.update(|_| true, |_| Some(bytes))?)
}
