//! Making a vault of what is left of one.

use keyward_vault::salvage::{Rescue, Rescued};
use keyward_vault::store::{OLDER_MAX, Outcome, Store};
use keyward_vault::vault::Lost;
use keyward_vault::{Sealed, SystemEntropy, Unlocking, Vault, salvage};

use super::super::arguments::Arguments;
use super::super::open::Open;
use super::super::unlock::{self, Given};
use super::super::{agent, open, state};
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
    state::check_salvaged(&rescued.vault, arguments)?;
    restore(arguments, &store, &given, &mut rescued, report)?;
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
    state::remember_base(&sealed, arguments);
    let vault = rescued.vault.reread(sealed.bytes().to_vec())?;
    agent::update(&Open::of(arguments, store, sealed, vault));
    Ok(())
}

/// Brings keys back that are lost, from the older versions beside the vault, and names what stays lost.
fn restore(
    arguments: &Arguments,
    store: &Store,
    given: &Given,
    rescued: &mut Rescued,
    report: &mut Report,
) -> Result<(), Error> {
    let older = match rescued.lost.is_empty() {
        true => Vec::new(),
        false => older(arguments, store, given, &rescued.vault),
    };
    for lost in std::mem::take(&mut rescued.lost) {
        let name = lost.name.clone();
        match bring_back(&lost, &older, &mut rescued.vault)? {
            Some((name, is_same)) => {
                report
                    .restored
                    .push(format!("key {name:?}, from an older version"));
                // Its constraints may have been tightened since.
                if !is_same {
                    report.lost.push(format!(
                        "what was changed of key {name:?} since: see keyward show {name:?}"
                    ));
                }
            }
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

/// Returns the name of the key, and whether it is in the very state that was lost.
fn bring_back(
    lost: &Lost,
    older: &[Vault],
    vault: &mut Vault,
) -> Result<Option<(String, bool)>, Error> {
    let Some(id) = lost.id else {
        return Ok(None);
    };
    for source in older {
        let Some(key) = source.key(id) else {
            continue;
        };
        let name = key.name().to_owned();
        let now = environment::timestamp();
        if vault
            .bring_back(id, source, now, &mut SystemEntropy)
            .is_ok()
        {
            return Ok(Some((name, lost.version == Some(source.version(id)))));
        }
    }
    Ok(None)
}

/// Opens the older versions of this vault, newest first. Those that do not open are of no use. One under another vault
/// key could have been made by whoever had that key once, so a person has to mean it.
fn older(arguments: &Arguments, store: &Store, given: &Given, vault: &Vault) -> Vec<Vault> {
    let files = (1..=OLDER_MAX).filter_map(|back| store.older(back).ok().flatten());
    let sealed = files.filter_map(|file| Sealed::read(file.bytes).ok());
    let ours = sealed.filter(|sealed| {
        sealed.vault_id() == vault.id()
            && (sealed.commitment() == vault.commitment() || arguments.accept_changed_keys)
    });
    let opened = ours.filter_map(|sealed| unlock::with(&sealed, given, arguments).ok());
    opened.map(|(vault, _)| vault).collect()
}
