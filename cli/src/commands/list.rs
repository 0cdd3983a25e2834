//! `keyward list`: the keys of the vault.

use std::borrow::Borrow;
use std::io;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use keyward_agent::secret_memory::allocator;
use serde::Serialize;

use crate::error::Error;
use crate::listing::{Listing, Table};
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::reminder::Backups;
use crate::vault::{agent, open::Open};
use crate::{environment, output};

const EXAMPLES: &str = "\
Examples:
  keyward list
  keyward list --json | jq -r '.[].fingerprint'
  keyward list --removed

While the vault is unlocked in the agent, it asks for nothing: the agent answers.

JSON: an array of {name, type, bits, fingerprint, public, comment, created, last_used,
certificate, constraints {confirm, lifetime, destinations}, notes, removed}; the last two only
where there are any, times as RFC 3339 has them.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("list")
        .about("List the keys of the vault")
        .arg(arguments::json())
        .arg(arguments::flag(
            "removed",
            "List what was removed and can be brought back",
        ))
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Asks the agent, or opens the vault, and prints.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let removed = matches.get_flag("removed");
    if !removed && let Some(keys) = agent::keys(&arguments) {
        print(matches, keys.iter(), || Backups::of(&arguments))?;
    } else {
        let known = Open::ask(&arguments)?.into_known();
        let keys = known.keys(removed);
        let listings = keys.iter().map(|key| known.listing_of(key));
        let backups = || Some(Backups::of_save(known.id, known.generation));
        print(matches, listings, backups)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints keys, of which nothing is secret.
fn print(
    matches: &ArgMatches,
    keys: impl ExactSizeIterator<Item: Borrow<Listing> + Serialize>,
    backups: impl FnOnce() -> Option<Backups>,
) -> Result<(), Error> {
    if matches.get_flag("json") {
        return allocator::public(|| super::stream_json(keys));
    }
    if keys.len() == 0 {
        output::say(match matches.get_flag("removed") {
            true => "No removed key can be brought back.\n",
            false => {
                "The vault holds no keys. Next: keyward import ~/.ssh, or keyward generate NAME\n"
            }
        });
        return Ok(());
    }
    let colours = environment::wants_colours(&io::stdout());
    allocator::public(|| {
        let mut table = Table::default();
        keys.for_each(|key| table.push(key.borrow()));
        output::stream(|out| table.write(colours, environment::columns(), out))
    })?;
    if let Some(backups) = backups() {
        backups.remind();
    }
    Ok(())
}
