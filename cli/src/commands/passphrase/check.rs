//! `keyward passphrase check`: whether a passphrase may be set, and why not.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use keyward_vault::passphrase::PassphraseError;
use keyward_vault::strength::Verdict;
use keyward_vault::{Cost, Passphrase};
use serde::Serialize;

use super::shown;
use crate::ask::AskError;
use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::open;
use crate::{ask, environment, generated, output, strength};

const EXAMPLES: &str = "\
Examples:
  keyward passphrase check
  keyward passphrase check --for backup
  keyward passphrase check --json < file | jq .accepted

It reads one passphrase from the terminal, or from standard input where that is no terminal. It exits
with 0 when the passphrase is accepted, with 1 when it is refused. Bits of a passphrase that somebody
made up are an upper limit: it may be worth less, never more.

JSON: {accepted, bits, length, reasons: [{code, message}], warnings: [{code, message}],
not_checked: [{code, message}]}.";

/// What is printed as JSON.
#[derive(Debug, Serialize)]
struct Listing {
    accepted: bool,
    bits: f64,
    length: usize,
    reasons: Vec<Finding>,
    warnings: Vec<Finding>,
    not_checked: Vec<Finding>,
}

/// One thing that was found.
#[derive(Debug, Serialize)]
struct Finding {
    code: &'static str,
    message: String,
}

/// Describes it.
pub(super) fn describe() -> Command {
    let purpose = Arg::new("for")
        .long("for")
        .value_name("NAME")
        .help("What it is for; it must not be made of that");
    let command = Command::new("check")
        .about("Say whether a passphrase is hard to guess")
        .arg(purpose)
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_path(command)
}

/// Reads a passphrase and judges it.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let input = (!io::stdin().is_terminal()).then_some(Path::new("-"));
    let passphrase = match ask::secret(input, "Passphrase: ") {
        Err(AskError::TooLong(_)) => Err(Error::IsNoPassphrase(PassphraseError::TooLong)),
        typed => strength::passphrase(&typed?),
    };
    let verdict = match passphrase {
        Err(Error::IsNoPassphrase(error)) if matches.get_flag("json") => {
            super::super::print_json(&no_passphrase(&error))?;
            return Err(Error::IsNoPassphrase(error));
        }
        passphrase => judged(&passphrase?, matches),
    };
    if matches.get_flag("json") {
        super::super::print_json(&listing(&verdict))?;
        if !verdict.is_accepted() {
            output::say(&format!("hint: {}\n", generated::advice()?));
        }
    } else {
        let colours = environment::wants_colours(&io::stdout());
        let is_terminal = io::stdout().is_terminal();
        let mut text = shown::verdict(&verdict, is_terminal, colours);
        text.push_str(&shown::attacks(verdict.bits, cost(matches)));
        if !verdict.is_accepted() {
            text.push('\n');
            text.push_str(&generated::advice()?);
            text.push('\n');
        }
        output::write(text.as_bytes())?;
    }
    Ok(match verdict.is_accepted() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Judges it, and where nothing speaks against it sees whether it opens something else.
fn judged(passphrase: &Passphrase, matches: &ArgMatches) -> Verdict {
    let purpose = matches.get_one::<String>("for").map(String::as_str);
    let mut verdict = strength::judge(passphrase, purpose);
    if verdict.is_accepted() {
        let vault = Arguments::read(matches).ok();
        strength::look_elsewhere(passphrase, vault.as_ref(), &mut verdict);
    }
    verdict
}

/// Returns what a try costs at the vault that the arguments name, or at a new one.
fn cost(matches: &ArgMatches) -> Cost {
    let sealed = Arguments::read(matches).and_then(|arguments| open::read(&arguments));
    let costs = sealed.ok().and_then(|(_, sealed)| {
        let costs = sealed.slots().iter().filter_map(|slot| slot.cost());
        costs.min_by_key(|cost| u64::from(cost.memory_kib()) * u64::from(cost.passes()))
    });
    costs.unwrap_or(Cost::DEFAULT)
}

fn listing(verdict: &Verdict) -> Listing {
    let reasons = verdict.reasons.iter();
    let warnings = verdict.warnings.iter();
    let open = verdict.not_checked.iter();
    Listing {
        accepted: verdict.is_accepted(),
        bits: shown::rounded(verdict.bits),
        length: verdict.length,
        reasons: reasons.map(|it| finding(it.code(), it)).collect(),
        warnings: warnings.map(|it| finding(it.code(), it)).collect(),
        not_checked: open.map(|it| finding(it.code(), it)).collect(),
    }
}

/// Says of a text that is no passphrase that it is refused.
fn no_passphrase(error: &PassphraseError) -> Listing {
    Listing {
        accepted: false,
        bits: 0.0,
        length: 0,
        reasons: vec![finding(error.code(), error)],
        warnings: Vec::new(),
        not_checked: Vec::new(),
    }
}

fn finding(code: &'static str, message: &impl ToString) -> Finding {
    Finding {
        code,
        message: message.to_string(),
    }
}
