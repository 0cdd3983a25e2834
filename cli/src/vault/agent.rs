//! The running agent, as far as the vault goes: handing keys over, and asking what it knows.

mod cache;
mod identities;

use std::path::{Path, PathBuf};

use keyward_agent::client::{Client, ClientError, VaultList};
use keyward_agent::front::agent::{Committed, Refused};
use keyward_agent::front::socket::control_path;
use keyward_agent::front::vault::message::{Begin, Id, Purpose, State};
use keyward_vault::KeyRecord;
use serde_json::Value;

use self::identities::Skipped;
use super::arguments::Arguments;
use super::open::Open;
use super::uses::Uses;
use crate::error::Error;
use crate::{environment, output};

/// Connects to the control socket of the agent at `SSH_AUTH_SOCK`.
///
/// # Errors
/// There is no agent, or it is another program's.
pub(crate) fn connect() -> Result<Client, Error> {
    let path = environment::filled(environment::AUTH_SOCK)
        .map(PathBuf::from)
        .ok_or(Error::AuthSockUnset)?;
    connect_beside(&path)
}

/// Connects to the control socket beside an agent's socket.
///
/// # Errors
/// There is no agent, or it is another program's.
pub(crate) fn connect_beside(path: &Path) -> Result<Client, Error> {
    match control_path(path).map(|control| Client::connect(&control)) {
        Some(Ok(client)) => Ok(client),
        Some(Err(error)) if !matches!(error, ClientError::NoAgent { .. }) => Err(error.into()),
        // Without a control socket it makes a difference whether an agent is there at all.
        _ => {
            Client::connect(path)?;
            let path = path.to_path_buf();
            Err(Error::NoControl { path })
        }
    }
}

/// Returns the keys of the vault as the agent knows them, if it has this vault open.
pub(crate) fn keys(arguments: &Arguments) -> Option<Vec<Value>> {
    let list = connect().ok()?.vault_list().ok()?;
    (list.state == State::Open.name() && is_of(&list, arguments)).then(|| values(&list))
}

/// Returns the names of the keys that the agent knows, of whatever vault, be it locked.
pub(crate) fn names() -> Vec<String> {
    let list = connect().and_then(|mut client| Ok(client.vault_list()?));
    let keys = list.map(|list| values(&list)).unwrap_or_default();
    let name = |key: &Value| key.get("name").and_then(Value::as_str).map(str::to_owned);
    keys.iter().filter_map(name).collect()
}

fn values(list: &VaultList) -> Vec<Value> {
    let keys = list.keys.iter();
    keys.filter_map(|key| serde_json::from_str(key.get()).ok())
        .collect()
}

/// Hands all keys to the agent.
///
/// # Errors
/// The agent does not take them.
pub(crate) fn unlock(mut client: Client, open: &Open) -> Result<Committed, Error> {
    learn(&mut client);
    let served = hand_over(&mut client, open, State::Open, Purpose::Unlock)?;
    cache::write(open)?;
    Ok(served)
}

/// Has the agent forget the keys; returns how many it still lists.
///
/// # Errors
/// There is no agent, or it has no vault.
pub(crate) fn lock() -> Result<usize, Error> {
    let mut client = connect()?;
    learn(&mut client);
    Ok(client.vault_lock()?)
}

/// Tells the agent of a vault that was changed, if it has that vault.
///
/// The change itself is saved: an agent that does not hear of it is a warning and no error.
pub(crate) fn update(open: &Open) {
    let Ok(mut client) = connect() else {
        return;
    };
    let Ok(list) = client.vault_list() else {
        return;
    };
    let state = match list.state.as_str() {
        word if word == State::Open.name() => State::Open,
        word if word == State::Closed.name() => State::Closed,
        _ => return,
    };
    if !is_of(&list, open.arguments()) {
        return;
    }
    let told = hand_over(&mut client, open, state, Purpose::Update)
        .and_then(|served| cache::write(open).map(|()| served));
    match told {
        Ok(served) => warn(&served),
        Err(error) => output::say(&format!(
            "warning: saved, but the agent was not told: {error}\n"
        )),
    }
}

/// Notes when the agent used which key, before it forgets.
fn learn(client: &mut Client) {
    // It is a convenience: nothing fails for want of it.
    if let Ok(list) = client.vault_list()
        && let Some(vault) = &list.vault
    {
        let _ = Uses::note(&vault.to_string(), &values(&list));
    }
}

/// Says which keys the agent did not take.
pub(crate) fn warn(served: &Committed) {
    for Refused { name, reason } in &served.refused {
        output::say(&format!("warning: {name} is not served: {reason}\n"));
    }
}

fn hand_over(
    client: &mut Client,
    open: &Open,
    state: State,
    purpose: Purpose,
) -> Result<Committed, Error> {
    let vault = open.vault();
    client.vault_begin(&Begin {
        vault: id(&vault.id().to_string())?,
        path: open.arguments().path.display().to_string(),
        generation: vault.generation(),
        state,
        purpose,
    })?;
    let mut skipped = Vec::new();
    let mut keys: Vec<&KeyRecord> = vault.keys().collect();
    keys.sort_by(|one, other| one.name().cmp(other.name()));
    for key in keys {
        match identities::of(key) {
            Ok(identities) => identities.hand_over(client, open, state)?,
            Err(Skipped { name, reason }) => skipped.push(Refused { name, reason }),
        }
    }
    let mut served = client.vault_commit()?;
    served.refused.extend(skipped);
    Ok(served)
}

fn id(text: &str) -> Result<Id, Error> {
    Id::try_from(text.to_owned()).map_err(|error| Error::Protocol(error.to_string()))
}

fn is_of(list: &VaultList, arguments: &Arguments) -> bool {
    let path = arguments.path.display().to_string();
    list.path.as_deref() == Some(path.as_str())
}
