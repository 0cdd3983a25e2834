//! Saving a vault that is open, with the agent in the know.

use keyward_vault::store::Outcome;
use keyward_vault::{Sealed, SystemEntropy, Vault};

use super::open::{self, Open};
use super::{agent, state};
use crate::environment;
use crate::error::Error;

/// How often a save begins anew when others save at the same time.
const SAVES_MAX: usize = 16;

/// Saves what was changed, and tells the agent of it.
///
/// # Errors
/// Why it could not be saved; the file is as it was then.
pub(crate) fn save(open: &mut Open) -> Result<(), Error> {
    if !open.vault().is_changed() {
        return Ok(());
    }
    save_anyway(open)
}

/// As [`save`], even where nothing was changed: a save writes everything anew that is damaged and not lost.
///
/// # Errors
/// As for [`save`].
pub(crate) fn save_anyway(open: &mut Open) -> Result<(), Error> {
    open.save()?;
    agent::update(open);
    Ok(())
}

impl Open {
    /// What others saved meanwhile stays.
    fn save(&mut self) -> Result<(), Error> {
        for _ in 0..SAVES_MAX {
            let now = environment::timestamp();
            let bytes = self.vault.seal(now, &mut SystemEntropy)?;
            // What does not open must not take the place of what does.
            let saved = self.vault.reread(bytes.clone())?;
            let is_base = |current: &[u8]| current == self.base.bytes();
            match self
                .store
                .save(&bytes, is_base, |written| written == bytes)
                .map_err(Error::NotSaved)?
            {
                Outcome::Saved => return self.saved(saved, bytes),
                Outcome::Conflict(_) => self.merge()?,
            }
        }
        Err(Error::Contended {
            path: self.arguments.path.clone(),
        })
    }

    fn saved(&mut self, vault: Vault, bytes: Vec<u8>) -> Result<(), Error> {
        self.vault = vault;
        self.base = Sealed::read(bytes)?;
        if self.arguments.accept_rollback || self.arguments.accept_changed_keys {
            state::replace(&self.base, &self.arguments.path);
        } else {
            state::remember(&self.base, &self.arguments.path);
        }
        Ok(())
    }

    /// Puts our changes on top of what others saved. What lies there now may be an older copy that was put back: what we
    /// have and it has not would be taken for deleted.
    fn merge(&mut self) -> Result<(), Error> {
        let path = || self.arguments.path.clone();
        let changed = |error| match error {
            // One of the two renewed the vault key.
            keyward_vault::Error::AnotherVault => Error::Contended { path: path() },
            error => error.into(),
        };
        let (_, sealed) = open::read_newest(&self.arguments)?;
        let (found, seen) = (sealed.generation(), self.base.generation());
        if found <= seen {
            let path = path();
            return Err(Error::Rollback { path, found, seen });
        }
        let base = self.vault.reread(self.base.bytes().to_vec());
        let base = base.map_err(changed)?;
        let theirs = self.vault.reread(sealed.bytes().to_vec());
        let theirs = theirs.map_err(changed)?;
        let now = environment::timestamp();
        self.vault = self.vault.merge(theirs, &base, now, &mut SystemEntropy)?;
        self.base = sealed;
        Ok(())
    }
}
