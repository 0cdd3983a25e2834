//! Lists, adds, changes and removes keys.

use super::Vault;
use crate::error::Error;
use crate::fingerprint::Fingerprint;
use crate::id::RecordId;
use crate::key::PrivateKey;
use crate::random::{self, Entropy};
use crate::record::{BROKEN_KEY, Content, KeyRecord, Metadata, Times, encode_key, private_key};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// A key that comes into the vault.
#[derive(Debug)]
pub struct NewKey {
    /// The fields of an agent's add message, from the key type to the last of the private key
    /// (`FORMAT.md` section 5.1).
    pub private: Secret<Vec<u8>>,
    /// What the owner says of it.
    pub metadata: Metadata,
}

impl Vault {
    /// Returns the keys that are not removed, in no order that says anything.
    pub fn keys(&self) -> impl Iterator<Item = &KeyRecord> {
        self.all_keys().filter(|key| key.removed.is_none())
    }

    /// Returns the keys that are removed and can still be brought back.
    pub fn removed(&self) -> impl Iterator<Item = &KeyRecord> {
        self.all_keys().filter(|key| key.removed.is_some())
    }

    /// Gives the vault up, its key with it, and keeps what is said of its keys, the removed ones too.
    pub fn into_keys(self) -> impl Iterator<Item = Box<KeyRecord>> {
        self.records
            .into_values()
            .filter_map(|record| match record.content {
                Content::Key(key) => Some(key),
                _ => None,
            })
    }

    fn all_keys(&self) -> impl Iterator<Item = &KeyRecord> {
        self.records
            .values()
            .filter_map(|record| match &record.content {
                Content::Key(key) => Some(&**key),
                _ => None,
            })
    }

    /// Returns the key of that id, removed or not.
    pub fn key(&self, id: RecordId) -> Option<&KeyRecord> {
        match &self.records.get(&id)?.content {
            Content::Key(key) => Some(key),
            _ => None,
        }
    }

    /// Returns the generation in which a record was sealed: another one after each change; 0 for one that is not there.
    pub fn version(&self, id: RecordId) -> u64 {
        self.records.get(&id).map_or(0, |record| record.version)
    }

    /// Returns the key of that name that is not removed.
    pub fn key_named(&self, name: &str) -> Option<&KeyRecord> {
        self.keys().find(|key| key.name() == name)
    }

    /// Returns the key of that fingerprint that is not removed.
    pub fn key_with_fingerprint(&self, fingerprint: &Fingerprint) -> Option<&KeyRecord> {
        self.keys().find(|key| key.fingerprint == *fingerprint)
    }

    /// Opens one private key: the fields of an agent's add message, from the key type on.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`].
    pub fn private(&self, id: RecordId) -> Result<Secret<Vec<u8>>, Error> {
        let mut plain = Secret::new(Vec::new());
        let content = self.key_content(id, &mut plain)?;
        Ok(Secret::new(private_key(content)?.to_vec()))
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`Error::NameTaken`], [`Error::KeyStored`] when the same key is there already, and
    /// [`Error::Refused`] for what breaks a rule of the format.
    pub fn insert(
        &mut self,
        new: NewKey,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<RecordId, Error> {
        let NewKey { private, metadata } = new;
        let public = PrivateKey::public_of(private.expose());
        let (key_type, public_key) = public.map_err(|_| BROKEN_KEY)?;
        let key_type = key_type.name();
        let fingerprint = Fingerprint::of(&public_key);
        self.check_name(&metadata.name, None)?;
        if let Some(stored) = self.key_with_fingerprint(&fingerprint) {
            let name = stored.name().to_owned();
            return Err(Error::KeyStored { fingerprint, name });
        }
        let id = RecordId(random::array(entropy)?);
        let times = Times {
            created: now,
            changed: now,
        };
        let removed = None;
        let key = KeyRecord {
            id,
            times,
            removed,
            key_type,
            public_key,
            fingerprint,
            metadata,
        };
        let content = encode_key(&key, private.expose(), None)?;
        self.put(id, Content::Key(Box::new(key)), content.expose(), entropy)?;
        Ok(id)
    }

    /// Changes what is said of a key. Nothing is to be saved when nothing changes.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], [`Error::NameTaken`], and [`Error::Refused`] for what breaks a rule of
    /// the format; the key stays as it was.
    pub fn update(
        &mut self,
        id: RecordId,
        now: Timestamp,
        entropy: &mut dyn Entropy,
        change: impl FnOnce(&mut Metadata),
    ) -> Result<(), Error> {
        let key = self.key(id).ok_or(Error::NoSuchKey(id))?;
        let mut changed = key.clone();
        change(&mut changed.metadata);
        if changed.metadata == key.metadata {
            return Ok(());
        }
        if changed.removed.is_none() {
            self.check_name(&changed.metadata.name, Some(id))?;
        }
        self.replace(changed, now, entropy)
    }

    /// Gives a key another name.
    ///
    /// # Errors
    /// As [`Vault::update`].
    pub fn rename(
        &mut self,
        id: RecordId,
        name: &str,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        self.update(id, now, entropy, |metadata| {
            name.clone_into(&mut metadata.name)
        })
    }

    /// Removes a key: it is listed no more, and is gone for good 30 days later.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], for a key too that is removed already.
    pub fn remove(
        &mut self,
        id: RecordId,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        let key = self.key(id).filter(|key| key.removed.is_none());
        let mut changed = key.ok_or(Error::NoSuchKey(id))?.clone();
        changed.removed = Some(now);
        self.replace(changed, now, entropy)
    }

    /// Brings a removed key back.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`], for a key too that is not removed; [`Error::NameTaken`] when another
    /// key got its name since, and [`Error::KeyStored`] when the same key was added again.
    pub fn undelete(
        &mut self,
        id: RecordId,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        let key = self.key(id).filter(|key| key.removed.is_some());
        let mut changed = key.ok_or(Error::NoSuchKey(id))?.clone();
        if let Some(stored) = self.key_with_fingerprint(&changed.fingerprint) {
            let (fingerprint, name) = (changed.fingerprint, stored.name().to_owned());
            return Err(Error::KeyStored { fingerprint, name });
        }
        self.check_name(changed.name(), None)?;
        changed.removed = None;
        self.replace(changed, now, entropy)
    }

    /// Seals a key anew, with what is said of it now.
    pub(super) fn replace(
        &mut self,
        mut changed: KeyRecord,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        changed.times.changed = now;
        let id = changed.id;
        let mut plain = Secret::new(Vec::new());
        let before = self.key_content(id, &mut plain)?;
        let content = encode_key(&changed, private_key(before)?, Some(before))?;
        self.put(
            id,
            Content::Key(Box::new(changed)),
            content.expose(),
            entropy,
        )
    }

    fn key_content<'b>(
        &self,
        id: RecordId,
        plain: &'b mut Secret<Vec<u8>>,
    ) -> Result<&'b [u8], Error> {
        let record = self.records.get(&id);
        let record = record.filter(|record| matches!(record.content, Content::Key(_)));
        self.content(id, record.ok_or(Error::NoSuchKey(id))?, plain)
    }

    fn check_name(&self, name: &str, own: Option<RecordId>) -> Result<(), Error> {
        match self.key_named(name).filter(|key| Some(key.id) != own) {
            None => Ok(()),
            Some(_) => Err(Error::NameTaken {
                name: name.to_owned(),
            }),
        }
    }
}
