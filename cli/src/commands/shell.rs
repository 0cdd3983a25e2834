//! `keyward shell`: a shell, or a command, with an agent of its own.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use crate::config::Config;
use crate::error::Error;
use crate::start::around_command;
use crate::start::flags::Flags;
use crate::start::process::Called;
use crate::{environment, output};

const EXAMPLES: &str = "\
Examples:
  keyward shell                        your shell, with an agent that ends with it
  keyward shell ansible-playbook x.yml one command with an agent of its own
  keyward shell sh -c 'ssh-add ci_key && git push'

It takes no flags of the agent's; keyward agent -t 8h bash does.
The exit status is the command's; 127 when it is not found, 126 when it cannot be run.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Arg::new("COMMAND")
        .help("What to run instead of your shell")
        .num_args(0..)
        .trailing_var_arg(true)
        .value_parser(value_parser!(OsString))
        .value_hint(ValueHint::CommandWithArguments);
    Command::new("shell")
        .about("Open a shell with an agent of its own")
        .arg(command)
        .after_help(EXAMPLES)
}

/// Becomes the shell or the command.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let given = matches.get_many::<OsString>("COMMAND");
    let mut command = given.into_iter().flatten().cloned();
    let program = command.next().unwrap_or_else(environment::shell);
    let arguments: Vec<OsString> = command.collect();
    let announce = |pid| {
        if std::io::stderr().is_terminal() {
            let program = program.display();
            output::say(&format!(
                "keyward: {program} has an agent of its own (pid {pid}), which ends with it\n"
            ));
        }
    };
    let mut flags = Flags::default();
    Config::load()?.complete(&mut flags);
    Ok(around_command(
        &flags,
        Called::Keyward,
        &program,
        &arguments,
        announce,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_before_the_command_are_refused_and_after_it_are_its_own() {
        let read = |line: &str| describe().try_get_matches_from(line.split(' '));
        assert!(read("shell -t 8h").is_err());
        for line in ["shell ls -l --all", "shell -- -x"] {
            let matches = read(line).unwrap();
            let mut given = matches.get_many::<OsString>("COMMAND").unwrap();
            assert!(line.ends_with(given.next_back().unwrap().to_str().unwrap()));
        }
    }
}
