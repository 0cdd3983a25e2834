//! `keyward show`: everything about one key but its private part.

use std::io;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use serde_json::Value;

use super::list;
use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
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
pub(super) fn find(matches: &ArgMatches) -> Result<Value, Error> {
    let name = super::name_of(matches);
    let keys = list::keys(&Arguments::read(matches)?)?;
    let named = |key: &Value| key.get("name").and_then(Value::as_str) == Some(&name);
    keys.into_iter()
        .find(named)
        .ok_or(Error::NoSuchKey { name })
}
