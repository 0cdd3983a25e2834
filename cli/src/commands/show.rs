//! `keyward show`: everything about one key but its private part.

use std::io;
use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::error::Error;
use crate::listing::Listing;
use crate::vault::arguments::{self, Arguments};
use crate::vault::{agent, open::Open};
use crate::{environment, listing, output};

const EXAMPLES: &str = "\
Examples:
  keyward show github
  keyward show github --json | jq .constraints

JSON: one object as in keyward list --json.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("show")
        .about("Show one key, without its private part")
        .arg(super::name("The key"))
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Finds the key and prints it.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let key = find(matches)?;
    if matches.get_flag("json") {
        return super::print_json(&key);
    }
    let text = listing::details(&key, environment::wants_colours(&io::stdout()));
    output::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the key that the arguments name.
///
/// # Errors
/// [`Error::NoSuchKey`], or why the vault cannot be opened.
pub(super) fn find(matches: &ArgMatches) -> Result<Listing, Error> {
    let name = super::name_of(matches);
    let arguments = Arguments::read(matches)?;
    if let Some(keys) = agent::keys(&arguments) {
        let mut keys = keys.into_iter();
        let found = keys.find(|key| key.name == name);
        return found.ok_or(Error::NoSuchKey { name });
    }
    let open = Open::ask(&arguments)?;
    open.listing(open.find(&name)?)
}
