//! What can be typed after `keyward`, one file for each verb.

mod agent;
mod completions;
mod recovery;
mod init;
mod generate;
mod import;
mod list;
mod show;
mod public;
mod rename;
mod edit;
mod remove;
mod export;
mod backup;
mod lock;
mod slot;
pub(crate) mod unlocker;
mod health;
mod fsck;
mod passwd;
mod passphrase;
mod shell;
mod status;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};
use clap_complete::ArgValueCandidates;
use serde::{Serialize, Serializer as _};
use serde_json::Serializer;

use crate::error::{Error, USAGE};
use crate::{config, hint, output, start};

/// A verb: how it is described and what it does.
struct Verb {
    describe: fn() -> Command,
    run: fn(&ArgMatches) -> Result<ExitCode, Error>,
    /// Whether it may see a passphrase or a private key, so that its memory is to be secret, but for what is said of keys.
    secret: bool,
}

/// Every verb but `agent`, which reads its own flags.
const VERBS: [Verb; 22] = [
    Verb {
        describe: init::describe,
        run: init::run,
        secret: true,
    },
    Verb {
        describe: generate::describe,
        run: generate::run,
        secret: true,
    },
    Verb {
        describe: import::describe,
        run: import::run,
        secret: true,
    },
    Verb {
        describe: list::describe,
        run: list::run,
        secret: true,
    },
    Verb {
        describe: show::describe,
        run: show::run,
        secret: true,
    },
    Verb {
        describe: public::describe,
        run: public::run,
        secret: true,
    },
    Verb {
        describe: rename::describe,
        run: rename::run,
        secret: true,
    },
    Verb {
        describe: edit::describe,
        run: edit::run,
        secret: true,
    },
    Verb {
        describe: remove::describe,
        run: remove::run,
        secret: true,
    },
    Verb {
        describe: remove::describe_undelete,
        run: remove::undelete,
        secret: true,
    },
    Verb {
        describe: lock::describe_unlock,
        run: lock::unlock,
        secret: true,
    },
    Verb {
        describe: lock::describe_lock,
        run: lock::lock,
        secret: false,
    },
    Verb {
        describe: export::describe,
        run: export::run,
        secret: true,
    },
    Verb {
        describe: slot::describe,
        run: slot::run,
        secret: true,
    },
    Verb {
        describe: passwd::describe,
        run: passwd::run,
        secret: true,
    },
    Verb {
        describe: passphrase::describe,
        run: passphrase::run,
        secret: true,
    },
    Verb {
        describe: health::describe,
        run: health::run,
        secret: true,
    },
    Verb {
        describe: fsck::describe,
        run: fsck::run,
        secret: true,
    },
    Verb {
        describe: backup::describe,
        run: backup::run,
        secret: true,
    },
    Verb {
        describe: shell::describe,
        run: shell::run,
        secret: false,
    },
    Verb {
        describe: status::describe,
        run: status::run,
        secret: false,
    },
    Verb {
        describe: completions::describe,
        run: completions::run,
        secret: false,
    },
];

const EXAMPLES: &str = "\
Examples:
  keyward init                 create the vault
  keyward import ~/.ssh        take your key files into it
  eval \"$(keyward agent)\"      start an agent for this shell
  keyward unlock               serve the vault's keys through the agent
  keyward list                 the keys of the vault
  keyward shell                a shell with an agent of its own
  keyward status               what the agent holds and how it is protected

Called as ssh-agent, it takes that program's flags.";

/// Runs the verb that `arguments` begin with.
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    if let Some(answered) = completions::answer(arguments) {
        return answered.unwrap_or_else(|error| hint::report(&error));
    }
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
        .about("An SSH agent, and the encrypted vault behind it")
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
    match verb {
        None => agent::run(&[]),
        Some(verb) if verb.secret => {
            let memory = config::memory_wanted();
            start::process::in_secret(memory, || (verb.run)(matches)).map_err(Error::Memory)?
        }
        Some(verb) => (verb.run)(matches),
    }
}

/// Describes the name of a key, the first argument of many verbs.
fn name(help: &'static str) -> Arg {
    Arg::new("NAME")
        .help(help)
        .required(true)
        .add(ArgValueCandidates::new(completions::key_names))
}

/// Returns the name of a key that was typed.
fn name_of(matches: &ArgMatches) -> String {
    matches
        .get_one::<String>("NAME")
        .cloned()
        .unwrap_or_default()
}

/// Prints a value as JSON, on several lines.
fn print_json(value: &impl Serialize) -> Result<ExitCode, Error> {
    let mut text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    text.push('\n');
    output::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints values as an array of JSON, on several lines, one value after the other.
fn stream_json(values: impl Iterator<Item: Serialize>) -> Result<(), Error> {
    output::stream(|out| {
        Serializer::pretty(&mut *out).collect_seq(values)?;
        writeln!(out)
    })?;
    Ok(())
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
