//! What to type next, for every failure that has an answer.

use keyward_agent::client::ClientError;
use keyward_agent::front::socket::SocketError;

use crate::error::Error;
use crate::start::StartError;
use crate::start::stop::StopError;

/// Returns the advice for `error`.
pub(crate) fn of(error: &Error) -> Option<String> {
    let text = match error {
        Error::AuthSockUnset | Error::Client(ClientError::NoAgent { .. }) => {
            "start one with \"keyward agent\", or set SSH_AUTH_SOCK"
        }
        Error::Flags(_) => "keyward agent --help",
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
        StartError::HomeUnknown => "set HOME, or choose a place with \"keyward agent -a PATH\"",
        StartError::HomeSocket(SocketError::PathTooLong { .. })
        | StartError::Socket(SocketError::PathTooLong { .. }) => {
            "choose a shorter one: keyward agent -a /run/user/$(id -u)/agent"
        }
        StartError::Socket(SocketError::Bind { path, source }) => {
            return in_use(source.kind())
                .then(|| format!("if no agent uses it, remove it: rm {}", path.display()));
        }
        StartError::Stop(StopError::NoPid) => {
            "set SSH_AGENT_PID to the agent's process id, or end it with kill"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn in_use(kind: std::io::ErrorKind) -> bool {
    kind == std::io::ErrorKind::AddrInUse
}
