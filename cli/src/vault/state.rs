//! What this machine notes of each vault: the newest generation it has seen.
//!
//! Whoever keeps the vault's file, a cloud or a jump host, could put an old copy in its place: one with a key that
//! was removed, or under a passphrase that was changed. The note tells. It is no secret, and whoever can delete it can
//! change the program as well, so it is not authenticated.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use keyward_vault::slot::Slot;
use keyward_vault::store::{Kept, Patience, StateFile};
use keyward_vault::{Sealed, Vault, VaultId};
use serde::{Deserialize, Serialize};

use super::arguments::{self, Arguments};
use super::files;
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
    /// The commitments of the ways in, by id: a changed secret has another id, so that nobody puts his own way in the
    /// place of one that is there and seldom used.
    #[serde(default)]
    slots: BTreeMap<String, String>,
    /// Where the vault was then.
    #[serde(default)]
    path: Option<String>,
}

/// What is compared with a note.
struct State {
    generation: u64,
    digest: String,
    /// The digest of the state before, where that is certain.
    previous: Option<String>,
    commitment: String,
    slots: BTreeMap<String, String>,
}

/// Refuses a vault that is older than one this machine has seen, that was saved beside it, whose vault key was renewed, or
/// in which a way in was replaced.
///
/// # Errors
/// [`Error::Rollback`], [`Error::Fork`], [`Error::RetiredKey`], [`Error::ReplacedSlot`]; none that the arguments accept.
pub(crate) fn check(sealed: &Sealed, arguments: &Arguments) -> Result<(), Error> {
    match noted(&sealed.vault_id())? {
        Some(note) => note.refuse(&State::of(sealed), arguments),
        None => Ok(()),
    }
}

/// Refuses what was salvaged of such a vault: damage to an old copy must not make a new vault of it.
///
/// # Errors
/// As for [`check`].
pub(crate) fn check_salvaged(vault: &Vault, arguments: &Arguments) -> Result<(), Error> {
    let state = State {
        generation: vault.generation(),
        digest: hex(&vault.digest()),
        previous: None,
        commitment: hex(&vault.commitment()),
        slots: slots(vault.slots().map(|view| view.slot)),
    };
    match noted(&vault.id())? {
        Some(note) => note.refuse(&state, arguments),
        None => Ok(()),
    }
}

/// Returns the id of the vault that this machine knows to be at a path.
pub(crate) fn vault_at(path: &Path) -> Option<String> {
    let place = place(path);
    let entries = std::fs::read_dir(arguments::state_folder().ok()?.join("vaults")).ok()?;
    entries.flatten().find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let id = name.strip_suffix(".json").filter(|id| !id.contains('.'))?;
        let note = parse(&files::read(&entry.path()).ok()?)?;
        (note.path == Some(place.clone())).then(|| id.to_owned())
    })
}

