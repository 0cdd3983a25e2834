//! `keyward list`: the keys of the vault.

use std::io;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use serde_json::Value;

use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::reminder::Backups;
use crate::vault::{agent, open::Open};
use crate::{environment, listing, output};

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
    let keys = if removed {
        let open = Open::ask(&arguments)?;
        super::values(open.removed())?
    } else {
        keys(&arguments)?
    };
    if matches.get_flag("json") {
        return super::print_json(&keys);
    }
    if keys.is_empty() {
        output::say(match removed {
            true => "No removed key can be brought back.\n",
            false => {
                "The vault holds no keys. Next: keyward import ~/.ssh, or keyward generate NAME\n"
            }
        });
        return Ok(ExitCode::SUCCESS);
    }
    let text = listing::table(
        &keys,
        environment::wants_colours(&io::stdout()),
        environment::columns(),
    );
    output::write(text.as_bytes())?;
    if let Some(backups) = Backups::of(&arguments) {
        backups.remind();
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the keys of the vault: from the agent while it has the vault open, or from the vault.
///
/// # Errors
/// Why the vault cannot be opened.
pub(super) fn keys(arguments: &Arguments) -> Result<Vec<Value>, Error> {
    if let Some(keys) = agent::keys(arguments) {
        return Ok(keys);
    }
    let open = Open::ask(arguments)?;
    super::values(open.keys())
}
