//! A vault that is open: looking at it, changing it, and saving it.

use std::path::Path;

use keyward_agent::key::signing_key::SigningKey;
use keyward_vault::header::Warning;
use keyward_vault::key::PrivateKey;
use keyward_vault::store::{Error as StoreError, Outcome, Patience, Store};
use keyward_vault::vault::NewKey;
use keyward_vault::{
    KeyRecord, Metadata, NewSlot, Passphrase, RecordId, RecoveryCode, Sealed, Secret, SlotId,
    SystemEntropy, Vault,
};

use super::arguments::Arguments;
use super::slots::SlotListing;
use super::{create, slots, state, unlock};
use crate::error::Error;
use crate::listing::Listing;
use crate::{environment, listing, output};

/// How often a save begins anew when others save at the same time.
const SAVES_MAX: usize = 16;

/// An open vault and the file it is from.
#[derive(Debug)]
pub(crate) struct Open {
    arguments: Arguments,
    store: Store,
    /// The file as it was read.
    base: Sealed,
    vault: Vault,
    /// The way it was opened.
    slot: SlotId,
}

/// Reads the vault's file as far as that goes without a secret.
///
/// # Errors
/// [`Error::VaultMissing`], or why it cannot be read.
pub(crate) fn read(arguments: &Arguments) -> Result<(Store, Sealed), Error> {
    let missing = |error| match error {
        StoreError::Missing { .. } => Error::VaultMissing {
            path: arguments.path.clone(),
        },
        error => error.into(),
    };
    let patience = Patience {
        tell: |_| output::say("Waiting for another keyward, which is saving the vault ...\n"),
        ..Patience::default()
    };
    let store = Store::open(&arguments.path, patience).map_err(missing)?;
    let sealed = Sealed::read(store.read().map_err(missing)?.bytes)?;
    if let Some(warning) = sealed.warning() {
        output::say(&format!(
            "warning: {}: {}; the next save mends it\n",
            arguments.path.display(),
            words(warning)
        ));
    }
    Ok((store, sealed))
}

