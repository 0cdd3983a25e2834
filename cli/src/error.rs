//! Why a command failed: the fact, and the exit code that stands for it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use keyward_agent::client::ClientError;
use thiserror::Error;

use crate::start::StartError;
use crate::start::flags::FlagError;

/// Exit code of a command that could not be done.
const FAILED: u8 = 1;

/// Exit code when there is no agent to ask, as `ssh-add` has it.
const NO_AGENT: u8 = 2;

/// Exit code of a command that was not understood (`EX_USAGE` of sysexits.h).
pub(crate) const USAGE: u8 = 64;

/// Exit code of a shell whose command is there but cannot be run (POSIX, 2.8.2).
const CANNOT_RUN: u8 = 126;

/// Exit code of a shell whose command is not there (POSIX, 2.8.2).
const NOT_FOUND: u8 = 127;

/// Says why a command failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Error {
    #[error("no agent: SSH_AUTH_SOCK is not set")]
    AuthSockUnset,
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Flags(#[from] FlagError),
    #[error("unknown option {}", .0.display())]
    LongFlag(OsString),
    #[error("ssh-copy-id is not part of this version")]
    NoCopyId,
    #[error("agent at {} has no control socket", path.display())]
    NoControl { path: PathBuf },
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Error {
    /// Returns what the program exits with.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::AuthSockUnset | Self::NoControl { .. } => NO_AGENT,
            Self::Client(ClientError::NoAgent { .. } | ClientError::Unreachable { .. }) => NO_AGENT,
            Self::Flags(_) | Self::LongFlag(_) => USAGE,
            Self::Start(StartError::Command { source, .. }) => match source.kind() {
                io::ErrorKind::NotFound => NOT_FOUND,
                _ => CANNOT_RUN,
            },
            Self::Client(_) | Self::NoCopyId | Self::Output(_) | Self::Start(_) => FAILED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_tell_what_kind_of_failure_it_is() {
        let path = || PathBuf::from("/s");
        let command = |number| {
            Error::Start(StartError::Command {
                program: "x".into(),
                source: io::Error::from_raw_os_error(number),
            })
        };
        assert_eq!(Error::AuthSockUnset.code(), 2);
        assert_eq!(
            Error::Client(ClientError::NoAgent { path: path() }).code(),
            2
        );
        let unreachable = ClientError::Unreachable {
            path: path(),
            source: io::Error::from_raw_os_error(13),
        };
        assert_eq!(Error::Client(unreachable).code(), 2);
        assert_eq!(Error::LongFlag("--x".into()).code(), 64);
        assert_eq!(Error::Client(ClientError::TooLong(1)).code(), 1);
        assert_eq!(Error::Flags(FlagError::ProvidersTwice).code(), 64);
        assert_eq!(command(2).code(), 127);
        assert_eq!(command(13).code(), 126);
    }
}
