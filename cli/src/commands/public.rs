//! `keyward public`: the public line of a key.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::show;
use crate::error::Error;
use crate::output;
use crate::vault::arguments;

const EXAMPLES: &str = "\
Examples:
  keyward public github
  keyward public work >> authorized_keys
  keyward public work --certificate > ~/.ssh/work-cert.pub";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("public")
        .about("Print the public line of a key")
        .arg(super::name("The key"))
        .arg(arguments::flag(
            "certificate",
            "Print the line of its certificate",
        ))
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Finds the key and prints the line.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let key = show::find(matches)?;
    let line = match matches.get_flag("certificate") {
        false if key.public.is_empty() => {
            let told = format!("it knows no public line of key {:?}", key.name);
            return Err(Error::Protocol(told));
        }
        false => key.public,
        true => {
            let none = Error::NoCertificate { name: key.name };
            key.certificate.ok_or(none)?
        }
    };
    output::write(format!("{line}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
