//! `keyward init`: a new vault.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::recovery;
use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::create;
use crate::{output, strength};

const EXAMPLES: &str = "\
Examples:
  keyward init
  keyward init --vault /media/stick/keys.kwv
  keyward init --new-passphrase-file /dev/fd/3 --recovery-file recovery.txt
  keyward init --shares 2-of-3 --recovery-file shares

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
        .arg(recovery::shares())
        .arg(recovery::out("recovery-file"))
        .arg(
            arguments::flag("no-recovery", "Make no recovery code")
                .conflicts_with_all(["recovery-file", "shares"]),
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
        recovery::hand_out(code, matches, "recovery-file")?;
    }
    create::create(&path, &chosen.passphrase, code.as_ref())?;
    output::say(&format!(
        "Created {}.\nNext: keyward import ~/.ssh, or keyward generate NAME\n",
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}
