//! `keyward backup`: copies that survive the machine.

mod paper;

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  keyward backup paper github --out github.pdf";

/// Describes it.
pub(super) fn describe() -> Command {
    Command::new("backup")
        .about("Make copies of the vault and of keys")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(paper::describe())
        .after_help(EXAMPLES)
}

/// Does what the word after `backup` says.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    match matches.subcommand() {
        Some((_, matches)) => paper::run(matches),
        None => Ok(ExitCode::SUCCESS),
    }
}
