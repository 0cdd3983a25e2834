//! `keyward completions`: what a shell needs to complete our commands.

use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use crate::error::Error;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  keyward completions bash > ~/.local/share/bash-completion/completions/keyward
  keyward completions zsh > ~/.zfunc/_keyward
  keyward completions fish > ~/.config/fish/completions/keyward.fish";

/// Describes it.
pub(super) fn describe() -> Command {
    let shell = Arg::new("SHELL")
        .help("The shell to complete in")
        .required(true)
        .value_parser(value_parser!(Shell));
    Command::new("completions")
        .about("Print completions for a shell")
        .arg(shell)
        .after_help(EXAMPLES)
}

/// Prints them.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let mut text = Vec::new();
    if let Some(shell) = matches.get_one::<Shell>("SHELL") {
        clap_complete::generate(*shell, &mut super::describe(), "keyward", &mut text);
    }
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}
