//! `keyward fsck`: is the vault whole, and mending it if not.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::error::{DAMAGED, Error};
use crate::output;
use crate::vault::arguments::{self, Arguments};
use crate::vault::check;

const EXAMPLES: &str = "\
Examples:
  keyward fsck                          structure and digests, without a passphrase
  keyward fsck --passphrase-file F      every record too
  keyward fsck --repair                 mend what can be mended

Exit status: 0 whole, or mended whole; 1 mended, with losses, each named; 4 damaged and not mended.
The damaged file is kept beside the mended one.

JSON: {path, whole, generation, records, damaged [], restored [], lost [], repaired}.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("fsck")
        .about("Check the vault, and mend it")
        .arg(arguments::flag(
            "repair",
            "Write what can be read as a new vault; asks for the passphrase",
        ))
        .arg(arguments::flag(
            "full",
            "Ask for the passphrase and open every record",
        ))
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Checks, mends if asked to, and reports.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let with_secret = matches.get_flag("full")
        || arguments.passphrase_file.is_some()
        || arguments.recovery_file.is_some();
    let report = match (matches.get_flag("repair"), with_secret) {
        (true, _) => check::repair(&arguments)?,
        (false, true) => check::records(&arguments)?,
        (false, false) => check::structure(&arguments)?,
    };
    if matches.get_flag("json") {
        super::print_json(&report)?;
    } else {
        output::write(report.to_string().as_bytes())?;
    }
    Ok(match (report.whole, report.repaired) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) if report.lost.is_empty() => ExitCode::SUCCESS,
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::from(DAMAGED),
    })
}
