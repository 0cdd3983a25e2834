//! `keyward unlock` and `keyward lock`: the vault in the running agent.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::error::Error;
use crate::output;
use crate::vault::agent;
use crate::vault::arguments::{self, Arguments};
use crate::vault::open::Open;

const UNLOCK_EXAMPLES: &str = "\
Examples:
  keyward unlock
  keyward unlock --passphrase-file /dev/fd/3

Every key of the vault is then served by the agent at SSH_AUTH_SOCK, until keyward lock, or 15
minutes without use (keyward agent --idle, idle in the configuration). The exit status is 1 where
one is not served, such as a key for a host whose key is not known; it is said which.";

const LOCK_EXAMPLES: &str = "\
Examples:
  keyward lock

The agent forgets the private keys of the vault. It still lists their public halves, and asks for
the passphrase when one is used. Keys of ssh-add stay.";

/// Describes `unlock`.
pub(super) fn describe_unlock() -> Command {
    let command = Command::new("unlock")
        .about("Serve the vault's keys through the agent")
        .after_help(UNLOCK_EXAMPLES);
    arguments::with_secret(command)
}

/// Describes `lock`.
pub(super) fn describe_lock() -> Command {
    Command::new("lock")
        .about("Have the agent forget the vault's private keys")
        .after_help(LOCK_EXAMPLES)
}

/// Opens the vault and hands its keys to the agent.
pub(super) fn unlock(matches: &ArgMatches) -> Result<ExitCode, Error> {
    agent::check()?;
    let mut open = Open::ask(&Arguments::read(matches)?)?;
    // The agent does not wait for a person who types: it closes connections that say nothing.
    let served = agent::unlock(agent::connect()?, &mut open)?;
    agent::warn(&served);
    output::say(&format!("Unlocked: {}.\n", counted(served.keys)));
    Ok(match served.refused.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Has the agent forget the keys.
pub(super) fn lock(_: &ArgMatches) -> Result<ExitCode, Error> {
    let keys = agent::lock()?;
    output::say(&format!("Locked: {}.\n", counted(keys)));
    Ok(ExitCode::SUCCESS)
}

fn counted(keys: usize) -> String {
    match keys {
        1 => "1 key".to_owned(),
        keys => format!("{keys} keys"),
    }
}
