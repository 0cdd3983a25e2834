//! `keyward slot`: the ways to open the vault.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use super::recovery;
use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::open::{self, Open};
use crate::vault::slots::SlotListing;
use crate::vault::{create, saving};
use crate::{ask, output, strength};

const EXAMPLES: &str = "\
Examples:
  keyward slot list
  keyward slot add passphrase --label laptop
  keyward slot add recovery --recovery-out code.txt
  keyward slot add recovery --shares 3-of-5 --recovery-out shares
  keyward slot remove 3f9a

slot list asks for nothing; labels are sealed, and shown by slot list --labels.
Removing a way in renews the key of the vault. The last one is not removed, and the last passphrase
only when you say so.

JSON of slot list: an array of {id, type, memory_kib, passes, lanes, label, created}.";

/// Describes it.
pub(super) fn describe() -> Command {
    let list = Command::new("list")
        .about("List the ways in")
        .arg(arguments::json())
        .arg(arguments::flag(
            "labels",
            "Open the vault to show labels and dates",
        ))
        .after_help(EXAMPLES);
    let id = Arg::new("ID")
        .help("The beginning of its id, as slot list shows it")
        .required(true);
    let remove = Command::new("remove")
        .about("Remove a way in")
        .arg(id)
        .arg(arguments::flag(
            "yes",
            "Do not ask when it is the only passphrase",
        ))
        .after_help(EXAMPLES);
    Command::new("slot")
        .about("List, add and remove ways to open the vault")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(arguments::with_secret(list))
        .subcommand(describe_add())
        .subcommand(arguments::with_secret(remove))
        .after_help(EXAMPLES)
}

fn describe_add() -> Command {
    let label = || {
        Arg::new("label")
            .long("label")
            .value_name("TEXT")
            .help("What to call it")
    };
    let passphrase = Command::new("passphrase")
        .about("Add another passphrase")
        .arg(label())
        .arg(arguments::file(
            "new-passphrase-file",
            "Read the new passphrase from FILE (\"-\": standard input)",
        ))
        .after_help(EXAMPLES);
    let recovery = Command::new("recovery")
        .about("Add a recovery code")
        .arg(label())
        .arg(recovery::shares())
        .arg(recovery::out("recovery-out"))
        .after_help(EXAMPLES);
    Command::new("add")
        .about("Add a way in")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(arguments::with_secret(passphrase))
        .subcommand(arguments::with_secret(recovery))
        .after_help(EXAMPLES)
}

/// Does what the word after `slot` says.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    match matches.subcommand() {
        Some(("add", matches)) => match matches.subcommand() {
            Some(("passphrase", matches)) => add_passphrase(matches),
            Some((_, matches)) => add_recovery(matches),
            None => Ok(ExitCode::SUCCESS),
        },
        Some(("remove", matches)) => remove(matches),
        Some((_, matches)) => list(matches),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn list(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let slots = match matches.get_flag("labels") {
        true => Open::ask(&arguments)?.slots(),
        false => {
            let (_, sealed) = open::read(&arguments)?;
            sealed.slots().iter().map(SlotListing::sealed).collect()
        }
    };
    if matches.get_flag("json") {
        return super::print_json(&slots);
    }
    for slot in &slots {
        output::write(format!("{slot}\n").as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn add_passphrase(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let mut open = Open::ask(&arguments)?;
    let file = matches.get_one::<PathBuf>("new-passphrase-file");
    let chosen = strength::choose(file, "New passphrase: ", Some(&arguments))?;
    let label = matches.get_one::<String>("label").map(String::as_str);
    let id = open.add_passphrase(&chosen.passphrase, label)?;
    saving::save(&mut open)?;
    output::say(&format!("Added {id}.\n"));
    Ok(ExitCode::SUCCESS)
}

fn add_recovery(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let mut open = Open::ask(&Arguments::read(matches)?)?;
    let code = create::recovery_code()?;
    let label = matches.get_one::<String>("label").map(String::as_str);
    let id = open.add_recovery(&code, label)?;
    recovery::hand_out(&code, matches, "recovery-out")?;
    saving::save(&mut open)?;
    output::say(&format!("Added {id}.\n"));
    Ok(ExitCode::SUCCESS)
}

fn remove(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let prefix = matches.get_one::<String>("ID").cloned().unwrap_or_default();
    let mut open = Open::ask(&Arguments::read(matches)?)?;
    let id = open.slot(&prefix)?;
    if !matches.get_flag("yes") && is_only_passphrase(&open.slots(), &id.to_string()) {
        confirm()?;
    }
    open.remove_slot(id)?;
    saving::save(&mut open)?;
    output::say(&format!("Removed {id}; the key of the vault is renewed.\n"));
    if open.slots().iter().all(|slot| slot.memory_kib.is_some()) {
        output::warn(
            &"no recovery code is left: who forgets the passphrase loses the keys; add one: keyward slot add recovery",
        );
    }
    say_what_stays(&open);
    Ok(ExitCode::SUCCESS)
}

/// Shows the ways in that a renewed key was wrapped for: one among them that is not the person's would open what comes
/// from now on.
pub(super) fn say_what_stays(open: &Open) {
    output::say("Ways in:\n");
    for slot in open.slots() {
        output::say(&format!("  {slot}\n"));
    }
}

/// Says whether a slot is the only one with a passphrase, and others would be left.
fn is_only_passphrase(slots: &[SlotListing], id: &str) -> bool {
    let mut passphrases = slots.iter().filter(|slot| slot.memory_kib.is_some());
    let is_it = |slot: &SlotListing| slot.id == id;
    slots.len() > 1 && passphrases.next().is_some_and(is_it) && passphrases.next().is_none()
}

/// Asks a person who may have a passphrase to remember and no code at hand.
fn confirm() -> Result<(), Error> {
    if !ask::has_terminal() {
        return Err(Error::OnlyPassphrase);
    }
    let typed = ask::line(
        "No passphrase would be left: only a recovery code would open the vault. Type yes to go on: ",
    )?;
    match typed.trim() {
        "yes" => Ok(()),
        _ => Err(Error::OnlyPassphrase),
    }
}
