//! Bringing a copy back: a plan, and one save.

use std::path::Path;

use keyward_vault::backup::{Change, Planned, plan};
use keyward_vault::store::{Outcome, Patience, Store};
use keyward_vault::{Class, KeyRecord, RecordId, Sealed, SystemEntropy, Vault};
use serde::Serialize;

use super::super::arguments::Arguments;
use super::super::open::{self, Open};
use super::super::unlock::{self, Given};
use super::super::{agent, saving, state};
use super::copy;
use super::notes::Notes;
use crate::error::Error;
use crate::{ask, environment, output};

/// An open copy, and the vault it is to be brought back to.
#[derive(Debug)]
pub(crate) struct Restoring {
    sealed: Sealed,
    copy: Vault,
    /// What lies in the vault's place; `None` where there is nothing.
    present: Option<Present>,
}

/// What lies in the vault's place.
#[derive(Debug)]
enum Present {
    /// The vault, open.
    Open(Box<Open>),
    /// A vault that does not open with the copy's secret: its keys cannot be compared.
    Sealed(Box<Sealed>),
    /// No vault can be read there: what there is.
    Damaged(Vec<u8>),
}

/// One line of the plan. The names of the fields are a promise.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) fingerprint: String,
    /// `new`, `same`, `older`, `newer`, `conflicting` or `missing`; null where there is nothing to compare it with.
    pub(crate) change: Option<&'static str>,
}

impl Restoring {
    /// Opens the copy, with the secret that the arguments name or that a person types, and the vault with the same secret
    /// if it takes that.
    ///
    /// # Errors
    /// The copy cannot be read or opened, or is of another vault than the one that is there.
    pub(crate) fn open(path: &Path, arguments: &Arguments) -> Result<Self, Error> {
        let sealed = Sealed::read(copy::read(path)?)?;
        let of_copy = Arguments {
            path: path.to_path_buf(),
            ..arguments.clone()
        };
        let given = unlock::given(&of_copy)?;
        let (copy, _) = unlock::with(&sealed, &given, &of_copy)?;
        let present = present(arguments, &given)?;
        // Of one that is damaged only the notes can tell which it is.
        let other = match &present {
            Some(Present::Damaged(_)) => state::vault_at(&arguments.path),
            present => present.as_ref().and_then(Present::vault_id),
        };
        if let Some(other) = other
            && other != sealed.vault_id().to_string()
        {
            return Err(Error::CopyOfAnother {
                copy: path.to_path_buf(),
                vault: arguments.path.clone(),
            });
        }
        Ok(Self {
            sealed,
            copy,
            present,
        })
    }

    /// Says what restoring would change, key by key.
    ///
    /// # Errors
    /// A record does not open.
    pub(crate) fn plan(&self) -> Result<Vec<Line>, Error> {
        if let Some(Present::Open(open)) = &self.present {
            let planned = plan(open.vault(), &self.copy)?;
            return Ok(planned.iter().map(Line::of).collect());
        }
        let mut lines: Vec<Line> = self.copy.keys().map(Line::of_key).collect();
        if self.present.is_none() {
            for line in &mut lines {
                line.change = Some("new");
            }
        }
        lines.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(lines)
    }

    /// Says whether something lies in the vault's place, which is kept when the copy takes that.
    pub(crate) const fn keeps_what_was(&self) -> bool {
        self.present.is_some()
    }

    /// Says whether the plan leaves out what is only in the vault: it does not open with the copy's secret.
    pub(crate) const fn is_blind(&self) -> bool {
        matches!(self.present, Some(Present::Sealed(_)))
    }

    /// Says whether the copy has keys of all these names.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`].
    pub(crate) fn check_names(&self, names: &[String]) -> Result<(), Error> {
        named(&self.copy, names).map(drop)
    }

    /// Says whether the vault is this very copy.
    pub(crate) fn is_same(&self) -> bool {
        let present = self.present.as_ref().and_then(Present::sealed);
        present.is_some_and(|present| present.bytes() == self.sealed.bytes())
    }

    /// Brings back keys of these names, and leaves everything else as it is.
    ///
    /// # Errors
    /// The vault is not open or older than this machine has seen it, the copy has not all of them, or it cannot be saved.
    pub(crate) fn take(mut self, names: &[String], arguments: &Arguments) -> Result<(), Error> {
        let keys = named(&self.copy, names)?;
        let Some(Present::Open(open)) = &mut self.present else {
            return Err(Error::NotToMerge);
        };
        state::check(open.base(), arguments)?;
        open.take_keys(&keys, &self.copy)?;
        saving::save(open)
    }

    /// Puts the copy in the vault's place, as a save that follows what is there.
    ///
    /// # Errors
    /// It is older than the vault and the arguments do not accept that, or it cannot be saved. The vault is as it was
    /// then.
    pub(crate) fn replace(self, path: &Path, arguments: &Arguments) -> Result<(), Error> {
        self.put(arguments)?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let path = path.display().to_string();
        Notes::note_copy(&self.sealed, path.clone(), path);
        Ok(())
    }

