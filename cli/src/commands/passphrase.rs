//! `keyward passphrase`: judging passphrases, and making some.

mod shown;
mod check;
mod generate;

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  keyward passphrase check                     one that you type; it is not shown
  keyward passphrase check --json < file
  keyward passphrase generate                  seven words
  keyward passphrase generate --language de
  keyward passphrase generate --length 20";

/// Describes it.
pub(super) fn describe() -> Command {
    Command::new("passphrase")
        .about("Judge a passphrase, or make one")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(check::describe())
        .subcommand(generate::describe())
        .after_help(EXAMPLES)
}

/// Does what the word after `passphrase` says.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    match matches.subcommand() {
        Some(("generate", matches)) => generate::run(matches),
        Some((_, matches)) => check::run(matches),
        None => Ok(ExitCode::SUCCESS),
    }
}
