//! What to type next, for every failure that has an answer.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::ExitCode;

use keyward_agent::client::{Client, ClientError};
use keyward_agent::front::socket::SocketError;

use crate::error::Error;
use crate::output;
use crate::start::StartError;
use crate::start::shape::Shape;
use crate::start::stop::StopError;

/// Tells the person what failed and what to type next, and returns what the program exits with.
pub(crate) fn report(error: &Error) -> ExitCode {
    output::failure(error, of(error).as_deref());
    ExitCode::from(error.code())
}

/// Returns the advice for `error`.
fn of(error: &Error) -> Option<String> {
    let text = match error {
        Error::AuthSockUnset | Error::Client(ClientError::NoAgent { .. }) => {
            "start one with eval \"$(keyward agent)\", or set SSH_AUTH_SOCK"
        }
        Error::Flags(_) | Error::LongFlag(_) => "keyward agent --help",
        Error::NoControl { .. } => {
            "it is another program's agent, or its path is too long for a second socket beside it"
        }
        Error::Start(error) => return of_start(error),
        Error::NoCopyId => "use the ssh-copy-id of OpenSSH; it works with this agent",
        _ => return None,
    };
    Some(text.to_owned())
}

fn of_start(error: &StartError) -> Option<String> {
    let text = match error {
        StartError::Command { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            "what follows is run as a command; what keyward itself does: keyward --help"
        }
        StartError::Ended(_) => "see why: keyward agent -D",
        StartError::HomeUnknown => "set HOME, or choose a place with \"keyward agent -a PATH\"",
        StartError::HomeSocket(error) | StartError::Socket(error) => return of_socket(error),
        StartError::Process(source) if source.kind() == io::ErrorKind::NotFound => {
            "mount /proc: the agent's process is started through it"
        }
        StartError::Stop(StopError::NoPid | StopError::BadPid { .. }) => {
            "set SSH_AGENT_PID to the agent's process id, or end it with kill"
        }
        StartError::Stop(StopError::Signal(_)) => {
            "if it has ended already: unset SSH_AUTH_SOCK SSH_AGENT_PID"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn of_socket(error: &SocketError) -> Option<String> {
    match error {
        SocketError::PathTooLong { .. } => {
            Some("choose a shorter one: keyward agent -a /run/user/$(id -u)/agent".to_owned())
        }
        SocketError::Directory { .. } => {
            Some("choose another place: keyward agent -a PATH".to_owned())
        }
        SocketError::Bind { path, source } => match source.kind() {
            io::ErrorKind::AddrInUse => Some(of_taken(path)),
            io::ErrorKind::NotFound => of_missing(path),
            _ => None,
        },
        _ => None,
    }
}

/// Says what is at a path already; only a dead agent's socket is nothing to anybody.
fn of_taken(path: &Path) -> String {
    let shown = Shape::Bourne.quote(path.as_os_str().as_encoded_bytes());
    let shown = String::from_utf8_lossy(&shown);
    let is_socket = path
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.file_type().is_socket());
    match Client::connect(path) {
        Ok(_) => format!("an agent is there: use it with export SSH_AUTH_SOCK={shown}"),
        Err(ClientError::NoAgent { .. }) if is_socket => {
            format!("its agent has ended: rm {shown}")
        }
        Err(_) => "something else is there: choose another path".to_owned(),
    }
}

fn of_missing(path: &Path) -> Option<String> {
    let directory = path.parent().filter(|parent| !parent.exists())?;
    let shown = Shape::Bourne.quote(directory.as_os_str().as_encoded_bytes());
    let shown = String::from_utf8_lossy(&shown);
    Some(format!("make its directory: mkdir -m 700 -p {shown}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_the_socket_of_an_ended_agent_is_to_be_removed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("id_ed25519");
        std::fs::write(&file, "a key").unwrap();
        assert_eq!(
            of_taken(&file),
            "something else is there: choose another path"
        );
        let path = directory.path().join("a socket");
        let listener = UnixListener::bind(&path).unwrap();
        assert!(of_taken(&path).starts_with("an agent is there"));
        drop(listener);
        let expected = format!("its agent has ended: rm '{}'", path.display());
        assert_eq!(of_taken(&path), expected);
    }

    #[test]
    fn a_missing_directory_is_to_be_made() {
        let directory = tempfile::tempdir().unwrap();
        let hint = of_missing(&directory.path().join("no/agent")).unwrap();
        assert!(hint.ends_with("/no"), "{hint}");
        assert_eq!(of_missing(&directory.path().join("agent")), None);
        assert_eq!(of_missing(Path::new("")), None);
    }
}
