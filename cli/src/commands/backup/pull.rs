//! `keyward backup pull`: a copy fetched from another machine.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use keyward_vault::Sealed;

use super::{push, verify};
use crate::error::Error;
use crate::output;
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::copy::{self, Described};
use crate::vault::backup::folder;

const EXAMPLES: &str = "\
Examples:
  keyward backup pull jump:keys .        the newest copy there, into this folder
  keyward backup pull jump:keys/keyward-3f9a1c22-2026-11-24-g12.vault old.vault

The newest of your vault is fetched, where there is one here. What comes is checked as keyward backup verify does
without a passphrase. Then: keyward backup restore FILE";

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
    super::with_ssh(arguments::with_path(command))
}

/// Fetches, checks and writes.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let remote = push::place_of(matches)?;
    let dest = matches
        .get_one::<PathBuf>("DEST")
        .cloned()
        .unwrap_or_default();
    let arguments = Arguments::read(matches)?;
    let vault = copy::present(&arguments);
    let own = vault.as_ref().map(Sealed::vault_id);
    let (name, bytes) = remote.pull(own, &super::ssh(matches))?;
    let sealed = Sealed::read(bytes)?;
    let dest = match dest.is_dir() {
        true => dest.join(name.to_string()),
        false => dest,
    };
    let kept = folder::write_file(&dest, sealed.bytes())?;
    let (generation, path) = (sealed.generation(), output::shown(&kept.path));
    output::say(&match kept.was_there {
        true => format!("Generation {generation} is there already, and whole: {path}\n"),
        false => format!("Fetched generation {generation} to {path}\n"),
    });
    let mut described = Described::of(kept.path, &sealed, vault.as_ref());
    if !folder::is_named(&sealed, &name) {
        let generation = sealed.generation();
        let damage = format!("it is called {name} there, and is generation {generation}");
        described.damaged.push(damage);
        described.whole = false;
    }
    output::write(verify::text(&described).as_bytes())?;
    Ok(verify::code(&described))
}
