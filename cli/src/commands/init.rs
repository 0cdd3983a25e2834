//! `keyward init`: a new vault.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use keyward_vault::RecoveryCode;

use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::{create, files};
use crate::{ask, output, strength};

const EXAMPLES: &str = "\
Examples:
  keyward init
  keyward init --vault /media/stick/keys.kwv
  keyward init --new-passphrase-file /dev/fd/3 --recovery-file recovery.txt

It asks for a passphrase twice, and shows a recovery code once: write it on paper. The code opens
the vault when the passphrase is forgotten; nothing else does.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("init")
        .about("Create the vault")
        .arg(
            arguments::file(
                "new-passphrase-file",
                "Read the passphrase from FILE (\"-\": standard input)",
            )
            .visible_alias("passphrase-file"),
        )
        .arg(arguments::file(
            "recovery-file",
            "Write the recovery code to FILE, mode 0600, instead of showing it",
        ))
        .arg(
            arguments::flag("no-recovery", "Make no recovery code").conflicts_with("recovery-file"),
        )
        .after_help(EXAMPLES);
    arguments::with_path(command)
}

/// Creates the vault.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let path = Arguments::read(matches)?.path;
    create::refuse_existing(&path)?;
    let file = matches.get_one::<PathBuf>("new-passphrase-file");
    let chosen = strength::choose(file, "Passphrase for the new vault: ", None)?;
    let code = match matches.get_flag("no-recovery") {
        true => None,
        false => Some(create::recovery_code()?),
    };
    // The way back comes before the vault: one without it should not exist for a moment.
    if let Some(code) = &code {
        hand_out(code, matches.get_one::<PathBuf>("recovery-file"))?;
    }
    create::create(&path, &chosen.passphrase, code.as_ref())?;
    output::say(&format!(
        "Created {}.\nNext: keyward import ~/.ssh, or keyward generate NAME\n",
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Writes the recovery code to `file`, or shows it and has a part of it typed back.
///
/// # Errors
/// What the system said, or that the person cancelled.
pub(super) fn hand_out(code: &RecoveryCode, file: Option<&PathBuf>) -> Result<(), Error> {
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
