//! Starts, stops and cleans up after agents, under whatever name it was asked.

pub(crate) mod getopt;
mod number;
pub(crate) mod lifetime;
pub(crate) mod shape;
pub(crate) mod flags;
mod inherited;
pub(crate) mod activation;
mod sealed;
pub(crate) mod process;
pub(crate) mod stop;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, ExitStatus};

use keyward_agent::front::options::{Options, Ready};
use keyward_agent::front::server::Server;
use keyward_agent::front::socket::{self, Bound, Scope, SocketError};
use thiserror::Error;

use crate::output::reason;
use crate::{environment, output};
use activation::ActivationError;
use flags::{Flags, Foreground};
use process::Called;
use shape::Shape;
use stop::StopError;

/// Says why there is no agent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum StartError {
    #[error(transparent)]
    Activation(#[from] ActivationError),
    #[error("cannot run {}: {}", program.display(), reason(source))]
    Command {
        program: OsString,
        source: io::Error,
    },
    #[error("the agent's process ended with {0} before it could serve")]
    Ended(ExitStatus),
    #[error("home directory is not known")]
    HomeUnknown,
    /// The socket in `~/.ssh/agent`.
    #[error(transparent)]
    HomeSocket(SocketError),
    #[error("cannot write to standard output: {}", reason(.0))]
    Output(io::Error),
    #[error("cannot start the agent's process: {}", reason(.0))]
    Process(io::Error),
    #[error("the agent could not start: {}", reason(.0))]
    Prepare(io::Error),
    /// The socket at a path or in a directory that was given.
    #[error(transparent)]
    Socket(SocketError),
    #[error(transparent)]
    Stop(#[from] StopError),
}

/// Does what `flags` ask for, as the program `called` so.
///
/// # Errors
/// [`StartError`] when it cannot be done.
pub(crate) fn start(flags: &Flags, called: Called) -> Result<ExitCode, StartError> {
    let shape = || {
        flags
            .shape
            .unwrap_or_else(|| Shape::of_shell(environment::variable("SHELL")))
    };
    if flags.stop {
        stop::stop(shape())
    } else if let Some(scope) = flags.clean {
        clean(scope)
    } else if let Some(foreground) = flags.foreground {
        in_foreground(flags, foreground, called, shape())
    } else if let Some((program, arguments)) = flags.command.split_first() {
        around_command(flags, called, program, arguments, |_| {})
    } else {
        in_background(flags, called, shape())
    }
}

/// Starts an agent and becomes `program`, with which the agent ends.
///
/// `announce` is told the agent's process id once it is there.
///
/// # Errors
/// [`StartError`] when there is no agent, or the program cannot be run; it does not return
/// otherwise, so that exit status and signals are the program's own.
pub(crate) fn around_command(
    flags: &Flags,
    called: Called,
    program: &OsString,
    arguments: &[OsString],
    announce: impl FnOnce(u32),
) -> Result<ExitCode, StartError> {
    let Bound { listener, place } = listen(flags)?;
    let socket = printed_path(flags, &place);
    let parent = Some(std::process::id());
    let pid = process::spawn_front(flags, called, listener, &place, parent)?.id();
    announce(pid);
    let source = Command::new(program)
        .args(arguments)
        .env(environment::AUTH_SOCK, socket)
        .env(environment::AGENT_PID, pid.to_string())
        .exec();
    let program = program.clone();
    Err(StartError::Command { program, source })
}

fn in_background(flags: &Flags, called: Called, shape: Shape) -> Result<ExitCode, StartError> {
    let Bound { listener, place } = listen(flags)?;
    let mut front = process::spawn_front(flags, called, listener, &place, None)?;
    let text = shape.announce(&printed_path(flags, &place), front.id(), true);
    output::write(&text).map_err(|error| {
        // Nobody knows where that agent is, and nobody could end it.
        let _ = front.kill();
        place.remove();
        StartError::Output(error)
    })?;
    if called == Called::Keyward && io::stdout().is_terminal() {
        output::say(
            "keyward: the lines above are for your shell to run; \
             next time: eval \"$(keyward agent)\"\n",
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn in_foreground(
    flags: &Flags,
    foreground: Foreground,
    called: Called,
    shape: Shape,
) -> Result<ExitCode, StartError> {
    output::log_from(match foreground {
        Foreground::Debug => tracing::Level::DEBUG,
        Foreground::Quiet => tracing::Level::WARN,
    });
    sealed::enter();
    let request = activation::request(flags)?;
    inherited::close(request.as_ref().map(|_| activation::DESCRIPTOR));
    let activated = request.is_some();
    let server = Server::prepare().map_err(StartError::Prepare)?;
    let Bound { listener, place } = match request {
        Some(request) => request.take()?,
        None => listen(flags)?,
    };
    let announcement = (!activated)
        .then(|| shape.announce(&printed_path(flags, &place), std::process::id(), false));
    process::name_process(called.process_name());
    Ok(server.run(Options {
        interrupt_ends: true,
        activated,
        ready: Ready::new(move || {
            // Whoever does not read it knows the path, or does without.
            let _ = output::write(&announcement.unwrap_or_default());
        }),
        ..process::options(flags, listener, place)
    }))
}

fn clean(scope: Scope) -> Result<ExitCode, StartError> {
    let home = environment::home().ok_or(StartError::HomeUnknown)?;
    socket::clean_stale(&home, scope, environment::now()).map_err(StartError::Socket)?;
    output::write(b"Deleted stale agent sockets in ~/.ssh/agent\n").map_err(StartError::Output)?;
    Ok(ExitCode::SUCCESS)
}

fn listen(flags: &Flags) -> Result<Bound, StartError> {
    match &flags.address {
        _ if flags.temporary => {
            let directory = environment::temporary_directory();
            socket::listen_in_temporary(&directory, std::process::id()).map_err(StartError::Socket)
        }
        Some(path) => socket::listen_at(path).map_err(StartError::Socket),
        None => {
            let home = environment::home().ok_or(StartError::HomeUnknown)?;
            if !flags.keep_stale
                && let Err(error) = socket::clean_stale(&home, Scope::ThisHost, environment::now())
            {
                tracing::debug!(%error, "stale sockets stay");
            }
            socket::listen_in_home(&home).map_err(StartError::HomeSocket)
        }
    }
}

/// Returns the path as clients are told it: one that was given is passed on unchanged.
fn printed_path(flags: &Flags, place: &socket::Place) -> OsString {
    let given = flags.address.as_ref().filter(|_| !flags.temporary);
    given.map_or_else(|| place.path().into(), |path| path.clone().into_os_string())
}
