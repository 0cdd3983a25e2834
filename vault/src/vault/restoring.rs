//! Takes keys, or the whole vault, from a copy.

use super::Vault;
use crate::error::Error;
use crate::header::DIGEST;
use crate::id::RecordId;
use crate::random::Entropy;
use crate::record::KeyRecord;
use crate::timestamp::Timestamp;

impl Vault {
    /// Takes keys as a copy of this vault has them, in place of what is here of them. One whose name another key has is
    /// given another: `-2` is put behind it.
    ///
    /// # Errors
    /// [`Error::AnotherVault`]; [`Error::NoSuchKey`] for one that the copy does not have, and [`Error::KeyStored`] where
    /// another record is the same key. Nothing is changed then.
    pub fn take_keys(
        &mut self,
        keys: &[RecordId],
        copy: &Self,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        if self.id() != copy.id() {
            return Err(Error::AnotherVault);
        }
        for id in keys {
            let key = copy.key(*id).filter(|key| key.removed().is_none());
            let fingerprint = key.ok_or(Error::NoSuchKey(*id))?.fingerprint();
            let stored = self.key_with_fingerprint(&fingerprint);
            if let Some(stored) = stored.filter(|stored| stored.id() != *id) {
                let name = stored.name().to_owned();
                return Err(Error::KeyStored { fingerprint, name });
            }
        }
        for id in keys {
            self.take(*id, copy, entropy)?;
        }
        self.rename_doubles(keys, now, entropy)
    }

    /// Takes a key that this vault has lost as an older version has it, removed or not.
    ///
    /// # Errors
    /// [`Error::NoSuchKey`] where that does not have it either, and [`Error::KeyStored`] where another record is the
    /// same key.
    pub fn bring_back(
        &mut self,
        key: RecordId,
        older: &Self,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        let held = older.key(key).ok_or(Error::NoSuchKey(key))?;
        let fingerprint = held.fingerprint();
        let stored = self.key_with_fingerprint(&fingerprint);
        if let Some(stored) = stored.filter(|_| held.removed().is_none()) {
            let name = stored.name().to_owned();
            return Err(Error::KeyStored { fingerprint, name });
        }
        self.take(key, older, entropy)?;
        self.rename_doubles(&[key], now, entropy)
    }

    /// Has the next save follow another state of the same vault, which it takes the place of: whoever has seen that state
    /// takes this one for its successor.
    pub fn follow(&mut self, generation: u64, digest: [u8; DIGEST]) {
        if generation >= self.header.generation {
            self.header.generation = generation;
            self.digest = digest;
        }
        self.is_changed = true;
    }

    /// Returns the keys of these names.
    ///
    /// # Errors
    /// The first name that no key has.
    pub fn keys_named<'n>(&self, names: &'n [String]) -> Result<Vec<RecordId>, &'n str> {
        let id = |name: &'n String| {
            let key = self.key_named(name).map(KeyRecord::id);
            key.ok_or(name.as_str())
        };
        names.iter().map(id).collect()
    }
}
