//! A copy as it was read: which vault it is of, and how it stands to that.

use std::path::{Path, PathBuf};

use keyward_vault::Sealed;
use keyward_vault::backup::{CopyName, Standing, standing};
use keyward_vault::store::{FILE_BYTES_MAX, Store};
use serde::Serialize;

use super::super::arguments::Arguments;
use super::super::files;
use crate::environment;
use crate::error::Error;

/// Reads a copy. Unlike the vault itself it may lie anywhere and be anybody's: what is in it is judged.
///
/// # Errors
/// The file cannot be read, or is longer than any vault.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let longest = usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX);
    files::read_up_to(path, longest)
}

/// Reads the vault that is there now, as far as that goes without a secret; `None` where there is none that can be read.
pub(crate) fn present(arguments: &Arguments) -> Option<Sealed> {
    let store = Store::open(&arguments.path, keyward_vault::store::Patience::default()).ok()?;
    Sealed::read(store.read().ok()?.bytes).ok()
}

/// Names a copy that is made now.
pub(crate) fn name(sealed: &Sealed) -> CopyName {
    CopyName::new(sealed.vault_id(), sealed.generation(), &now())
}

/// Returns the time, as RFC 3339 has it.
pub(crate) fn now() -> String {
    crate::listing::time(environment::timestamp().0).unwrap_or_default()
}

/// Says in words how a copy stands to the vault.
pub(crate) fn words(standing: Standing) -> String {
    match standing {
        Standing::Same => "the vault's present state".to_owned(),
        Standing::Older(saves) => format!("older than the vault by {}", saves_of(saves)),
        Standing::Newer(saves) => format!("newer than the vault by {}", saves_of(saves)),
        Standing::Beside => "another state of the vault's generation".to_owned(),
        Standing::Another => "of another vault".to_owned(),
    }
}

/// Counts saves.
pub(crate) fn saves_of(saves: u64) -> String {
    match saves {
        1 => "1 save".to_owned(),
        saves => format!("{saves} saves"),
    }
}

/// What `backup verify` and `backup list` say of a copy. The names of the fields are a promise.
#[derive(Debug, Serialize)]
pub(crate) struct Described {
    /// Where it is.
    pub(crate) path: String,
    /// The id of the vault it is of.
    pub(crate) vault: Option<String>,
    /// Which save of it.
    pub(crate) generation: Option<u64>,
    /// `same`, `older`, `newer`, `beside` or `another`; null where there is no vault to compare it with.
    pub(crate) standing: Option<&'static str>,
    /// How many saves lie between it and the vault.
    pub(crate) saves: Option<u64>,
    /// How many records it has, those of slots and removed keys included.
    pub(crate) records: Option<usize>,
    /// Whether all that was looked at is whole.
    pub(crate) whole: bool,
    /// What is not, in words.
    pub(crate) damaged: Vec<String>,
    #[serde(skip)]
    pub(crate) words: Option<String>,
}

impl Described {
    /// Describes a copy that cannot be read.
    pub(crate) fn broken(path: &Path, reason: String) -> Self {
        Self {
            path: path.display().to_string(),
            vault: None,
            generation: None,
            standing: None,
            saves: None,
            records: None,
            whole: false,
            damaged: vec![reason],
            words: None,
        }
    }

    /// Describes a copy, beside the vault where there is one.
    pub(crate) fn of(path: PathBuf, copy: &Sealed, vault: Option<&Sealed>) -> Self {
        let standing = vault.map(|vault| standing(vault, copy));
        let saves = standing.map(|standing| match standing {
            Standing::Older(saves) | Standing::Newer(saves) => Some(saves),
            Standing::Same => Some(0),
            Standing::Beside | Standing::Another => None,
        });
        let warning = copy.warning();
        let damaged = warning.map(|warning| super::super::open::words(warning).to_owned());
        Self {
            path: path.display().to_string(),
            vault: Some(copy.vault_id().to_string()),
            generation: Some(copy.generation()),
            standing: standing.map(word),
            saves: saves.flatten(),
            records: Some(copy.records()),
            whole: damaged.is_none(),
            damaged: damaged.into_iter().collect(),
            words: standing.map(words),
        }
    }
}

const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Same => "same",
        Standing::Older(_) => "older",
        Standing::Newer(_) => "newer",
        Standing::Beside => "beside",
        Standing::Another => "another",
    }
}
