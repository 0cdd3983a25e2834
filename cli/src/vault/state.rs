//! What this machine notes of each vault: the newest generation it has seen.
//!
//! Whoever keeps the vault's file, a cloud or a jump host, could put an old copy in its place: one with a key that
//! was removed, or under a passphrase that was changed. The note tells. It is no secret, and whoever can delete it can
//! change the program as well, so it is not authenticated.

use std::path::{Path, PathBuf};

use keyward_vault::store::{Kept, Patience, StateFile};
use keyward_vault::{Sealed, Vault, VaultId};
use serde::{Deserialize, Serialize};

use super::arguments;
use crate::error::Error;
use crate::output;

/// How many retired commitments are noted.
const RETIRED_MAX: usize = 64;

/// The note about one vault.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    generation: u64,
    digest: String,
    /// The commitment to the vault key.
    commitment: String,
    /// Those of vault keys that were renewed since. Whoever once had such a key could make a vault with it that the
    /// ways in of today open.
    retired: Vec<String>,
}

/// Refuses a vault that is older than one this machine has seen, that was saved beside it, or whose vault key was
/// renewed.
///
/// # Errors
/// [`Error::Rollback`], [`Error::Fork`], [`Error::RetiredKey`].
pub(crate) fn check(sealed: &Sealed, path: &Path) -> Result<(), Error> {
    let Some(note) = noted(&sealed.vault_id())? else {
        return Ok(());
    };
    let (generation, digest) = (sealed.generation(), sealed.digest());
    note.refuse(path, generation, &sealed.commitment(), &digest)?;
    let is_next = generation.checked_sub(1) == Some(note.generation);
    if is_next && note.digest != hex(&sealed.previous()) {
        return Err(Error::Fork {
            path: path.to_path_buf(),
            generation,
        });
    }
    Ok(())
}

/// Refuses what was salvaged of a vault that is older than one this machine has seen, or whose vault key was renewed:
/// damage to an old copy must not make a new vault of it.
///
/// # Errors
/// [`Error::Rollback`], [`Error::Fork`], [`Error::RetiredKey`].
pub(crate) fn check_salvaged(vault: &Vault, path: &Path) -> Result<(), Error> {
    let Some(note) = noted(&vault.id())? else {
        return Ok(());
    };
    note.refuse(
        path,
        vault.generation(),
        &vault.commitment(),
        &vault.digest(),
    )
}

/// Returns the note about a vault. One that is damaged counts as none: it could only keep the person out.
fn noted(id: &VaultId) -> Result<Option<Note>, Error> {
    let kept = file(id)?.read(|bytes| parse(bytes).is_some())?;
    Ok(match kept {
        Kept::Whole(bytes) => parse(&bytes),
        _ => None,
    })
}

/// Notes the generation of a vault that was opened or saved.
///
/// Only what a secret has shown to be authentic is noted: a forged generation could otherwise keep its owner out.
///
/// A slow command does not take back what another noted since: the note would hold a renewed vault key for retired.
///
/// A full disk should not keep a person from their keys, nor have a save look like none: without a note there is a
/// warning.
pub(crate) fn remember(sealed: &Sealed) {
    warned(note(sealed, |before| {
        before.generation < sealed.generation()
    }));
}

/// Notes a vault that a command starts from: with `accept_rollback` an older one, too, which a person wants all the
/// same.
pub(crate) fn remember_base(sealed: &Sealed, accept_rollback: bool) {
    if accept_rollback {
        warned(note(sealed, |_| true));
    } else {
        remember(sealed);
    }
}

fn warned(noted: Result<(), Error>) {
    if let Err(error) = noted {
        output::warn(&format_args!(
            "an older copy of the vault would not be noticed later: {error}"
        ));
    }
}

/// Notes a vault if there is no note yet, or if the one there is may be replaced.
fn note(sealed: &Sealed, may_replace: impl Fn(&Note) -> bool) -> Result<(), Error> {
    let change = |kept: Kept| {
        let before = match &kept {
            Kept::Whole(bytes) => parse(bytes),
            _ => None,
        };
        let note = Note::of(sealed, before.as_ref());
        let bytes = serde_json::to_vec(&note).ok();
        bytes.filter(|_| before.as_ref() != Some(&note) && before.as_ref().is_none_or(&may_replace))
    };
    Ok(file(&sealed.vault_id())?.update(|bytes| parse(bytes).is_some(), change)?)
}

impl Note {
    fn refuse(
        &self,
        path: &Path,
        generation: u64,
        commitment: &[u8; 32],
        digest: &[u8; 32],
    ) -> Result<(), Error> {
        let path = path.to_path_buf();
        if generation < self.generation {
            return Err(Error::Rollback {
                path,
                found: generation,
                seen: self.generation,
            });
        }
        if self.retired.contains(&hex(commitment)) {
            return Err(Error::RetiredKey { path });
        }
        if generation == self.generation && self.digest != hex(digest) {
            return Err(Error::Fork { path, generation });
        }
        Ok(())
    }

    fn of(sealed: &Sealed, before: Option<&Self>) -> Self {
        let commitment = hex(&sealed.commitment());
        let mut retired = before.map_or_else(Vec::new, |note| note.retired.clone());
        retired.extend(before.map(|note| note.commitment.clone()));
        retired.retain(|other| *other != commitment);
        retired.dedup();
        let over = retired.len().saturating_sub(RETIRED_MAX);
        retired.drain(..over);
        Self {
            generation: sealed.generation(),
            digest: hex(&sealed.digest()),
            commitment,
            retired,
        }
    }
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
