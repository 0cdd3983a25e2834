//! Making a vault of what is left of one.

use keyward_vault::salvage::{Rescue, Rescued};
use keyward_vault::store::{OLDER_MAX, Outcome, Store};
use keyward_vault::vault::{Lost, NewKey};
use keyward_vault::{Sealed, SystemEntropy, Unlocking, Vault, salvage};

use super::super::arguments::Arguments;
use super::super::unlock::{self, Given};
use super::super::{open, state};
use super::Report;
use crate::environment;
use crate::error::Error;

/// Salvages the vault, brings back from older versions what they have, and saves the result.
pub(super) fn mend(arguments: &Arguments, report: &mut Report) -> Result<(), Error> {
    let store = open::store(arguments)?;
    let damaged = store.read()?.bytes;
    let given = unlock::given(arguments)?;
    let rescue = Rescue {
        opener: given.opener(),
        unlocking: Unlocking {
            memory_max_kib: unlock::memory_max_kib(arguments),
            ..Unlocking::default()
        },
        now: environment::timestamp(),
        entropy: &mut SystemEntropy,
    };
    let rescued = salvage(damaged.clone(), Some(rescue)).rescued;
    let mut rescued = rescued.ok_or(Error::NothingRescued)??;
    // Where nothing tells old from new, an old record could come back by being put there.
    let is_certain = rescued.is_authentic && rescued.is_listed;
    if !is_certain && !arguments.accept_rollback {
        return Err(Error::UncertainRescue {
            path: arguments.path.clone(),
        });
    }
    if !arguments.accept_rollback {
        state::check_salvaged(&rescued.vault, &arguments.path)?;
    }
    restore(&store, &given, &mut rescued, report)?;
    let now = environment::timestamp();
    let bytes = rescued.vault.seal(now, &mut SystemEntropy)?;
    rescued.vault.reread(bytes.clone())?;
    let saved = store.save(
        &bytes,
        |current| current == damaged,
        |written| written == bytes,
    )?;
    if saved != Outcome::Saved {
        return Err(Error::Contended {
            path: arguments.path.clone(),
        });
    }
    report.repaired = true;
    let sealed = Sealed::read(bytes)?;
    state::remember_base(&sealed, arguments.accept_rollback);
    Ok(())
}

/// Brings keys back that are lost, from the older versions beside the vault, and names what stays lost.
fn restore(
    store: &Store,
    given: &Given,
    rescued: &mut Rescued,
    report: &mut Report,
) -> Result<(), Error> {
    let older = older(store, given, !rescued.lost.is_empty());
    for lost in std::mem::take(&mut rescued.lost) {
        let name = lost.name.clone();
        match bring_back(&lost, &older, &mut rescued.vault)? {
            Some(name) => report
                .restored
                .push(format!("key {name:?}, from an older version")),
            None => report.lost.push(match (name, lost.id) {
                (Some(name), _) => format!("key {name:?}"),
                (None, Some(id)) => format!("record {id}, whose name is not known"),
                (None, None) => "a record of which nothing is known".to_owned(),
            }),
        }
    }
    let slots = rescued.lost_slots.iter();
    report
        .lost
        .extend(slots.map(|slot| format!("way in {slot}: add it anew with keyward slot add")));
    Ok(())
}

fn bring_back(lost: &Lost, older: &[Vault], vault: &mut Vault) -> Result<Option<String>, Error> {
    let Some(id) = lost.id else {
        return Ok(None);
    };
    for source in older {
        let Some(key) = source.key(id) else {
            continue;
        };
        let new = NewKey {
            private: source.private(id)?,
            metadata: key.metadata().clone(),
        };
        let now = environment::timestamp();
        if vault.insert(new, now, &mut SystemEntropy).is_ok() {
            return Ok(Some(key.name().to_owned()));
        }
    }
    Ok(None)
}

/// Opens the older versions, newest first. Those that do not open are of no use.
fn older(store: &Store, given: &Given, wanted: bool) -> Vec<Vault> {
    let versions = (1..=OLDER_MAX).filter(|_| wanted);
    let files = versions.filter_map(|back| store.older(back).ok().flatten());
    let sealed = files.filter_map(|file| Sealed::read(file.bytes).ok());
    sealed
        .filter_map(|sealed| sealed.unlock(&given.opener()).ok())
        .collect()
}
