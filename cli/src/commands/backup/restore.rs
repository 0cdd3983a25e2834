//! `keyward backup restore`: a copy brought back.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use keyward_agent::front::escape::Escaped;

use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::restoring::{Line, Restoring};
use crate::{ask, output};

const EXAMPLES: &str = "\
Examples:
  keyward backup restore FILE --dry-run            what would change, key by key
  keyward backup restore FILE                      the copy in the vault's place
  keyward backup restore FILE --records github     this key only, the others as they are
  keyward backup restore FILE --accept-rollback    although the vault was saved since

It shows a plan first: new (only in the copy), same, older or newer (than the vault's), conflicting (both changed at one time,
or another key has the name), missing (only in the vault, and gone after a restore of the whole copy). On a terminal it then
asks. What was there is kept beside the vault. The passphrase is that of the copy. Where the vault has another by now, its
keys cannot be compared: they are listed as \"in the copy\" (null in JSON), and without a terminal it takes --yes or --accept-rollback.

JSON: an array of {name, fingerprint, change}.";

/// What is said where keys of the vault cannot be compared.
const BLIND: &str = "\
The vault that is there does not open with this secret, so what is only in it is not shown. It would be gone, and the
passphrase that of the copy again.
";

/// Describes it.
pub(super) fn describe() -> Command {
    let records = Arg::new("records")
        .long("records")
        .value_name("NAME")
        .help("Bring back these keys only, into the vault as it is")
        .num_args(1..)
        .action(ArgAction::Append);
    let command = Command::new("restore")
        .about("Bring a copy back, whole or key by key")
        .arg(super::path("FILE", "The copy").required(true))
        .arg(records)
        .arg(arguments::flag(
            "dry-run",
            "Show the plan, and change nothing",
        ))
        .arg(arguments::flag("yes", "Do not ask"))
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Shows the plan, asks, and restores.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let path = matches
        .get_one::<PathBuf>("FILE")
        .cloned()
        .unwrap_or_default();
    let names: Vec<String> = matches
        .get_many::<String>("records")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let restoring = Restoring::open(&path, &arguments)?;
    restoring.check_names(&names)?;
    let mut plan = restoring.plan()?;
    if !names.is_empty() {
        plan.retain(|line| names.contains(&line.name));
    }
    match matches.get_flag("json") {
        true => drop(super::super::print_json(&plan)?),
        false => output::write(text(&plan).as_bytes())?,
    }
    if names.is_empty() && restoring.is_blind() {
        output::say(BLIND);
    }
    if matches.get_flag("dry-run") {
        return Ok(ExitCode::SUCCESS);
    }
    if names.is_empty() && restoring.is_same() {
        output::say("The vault is this very copy: nothing to restore.\n");
        return Ok(ExitCode::SUCCESS);
    }
    if !matches.get_flag("yes") {
        confirm(names.is_empty() && restoring.is_blind() && !arguments.accept_rollback)?;
    }
    let keeps_what_was = restoring.keeps_what_was();
    match names.is_empty() {
        true => restoring.replace(&path, &arguments)?,
        false => restoring.take(&names, &arguments)?,
    }
    output::say("Restored.\n");
    if keeps_what_was {
        let kept = arguments.path.with_added_extension("1");
        output::say(&format!(
            "What was there lies beside it: {}\n",
            output::shown(&kept)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks a person. Without one a plan that was shown is enough, and one that does not show everything is not.
fn confirm(is_blind: bool) -> Result<(), Error> {
    if !ask::has_terminal() {
        return match is_blind {
            true => Err(Error::BlindRestore),
            false => Ok(()),
        };
    }
    let typed = ask::line("Restore? Type yes to go on: ")?;
    match typed.trim() {
        "yes" => Ok(()),
        _ => Err(Error::NotRestored),
    }
}

fn text(plan: &[Line]) -> String {
    let lines = plan.iter().map(|line| {
        let name = Escaped::new(line.name.as_bytes());
        let change = line.change.unwrap_or("in the copy");
        format!("{change:11}  {name}  {}\n", line.fingerprint)
    });
    lines.collect()
}
