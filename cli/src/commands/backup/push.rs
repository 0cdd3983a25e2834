//! `keyward backup push`: a copy on another machine.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint};

use crate::error::Error;
use crate::output;
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::notes::Notes;
use crate::vault::backup::place::Remote;
use crate::vault::open;

const EXAMPLES: &str = "\
Examples:
  keyward backup push jump:keys
  keyward backup push me@jump:keys --keep 10

It goes over the system's sftp, with your own ~/.ssh/config, on accounts with a shell and on those without. The agent is not
forwarded. The folder is made if it is missing. The copy has mode 0600 there, and gets its name once it was read back whole.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("push")
        .about("Copy the vault to another machine")
        .arg(place("The folder there: [USER@]HOST:PATH").required(true))
        .arg(super::keep())
        .after_help(EXAMPLES);
    super::with_ssh(arguments::with_path(command))
}

/// Describes the place of copies on another machine.
pub(super) fn place(help: &'static str) -> Arg {
    Arg::new("PLACE").help(help).value_hint(ValueHint::Hostname)
}

/// Returns the place that was typed.
pub(super) fn place_of(matches: &ArgMatches) -> Result<Remote, Error> {
    let text = matches
        .get_one::<String>("PLACE")
        .cloned()
        .unwrap_or_default();
    Remote::parse(&text).ok_or(Error::NoPlace(text))
}

/// Sends the vault, and notes where.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let remote = place_of(matches)?;
    let (_, sealed) = open::read(&arguments)?;
    let there = remote.push(&sealed, super::kept(matches), &super::ssh(matches))?;
    let copy = remote.of_copy(&there.name);
    Notes::note_copy(&sealed, remote.place(), copy.clone());
    let generation = sealed.generation();
    output::say(&match there.was_there {
        true => format!("Generation {generation} is there already, and whole: {copy}\n"),
        false => format!("Copied generation {generation} to {copy}\n"),
    });
    if there.removed > 0 {
        let copies = if there.removed == 1 { "copy" } else { "copies" };
        output::say(&format!("Removed {} older {copies} there\n", there.removed));
    }
    Ok(ExitCode::SUCCESS)
}
