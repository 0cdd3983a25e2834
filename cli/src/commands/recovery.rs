//! Giving a recovery code to the person, whole or in shares.

mod shares;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches};
use keyward_vault::RecoveryCode;
use keyward_vault::shares::Split;

use crate::error::Error;
use crate::vault::{arguments, files};
use crate::{ask, output};

/// Describes the argument that splits a code.
pub(super) fn shares() -> Arg {
    Arg::new("shares")
        .long("shares")
        .value_name("K-of-N")
        .help("Split the code into N shares for N people, of which any K open the vault (SLIP-39)")
        .value_parser(str::parse::<Split>)
}

/// Describes the argument that says where a code is written.
pub(super) fn out(name: &'static str) -> Arg {
    arguments::file(
        name,
        "Write the code to FILE, mode 0600, instead of showing it; shares into the folder FILE, or each to a file when it is there N times",
    )
    .action(ArgAction::Append)
}

/// Writes the code, or its shares, where the argument `out` says, or shows it and has a part of it typed back.
///
/// # Errors
/// What the system said, that there is no terminal, or that the person cancelled.
pub(super) fn hand_out(
    code: &RecoveryCode,
    matches: &ArgMatches,
    out: &'static str,
) -> Result<(), Error> {
    let files = matches.get_many::<PathBuf>(out).into_iter().flatten();
    let files: Vec<PathBuf> = files.cloned().collect();
    match (matches.get_one::<Split>("shares"), &files[..]) {
        (Some(split), files) => shares::hand_out(code, *split, files),
        (None, [_, _, ..]) => Err(Error::OneRecoveryFile),
        (None, files) => hand_out_whole(code, files.first()),
    }
}

/// Writes the code to `file`, or shows it and has a part of it typed back.
///
/// # Errors
/// What the system said, or that the person cancelled.
pub(super) fn hand_out_whole(code: &RecoveryCode, file: Option<&PathBuf>) -> Result<(), Error> {
    let text = code.format();
    let Some(path) = file else {
        output::write(b"Recovery code, shown this once:\n\n    ")?;
        output::write(text.expose().as_bytes())?;
        output::write(b"\n\nWrite it on paper, and keep it where the vault is not.\n")?;
        return type_back(text.expose());
    };
    let mut line = text;
    line.expose_mut().push('\n');
    files::create_private(path, line.expose().as_bytes())
}

/// Asks for one group of the code, so that nobody goes on who has not written it down.
fn type_back(code: &str) -> Result<(), Error> {
    let mut groups = code.split('-');
    let Some(wanted) = groups.nth(4) else {
        return Ok(());
    };
    if !ask::has_terminal() {
        return Ok(());
    }
    for _ in 0..3 {
        let typed = ask::line("Type the fifth group of it: ")?;
        if typed.trim().eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        output::say("That is not the fifth group.\n");
    }
    Err(Error::CodeNotTypedBack)
}
