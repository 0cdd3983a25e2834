//! The keys that a keeper holds, open or sealed.

use std::collections::HashMap;
use std::sync::Arc;

use super::channel::{KeyId, Refusal};
use super::seal::{Lock, LockKey, Seal};
use crate::key::signing_key::SigningKey;
use crate::secret_memory::heap::{self, SecretBytes};

/// What a key needs on the heap of secrets beside its bytes, per byte of them: the library keeps
/// RSA numbers twice, in both of its forms, and Ed25519 keys with some 200 bytes around them.
const COST: usize = 5;

/// Every key of the agent, by the name that the front gave it.
///
/// All methods but [`Store::find`] touch secrets: call them on a secret stack.
#[derive(Debug, Default)]
pub struct Store {
    keys: HashMap<KeyId, Held>,
    lock: Option<Lock>,
}

#[derive(Debug)]
struct Held {
    /// The key fields of the add message, encrypted in place while there is a seal.
    bytes: SecretBytes,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(Arc<SigningKey>),
    Sealed(Seal),
}

impl Store {
    /// Returns the number of keys, sealed ones too.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Says whether no key is held.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Checks the key fields of an add message and keeps them.
    ///
    /// # Errors
    /// A [`Refusal`]: the key is not readable or not consistent, memory is short, or the store is
    /// locked. Then nothing is kept.
    pub fn add(&mut self, id: KeyId, bytes: SecretBytes) -> Result<(), Refusal> {
        if self.lock.is_some() {
            return Err(Refusal::State);
        }
        heap::room_for(bytes.len() * COST).map_err(|_| Refusal::Memory)?;
        let key = SigningKey::read(&bytes)?;
        self.keys.insert(
            id,
            Held {
                bytes,
                state: State::Open(Arc::new(key)),
            },
        );
        Ok(())
    }

    /// Forgets a key, open or sealed.
    pub fn remove(&mut self, id: KeyId) {
        self.keys.remove(&id);
    }

    /// Forgets every key. A locked store stays locked.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// Returns a key to sign with.
    ///
    /// # Errors
    /// [`Refusal::UnknownKey`] when there is none of this name, [`Refusal::State`] when it is sealed.
    pub fn find(&self, id: KeyId) -> Result<Arc<SigningKey>, Refusal> {
        match &self.keys.get(&id).ok_or(Refusal::UnknownKey)?.state {
            State::Open(key) => Ok(Arc::clone(key)),
            State::Sealed(_) => Err(Refusal::State),
        }
    }

    /// Seals every key under a passphrase.
    ///
    /// # Errors
    /// A [`Refusal`] when the store is locked already or memory is short. Then every key is as it was.
    pub fn lock(&mut self, passphrase: &[u8]) -> Result<(), Refusal> {
        if self.lock.is_some() {
            return Err(Refusal::State);
        }
        let (lock, key) = Lock::new(passphrase)?;
        if let Err(refusal) = self.seal_all(&key) {
            self.open_all(&key);
            return Err(refusal);
        }
        self.lock = Some(lock);
        Ok(())
    }

    /// Opens every key again.
    ///
    /// # Errors
    /// [`Refusal::State`] when the store is not locked, [`Refusal::Passphrase`] when the passphrase
    /// is wrong. Then the store stays as it was.
    pub fn unlock(&mut self, passphrase: &[u8]) -> Result<(), Refusal> {
        let key = self.lock.as_ref().ok_or(Refusal::State)?.open(passphrase)?;
        self.open_all(&key);
        self.lock = None;
        Ok(())
    }

    fn seal_all(&mut self, key: &LockKey) -> Result<(), Refusal> {
        for (id, held) in &mut self.keys {
            if matches!(held.state, State::Open(_)) {
                held.state = State::Sealed(key.seal(*id, &mut held.bytes)?);
            }
        }
        Ok(())
    }

    /// Opens what is sealed. A key that does not open or read back is dropped: its bytes were
    /// checked before they were sealed, so this is damaged memory, and unreachable without it.
    fn open_all(&mut self, key: &LockKey) {
        self.keys.retain(|id, held| {
            let State::Sealed(seal) = &held.state else {
                return true;
            };
            let opened = key.open(*id, &mut held.bytes, seal);
            match opened.and_then(|()| Ok(SigningKey::read(&held.bytes)?)) {
                Ok(signing) => {
                    held.state = State::Open(Arc::new(signing));
                    true
                }
                Err(_) => false,
            }
        });
    }
}

#[cfg(test)]
mod tests;
