//! The ways in, as a person sees and names them.

use std::fmt;

use keyward_vault::slot::Slot;
use keyward_vault::vault::SlotView;
use keyward_vault::{Cost, SlotId, Vault};
use serde::Serialize;

use crate::error::Error;
use crate::listing;

/// What is said of one way in.
#[derive(Debug, Serialize)]
pub(crate) struct SlotListing {
    /// Its id, hexadecimal.
    pub(crate) id: String,
    /// `passphrase`, `recovery code`, or null for a kind of a later version.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// What one try costs, of a passphrase.
    pub(crate) memory_kib: Option<u32>,
    pub(crate) passes: Option<u32>,
    pub(crate) lanes: Option<u32>,
    /// What the owner calls it; null while the vault is not open.
    pub(crate) label: Option<String>,
    /// When it was made (RFC 3339); null while the vault is not open.
    pub(crate) created: Option<String>,
}

impl SlotListing {
    /// Says what is known of a slot without opening the vault.
    pub(crate) fn sealed(slot: &Slot) -> Self {
        let cost = slot.cost();
        Self {
            id: slot.id().to_string(),
            kind: slot.kind_name().map(str::to_owned),
            memory_kib: cost.map(Cost::memory_kib),
            passes: cost.map(Cost::passes),
            lanes: cost.map(Cost::lanes),
            label: None,
            created: None,
        }
    }

    /// Says what is known of a slot in an open vault.
    pub(crate) fn of(view: &SlotView<'_>) -> Self {
        Self {
            label: Some(view.label.to_owned()),
            created: listing::time(view.created.0),
            ..Self::sealed(view.slot)
        }
    }
}

impl fmt::Display for SlotListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.as_deref().unwrap_or("of a later version");
        write!(f, "{}  {kind:14}", self.id.get(..8).unwrap_or(&self.id))?;
        if let (Some(memory), Some(passes), Some(lanes)) =
            (self.memory_kib, self.passes, self.lanes)
        {
            let memory = memory / 1024;
            write!(f, "  Argon2id {memory} MiB, {passes} passes, {lanes} lanes")?;
        }
        if let Some(label) = self.label.as_deref().filter(|label| !label.is_empty()) {
            write!(f, "  {label}")?;
        }
        if let Some(created) = &self.created {
            write!(f, "  made {created}")?;
        }
        Ok(())
    }
}

/// Returns the passphrase that is to be changed: the one the vault was opened with, or, opened with a recovery
/// code, the only one. With it comes its cost.
///
/// # Errors
/// [`Error::WhichPassphrase`] when that is not clear, [`Error::NoPassphrase`] without one.
pub(crate) fn passphrase_to_change(
    vault: &Vault,
    opened: Option<SlotId>,
) -> Result<(SlotId, Cost), Error> {
    let passphrases = || {
        let slots = vault.slots().map(|view| view.slot);
        slots.filter_map(|slot| slot.cost().map(|cost| (slot.id(), cost)))
    };
    if let Some(slot) = passphrases().find(|(id, _)| Some(*id) == opened) {
        return Ok(slot);
    }
    let mut all = passphrases();
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Error::WhichPassphrase),
        (None, _) => Err(Error::NoPassphrase),
    }
}

/// Returns the dearer of two costs: a change of the passphrase must not make guessing cheaper.
pub(crate) fn dearer(one: Cost, other: Cost) -> Cost {
    match one.work() >= other.work() {
        true => one,
        false => other,
    }
}

/// Finds the slot whose id begins with `prefix`.
///
/// # Errors
/// [`Error::NoSuchSlot`], [`Error::ManySlots`].
pub(crate) fn of_prefix(vault: &Vault, prefix: &str) -> Result<SlotId, Error> {
    let begins = |id: &SlotId| !prefix.is_empty() && id.to_string().starts_with(prefix);
    let mut found = vault.slots().map(|view| view.slot.id()).filter(begins);
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => Err(Error::ManySlots(prefix.to_owned())),
        (None, _) => Err(Error::NoSuchSlot(prefix.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use keyward_vault::vault::FirstSlots;
    use keyward_vault::{Passphrase, RecoveryCode, SystemEntropy, Timestamp};

    use super::*;

    fn vault() -> Vault {
        let passphrase = Passphrase::new("a passphrase").unwrap();
        let code = RecoveryCode::generate(&mut SystemEntropy).unwrap();
        let slots = FirstSlots {
            passphrase: &passphrase,
            cost: Cost::LEAST,
            recovery: Some(&code),
        };
        Vault::create(&slots, Timestamp(0), &mut SystemEntropy).unwrap()
    }

    #[test]
    fn slots_are_found_by_the_beginning_of_their_id() {
        let vault = vault();
        for view in vault.slots() {
            let id = view.slot.id();
            assert_eq!(of_prefix(&vault, &id.to_string()).unwrap(), id);
        }
        assert!(matches!(of_prefix(&vault, ""), Err(Error::NoSuchSlot(_))));
        assert!(matches!(of_prefix(&vault, "x"), Err(Error::NoSuchSlot(_))));
    }

    #[test]
    fn passphrase_to_change_is_the_one_that_opened_or_the_only_one() {
        let mut vault = vault();
        let ids: Vec<SlotId> = vault.slots().map(|view| view.slot.id()).collect();
        let (passphrase, code) = match vault.slots().next().unwrap().slot.cost() {
            Some(_) => (ids[0], ids[1]),
            None => (ids[1], ids[0]),
        };
        assert_eq!(
            passphrase_to_change(&vault, Some(code)).unwrap(),
            (passphrase, Cost::LEAST)
        );
        vault.remove_slot(passphrase, &mut SystemEntropy).unwrap();
        let none = passphrase_to_change(&vault, Some(code));
        assert!(matches!(none, Err(Error::NoPassphrase)));
    }

    #[test]
    fn a_change_never_makes_guessing_cheaper() {
        assert_eq!(dearer(Cost::LEAST, Cost::DEFAULT), Cost::DEFAULT);
        assert_eq!(dearer(Cost::DEFAULT, Cost::FLOOR), Cost::DEFAULT);
    }
}
