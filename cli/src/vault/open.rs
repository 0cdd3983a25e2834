//! A vault that is open: looking at it, changing it, and saving it.

use std::path::Path;

use keyward_agent::key::signing_key::SigningKey;
use keyward_agent::secret_memory::allocator;
use keyward_vault::header::Warning;
use keyward_vault::key::PrivateKey;
use keyward_vault::store::{Error as StoreError, Patience, Store};
use keyward_vault::{Cost, KeyRecord, RecordId, Sealed, SlotId, Vault, VaultId};

use super::arguments::Arguments;
use super::slots::SlotListing;
use super::uses::Uses;
use super::{state, unlock};
use crate::error::Error;
use crate::listing::Listing;
use crate::{listing, output};

/// An open vault and the file it is from.
#[derive(Debug)]
pub(crate) struct Open {
    pub(super) arguments: Arguments,
    pub(super) store: Store,
    /// The file as it was read.
    pub(super) base: Sealed,
    pub(super) vault: Vault,
    /// The way it was opened, if it was opened here.
    pub(super) slot: Option<SlotId>,
    uses: Uses,
    /// Whether it had keys when it was opened.
    had_keys: bool,
}

/// What is known of the keys of a vault that is no longer open.
#[derive(Debug)]
pub(crate) struct Known {
    /// The vault.
    pub(crate) id: VaultId,
    /// Which save of it.
    pub(crate) generation: u64,
    #[expect(
        clippy::vec_box,
        reason = "so they come, and ten thousand are not copied"
    )]
    keys: Vec<Box<KeyRecord>>,
    uses: Uses,
}

/// Reads the vault's file as far as that goes without a secret.
///
/// # Errors
/// [`Error::VaultMissing`], or why it cannot be read.
pub(crate) fn read(arguments: &Arguments) -> Result<(Store, Sealed), Error> {
    let store = store(arguments)?;
    let file = store.read().map_err(|error| missing(error, arguments))?;
    let sealed = Sealed::read(file.bytes)?;
    if let Some(warning) = sealed.warning() {
        output::say(&format!(
            "warning: {}: {}; the next save mends it\n",
            arguments.path.display(),
            words(warning)
        ));
    }
    Ok((store, sealed))
}

/// Finds the place of the vault.
///
/// # Errors
/// [`Error::VaultMissing`], or what is wrong with the place.
pub(crate) fn store(arguments: &Arguments) -> Result<Store, Error> {
    let patience = Patience {
        tell: |_| output::say("Waiting for another keyward, which is saving the vault ...\n"),
        ..Patience::default()
    };
    Store::open(&arguments.path, patience).map_err(|error| missing(error, arguments))
}

fn missing(error: StoreError, arguments: &Arguments) -> Error {
    match error {
        StoreError::Missing { .. } => Error::VaultMissing {
            path: arguments.path.clone(),
        },
        error => error.into(),
    }
}

/// Says whether a vault is not as it was written, rather than that it cannot be opened.
pub(crate) fn is_damage(error: &keyward_vault::Error) -> bool {
    use keyward_vault::Class::{Damaged, Forged, Invalid};
    matches!(error.class(), Some(Damaged | Forged | Invalid))
}

