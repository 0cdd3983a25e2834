//! `keyward backup drill`: does a copy open, and do its keys work?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use crate::error::Error;
use crate::output;
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::copy;
use crate::vault::backup::drill::{self, Drill};
use crate::vault::backup::notes::Notes;

const EXAMPLES: &str = "\
Examples:
  keyward backup drill                                  the newest copy on this machine
  keyward backup drill FILE --slot \"recovery code\"      open it with the code that lies in the safe

It opens the copy in memory, derives every public key from its private key, signs with each and verifies. Nothing is written
but a note of the day: keyward status says when the last drill is over 90 days old. Exit status: 0 all right, 1 not.

JSON: {time, path, vault, generation, behind, slot, right, keys [{name, fingerprint, matches, signs}]}; signs is null for a key in a
token.";

/// Describes it.
pub(super) fn describe() -> Command {
    let slot = Arg::new("slot")
        .long("slot")
        .value_name("KIND")
        .help("Demand that it is opened with: passphrase, or \"recovery code\"")
        .value_parser(["passphrase", "recovery", "recovery code"]);
    let command = Command::new("drill")
        .about("Try a copy: open it, and sign with every key")
        .arg(super::path(
            "FILE",
            "The copy [default: the newest one on this machine]",
        ))
        .arg(slot)
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Tries, reports and notes.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let path = match matches.get_one::<PathBuf>("FILE") {
        Some(path) => path.clone(),
        None => newest(&arguments)?,
    };
    let present = copy::present(&arguments);
    let of_copy = Arguments {
        path: path.clone(),
        ..arguments
    };
    let found = drill::run(&path, &of_copy, present.as_ref())?;
    if let Some(wanted) = matches.get_one::<String>("slot")
        && !found
            .slot
            .is_some_and(|slot| slot.starts_with(wanted.as_str()))
    {
        return Err(Error::AnotherSlot {
            wanted: wanted.clone(),
        });
    }
    if found.right {
        Notes::note_drill(&found.vault, found.generation);
    }
    if matches.get_flag("json") {
        super::super::print_json(&found)?;
    } else {
        output::write(text(&found).as_bytes())?;
    }
    Ok(match found.right {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Finds the newest copy that lies on this machine.
fn newest(arguments: &Arguments) -> Result<PathBuf, Error> {
    let none = || Error::NoCopies {
        place: "this machine".to_owned(),
    };
    let vault = copy::present(arguments).ok_or_else(none)?;
    let notes = Notes::of(vault.vault_id());
    let there = notes
        .copies
        .iter()
        .filter(|made| Path::new(&made.copy).is_file());
    let newest = there.max_by_key(|made| made.generation);
    newest
        .map(|made| PathBuf::from(&made.copy))
        .ok_or_else(none)
}

fn text(found: &Drill) -> String {
    let keys = found.keys.len();
    let right = found.keys.iter().filter(|key| key.is_right()).count();
    let mut text = format!(
        "{}: generation {}, opened with its {}\n",
        output::shown(Path::new(&found.path)),
        found.generation,
        found.slot.unwrap_or("secret")
    );
    if let Some(saves) = found.behind.filter(|saves| *saves > 0) {
        text += &format!("it is {} behind the vault\n", copy::saves_of(saves));
    }
    for key in found.keys.iter().filter(|key| !key.is_right()) {
        text += &format!("wrong: {} ({})\n", key.name, key.fingerprint);
    }
    text + &format!("{right} of {keys} keys are right: each signed, and fits its public key\n")
}