    fn put(&self, arguments: &Arguments) -> Result<(), Error> {
        let present = self.present.as_ref().and_then(Present::sealed);
        self.check(arguments, present)?;
        match &self.present {
            Some(Present::Damaged(damaged)) => {
                self.save(arguments, self.sealed.bytes().to_vec(), damaged)
            }
            Some(Present::Open(_) | Present::Sealed(_)) => {
                let present = present.ok_or(Error::NotToMerge)?;
                let bytes = self.following(present)?;
                self.save(arguments, bytes, present.bytes())
            }
            None => {
                let bytes = self.sealed.bytes();
                let store = Store::prepare(&arguments.path, Patience::default());
                store
                    .and_then(|store| store.create(bytes, |written| written == bytes))
                    .map_err(Error::NotSaved)?;
                state::replace(&self.sealed, &arguments.path);
                Ok(())
            }
        }
    }

    /// An older state may not come back unnoticed: neither than what is there nor than this machine has seen.
    fn check(&self, arguments: &Arguments, present: Option<&Sealed>) -> Result<(), Error> {
        // The person names the copy: that its keys were renewed since is what being older means.
        let accepted = Arguments {
            accept_changed_keys: arguments.accept_changed_keys || arguments.accept_rollback,
            ..arguments.clone()
        };
        let (found, seen) = (self.sealed.generation(), present.map(Sealed::generation));
        if let Some(seen) = seen.filter(|seen| found < *seen && !arguments.accept_rollback) {
            return Err(Error::OldCopy { found, seen });
        }
        state::check(&self.sealed, &accepted).map_err(|error| match error {
            Error::Rollback { found, seen, .. } => Error::OldCopy { found, seen },
            error => error,
        })
    }

    /// Seals the copy as the state after the one that is there.
    fn following(&self, present: &Sealed) -> Result<Vec<u8>, Error> {
        let mut copy = self.copy.reread(self.sealed.bytes().to_vec())?;
        copy.follow(present.generation(), present.digest());
        let bytes = copy.seal(environment::timestamp(), &mut SystemEntropy)?;
        copy.reread(bytes.clone())?;
        Ok(bytes)
    }

    fn save(&self, arguments: &Arguments, bytes: Vec<u8>, base: &[u8]) -> Result<(), Error> {
        let store = open::store(arguments)?;
        let saved = store.save(
            &bytes,
            |current| current == base,
            |written| written == bytes,
        );
        if saved.map_err(Error::NotSaved)? != Outcome::Saved {
            return Err(Error::Contended {
                path: arguments.path.clone(),
            });
        }
        let sealed = Sealed::read(bytes)?;
        state::replace(&sealed, &arguments.path);
        let vault = self.copy.reread(sealed.bytes().to_vec())?;
        agent::update(&Open::of(arguments, store, sealed, vault));
        Ok(())
    }
}

impl Present {
    fn sealed(&self) -> Option<&Sealed> {
        match self {
            Self::Open(open) => Some(open.base()),
            Self::Sealed(sealed) => Some(sealed),
            Self::Damaged(_) => None,
        }
    }

    fn vault_id(&self) -> Option<String> {
        self.sealed().map(|sealed| sealed.vault_id().to_string())
    }
}

impl Line {
    fn of(planned: &Planned) -> Self {
        Self {
            name: planned.name.clone(),
            fingerprint: planned.fingerprint.to_string(),
            change: Some(match planned.change {
                Change::New => "new",
                Change::Same => "same",
                Change::Older => "older",
                Change::Newer => "newer",
                Change::Conflicting => "conflicting",
                Change::Missing => "missing",
            }),
        }
    }

    fn of_key(key: &KeyRecord) -> Self {
        Self {
            name: key.name().to_owned(),
            fingerprint: key.fingerprint().to_string(),
            change: None,
        }
    }
}

fn named(copy: &Vault, names: &[String]) -> Result<Vec<RecordId>, Error> {
    let keys = copy.keys_named(names);
    keys.map_err(|name| Error::NoSuchKey {
        name: name.to_owned(),
    })
}

/// Looks at what lies in the vault's place.
fn present(arguments: &Arguments, given: &Given) -> Result<Option<Present>, Error> {
    let (store, sealed) = match open::read(arguments) {
        Ok(read) => read,
        Err(Error::VaultMissing { .. }) => return Ok(None),
        Err(Error::Vault(error)) if open::is_damage(&error) => {
            let damaged = open::store(arguments)?.read()?.bytes;
            return Ok(Some(Present::Damaged(damaged)));
        }
        Err(error) => return Err(error),
    };
    let vault = match unlock::with(&sealed, given, arguments) {
        Ok((vault, _)) => Some(vault),
        Err(Error::Vault(error)) if error.class() == Some(Class::Locked) => {
            asked(&sealed, arguments)?
        }
        // Its keys cannot be compared; the whole copy can still take its place.
        Err(Error::Vault(error)) if open::is_damage(&error) => None,
        Err(error) => return Err(error),
    };
    Ok(Some(match vault {
        Some(vault) => Present::Open(Box::new(Open::of(arguments, store, sealed, vault))),
        None => Present::Sealed(Box::new(sealed)),
    }))
}

/// Asks a person for the vault's own secret, which was changed since the copy was made.
fn asked(sealed: &Sealed, arguments: &Arguments) -> Result<Option<Vault>, Error> {
    if !ask::has_terminal() {
        return Ok(None);
    }
    output::say("The vault that is there has another secret than the copy.\n");
    let (vault, _) = unlock::unlock(sealed, &Arguments::of(arguments.path.clone()))?;
    Ok(Some(vault))
}
