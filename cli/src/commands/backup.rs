//! `keyward backup`: copies of the vault, made, tried and brought back.

mod create;
mod verify;
mod drill;
mod restore;
mod push;
mod pull;
mod list;
mod paper;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::error::Error;
use crate::vault::backup::place::Options;

const EXAMPLES: &str = "\
Examples:
  keyward backup create /media/stick        a copy, proved by reading it back
  keyward backup push me@jump:keys          the same, on another machine
  keyward backup list me@jump:keys
  keyward backup verify /media/stick/keyward-3f9a1c22-2026-11-24-g12.vault
  keyward backup drill                      does the newest copy open, and do its keys sign?
  keyward backup pull me@jump:keys .
  keyward backup restore FILE
  keyward backup paper github --out github.pdf

A copy is the vault's file, byte for byte: nothing is decrypted to make one. It opens with the passphrase and the recovery
code that the vault had then.";

/// What one subcommand is and does.
struct Part {
    describe: fn() -> Command,
    run: fn(&ArgMatches) -> Result<ExitCode, Error>,
}

/// Every subcommand, in the order in which help lists them.
const PARTS: [Part; 8] = [
    Part {
        describe: create::describe,
        run: create::run,
    },
    Part {
        describe: verify::describe,
        run: verify::run,
    },
    Part {
        describe: drill::describe,
        run: drill::run,
    },
    Part {
        describe: restore::describe,
        run: restore::run,
    },
    Part {
        describe: push::describe,
        run: push::run,
    },
    Part {
        describe: pull::describe,
        run: pull::run,
    },
    Part {
        describe: list::describe,
        run: list::run,
    },
    Part {
        describe: paper::describe,
        run: paper::run,
    },
];

/// Describes it.
pub(super) fn describe() -> Command {
    let backup = Command::new("backup")
        .about("Copy the vault, try the copies, and bring them back")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(EXAMPLES);
    PARTS
        .iter()
        .fold(backup, |backup, part| backup.subcommand((part.describe)()))
}

/// Does what the word after `backup` says.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(ExitCode::SUCCESS);
    };
    let part = PARTS
        .iter()
        .find(|part| (part.describe)().get_name() == name);
    part.map_or(Ok(ExitCode::SUCCESS), |part| (part.run)(matches))
}

/// Describes an argument that names a file or folder.
fn path(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .help(help)
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::AnyPath)
}

/// Describes `--keep`.
fn keep() -> Arg {
    Arg::new("keep")
        .long("keep")
        .value_name("N")
        .help("Remove all but the newest N copies of this vault in the folder")
        .value_parser(value_parser!(u16).range(1..))
}

/// Returns what `--keep` says.
fn kept(matches: &ArgMatches) -> Option<usize> {
    matches
        .get_one::<u16>("keep")
        .map(|keep| usize::from(*keep))
}

/// Adds what `ssh` can be told.
fn with_ssh(command: Command) -> Command {
    command
        .arg(
            Arg::new("port")
                .long("port")
                .value_name("PORT")
                .help("Connect to this port")
                .value_parser(value_parser!(u16)),
        )
        .arg(
            Arg::new("option")
                .short('o')
                .value_name("OPTION")
                .help("Pass an option on to ssh, as ssh -o does; can be repeated")
                .action(ArgAction::Append),
        )
}

fn ssh(matches: &ArgMatches) -> Options {
    let options = matches.get_many::<String>("option").into_iter().flatten();
    Options {
        port: matches.get_one::<u16>("port").copied(),
        ssh: options.cloned().collect(),
    }
}
