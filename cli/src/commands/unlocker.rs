//! The unlocker: what an agent starts when a key of a locked vault is wanted (`PROTOCOL.md`, Unlocker).
//!
//! It is `keyward unlock` for somebody who did not type that: it asks where the person is, and hands the keys to
//! the agent that started it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use keyward_agent::client::Client;
use keyward_agent::front::unlocker::{REASON, UNLOCKER_NAME, VAULT};
use keyward_vault::{Sealed, SlotId, Vault};

use crate::ask::{self, AskError};
use crate::config;
use crate::error::Error;
use crate::start::process;
use crate::vault::arguments::Arguments;
use crate::vault::unlock::{self, Given};
use crate::vault::{agent, open::Open};
use crate::{environment, output};

/// How often a person may try.
const TRIES: usize = 3;

/// Exit code for a person who would not.
const CANCELLED: u8 = 4;

/// Exit code without a person to ask.
const NOBODY: u8 = 5;

/// Unlocks the vault as an agent asked for.
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    let program = [OsString::from(UNLOCKER_NAME)];
    let Ok(matches) = describe().try_get_matches_from(program.iter().chain(arguments)) else {
        output::failure(
            &format_args!("{UNLOCKER_NAME} is started by the agent itself only"),
            None,
        );
        return ExitCode::FAILURE;
    };
    process::leave_session();
    let unlocked =
        process::in_secret(config::memory_wanted(), || run(&matches)).map_err(Error::Memory);
    match unlocked.and_then(|unlocked| unlocked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Ask(AskError::Cancelled | AskError::Interrupted)) => ExitCode::from(CANCELLED),
        Err(Error::Ask(AskError::NobodyToAsk)) => ExitCode::from(NOBODY),
        Err(error) => {
            // The last line is what the agent notes, and the codes of the verbs mean something else to it.
            output::failure(&error, None);
            ask::tell_elsewhere(terminal(&matches), &format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn terminal(matches: &ArgMatches) -> Option<&Path> {
    matches.get_one::<PathBuf>("tty").map(PathBuf::as_path)
}

fn describe() -> Command {
    let path = |name: &'static str| Arg::new(name).value_parser(value_parser!(PathBuf));
    Command::new(UNLOCKER_NAME)
        .arg(path("SOCKET").required(true))
        .arg(path("tty").long("tty"))
}

fn run(matches: &ArgMatches) -> Result<(), Error> {
    let path = |name: &str| matches.get_one::<PathBuf>(name);
    let socket = path("SOCKET").cloned().unwrap_or_default();
    let arguments = Arguments::of(environment::filled(VAULT).unwrap_or_default().into());
    let reason = environment::filled(REASON).unwrap_or_default();
    let reason = reason.to_string_lossy();
    let asker = Asker {
        terminal: terminal(matches),
        reason: &reason,
        arguments: &arguments,
    };
    let mut open = Open::with(&arguments, |sealed| asker.unlock(sealed))?;
    let served = agent::unlock(Client::connect(&socket)?, &mut open)?;
    for warning in agent::warnings(&served) {
        ask::tell_elsewhere(asker.terminal, &warning);
    }
    Ok(())
}

/// Where to ask, and what to say.
struct Asker<'a> {
    terminal: Option<&'a Path>,
    reason: &'a str,
    arguments: &'a Arguments,
}

impl Asker<'_> {
    fn unlock(&self, sealed: &Sealed) -> Result<(Vault, SlotId), Error> {
        let path = output::shown(&self.arguments.path);
        let text = format!("{}.\nThe vault {path} is locked.", self.reason);
        let mut wrong = "";
        let mut tries = 1;
        loop {
            let typed = ask::elsewhere(self.terminal, &format!("{wrong}{text}"))?;
            // Nothing typed is how one says no without a button for it.
            if typed.expose().is_empty() {
                return Err(AskError::Cancelled.into());
            }
            let others = |prompt: &str| ask::elsewhere(self.terminal, prompt);
            let typed = unlock::gathered_by(typed, &others)?;
            let _hush = self.terminal.and_then(|path| ask::hush(path).ok());
            ask::tell_elsewhere(self.terminal, "Opening the vault ...");
            let opened = Given::of(&typed);
            let opened = opened.and_then(|given| unlock::with(sealed, &given, self.arguments));
            match opened {
                Err(error) if unlock::is_locked(&error) && tries < TRIES => {
                    wrong = "That does not open it.\n";
                    tries += 1;
                }
                opened => return opened,
            }
        }
    }
}
