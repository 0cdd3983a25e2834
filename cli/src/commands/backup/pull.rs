//! `keyward backup pull`: a copy fetched from another machine.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use keyward_vault::Sealed;

use super::push;
use crate::error::Error;
use crate::output;
use crate::vault::backup::folder;

const EXAMPLES: &str = "\
Examples:
  keyward backup pull jump:keys .        the newest copy there, into this folder
  keyward backup pull jump:keys/keyward-3f9a1c22-2026-11-24-g12.vault old.vault

What comes is checked as keyward backup verify does. Then: keyward backup restore FILE";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("pull")
        .about("Fetch a copy from another machine")
        .arg(push::place("The folder or copy there: [USER@]HOST:PATH").required(true))
        .arg(
            super::path(
                "DEST",
                "A folder, or a file that does not exist [default: this folder]",
            )
            .default_value("."),
        )
        .after_help(EXAMPLES);
    super::with_ssh(command)
}

/// Fetches, checks and writes.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let remote = push::place_of(matches)?;
    let dest = matches
        .get_one::<PathBuf>("DEST")
        .cloned()
        .unwrap_or_default();
    let (name, bytes) = remote.pull(&super::ssh(matches))?;
    let sealed = Sealed::read(bytes)?;
    let dest = match dest.is_dir() {
        true => dest.join(name.to_string()),
        false => dest,
    };
    let kept = folder::write_file(&dest, sealed.bytes())?;
    output::say(&format!(
        "Fetched generation {} to {}\n",
        sealed.generation(),
        output::shown(&kept.path)
    ));
    Ok(ExitCode::SUCCESS)
}
