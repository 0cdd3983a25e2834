//! `keyward agent`: `ssh-agent` by another name, with our words.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command, ValueHint};

use super::help;
use crate::config::Config;
use crate::error::Error;
use crate::output;
use crate::start::flags::{FlagError, Flags};
use crate::start::getopt::GetoptError;
use crate::start::process::Called;
use crate::start::start;

/// What is typed for it.
pub(super) const NAME: &str = "agent";

const EXAMPLES: &str = "\
Examples:
  eval \"$(keyward agent)\"             start one in the background for this shell
  eval \"$(keyward agent -t 8h)\"       forget every key after eight hours
  eval \"$(keyward agent --idle 1h)\"   lock the vault after an hour without a signature
  keyward agent make deploy           an agent for one command, which ends with it
  keyward agent -D -a ~/.ssh/agent.sock
                                      stay in the foreground, at a fixed place
  eval \"$(keyward agent -k)\"          end the agent of this shell

The flags are those of ssh-agent, and --idle; they end at the first argument that is none.
Of ~/.config/keyward/config.toml it takes idle and memory, where no flag says otherwise.";

/// Flags without a value and what they do.
const PLAIN: [(&str, &str); 9] = [
    (
        "c",
        "Print lines for csh (the default when SHELL ends in csh)",
    ),
    ("s", "Print lines for sh, bash and zsh"),
    ("D", "Stay in the foreground"),
    (
        "d",
        "Stay in the foreground and write a log to standard error",
    ),
    ("k", "End the agent that SSH_AGENT_PID names"),
    (
        "T",
        "Listen in a new directory below TMPDIR instead of ~/.ssh/agent",
    ),
    (
        "u",
        "Remove sockets that dead agents of this host left, and exit; twice: of every host",
    ),
    ("U", "Leave the sockets of dead agents alone"),
    ("V", "Print the version"),
];

/// Flags with a value, its name, and what they do.
const VALUED: [(&str, &str, &str); 5] = [
    ("a", "PATH", "Listen exactly at PATH"),
    (
        "E",
        "HASH",
        "Show fingerprints as md5 or sha256 (the default)",
    ),
    (
        "O",
        "OPTION",
        "allow-remote-pkcs11: let forwarded clients load provider libraries; \
         no-restrict-websafe: let security keys of websites sign anything; \
         websafe-allow=PATTERNS: applications that count as SSH's own (default ssh:*); \
         memory=locked: do without secret memory, with which the machine cannot hibernate; \
         memory=secret: use it (the default)",
    ),
    (
        "P",
        "PATTERNS",
        "Where provider libraries may be loaded from (default /usr/lib*/*,/usr/local/lib*/*)",
    ),
    (
        "t",
        "LIFE",
        "Forget keys after LIFE: seconds, or a time such as 1h30m",
    ),
];

/// Describes it for help and completions; the flags are read by the parser of `ssh-agent`.
pub(super) fn describe() -> Command {
    let plain = PLAIN.map(|(letter, text)| {
        Arg::new(letter)
            .short(letter.chars().next())
            .help(text)
            .action(ArgAction::SetTrue)
    });
    let valued = VALUED.map(|(letter, value, text)| {
        let argument = Arg::new(letter)
            .short(letter.chars().next())
            .value_name(value)
            .help(text);
        match letter {
            "a" => argument.value_hint(ValueHint::FilePath),
            "E" => argument
                .value_parser(["md5", "sha256"])
                .hide_possible_values(true),
            _ => argument,
        }
    });
    let idle = Arg::new("idle")
        .long("idle")
        .value_name("TIME")
        .help("Lock the vault after TIME without a signature by one of its keys (default: the configuration's, or 15m; 0 or never: do not)");
    let command = Arg::new("COMMAND")
        .help("Run COMMAND with an agent that ends with it")
        .num_args(0..)
        .trailing_var_arg(true)
        .value_hint(ValueHint::CommandWithArguments);
    Command::new(NAME)
        .about("Start an SSH agent, or end it")
        .args(plain)
        .args(valued)
        .arg(idle)
        .arg(command)
        .after_help(EXAMPLES)
}

/// Does what `arguments` ask for.
pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
    match Flags::parse_own(arguments) {
        Ok(flags) if flags.version => {
            output::write(concat!("keyward ", env!("CARGO_PKG_VERSION"), "\n").as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(mut flags) => {
            // Whoever ends an agent is not kept from it by a configuration that is wrong.
            if flags.starts() {
                Config::load()?.complete(&mut flags);
            }
            Ok(start(&flags, Called::Keyward)?)
        }
        Err(FlagError::Getopt(GetoptError::Unknown { letter, argument }))
            if letter == 'h' || argument == "--help" =>
        {
            help(NAME)
        }
        // The words of getopt would be "unknown option -- -".
        Err(FlagError::Getopt(GetoptError::Unknown { argument, .. }))
            if argument.as_encoded_bytes().starts_with(b"--") =>
        {
            Err(Error::LongFlag(argument))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start::flags;

    #[test]
    fn help_describes_exactly_the_flags_that_are_read() {
        let sorted = |text: String| {
            let mut letters: Vec<char> = text.chars().collect();
            letters.sort_unstable();
            letters
        };
        let plain = PLAIN.map(|(letter, _)| letter).concat();
        let valued = VALUED.map(|(letter, ..)| letter).concat();
        assert_eq!(sorted(plain), sorted(flags::PLAIN.to_owned()));
        assert_eq!(sorted(valued), sorted(flags::VALUED.to_owned()));
    }
}
