//! `keyward backup list`: the copies that there are.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use keyward_vault::backup::CopyName;
use serde::Serialize;

use super::push;
use crate::error::Error;
use crate::output;
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::copy;
use crate::vault::backup::folder;
use crate::vault::backup::notes::Notes;
use crate::vault::backup::place::Remote;

const EXAMPLES: &str = "\
Examples:
  keyward backup list                what this machine knows of
  keyward backup list /media/stick   a folder, each copy checked
  keyward backup list jump:keys      a folder of another machine, by the names

JSON: an array of {path, generation, date, standing}; standing is as in keyward backup verify --json, or null where it is not
known without reading the copy.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("list")
        .about("List the copies of the vault")
        .arg(push::place("A folder, or [USER@]HOST:PATH"))
        .arg(arguments::json())
        .after_help(EXAMPLES);
    super::with_ssh(arguments::with_path(command))
}

/// How long a day is, as RFC 3339 has it.
const DAY: usize = 10;

/// One copy. The names of the fields are a promise.
#[derive(Debug, Serialize)]
struct Copy {
    path: String,
    generation: Option<u64>,
    date: Option<String>,
    standing: Option<&'static str>,
    #[serde(skip)]
    words: String,
}

/// Looks, and prints.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let copies = match matches.get_one::<String>("PLACE") {
        None => noted(&arguments),
        Some(text) => match Remote::parse(text) {
            Some(remote) => there(&remote, matches)?,
            None => here(&PathBuf::from(text), &arguments)?,
        },
    };
    if matches.get_flag("json") {
        return super::super::print_json(&copies);
    }
    if copies.is_empty() {
        output::say("There is no copy. Next: keyward backup create FOLDER\n");
    }
    for copy in &copies {
        let line = format!("{}  {}\n", output::shown(Path::new(&copy.path)), copy.words);
        output::write(line.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn noted(arguments: &Arguments) -> Vec<Copy> {
    let Some(vault) = copy::present(arguments) else {
        return Vec::new();
    };
    let notes = Notes::of(vault.vault_id());
    let there = notes.copies.into_iter().filter(|made| !made.is_gone());
    let copies = there.rev().map(|made| {
        let behind = vault.generation().saturating_sub(made.generation);
        Copy {
            words: format!(
                "generation {}, made {}, {}",
                made.generation,
                made.time,
                match behind {
                    0 => "up to date".to_owned(),
                    saves => format!("{} behind", copy::saves_of(saves)),
                }
            ),
            path: made.copy,
            generation: Some(made.generation),
            date: made.time.get(..DAY).map(str::to_owned),
            standing: None,
        }
    });
    copies.collect()
}

/// Returns the day that a copy's name has.
fn day(path: &str) -> Option<String> {
    let name = Path::new(path).file_name()?.to_str()?;
    Some(name.parse::<CopyName>().ok()?.date().to_owned())
}

fn here(folder: &Path, arguments: &Arguments) -> Result<Vec<Copy>, Error> {
    let vault = copy::present(arguments);
    let described = folder::list(folder, vault.as_ref())?.into_iter();
    let copies = described.map(|found| Copy {
        words: match (&found.generation, &found.words, found.whole) {
            (Some(generation), Some(words), true) => format!("generation {generation}, {words}"),
            (Some(generation), None, true) => format!("generation {generation}"),
            _ => format!("damaged: {}", found.damaged.join("; ")),
        },
        date: day(&found.path),
        path: found.path,
        generation: found.generation,
        standing: found.standing,
    });
    Ok(copies.collect())
}

fn there(remote: &Remote, matches: &ArgMatches) -> Result<Vec<Copy>, Error> {
    let names = remote.list(&super::ssh(matches))?.into_iter();
    let copies = names.map(|name| Copy {
        path: remote.of_copy(&name),
        generation: Some(name.generation()),
        date: Some(name.date().to_owned()),
        standing: None,
        words: format!("generation {}, of {}", name.generation(), name.date()),
    });
    Ok(copies.collect())
}
