//! Makes a new vault.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Vault;
use crate::Cost;
use crate::block::Sealer;
use crate::error::Error;
use crate::header::{DIGEST, Header};
use crate::id::VaultId;
use crate::passphrase::Passphrase;
use crate::random::{self, Entropy};
use crate::recovery_code::RecoveryCode;
use crate::secret::Secret;
use crate::slot::NewSlot;
use crate::timestamp::Timestamp;

/// The ways into a new vault.
#[derive(Debug, Clone, Copy)]
pub struct FirstSlots<'a> {
    /// The passphrase.
    pub passphrase: &'a Passphrase,
    /// What it costs to try one.
    pub cost: Cost,
    /// The recovery code, if there is to be one.
    pub recovery: Option<&'a RecoveryCode>,
}

impl Vault {
    /// Makes an empty vault, which was never saved. It takes as long as the derivation.
    ///
    /// # Errors
    /// [`Error::Entropy`] without randomness, and [`Error::OutOfMemory`] without the memory that the
    /// derivation takes.
    pub fn create(
        slots: &FirstSlots<'_>,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, Error> {
        let id = VaultId(random::array(entropy)?);
        let mut vault_key = Secret::new([0; 32]);
        entropy.fill(vault_key.expose_mut())?;
        let sealer = Sealer::new(id, &vault_key)?;
        let mut vault = Self {
            file: Arc::default(),
            header: empty(id, sealer.commitment),
            digest: [0; DIGEST],
            vault_key,
            sealer,
            records: BTreeMap::new(),
            is_changed: true,
        };
        let passphrase = NewSlot::Passphrase(slots.passphrase, slots.cost);
        vault.add_slot(&passphrase, "", now, entropy)?;
        if let Some(code) = slots.recovery {
            vault.add_slot(&NewSlot::RecoveryCode(code), "", now, entropy)?;
        }
        Ok(vault)
    }
}

/// The header of a vault before its first save.
fn empty(vault: VaultId, commitment: [u8; 32]) -> Header {
    Header {
        minor: 0,
        vault,
        generation: 0,
        optional_flags: 0,
        records: 0,
        body: 0,
        commitment,
        previous: [0; DIGEST],
        body_digest: [0; DIGEST],
        slots: Vec::new(),
        extensions: Vec::new(),
    }
}
