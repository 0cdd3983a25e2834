//! `keyward rename`: another name for a key.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::{open::Open, saving};

const EXAMPLES: &str = "\
Examples:
  keyward rename id_ed25519 github";

/// Describes it.
pub(super) fn describe() -> Command {
    let new = Arg::new("NEW").help("Its new name").required(true);
    let command = Command::new("rename")
        .about("Give a key another name")
        .arg(super::name("The key"))
        .arg(new)
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Renames the key and saves the vault.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let new = matches
        .get_one::<String>("NEW")
        .cloned()
        .unwrap_or_default();
    let mut open = Open::ask(&Arguments::read(matches)?)?;
    let id = open.find(&super::name_of(matches))?;
    open.rename(id, &new)?;
    saving::save(&mut open)?;
    Ok(ExitCode::SUCCESS)
}