/// Returns the note about a vault. One that is damaged counts as none: it could only keep the person out.
fn noted(id: &VaultId) -> Result<Option<Note>, Error> {
    let kept = file(id)?.read(|bytes| parse(bytes).is_some())?;
    Ok(match kept {
        Kept::Whole(bytes) => parse(&bytes),
        Kept::Missing => None,
        Kept::Damaged => {
            output::warn(
                &"what this machine noted of the vault is damaged: an older copy is not noticed",
            );
            None
        }
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
pub(crate) fn remember(sealed: &Sealed, path: &Path) {
    warned(note(sealed, path, |before| {
        before.generation < sealed.generation()
    }));
}

/// Notes a vault that was saved in the place of another state of it, whatever was noted before.
pub(crate) fn replace(sealed: &Sealed, path: &Path) {
    warned(note(sealed, path, |_| true));
}

/// Notes a vault that a command starts from: where the arguments accept one that is refused otherwise, that one, too, if
/// it lies in the vault's place. Who looks into an old copy elsewhere does not want it to be the vault from then on.
pub(crate) fn remember_base(sealed: &Sealed, arguments: &Arguments) {
    let accepts = arguments.accept_rollback || arguments.accept_changed_keys;
    let place = place(&arguments.path);
    warned(note(sealed, &arguments.path, |before| {
        before.generation < sealed.generation()
            || (accepts && before.path.as_ref().is_none_or(|path| *path == place))
    }));
}

fn place(path: &Path) -> String {
    let place = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    place.display().to_string()
}

fn warned(noted: Result<(), Error>) {
    if let Err(error) = noted {
        output::warn(&format_args!(
            "an older copy of the vault would not be noticed later: {error}"
        ));
    }
}

/// Notes a vault if there is no note yet, or if the one there is may be replaced.
fn note(sealed: &Sealed, path: &Path, may_replace: impl Fn(&Note) -> bool) -> Result<(), Error> {
    let change = |kept: Kept| {
        let before = match &kept {
            Kept::Whole(bytes) => parse(bytes),
            _ => None,
        };
        let note = Note::of(sealed, path, before.as_ref());
        let bytes = serde_json::to_vec(&note).ok();
        bytes.filter(|_| before.as_ref() != Some(&note) && before.as_ref().is_none_or(&may_replace))
    };
    Ok(file(&sealed.vault_id())?.update(|bytes| parse(bytes).is_some(), change)?)
}

impl Note {
    fn refuse(&self, state: &State, arguments: &Arguments) -> Result<(), Error> {
        let path = || arguments.path.clone();
        if !arguments.accept_rollback {
            if state.generation < self.generation {
                return Err(Error::Rollback {
                    path: path(),
                    found: state.generation,
                    seen: self.generation,
                });
            }
            let is_same = state.generation == self.generation;
            let is_next = state.generation.checked_sub(1) == Some(self.generation);
            let follows = state.previous.as_ref().is_none_or(|it| *it == self.digest);
            if (is_same && self.digest != state.digest) || (is_next && !follows) {
                return Err(Error::Fork {
                    path: path(),
                    generation: state.generation,
                });
            }
        }
        if arguments.accept_changed_keys {
            return Ok(());
        }
        if self.retired.contains(&state.commitment) {
            return Err(Error::RetiredKey { path: path() });
        }
        let is_replaced = |(id, held): &(&String, &String)| {
            self.slots.get(*id).is_some_and(|noted| noted != *held)
        };
        match state.slots.iter().find(is_replaced) {
            Some((id, _)) => Err(Error::ReplacedSlot {
                path: path(),
                slot: id.clone(),
            }),
            None => Ok(()),
        }
    }

    fn of(sealed: &Sealed, path: &Path, before: Option<&Self>) -> Self {
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
            slots: slots(sealed.slots()),
            path: Some(place(path)),
        }
    }
}

impl State {
    fn of(sealed: &Sealed) -> Self {
        Self {
            generation: sealed.generation(),
            digest: hex(&sealed.digest()),
            previous: Some(hex(&sealed.previous())),
            commitment: hex(&sealed.commitment()),
            slots: slots(sealed.slots()),
        }
    }
}

fn slots<'a>(slots: impl IntoIterator<Item = &'a Slot>) -> BTreeMap<String, String> {
    let slots = slots.into_iter();
    slots
        .map(|slot| (slot.id().to_string(), hex(&slot.commitment())))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn state(generation: u64, digest: &str, previous: &str, slot: &str) -> State {
        State {
            generation,
            digest: digest.to_owned(),
            previous: Some(previous.to_owned()),
            commitment: "key".to_owned(),
            slots: [("id".to_owned(), slot.to_owned())].into(),
        }
    }

    #[test]
    fn what_differs_from_the_note_is_refused_unless_it_is_accepted() {
        let note = Note {
            generation: 5,
            digest: "five".to_owned(),
            commitment: "key".to_owned(),
            retired: vec!["old".to_owned()],
            slots: [("id".to_owned(), "slot".to_owned())].into(),
            path: None,
        };
        let mut arguments = Arguments::of("/v".into());
        let judged = |state: &State, arguments: &Arguments| note.refuse(state, arguments);
        let good = [
            state(5, "five", "four", "slot"),
            state(6, "six", "five", "slot"),
            state(9, "x", "y", "slot"),
        ];
        assert!(good.iter().all(|state| judged(state, &arguments).is_ok()));
        let older = state(4, "four", "three", "slot");
        let forks = [
            state(5, "other", "four", "slot"),
            state(6, "six", "other", "slot"),
        ];
        let replaced = state(6, "six", "five", "another");
        let mut retired = state(6, "six", "five", "slot");
        retired.commitment = "old".to_owned();
        assert!(matches!(
            judged(&older, &arguments),
            Err(Error::Rollback { .. })
        ));
        let fork = |state| matches!(judged(state, &arguments), Err(Error::Fork { .. }));
        assert!(forks.iter().all(fork));
        assert!(matches!(
            judged(&replaced, &arguments),
            Err(Error::ReplacedSlot { .. })
        ));
        assert!(matches!(
            judged(&retired, &arguments),
            Err(Error::RetiredKey { .. })
        ));
        // Each of the two covers its own.
        arguments.accept_rollback = true;
        assert!(judged(&older, &arguments).is_ok() && judged(&forks[0], &arguments).is_ok());
        assert!(judged(&replaced, &arguments).is_err() && judged(&retired, &arguments).is_err());
        arguments.accept_rollback = false;
        arguments.accept_changed_keys = true;
        assert!(judged(&replaced, &arguments).is_ok() && judged(&retired, &arguments).is_ok());
        assert!(judged(&older, &arguments).is_err());
    }
}
