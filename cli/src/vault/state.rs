//! What this machine notes of each vault: the newest generation it has seen.
//!
//! Whoever keeps the vault's file, a cloud or a jump host, could put an old copy in its place: one with a key that
//! was removed, or under a passphrase that was changed. The note tells. It is no secret, and whoever can delete it can
//! change the program as well, so it is not authenticated.

use std::path::{Path, PathBuf};

use keyward_vault::store::{Kept, Patience, StateFile};
use keyward_vault::{Sealed, VaultId};
use serde::{Deserialize, Serialize};

use super::arguments;
use crate::error::Error;
use crate::output;

/// The note about one vault.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    generation: u64,
    digest: String,
}

/// Refuses a vault that is older than one this machine has seen, or that was saved beside it.
///
/// # Errors
/// [`Error::Rollback`], [`Error::Fork`].
pub(crate) fn check(sealed: &Sealed, path: &Path) -> Result<(), Error> {
    let Kept::Whole(bytes) = file(&sealed.vault_id())?.read(|bytes| parse(bytes).is_some())? else {
        // A note that is damaged could only keep the person out.
        return Ok(());
    };
    let Some(note) = parse(&bytes) else {
        return Ok(());
    };
    let (found, seen) = (sealed.generation(), note.generation);
    if found < seen {
        let path = path.to_path_buf();
        return Err(Error::Rollback { path, found, seen });
    }
    if found == seen && note.digest != hex(&sealed.digest()) {
        return Err(Error::Fork {
            path: path.to_path_buf(),
            generation: found,
        });
    }
    Ok(())
}

/// Notes the generation of a vault that was opened or saved.
///
/// A full disk should not keep a person from their keys, nor have a save look like none: without a note there is a
/// warning.
pub(crate) fn remember(sealed: &Sealed) {
    if let Err(error) = note(sealed) {
        output::warn(&format_args!(
            "an older copy of the vault would not be noticed later: {error}"
        ));
    }
}

fn note(sealed: &Sealed) -> Result<(), Error> {
    let note = Note {
        generation: sealed.generation(),
        digest: hex(&sealed.digest()),
    };
    let bytes = serde_json::to_vec(&note).map_err(std::io::Error::from)?;
    let is_known = |kept: &Kept| match kept {
        Kept::Whole(bytes) => parse(bytes).as_ref() == Some(&note),
        _ => false,
    };
    let change = |kept: Kept| (!is_known(&kept)).then_some(bytes);
    Ok(file(&sealed.vault_id())?.update(|bytes| parse(bytes).is_some(), change)?)
}

fn parse(bytes: &[u8]) -> Option<Note> {
    serde_json::from_slice(bytes).ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file(id: &VaultId) -> Result<StateFile, Error> {
    let path: PathBuf = arguments::state_folder()?
        .join("vaults")
        .join(format!("{id}.json"));
    Ok(StateFile::at(&path, Patience::default()))
}
