//! The running agent, as far as the vault goes: handing keys over, and asking what it knows.

mod cache;
mod identities;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use keyward_agent::client::{Client, ClientError, VaultList};
use keyward_agent::front::agent::{Committed, Refused};
use keyward_agent::front::socket::control_path;
use keyward_agent::front::vault::message::{Begin, Id, Purpose, State};
use keyward_agent::secret_memory::allocator;
use keyward_vault::KeyRecord;
use serde_json::Value;

use super::arguments::Arguments;
use super::open::Open;
use super::uses::Uses;
use crate::error::Error;
use crate::listing::Listing;
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
pub(crate) fn keys(arguments: &Arguments) -> Option<Vec<Listing>> {
    let list = connect().ok()?.vault_list().ok()?;
    let is_open = list.state == State::Open.name() && is_of(&list, arguments);
    is_open.then(|| listings(&list).filter(is_named).collect())
}

/// Returns the names of the keys that the agent knows, of whatever vault, be it closed.
pub(crate) fn names() -> Vec<String> {
    let list = connect().and_then(|mut client| Ok(client.vault_list()?));
    let list = list.ok();
    let keys = list.iter().flat_map(listings).filter(is_named);
    keys.map(|key| key.name).collect()
}

/// Reads what the agent was told of each key, of which nothing is secret.
fn listings(list: &VaultList) -> impl Iterator<Item = Listing> {
    let keys = list.keys.iter();
    keys.filter_map(|key| allocator::public(|| serde_json::from_str(key.get()).ok()))
}

fn is_named(key: &Listing) -> bool {
    !key.name.is_empty()
}

/// Checks that there is an agent which takes keys, before a person is asked for anything.
///
/// # Errors
/// There is no agent, it is another program's, or it is locked.
pub(crate) fn check() -> Result<(), Error> {
    let status = connect()?.status()?;
    match status.get("locked").and_then(Value::as_bool) {
        Some(true) => Err(Error::AgentLocked),
        _ => Ok(()),
    }
}

/// Hands all keys to the agent, as the file has them now: what others changed while a person typed holds.
///
/// # Errors
/// The agent does not take them.
pub(crate) fn unlock(mut client: Client, open: &mut Open) -> Result<Committed, Error> {
    open.refresh()?;
    learn(&mut client);
    let served = hand_over(&mut client, open, State::Open, Purpose::Unlock)?;
    if let Err(error) = cache::write(open) {
        output::say(&format!(
            "warning: an agent that is started anew will not list the keys: {error}\n"
        ));
    }
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
    let told = serving(open).and_then(|serving| match serving {
        Some((mut client, state)) => {
            hand_over(&mut client, open, state, Purpose::Update).map(|served| warn(&served))
        }
        None => Ok(()),
    });
    if let Err(error) = told {
        output::say(&format!(
            "warning: saved, but the agent was not told: {error}\n"
        ));
    }
    if let Err(error) = cache::renew(open) {
        output::say(&format!(
            "warning: an agent that is started anew will list the old keys: {error}\n"
        ));
    }
}

/// Returns the agent, if it has this vault, and whether it is open there.
///
/// It is open only where one of its keys is held: whoever may talk to the agent can say that a vault is open, and would be
/// handed all keys with the next change. A vault without keys had none to hold.
///
/// # Errors
/// The agent does not answer, or has this vault and is locked.
fn serving(open: &Open) -> Result<Option<(Client, State)>, Error> {
    let mut client = match connect() {
        Ok(client) => client,
        Err(
            Error::AuthSockUnset
            | Error::NoControl { .. }
            | Error::Client(ClientError::NoAgent { .. }),
        ) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let list = client.vault_list()?;
    let id = open.vault().id().to_string();
    if list.vault.as_ref().map(ToString::to_string) != Some(id) {
        return Ok(None);
    }
    let held: HashSet<&str> = list.held.iter().map(String::as_str).collect();
    let is_held = |key: &KeyRecord| held.contains(key.fingerprint().to_string().as_str());
    let is_open = list.state == State::Open.name();
    match list.state.as_str() {
        "locked" => Err(Error::AgentLocked),
        _ if is_open && (!open.had_keys() || open.vault().keys().any(is_held)) => {
            Ok(Some((client, State::Open)))
        }
        _ => Ok(Some((client, State::Closed))),
    }
}

/// Notes when the agent used which key, before it forgets.
fn learn(client: &mut Client) {
    // It is a convenience: nothing fails for want of it.
    if let Ok(list) = client.vault_list()
        && let Some(vault) = &list.vault
    {
        let _ = Uses::note(&vault.to_string(), listings(&list));
    }
}

/// Says which keys the agent did not take.
pub(crate) fn warn(served: &Committed) {
    for warning in warnings(served) {
        output::say(&format!("{warning}\n"));
    }
}

/// Returns a line for each key that the agent did not take.
pub(crate) fn warnings(served: &Committed) -> impl Iterator<Item = String> {
    let refused = served.refused.iter();
    refused.map(|Refused { name, reason }| format!("warning: {name} is not served: {reason}"))
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
    for key in open.keys() {
        identities::hand_over(key, client, open, state)?;
    }
    Ok(client.vault_commit()?)
}

fn id(text: &str) -> Result<Id, Error> {
    Id::try_from(text.to_owned()).map_err(|error| Error::Protocol(error.to_string()))
}

fn is_of(list: &VaultList, arguments: &Arguments) -> bool {
    let same = |one: &Path, other: &Path| match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    };
    // It may be reached by a link.
    let path = list.path.as_deref().map(Path::new);
    path.is_some_and(|path| same(path, &arguments.path))
}
