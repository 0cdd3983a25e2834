//! Takes over a socket from a supervisor (sd_listen_fds(3), as OpenSSH reads it).

use std::io;

use keyward_agent::front::socket::{Bound, Place};
use listenfd::ListenFd;
use thiserror::Error;

use super::flags::Flags;
use super::number;
use crate::environment;
use crate::output::reason;

/// The descriptor a supervisor passes its one socket as.
pub(super) const DESCRIPTOR: i32 = 3;

/// Says why the supervisor's socket cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ActivationError {
    #[error("unexpected LISTEN_FDS contents (want: \"1\" got \"{0}\")")]
    Count(String),
    #[error("invalid LISTEN_PID: {0}")]
    Pid(&'static str),
    #[error("bad LISTEN_PID: {given} vs pid {own}")]
    OtherProcess { given: i32, own: u32 },
    #[error("LISTEN_FDS set but fd 3 unavailable: {}", reason(.0))]
    Descriptor(io::Error),
}

/// A supervisor's promise that there is a socket.
#[derive(Debug)]
pub(super) struct Request(());

/// Looks for a supervisor's socket, which counts only in the foreground and without `-a`.
pub(super) fn request(flags: &Flags) -> Result<Option<Request>, ActivationError> {
    if flags.address.is_some() || flags.foreground.is_none() {
        return Ok(None);
    }
    let variables = (
        environment::variable("LISTEN_PID"),
        environment::variable("LISTEN_FDS"),
    );
    let (Some(pid), Some(count)) = variables else {
        return Ok(None);
    };
    check(
        &pid.to_string_lossy(),
        &count.to_string_lossy(),
        std::process::id(),
    )?;
    Ok(Some(Request(())))
}

impl Request {
    /// Takes the socket; it is closed for the programs the agent runs.
    pub(super) fn take(self) -> Result<Bound, ActivationError> {
        let listener = ListenFd::from_env()
            .take_unix_listener(0)
            .and_then(|taken| taken.ok_or_else(|| io::ErrorKind::NotFound.into()))
            .map_err(ActivationError::Descriptor)?;
        let place = Place::of_supervisor(&listener);
        Ok(Bound { listener, place })
    }
}

fn check(pid: &str, count: &str, own: u32) -> Result<(), ActivationError> {
    if count != "1" {
        return Err(ActivationError::Count(count.to_owned()));
    }
    let given = number::parse(pid, 1).map_err(ActivationError::Pid)?;
    if u32::try_from(given) != Ok(own) {
        return Err(ActivationError::OtherProcess { given, own });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_socket_for_this_process_is_taken() {
        assert!(check("42", "1", 42).is_ok());
    }

    #[test]
    fn refuses_every_other_promise() {
        assert!(matches!(
            check("42", "2", 42),
            Err(ActivationError::Count(_))
        ));
        assert!(matches!(
            check("42", "01", 42),
            Err(ActivationError::Count(_))
        ));
        assert!(matches!(
            check("x", "1", 42),
            Err(ActivationError::Pid("invalid"))
        ));
        assert!(matches!(
            check("0", "1", 42),
            Err(ActivationError::Pid("too small"))
        ));
        assert!(matches!(
            check("41", "1", 42),
            Err(ActivationError::OtherProcess { .. })
        ));
    }
}
