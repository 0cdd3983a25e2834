//! `keyward remove` and `keyward undelete`: taking keys out of the vault, and bringing them back.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use crate::error::Error;
use crate::output;
use crate::vault::arguments::{self, Arguments};
use crate::vault::{open::Open, saving};

const EXAMPLES: &str = "\
Examples:
  keyward remove old-laptop
  keyward remove ci-2024 ci-2025

A removed key is no longer listed or served. It stays sealed in the vault for 30 days, in which
keyward undelete NAME brings it back.";

const UNDELETE_EXAMPLES: &str = "\
Examples:
  keyward list --removed
  keyward undelete old-laptop";

/// Describes `remove`.
pub(super) fn describe() -> Command {
    let names = super::name("The keys").num_args(1..);
    let command = Command::new("remove")
        .about("Remove keys from the vault")
        .visible_alias("rm")
        .arg(names)
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Describes `undelete`.
pub(super) fn describe_undelete() -> Command {
    let command = Command::new("undelete")
        .about("Bring a removed key back")
        .arg(Arg::new("NAME").help("The key").required(true))
        .after_help(UNDELETE_EXAMPLES);
    arguments::with_secret(command)
}

/// Removes the keys, all or none, and saves the vault.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let names: Vec<&String> = matches.get_many("NAME").into_iter().flatten().collect();
    let mut open = Open::ask(&Arguments::read(matches)?)?;
    for name in &names {
        let id = open.find(name)?;
        open.remove(id)?;
    }
    saving::save(&mut open)?;
    for name in names {
        output::say(&format!(
            "Removed {name}; for 30 days: keyward undelete {name}\n"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Brings a key back and saves the vault.
pub(super) fn undelete(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let name = super::name_of(matches);
    let mut open = Open::ask(&Arguments::read(matches)?)?;
    open.undelete(&name)?;
    saving::save(&mut open)?;
    Ok(ExitCode::SUCCESS)
}
