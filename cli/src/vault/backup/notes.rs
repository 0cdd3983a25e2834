//! What this machine notes of the copies of a vault: where they went, and when one was tried.
//!
//! It only reminds people: nothing is decided by it.

use std::path::Path;

use keyward_vault::store::{Kept, Patience, StateFile};
use keyward_vault::{Sealed, VaultId};
use serde::{Deserialize, Serialize};

use super::super::arguments;
use super::copy;
use crate::error::Error;
use crate::output;

/// How many places are remembered.
const PLACES_MAX: usize = 8;

/// What is known of the copies of one vault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notes {
    /// The newest copy at each place, the place used last at the end.
    pub(crate) copies: Vec<Made>,
    /// The last drill that found everything right.
    pub(crate) drill: Option<Drilled>,
}

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// A file or folder, or `HOST:PATH`.
    pub(crate) place: String,
    /// The copy itself.
    pub(crate) copy: String,
    /// Which save of the vault it is.
    pub(crate) generation: u64,
    /// When it was made (RFC 3339).
    pub(crate) time: String,
}

impl Made {
    /// Says whether the copy was removed: its folder is there, and it is not. A disk that is not there has its copy all
    /// the same, and of other machines nothing is known.
    pub(crate) fn is_gone(&self) -> bool {
        let path = Path::new(&self.copy);
        let folder = path.parent().filter(|_| path.is_absolute());
        folder.is_some_and(|folder| folder.is_dir() && !path.exists())
    }
}

/// A drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Drilled {
    /// The generation of the copy that was tried.
    pub(crate) generation: u64,
    /// When (RFC 3339).
    pub(crate) time: String,
}

impl Notes {
    /// Reads what was noted of a vault; what is damaged is nothing.
    pub(crate) fn of(vault: VaultId) -> Self {
        let kept = file(&vault.to_string()).and_then(|file| Ok(file.read(is_whole)?));
        match kept {
            Ok(Kept::Whole(bytes)) => parse(&bytes).unwrap_or_default(),
            _ => Self::default(),
        }
    }

    /// Returns the newest generation of which there is a copy.
    pub(crate) fn newest(&self) -> Option<&Made> {
        let there = self.copies.iter().filter(|made| !made.is_gone());
        there.max_by_key(|made| made.generation)
    }

    /// Notes a copy that was made and read back.
    pub(crate) fn note_copy(sealed: &Sealed, place: String, copy: String) {
        let made = Made {
            place,
            copy,
            generation: sealed.generation(),
            time: copy::now(),
        };
        let vault = sealed.vault_id().to_string();
        warned(change(&vault, |notes| {
            notes.copies.retain(|other| other.place != made.place);
            notes.copies.push(made);
            let over = notes.copies.len().saturating_sub(PLACES_MAX);
            notes.copies.drain(..over);
        }));
    }

    /// Notes a drill that found everything right.
    pub(crate) fn note_drill(vault: &str, generation: u64) {
        let time = copy::now();
        warned(change(vault, |notes| {
            notes.drill = Some(Drilled { generation, time });
        }));
    }
}

/// The copy is there whether it is noted or not.
fn warned(noted: Result<(), Error>) {
    if let Err(error) = noted {
        output::warn(&format_args!("it is not noted on this machine: {error}"));
    }
}

fn change(vault: &str, change: impl FnOnce(&mut Notes)) -> Result<(), Error> {
    let changed = |kept: Kept| {
        let before = match &kept {
            Kept::Whole(bytes) => parse(bytes).unwrap_or_default(),
            _ => Notes::default(),
        };
        let mut notes = before;
        change(&mut notes);
        serde_json::to_vec(&notes).ok()
    };
    Ok(file(vault)?.update(is_whole, changed)?)
}

fn parse(bytes: &[u8]) -> Option<Notes> {
    serde_json::from_slice(bytes).ok()
}

fn is_whole(bytes: &[u8]) -> bool {
    parse(bytes).is_some()
}

fn file(vault: &str) -> Result<StateFile, Error> {
    let folder = arguments::state_folder()?.join("vaults");
    let path = folder.join(format!("{vault}.backups.json"));
    Ok(StateFile::at(&path, Patience::default()))
}
