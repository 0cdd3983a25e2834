//! What can be typed after `keyward`, one file for each verb.

mod agent;
mod completions;
mod shell;
mod status;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::error::{Error, USAGE};
use crate::{hint, output};

/// A verb: how it is described and what it does.
struct Verb {
    describe: fn() -> Command,
    run: fn(&ArgMatches) -> Result<ExitCode, Error>,
}

/// Every verb but `agent`, which reads its own flags.
const VERBS: [Verb; 3] = [
    Verb {
        describe: shell::describe,
        run: shell::run,
    },
    Verb {
        describe: status::describe,
        run: status::run,
    },
    Verb {
        describe: completions::describe,
        run: completions::run,
    },
];

const EXAMPLES: &str = "\
Examples:
  eval \"$(keyward agent)\"      start an agent for this shell
  keyward shell                a shell with an agent of its own
  keyward status               what the agent holds and how it is protected

Called as ssh-agent, it takes that program's flags.";

/// Runs the verb that `arguments` begin with.
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    let result = match arguments.split_first() {
        Some((verb, flags)) if verb == agent::NAME => agent::run(flags),
        _ => chosen(arguments),
    };
    result.unwrap_or_else(|error| hint::report(&error))
}

/// Describes the whole command line.
fn describe() -> Command {
    let keyward = Command::new("keyward")
        .version(env!("CARGO_PKG_VERSION"))
        .about("An SSH agent whose keys live apart from everything that talks")
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(agent::describe());
    VERBS.iter().fold(keyward, |keyward, verb| {
        keyward.subcommand((verb.describe)())
    })
}

fn chosen(arguments: &[OsString]) -> Result<ExitCode, Error> {
    let program = [OsString::from("keyward")];
    let line = program.iter().chain(arguments);
    let matches = match describe().try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(error) => return explain(&error),
    };
    let (name, matches) = matches.subcommand().unwrap_or((agent::NAME, &matches));
    let verb = VERBS
        .iter()
        .find(|verb| (verb.describe)().get_name() == name);
    verb.map_or_else(|| agent::run(&[]), |verb| (verb.run)(matches))
}

/// Prints a text of clap's: help, the version, or what is wrong with the arguments.
fn explain(error: &clap::Error) -> Result<ExitCode, Error> {
    error.print()?;
    Ok(if error.use_stderr() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::SUCCESS
    })
}

/// Prints the help of the verb `name`.
fn help(name: &str) -> Result<ExitCode, Error> {
    let mut keyward = describe();
    keyward.build();
    if let Some(verb) = keyward.find_subcommand_mut(name) {
        output::write(verb.render_help().to_string().as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_is_consistent() {
        describe().debug_assert();
    }

    #[test]
    fn every_verb_shows_examples() {
        for verb in describe().get_subcommands() {
            let help = verb.clone().render_help().to_string();
            assert!(help.contains("Examples:"), "{}", verb.get_name());
        }
    }
}
