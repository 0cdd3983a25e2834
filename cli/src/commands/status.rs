//! `keyward status`: what the agent holds and how it is protected.

mod report;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use keyward_agent::client::{Client, ClientError};
use keyward_agent::front::socket::control_path;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::vault::arguments::Arguments;
use crate::vault::backup::reminder::Backups;
use crate::{environment, output};

const EXAMPLES: &str = "\
Examples:
  keyward status
  keyward status --json | jq .identities
  keyward status --socket /run/user/1000/agent

JSON fields: version, pid, keeper_pid, uptime_seconds, socket, control_socket, audit_log,
identities, locked, connections, memory {protection, mapped, used_bytes, size_bytes},
sandbox {seccomp, landlock, no_new_privs, dumpable, dumpable_at_start}, vault {path, id,
generation, state, keys, idle_seconds} or null, backup {copies [{place, copy, generation, time}],
behind, drill {generation, time}, reminders []} where there is a vault. The exit status is 2 when there is no agent.";

/// Describes it.
pub(super) fn describe() -> Command {
    let json = Arg::new("json")
        .long("json")
        .help("Print one JSON object")
        .action(ArgAction::SetTrue);
    let socket = Arg::new("socket")
        .long("socket")
        .value_name("PATH")
        .help("Ask the agent at PATH instead of SSH_AUTH_SOCK")
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath);
    Command::new("status")
        .about("Show what the agent holds and how it is protected")
        .arg(json)
        .arg(socket)
        .after_help(EXAMPLES)
}

/// Asks and prints.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let given = matches.get_one::<PathBuf>("socket").cloned();
    let path = given
        .or_else(|| environment::filled(environment::AUTH_SOCK).map(PathBuf::from))
        .ok_or(Error::AuthSockUnset)?;
    let mut status = ask(&path)?;
    if let Some(backups) = backups(&status, matches) {
        status.insert("backup".to_owned(), backups);
    }
    let text = if matches.get_flag("json") {
        let mut text = serde_json::to_string_pretty(&status).map_err(ClientError::from)?;
        text.push('\n');
        text
    } else {
        report::write(&status, environment::wants_colours(&io::stdout()))
    };
    output::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Says what is known of copies of the vault that the agent serves, or of the person's.
fn backups(status: &Map<String, Value>, matches: &ArgMatches) -> Option<Value> {
    let served = status.get("vault").and_then(|vault| vault.get("path"));
    let arguments = match served.and_then(Value::as_str) {
        Some(path) => Arguments::of(path.into()),
        None => Arguments::read(matches).ok()?,
    };
    serde_json::to_value(Backups::of(&arguments)?).ok()
}

fn ask(path: &Path) -> Result<Map<String, Value>, Error> {
    let control = control_path(path).map(|control| Client::connect(&control));
    match control {
        Some(Ok(mut client)) => Ok(client.status()?),
        Some(Err(error)) if !matches!(error, ClientError::NoAgent { .. }) => Err(error.into()),
        // Without a control socket it makes a difference whether an agent is there at all.
        _ => {
            Client::connect(path)?;
            let path = path.to_path_buf();
            Err(Error::NoControl { path })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    #[test]
    fn asks_the_control_socket_beside_the_agents_own() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent.1");
        let listener = UnixListener::bind(control_path(&path).unwrap()).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 24];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(b"\0\0\0\x0a{\"pid\": 7}").unwrap();
            request
        });
        assert_eq!(ask(&path).unwrap().get("pid"), Some(&Value::from(7)));
        assert_eq!(
            &server.join().unwrap(),
            b"\0\0\0\x14{\"request\":\"status\"}"
        );
    }

    #[test]
    fn tells_another_programs_agent_from_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agent.1");
        let missing = ask(&path).unwrap_err();
        assert!(matches!(missing, Error::Client(ClientError::NoAgent { path: at }) if at == path));
        let _other = UnixListener::bind(&path).unwrap();
        assert!(matches!(ask(&path), Err(Error::NoControl { .. })));
    }
}
