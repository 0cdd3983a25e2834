//! `keyward backup verify`: is a copy whole, and how old is it?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use keyward_vault::Sealed;

use crate::error::{DAMAGED, Error};
use crate::output;
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::copy::{self, Described};
use crate::vault::{open, unlock};

const EXAMPLES: &str = "\
Examples:
  keyward backup verify keyward-3f9a1c22-2026-11-24-g12.vault
  keyward backup verify FILE --full     ask for the passphrase, and open every record

Without a passphrase it looks at structure and digests, and compares the copy with the vault. Exit status: 0 whole, 4 damaged.

JSON: {path, vault, generation, standing, saves, records, whole, damaged []}; standing is same, older, newer, beside (another
state of the vault's generation), another (vault), or null where there is no vault.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("verify")
        .about("Check a copy, and compare it with the vault")
        .arg(super::path("FILE", "The copy").required(true))
        .arg(arguments::flag(
            "full",
            "Ask for the passphrase and open every record",
        ))
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Checks and reports.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let path = matches
        .get_one::<PathBuf>("FILE")
        .cloned()
        .unwrap_or_default();
    let is_full = matches.get_flag("full")
        || arguments.passphrase_file.is_some()
        || arguments.recovery_file.is_some();
    let described = judged(&path, &arguments, is_full)?;
    if matches.get_flag("json") {
        super::super::print_json(&described)?;
    } else {
        output::write(text(&described).as_bytes())?;
    }
    Ok(code(&described))
}

/// Returns what the program exits with after it judged a copy.
pub(super) fn code(described: &Described) -> ExitCode {
    match described.whole {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(DAMAGED),
    }
}

fn judged(path: &Path, arguments: &Arguments, is_full: bool) -> Result<Described, Error> {
    let sealed = match Sealed::read(copy::read(path)?) {
        Ok(sealed) => sealed,
        Err(error) => return Ok(Described::broken(path, error.to_string())),
    };
    let vault = copy::present(arguments);
    let mut described = Described::of(path.to_path_buf(), &sealed, vault.as_ref());
    if is_full {
        let of_copy = Arguments {
            path: path.to_path_buf(),
            ..arguments.clone()
        };
        match unlock::unlock(&sealed, &of_copy) {
            Ok(_) => {}
            Err(Error::Vault(error)) if open::is_damage(&error) => {
                described.damaged.push(error.to_string());
                described.whole = false;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(described)
}

/// Writes what is known of a copy for a person.
pub(super) fn text(described: &Described) -> String {
    let state = match described.whole {
        true => "whole",
        false => "damaged",
    };
    let mut text = format!("{}: {state}\n", output::shown(Path::new(&described.path)));
    if let (Some(vault), Some(generation), Some(records)) =
        (&described.vault, described.generation, described.records)
    {
        text += &format!("vault {vault}, generation {generation}, {records} records\n");
    }
    if let Some(words) = &described.words {
        text += &format!("{words}\n");
    }
    for damage in &described.damaged {
        text += &format!("damaged: {damage}\n");
    }
    text
}
