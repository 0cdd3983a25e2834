//! Changing a vault that is open. Nothing of it lasts before the vault is saved.

use keyward_vault::key::PrivateKey;
use keyward_vault::vault::NewKey;
use keyward_vault::{
    KeyRecord, Metadata, NewSlot, Passphrase, RecordId, RecoveryCode, Secret, SlotId,
    SystemEntropy, Vault,
};

use super::open::Open;
use super::{create, slots};
use crate::environment;
use crate::error::Error;

impl Open {
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

    /// Takes keys as a copy of the vault has them.
    ///
    /// # Errors
    /// It is of another vault, or a key is there under another record.
    pub(crate) fn take_keys(&mut self, keys: &[RecordId], copy: &Vault) -> Result<(), Error> {
        let now = environment::timestamp();
        Ok(self.vault.take_keys(keys, copy, now, &mut SystemEntropy)?)
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
        let id = last.ok_or_else(|| Error::NoRemovedKey {
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
        self.slot = Some(slot);
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

    /// Finds the way in whose id begins so.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub(crate) fn slot(&self, prefix: &str) -> Result<SlotId, Error> {
        slots::of_prefix(&self.vault, prefix)
    }

    /// Removes a way in.
    ///
    /// # Errors
    /// It is the last.
    pub(crate) fn remove_slot(&mut self, id: SlotId) -> Result<(), Error> {
        Ok(self.vault.remove_slot(id, &mut SystemEntropy)?)
    }
}
