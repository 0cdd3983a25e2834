//! Trying a copy: does it open, and do its keys work?

use std::path::Path;

use keyward_agent::front::verify::verify;
use keyward_agent::key::signing_key::SigningKey;
use keyward_agent::protocol::algorithm::{SignFlags, SignatureAlgorithm};
use keyward_vault::backup::{Standing, standing};
use keyward_vault::key::PrivateKey;
use keyward_vault::{Fingerprint, KeyRecord, Sealed, Vault};
use serde::Serialize;

use super::super::arguments::Arguments;
use super::super::unlock;
use super::copy;
use crate::error::Error;
use crate::progress::Progress;

/// What is signed: nothing that a server would take for a login.
const MESSAGE: &[u8] = b"keyward backup drill";

/// What a drill found. The names of the fields are a promise.
#[derive(Debug, Serialize)]
pub(crate) struct Drill {
    /// When it was (RFC 3339).
    pub(crate) time: String,
    /// The copy.
    pub(crate) path: String,
    /// The id of the vault it is of.
    pub(crate) vault: String,
    /// Which save of it.
    pub(crate) generation: u64,
    /// How many saves it is behind the vault; null where there is none to compare it with.
    pub(crate) behind: Option<u64>,
    /// What opened it: `passphrase` or `recovery code`.
    pub(crate) slot: Option<&'static str>,
    /// Whether everything is right.
    pub(crate) right: bool,
    /// What was found of each key, by name.
    pub(crate) keys: Vec<Tried>,
}

/// What was found of one key.
#[derive(Debug, Serialize)]
pub(crate) struct Tried {
    pub(crate) name: String,
    pub(crate) fingerprint: String,
    /// Whether the public key derived from the private one is the one that is listed.
    pub(crate) matches: bool,
    /// Whether it signed, and the signature fits; null for a key in a token, of which the vault has no private part.
    pub(crate) signs: Option<bool>,
}

impl Tried {
    pub(crate) const fn is_right(&self) -> bool {
        self.matches && !matches!(self.signs, Some(false))
    }
}

/// Opens the copy at `path` in memory and tries every key; `present` is the vault that it is a copy of.
///
/// # Errors
/// It cannot be read, or does not open.
pub(crate) fn run(
    path: &Path,
    arguments: &Arguments,
    present: Option<&Sealed>,
) -> Result<Drill, Error> {
    let sealed = Sealed::read(copy::read(path)?)?;
    let (vault, slot) = unlock::unlock(&sealed, arguments)?;
    let opened = vault.slots().find(|view| view.slot.id() == slot);
    let mut keys: Vec<&KeyRecord> = vault.keys().collect();
    keys.sort_by(|one, other| one.name().cmp(other.name()));
    let mut progress = Progress::new("Trying keys", keys.len());
    let tried = keys.into_iter().map(|key| {
        progress.step();
        tried(&vault, key)
    });
    let keys: Vec<Tried> = tried.collect();
    Ok(Drill {
        time: copy::now(),
        path: path.display().to_string(),
        vault: sealed.vault_id().to_string(),
        generation: sealed.generation(),
        behind: present.and_then(|present| behind(present, &sealed)),
        slot: opened.and_then(|view| view.slot.kind_name()),
        right: keys.iter().all(Tried::is_right),
        keys,
    })
}

fn behind(vault: &Sealed, sealed: &Sealed) -> Option<u64> {
    match standing(vault, sealed) {
        Standing::Same | Standing::Newer(_) => Some(0),
        Standing::Older(saves) => Some(saves),
        Standing::Beside | Standing::Another => None,
    }
}

fn tried(vault: &Vault, key: &KeyRecord) -> Tried {
    let private = vault.private(key.id()).map_err(Error::from);
    let private = private.and_then(|fields| Ok(PrivateKey::from_fields(fields)?));
    let (matches, signs) = match &private {
        Ok(private) if private.key_type().is_security_key() => (is_of(private, key), None),
        Ok(private) => match SigningKey::read(private.fields()) {
            // It derives the public key, and takes no other.
            Ok(signing) => (is_of(private, key), Some(signs(&signing, private))),
            Err(_) => (false, Some(false)),
        },
        Err(_) => (false, Some(false)),
    };
    Tried {
        name: key.name().to_owned(),
        fingerprint: key.fingerprint().to_string(),
        matches,
        signs,
    }
}

/// Says whether the public key of a private one is that of the record.
fn is_of(private: &PrivateKey, key: &KeyRecord) -> bool {
    let blob = private.public_blob();
    blob == key.public_key() && Fingerprint::of(&blob) == key.fingerprint()
}

/// Signs, and verifies with the public key.
fn signs(signing: &SigningKey, private: &PrivateKey) -> bool {
    let algorithm = SignatureAlgorithm::choose(private.key_type(), SignFlags(0));
    let signature = signing.sign(algorithm, MESSAGE).ok();
    signature.is_some_and(|it| verify(&private.public_blob(), &it, MESSAGE).is_ok())
}
