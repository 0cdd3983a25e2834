//! `keyward completions`: what a shell needs to complete our commands.
//!
//! A shell gets a few lines that call this program for what may follow. So the names of keys are those that the agent
//! knows at that moment; nobody is asked for a passphrase.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use clap_complete::CompletionCandidate;
use clap_complete::env::Shells;

use crate::error::Error;
use crate::vault::agent;
use crate::{environment, output};

const EXAMPLES: &str = "\
Examples:
  keyward completions bash > ~/.local/share/bash-completion/completions/keyward
  keyward completions zsh > ~/.zfunc/_keyward
  keyward completions fish > ~/.config/fish/completions/keyward.fish

Names of keys are completed once the vault was unlocked in the agent. After an update of keyward,
write the file anew.";

/// The variable with which those lines call the program; it holds the name of the shell.
const VARIABLE: &str = "KEYWARD_COMPLETE";

/// Describes it.
pub(super) fn describe() -> Command {
    let shell = Arg::new("SHELL")
        .help("The shell to complete in")
        .required(true)
        .value_parser(PossibleValuesParser::new(Shells::builtins().names()));
    Command::new("completions")
        .about("Print completions for a shell")
        .arg(shell)
        .after_help(EXAMPLES)
}

/// Prints the lines for the shell.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let shell = matches.get_one::<String>("SHELL");
    let shells = Shells::builtins();
    let mut text = Vec::new();
    if let Some(shell) = shell.and_then(|shell| shells.completer(shell)) {
        shell.write_registration(VARIABLE, "keyward", "keyward", "keyward", &mut text)?;
    }
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Answers a shell, if it is one that calls: the arguments are `--` and the line that was typed so far.
pub(super) fn answer(arguments: &[OsString]) -> Option<Result<ExitCode, Error>> {
    let shell = environment::filled(VARIABLE)?;
    let (_, line) = arguments
        .split_first()
        .filter(|(first, _)| *first == "--")?;
    let shells = Shells::builtins();
    let shell = shells.completer(shell.to_str()?)?;
    let folder = std::env::current_dir().ok();
    let mut text = Vec::new();
    let written = shell.write_complete(
        &mut super::describe(),
        line.to_vec(),
        folder.as_deref(),
        &mut text,
    );
    let written = written.and_then(|()| output::write(&text));
    Some(written.map(|()| ExitCode::SUCCESS).map_err(Error::from))
}

/// Returns the names that the agent knows. One that a shell would have to quote is left out: not every shell does.
pub(super) fn key_names() -> Vec<CompletionCandidate> {
    let names = agent::names().into_iter().filter(|name| is_plain(name));
    names.map(CompletionCandidate::new).collect()
}

fn is_plain(name: &str) -> bool {
    let is_safe = |letter: char| letter.is_alphanumeric() || "._@%+:,/-".contains(letter);
    !name.starts_with('-') && name.chars().all(is_safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_would_read_otherwise_are_left_out() {
        for plain in ["github", "me@work", "id_ed25519-2", "Schl\u{fc}ssel"] {
            assert!(is_plain(plain), "{plain}");
        }
        for other in ["a b", "$(reboot)", "`x`", "a;b", "-x", "a\nb", "it's"] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
