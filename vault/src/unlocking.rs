//! From a secret to the vault key.

use core::fmt;

use crate::block::Sealer;
use crate::error::Error;
use crate::header::Header;
use crate::id::SlotId;
use crate::slot::{Opener, Slot, WrapKey};
use crate::subkey::Key;

/// What to mind while slots are tried, each of which may take a second and half a gigabyte.
#[derive(Default)]
pub struct Unlocking<'a> {
    /// The most memory that a derivation may take, in KiB; `None` for what the format allows.
    pub memory_max_kib: Option<u32>,
    /// Called with each slot before it is tried.
    pub progress: Option<&'a mut dyn FnMut(&Slot)>,
}

/// What opened a vault.
pub(crate) struct Unlocked {
    pub(crate) vault_key: Key,
    pub(crate) sealer: Sealer,
    pub(crate) slot: SlotId,
    pub(crate) wrap: WrapKey,
}

impl Unlocking<'_> {
    /// Tries every slot that takes a secret of the kind.
    ///
    /// # Errors
    /// [`Error::Locked`] when none opens; when none opens and some were not tried because of their
    /// memory, the error of the first of these.
    pub(crate) fn unlock(
        &mut self,
        header: &Header,
        opener: &Opener<'_>,
    ) -> Result<Unlocked, Error> {
        let mut untried = None;
        for slot in header.slots.iter().filter(|slot| slot.takes(opener)) {
            match self.try_slot(header, slot, opener) {
                Ok(Some(unlocked)) => return Ok(unlocked),
                Ok(None) => {}
                Err(error @ (Error::MemoryCeiling { .. } | Error::OutOfMemory { .. })) => {
                    untried.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(untried.unwrap_or(Error::Locked))
    }

    fn try_slot(
        &mut self,
        header: &Header,
        slot: &Slot,
        opener: &Opener<'_>,
    ) -> Result<Option<Unlocked>, Error> {
        let needed_kib = slot.cost().map_or(0, |cost| cost.memory_kib());
        if let Some(allowed_kib) = self.memory_max_kib.filter(|allowed| needed_kib > *allowed) {
            return Err(Error::MemoryCeiling {
                slot: slot.id(),
                needed_kib,
                allowed_kib,
            });
        }
        if let Some(progress) = &mut self.progress {
            progress(slot);
        }
        let context = header.context();
        let Some(keys) = slot.derive(opener, &context).transpose()? else {
            return Ok(None);
        };
        let Some(vault_key) = slot.unwrap(&keys, &context) else {
            return Ok(None);
        };
        let sealer = Sealer::new(header.vault, &vault_key)?;
        Ok(sealer.made(header).then(|| Unlocked {
            vault_key,
            sealer,
            slot: slot.id(),
            wrap: keys.wrap_key(),
        }))
    }
}

impl fmt::Debug for Unlocking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlocking")
            .field("memory_max_kib", &self.memory_max_kib)
            .finish_non_exhaustive()
    }
}