/// Reads the vault and refuses an older one than this machine has seen.
///
/// Another command may save between the reading and the look at the note, which then knows of a newer vault than was
/// read: only a file that stays as old is refused.
pub(super) fn read_newest(arguments: &Arguments) -> Result<(Store, Sealed), Error> {
    let (mut store, mut base) = read(arguments)?;
    while let Err(refusal) = state::check(&base, arguments) {
        let before = base.generation();
        (store, base) = read(arguments)?;
        if base.generation() <= before {
            return Err(refusal);
        }
    }
    Ok((store, base))
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
        let (store, base) = read_newest(arguments)?;
        let (vault, slot) = unlock(&base)?;
        state::remember_base(&base, arguments);
        Ok(Self {
            slot: Some(slot),
            ..Self::of(arguments, store, base, vault)
        })
    }

    /// Takes a vault that is open, and the file it is from.
    pub(super) fn of(arguments: &Arguments, store: Store, base: Sealed, vault: Vault) -> Self {
        let had_keys = vault.keys().next().is_some();
        Self {
            arguments: arguments.clone(),
            uses: Uses::of(&vault.id().to_string()),
            had_keys,
            store,
            base,
            vault,
            slot: None,
        }
    }

    /// Reads the file again, as others have saved it since: a person takes time to type.
    ///
    /// # Errors
    /// It is not what it was, or its vault key was renewed.
    pub(super) fn refresh(&mut self) -> Result<(), Error> {
        let (store, base) = read_newest(&self.arguments)?;
        if base.bytes() != self.base.bytes() {
            let changed = |error| match error {
                keyward_vault::Error::AnotherVault => Error::Contended {
                    path: self.arguments.path.clone(),
                },
                error => error.into(),
            };
            let vault = self.vault.reread(base.bytes().to_vec());
            self.vault = vault.map_err(changed)?;
            state::remember_base(&base, &self.arguments);
            (self.store, self.base) = (store, base);
        }
        Ok(())
    }

    /// Returns how it was opened.
    pub(crate) const fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// Returns the file as it was read.
    pub(super) const fn base(&self) -> &Sealed {
        &self.base
    }

    /// Says whether it had keys when it was opened.
    pub(crate) const fn had_keys(&self) -> bool {
        self.had_keys
    }

    /// Returns the vault itself.
    pub(crate) const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Returns the keys, by name.
    pub(crate) fn keys(&self) -> Vec<&KeyRecord> {
        sorted(self.vault.keys())
    }

    /// Gives the vault up, its key with it, and keeps what is said of its keys: to print it may take as long as whoever
    /// reads it wants.
    pub(crate) fn into_known(self) -> Known {
        let (id, generation) = (self.vault.id(), self.vault.generation());
        Known {
            id,
            generation,
            keys: allocator::public(|| self.vault.into_keys().collect()),
            uses: self.uses,
        }
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
        Ok(self.listing_of(key))
    }

    /// Returns what is said of a key of this vault.
    pub(crate) fn listing_of(&self, key: &KeyRecord) -> Listing {
        listing_of(key, &self.uses)
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

    /// Checks that there is the memory for a derivation that somebody else's file asks for.
    ///
    /// # Errors
    /// [`Error::PaperMemory`].
    pub(crate) fn allow(&self, cost: Option<Cost>) -> Result<(), Error> {
        let needed_kib = cost.map_or(0, Cost::memory_kib);
        match unlock::memory_max_kib(&self.arguments) {
            Some(allowed_kib) if needed_kib > allowed_kib => Err(Error::PaperMemory {
                needed_kib,
                allowed_kib,
            }),
            _ => Ok(()),
        }
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
}

impl Known {
    /// Returns the keys, or those that are removed and can be brought back, by name.
    pub(crate) fn keys(&self, removed: bool) -> Vec<&KeyRecord> {
        let keys = self.keys.iter().map(|key| &**key);
        sorted(keys.filter(|key| key.removed().is_some() == removed))
    }

    /// Returns what is said of a key of this vault.
    pub(crate) fn listing_of(&self, key: &KeyRecord) -> Listing {
        listing_of(key, &self.uses)
    }
}

fn listing_of(key: &KeyRecord, uses: &Uses) -> Listing {
    Listing::of(key, |fingerprint| uses.last(fingerprint))
}

fn sorted<'a>(keys: impl Iterator<Item = &'a KeyRecord>) -> Vec<&'a KeyRecord> {
    let mut keys: Vec<&KeyRecord> = allocator::public(|| keys.collect());
    // Removed keys may have the same name.
    keys.sort_unstable_by_key(|key| (key.name(), key.id()));
    keys
}

/// Says in words what is damaged of a vault that can be read.
pub(crate) const fn words(warning: Warning) -> &'static str {
    match warning {
        Warning::HeaderDamaged => "its header is damaged, and the copy at its end serves",
        _ => "the copy of its header at its end is damaged",
    }
}
