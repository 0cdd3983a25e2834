//! `keyward passwd`: another passphrase.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::slot;
use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::{open::Open, saving};
use crate::{output, strength};

const EXAMPLES: &str = "\
Examples:
  keyward passwd
  keyward passwd --recovery-file code.txt       when the passphrase is forgotten
  keyward passwd --passphrase-file old --new-passphrase-file new

The key of the vault is renewed: an old copy of the file and the old passphrase do not open what is
saved from then on. Recovery codes and other ways in stay as they are.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("passwd")
        .about("Change the passphrase")
        .arg(arguments::file(
            "new-passphrase-file",
            "Read the new passphrase from FILE (\"-\": standard input)",
        ))
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Changes the passphrase and saves the vault.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let mut open = Open::ask(&arguments)?;
    let file = matches.get_one::<PathBuf>("new-passphrase-file");
    let chosen = strength::choose(file, "New passphrase: ", Some(&arguments))?;
    open.change_passphrase(&chosen.passphrase)?;
    saving::save(&mut open)?;
    output::say("The passphrase is changed.\n");
    slot::say_what_stays(&open);
    Ok(ExitCode::SUCCESS)
}