impl Open {
    /// Opens the vault with the secret that the arguments name, or asks a person for it.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub(crate) fn ask(arguments: &Arguments) -> Result<Self, Error> {
        Self::with(arguments, |sealed| unlock::unlock(sealed, arguments))
    }

    /// Opens the vault with what `unlock` does.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub(crate) fn with(
        arguments: &Arguments,
        unlock: impl FnOnce(&Sealed) -> Result<(Vault, SlotId), Error>,
    ) -> Result<Self, Error> {
        let (store, base) = read(arguments)?;
        if !arguments.accept_rollback {
            state::check(&base, &arguments.path)?;
        }
        let (vault, slot) = unlock(&base)?;
        state::note(&base.vault_id(), base.generation(), &base.digest())?;
        Ok(Self {
            arguments: arguments.clone(),
            store,
            base,
            vault,
            slot,
        })
    }

    /// Returns how it was opened.
    pub(crate) const fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// Returns the vault itself.
    pub(crate) const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Returns what is said of each key, by name.
    pub(crate) fn keys(&self) -> Vec<Listing> {
        sorted(self.vault.keys())
    }

    /// Returns what is said of each key that is removed and can be brought back.
    pub(crate) fn removed(&self) -> Vec<Listing> {
        sorted(self.vault.removed())
    }

    /// Returns what is said of the ways in.
    pub(crate) fn slots(&self) -> Vec<SlotListing> {
        self.vault
            .slots()
            .map(|view| SlotListing::of(&view))
            .collect()
    }

    /// Returns what is said of a key.
    ///
    /// # Errors
    /// There is none of this id.
    pub(crate) fn listing(&self, id: RecordId) -> Result<Listing, Error> {
        let key = self.vault.key(id);
        let key = key.ok_or(keyward_vault::Error::NoSuchKey(id))?;
        Ok(Listing::of(key))
    }

    /// Draws a key.
    ///
    /// # Errors
    /// There is none of this id.
    pub(crate) fn randomart(&self, id: RecordId) -> Result<String, Error> {
        let key = self.vault.key(id);
        let key = key.ok_or(keyward_vault::Error::NoSuchKey(id))?;
        Ok(listing::randomart(key))
    }

    /// Finds a key by its name.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`].
    pub(crate) fn find(&self, name: &str) -> Result<RecordId, Error> {
        let key = self.vault.key_named(name).map(KeyRecord::id);
        key.ok_or_else(|| Error::NoSuchKey {
            name: name.to_owned(),
        })
    }

    /// Finds a key by its public part.
    pub(crate) fn find_key(&self, key: &PrivateKey) -> Option<RecordId> {
        let blob = key.public_blob();
        let same = |record: &&KeyRecord| record.public_key() == blob;
        self.vault.keys().find(same).map(KeyRecord::id)
    }

    /// Returns a private key.
    ///
    /// # Errors
    /// The record does not open.
    pub(crate) fn private(&self, id: RecordId) -> Result<PrivateKey, Error> {
        Ok(PrivateKey::from_fields(self.vault.private(id)?)?)
    }

    /// Checks that the public part of a key belongs to its private part: a key for which it does not would give its
    /// secret away with a signature.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn check(&self, key: &PrivateKey) -> Result<(), Error> {
        if key.key_type().is_security_key() {
            return Ok(());
        }
        SigningKey::read(key.fields())?;
        Ok(())
    }

    /// Says whether a name is free.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn free_name(&self, name: &str) -> Result<(), Error> {
        match self.vault.key_named(name) {
            None => Ok(()),
            Some(_) => Err(keyward_vault::Error::NameTaken {
                name: name.to_owned(),
            }
            .into()),
        }
    }

    /// Returns a free name that is `name`, with a number behind it if need be.
    pub(crate) fn name_like(&self, name: &str) -> String {
        let mut numbered = (2_u64..).map(|number| format!("{name}-{number}"));
        match self.free_name(name) {
            Ok(()) => name.to_owned(),
            Err(_) => numbered
                .find(|name| self.free_name(name).is_ok())
                .unwrap_or_default(),
        }
    }

    /// Checks that a certificate is for this key.
    ///
    /// # Errors
    /// [`Error::CertificateOfAnother`].
    pub(crate) fn fits(&self, id: RecordId, public: &[u8], path: &Path) -> Result<(), Error> {
        match self
            .vault
            .key(id)
            .is_some_and(|key| key.public_key() == public)
        {
            true => Ok(()),
            false => Err(Error::CertificateOfAnother {
                path: path.to_path_buf(),
            }),
        }
    }

    /// Adds a key.
    ///
    /// # Errors
    /// Name or key are there already, or break a rule of the format.
    pub(crate) fn insert(
        &mut self,
        name: &str,
        key: PrivateKey,
        comment: &[u8],
        certificate: Option<Vec<u8>>,
    ) -> Result<RecordId, Error> {
        let metadata = Metadata {
            name: name.to_owned(),
            comment: comment.to_vec(),
            certificate: certificate.unwrap_or_default(),
            ..Metadata::default()
        };
        let new = NewKey {
            private: Secret::new(key.fields().to_vec()),
            metadata,
        };
        let now = environment::timestamp();
        Ok(self.vault.insert(new, now, &mut SystemEntropy)?)
    }

    /// Gives a key a certificate, and says whether it had another one or none.
    ///
    /// # Errors
    /// The certificate is longer than the format takes.
    pub(crate) fn add_certificate(&mut self, id: RecordId, blob: Vec<u8>) -> Result<bool, Error> {
        let has = |key: &KeyRecord| key.metadata().certificate == blob;
        if self.vault.key(id).is_some_and(has) {
            return Ok(false);
        }
        self.update(id, |key| key.certificate = blob)?;
        Ok(true)
    }

    /// Changes what is said of a key.
    ///
    /// # Errors
    /// What is said breaks a rule of the format.
    pub(crate) fn update(
        &mut self,
        id: RecordId,
        change: impl FnOnce(&mut Metadata),
    ) -> Result<(), Error> {
        let now = environment::timestamp();
        Ok(self.vault.update(id, now, &mut SystemEntropy, change)?)
    }

    /// Gives a key another name.
    ///
    /// # Errors
    /// The name is taken, or breaks a rule of the format.
    pub(crate) fn rename(&mut self, id: RecordId, name: &str) -> Result<(), Error> {
        self.update(id, |key| name.clone_into(&mut key.name))
    }

    /// Removes a key; for a time it can be brought back.
    ///
    /// # Errors
    /// There is none of this id.
    pub(crate) fn remove(&mut self, id: RecordId) -> Result<(), Error> {
        let now = environment::timestamp();
        Ok(self.vault.remove(id, now, &mut SystemEntropy)?)
    }

    /// Brings the key of this name back that was removed last.
    ///
    /// # Errors
    /// There is none, or another has its name now.
    pub(crate) fn undelete(&mut self, name: &str) -> Result<(), Error> {
        let named = self.vault.removed().filter(|key| key.name() == name);
        let last = named.max_by_key(|key| key.removed()).map(KeyRecord::id);
        let id = last.ok_or_else(|| Error::NoSuchKey {
            name: name.to_owned(),
        })?;
        let now = environment::timestamp();
        Ok(self.vault.undelete(id, now, &mut SystemEntropy)?)
    }

    /// Puts a new passphrase in the place of the one it was opened with, or of the first.
    ///
    /// # Errors
    /// There is no passphrase to change.
    pub(crate) fn change_passphrase(&mut self, passphrase: &Passphrase) -> Result<(), Error> {
        let old = slots::passphrase_to_change(&self.vault, self.slot)?;
        let cost = slots::dearer(create::calibrated(passphrase)?, old.1);
        let new = NewSlot::Passphrase(passphrase, cost);
        let now = environment::timestamp();
        let slot = self
            .vault
            .replace_slot(old.0, &new, now, &mut SystemEntropy)?;
        self.slot = slot;
        Ok(())
    }

    /// Adds a passphrase.
    ///
    /// # Errors
    /// There are as many ways in as there may be.
    pub(crate) fn add_passphrase(
        &mut self,
        passphrase: &Passphrase,
        label: Option<&str>,
    ) -> Result<SlotId, Error> {
        let cost = create::calibrated(passphrase)?;
        self.add_slot(&NewSlot::Passphrase(passphrase, cost), label)
    }

    /// Adds a recovery code.
    ///
    /// # Errors
    /// There are as many ways in as there may be.
    pub(crate) fn add_recovery(
        &mut self,
        code: &RecoveryCode,
        label: Option<&str>,
    ) -> Result<SlotId, Error> {
        self.add_slot(&NewSlot::RecoveryCode(code), label)
    }

    fn add_slot(&mut self, new: &NewSlot<'_>, label: Option<&str>) -> Result<SlotId, Error> {
        let (label, now) = (label.unwrap_or_default(), environment::timestamp());
        Ok(self.vault.add_slot(new, label, now, &mut SystemEntropy)?)
    }

    /// Removes the way in whose id begins so.
    ///
    /// # Errors
    /// There is none, or more than one, or it is the last.
    pub(crate) fn remove_slot(&mut self, prefix: &str) -> Result<SlotId, Error> {
        let id = slots::of_prefix(&self.vault, prefix)?;
        self.vault.remove_slot(id, &mut SystemEntropy)?;
        Ok(id)
    }

    /// Saves what was changed. Nothing is written when nothing was changed.
    ///
    /// What others saved meanwhile stays.
    ///
    /// # Errors
    /// Why it could not be saved; the file is as it was then.
    pub(crate) fn save(&mut self) -> Result<(), Error> {
        if !self.vault.is_changed() {
            return Ok(());
        }
        for _ in 0..SAVES_MAX {
            let now = environment::timestamp();
            let bytes = self.vault.seal(now, &mut SystemEntropy)?;
            // What does not open must not take the place of what does.
            let saved = self.vault.reread(bytes.clone())?;
            let is_base = |current: &[u8]| current == self.base.bytes();
            match self
                .store
                .save(&bytes, is_base, |written| written == bytes)?
            {
                Outcome::Saved => return self.saved(saved, bytes),
                Outcome::Conflict(theirs) => self.merge(theirs.bytes)?,
            }
        }
        Err(Error::Contended {
            path: self.arguments.path.clone(),
        })
    }

    fn saved(&mut self, vault: Vault, bytes: Vec<u8>) -> Result<(), Error> {
        self.vault = vault;
        self.base = Sealed::read(bytes)?;
        let base = &self.base;
        state::note(&base.vault_id(), base.generation(), &base.digest())?;
        Ok(())
    }

    /// Puts our changes on top of what others saved.
    fn merge(&mut self, theirs: Vec<u8>) -> Result<(), Error> {
        let changed = |error| match error {
            keyward_vault::Error::AnotherVault | keyward_vault::Error::Locked => Error::Contended {
                path: self.arguments.path.clone(),
            },
            error => error.into(),
        };
        let sealed = Sealed::read(theirs)?;
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

const fn words(warning: Warning) -> &'static str {
    match warning {
        Warning::HeaderDamaged => "its header is damaged, and the copy at its end serves",
        _ => "the copy of its header at its end is damaged",
    }
}

fn sorted<'a>(keys: impl Iterator<Item = &'a KeyRecord>) -> Vec<Listing> {
    let mut keys: Vec<&KeyRecord> = keys.collect();
    keys.sort_by(|one, other| one.name().cmp(other.name()));
    keys.into_iter().map(Listing::of).collect()
}
