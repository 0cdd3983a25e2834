//! Ends the agent that `SSH_AGENT_PID` names.

use std::io;
use std::process::ExitCode;

use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;

use super::shape::Shape;
use super::{StartError, number};
use crate::environment::{self, AGENT_PID};
use crate::output::{self, reason};

/// Lowest process id that is believed: 0 and 1 would be the own group and init.
const PID_MIN: i32 = 2;

/// Says why no agent was ended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum StopError {
    #[error("{AGENT_PID} not set, cannot kill agent")]
    NoPid,
    #[error("{AGENT_PID}=\"{text}\", which is not a good PID: {problem}")]
    BadPid { text: String, problem: &'static str },
    #[error("kill: {}", reason(.0))]
    Signal(io::Error),
}

/// Sends SIGTERM and prints the lines that forget the agent.
pub(super) fn stop(shape: Shape) -> Result<ExitCode, StartError> {
    let text = environment::variable(AGENT_PID).ok_or(StopError::NoPid)?;
    let text = text.to_string_lossy();
    let number = number::parse(&text, PID_MIN).map_err(|problem| StopError::BadPid {
        text: text.to_string(),
        problem,
    })?;
    let pid = Pid::from_raw(number).ok_or(StopError::NoPid)?;
    kill_process(pid, Signal::TERM).map_err(|error| StopError::Signal(error.into()))?;
    output::write(shape.forget(number).as_bytes()).map_err(StartError::Output)?;
    Ok(ExitCode::SUCCESS)
}
