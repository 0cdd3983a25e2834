//! The agent's own processes, which are this program under other names.
//!
//! A process with threads cannot be forked safely, so that the front is started anew: it gets
//! the listening socket as its standard input and what else it needs as arguments, none of which
//! is a secret.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use keyward_agent::front::options::{Options, Ready, VAULT_IDLE};
use keyward_agent::front::policy::Rules;
use keyward_agent::front::provider::AllowedProviders;
use keyward_agent::front::server::Server;
use keyward_agent::front::socket::Place;
use keyward_agent::keeper;
use keyward_agent::keeper::process::LOCKED_ARGUMENT;
use keyward_agent::seclusion;
use keyward_agent::secret_memory::region::Protection;
use keyward_agent::secret_memory::{allocator, heap};
use keyward_vault::Memory;
use rustix::net::sockopt::socket_acceptconn;

use super::flags::Flags;
use super::sealed::{PROGRAM, Sealed};
use super::{StartError, inherited};
use crate::{environment, output};

/// The name under which the program serves in the background.
pub(crate) const FRONT: &str = "keyward-front";

/// The name the agent was asked for by, which is the one lists of processes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    Keyward,
    SshAgent,
}

impl Called {
    const fn name(self) -> &'static str {
        match self {
            Self::Keyward => "keyward",
            Self::SshAgent => "ssh-agent",
        }
    }

    pub(super) const fn process_name(self) -> &'static CStr {
        match self {
            Self::Keyward => c"keyward",
            Self::SshAgent => c"ssh-agent",
        }
    }
}

/// Starts the front; with `parent` it ends when that process does.
pub(super) fn spawn_front(
    flags: &Flags,
    called: Called,
    listener: UnixListener,
    place: &Place,
    parent: Option<u32>,
) -> Result<Child, StartError> {
    let arguments = Arguments {
        called,
        place: place.clone(),
        parent,
        flags: flags.clone(),
    };
    spawn_program(&arguments.write(), &listener)
        .map_err(StartError::Process)
        .and_then(wait_until_ready)
        .inspect_err(|_| place.remove())
}

/// Starts our program as front, from the sealed copy where the system runs that.
fn spawn_program(arguments: &[OsString], listener: &UnixListener) -> io::Result<Child> {
    let spawn = |program: &Path| {
        let listener = listener.try_clone()?;
        Command::new(program)
            .arg0(FRONT)
            .args(arguments)
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    };
    match Sealed::copy().map(|copy| spawn(&copy.path())) {
        Some(Ok(front)) => Ok(front),
        _ => spawn(Path::new(PROGRAM)),
    }
}

/// What the front writes to its standard output when it serves.
const READY: &[u8] = b"ready";

/// Waits until the front serves: one that was told to end before it caught signals would leave its socket behind.
fn wait_until_ready(mut front: Child) -> Result<Child, StartError> {
    let mut said = Vec::new();
    if let Some(mut stdout) = front.stdout.take() {
        stdout.read_to_end(&mut said).map_err(StartError::Process)?;
    }
    if said == READY {
        return Ok(front);
    }
    Err(front
        .wait()
        .map_or_else(StartError::Process, StartError::Ended))
}

/// Tells whoever started the front that it serves, and lets go of their pipe.
fn tell_ready() {
    // Whoever started the front may be gone already; it serves all the same.
    let _ = io::stdout()
        .write_all(READY)
        .and_then(|()| io::stdout().flush());
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(null);
    }
}

/// Serves in the background, as [`spawn_front`] asked.
pub(crate) fn front(arguments: &[OsString]) -> ExitCode {
    let Some(arguments) = Arguments::read(arguments) else {
        return refuse_front();
    };
    inherited::close(None);
    let Ok(listener) = listener_from_stdin() else {
        return refuse_front();
    };
    let Ok(server) = Server::prepare() else {
        arguments.place.remove();
        return ExitCode::FAILURE;
    };
    // Both fail only where they are done already: in a leader of a group, or without a root.
    let _ = rustix::process::setsid();
    let _ = rustix::process::chdir("/");
    name_process(arguments.called.process_name());
    server.run(Options {
        parent: arguments.parent,
        ready: Ready::new(tell_ready),
        ..options(&arguments.flags, listener, arguments.place)
    })
}

/// Holds the keys.
pub(crate) fn keeper(arguments: &[OsString]) -> ExitCode {
    name_process(c"keyward-keeper");
    keeper::process::main(match arguments {
        [argument] if argument == LOCKED_ARGUMENT => Protection::Locked,
        _ => Protection::MemfdSecret,
    })
}

/// Leaves the session of whoever started the agent.
///
/// An agent in the foreground shares the terminal of its clients, and the kernel stops what reads a terminal of its own
/// session from the background. A terminal of another session it lets be read.
pub(crate) fn leave_session() {
    // The agent made us the leader of a group, who may not: we go back into the agent's for a moment.
    let group = rustix::process::getppid().map(|parent| rustix::process::getpgid(Some(parent)));
    if let Some(Ok(group)) = group {
        let _ = rustix::process::setpgid(None, Some(group));
    }
    if let Err(error) = rustix::process::setsid() {
        tracing::debug!(%error, "session is not left");
    }
}

/// Runs a verb that may see secrets: in memory that is secret and wiped, in a process that others of the same
/// user cannot look into. `wanted` is the best protection of memory to try for.
///
/// # Errors
/// What the system said when it would not hide the process, or had no memory.
pub(crate) fn in_secret<R>(wanted: Protection, verb: impl FnOnce() -> R) -> io::Result<R> {
    seclusion::hide_memory()?;
    seclusion::forbid_core_files()?;
    // A panic message could quote what it was about, and unwinding would leave the stack as it is.
    std::panic::set_hook(Box::new(|_| {
        output::say("error: keyward has a fault and ends\n");
        std::process::abort()
    }));
    // Before its first allocation, so before any key is in it.
    if !heap::adopt_signature_library() {
        return Err(io::Error::other(
            "the signature library would not use our heap",
        ));
    }
    Memory {
        on_thread: allocator::run_thread,
        set_secret: allocator::set_secret,
    }
    .install();
    let (result, _protection) = allocator::run(wanted, verb)?;
    Ok(result)
}

/// Returns the server's options for a socket and `flags`.
pub(super) fn options(flags: &Flags, listener: UnixListener, place: Place) -> Options {
    Options {
        listener,
        place,
        lifetime: flags.lifetime,
        vault_idle: flags.idle.unwrap_or(Some(VAULT_IDLE)),
        fingerprint_hash: flags.fingerprint_hash,
        rules: Rules {
            providers: AllowedProviders::new(flags.providers.clone()),
            web_origins: flags.websafe.clone(),
            restrict_web_origins: flags.restrict_websafe,
            allow_remote_providers: flags.allow_remote_pkcs11,
        },
        memory: flags.memory.unwrap_or(Protection::MemfdSecret),
        interrupt_ends: false,
        activated: false,
        parent: None,
        program: PathBuf::from(PROGRAM),
        environment: environment::of_front(),
        ready: Ready::new(|| {}),
    }
}

pub(super) fn name_process(name: &CStr) {
    if let Err(error) = rustix::thread::set_name(name) {
        tracing::debug!(%error, "process keeps its name");
    }
}

fn refuse_front() -> ExitCode {
    output::failure(
        &format_args!("{FRONT} is started by the agent itself only"),
        None,
    );
    ExitCode::FAILURE
}

fn listener_from_stdin() -> io::Result<UnixListener> {
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    if !socket_acceptconn(&socket)? {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(UnixListener::from(socket))
}

/// What the front is told.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    called: Called,
    place: Place,
    parent: Option<u32>,
    flags: Flags,
}

impl Arguments {
    fn write(&self) -> Vec<OsString> {
        let directory = self
            .place
            .directory()
            .map_or(OsStr::new(""), |path| path.as_os_str());
        let mut arguments: Vec<OsString> = vec![
            self.called.name().into(),
            self.place.path().into(),
            directory.into(),
            self.parent
                .map_or_else(String::new, |pid| pid.to_string())
                .into(),
        ];
        arguments.extend(self.flags.to_arguments());
        arguments
    }

    fn read(arguments: &[OsString]) -> Option<Self> {
        let [called, path, directory, parent, flags @ ..] = arguments else {
            return None;
        };
        let called = [Called::Keyward, Called::SshAgent]
            .into_iter()
            .find(|known| *called == known.name())?;
        let directory = (!directory.is_empty()).then(|| PathBuf::from(directory));
        let parent = match parent.to_str()? {
            "" => None,
            pid => Some(pid.parse().ok()?),
        };
        Some(Self {
            called,
            place: Place::new(PathBuf::from(path), directory),
            parent,
            flags: Flags::parse_own(flags).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_reads_what_its_starter_wrote() {
        for (called, directory, parent) in [
            (Called::SshAgent, None, None),
            (
                Called::Keyward,
                Some(PathBuf::from("/tmp/ssh-x")),
                Some(4711),
            ),
        ] {
            let arguments = Arguments {
                called,
                place: Place::new(PathBuf::from("/tmp/ssh-x/agent.1"), directory),
                parent,
                flags: Flags::default(),
            };
            assert_eq!(Arguments::read(&arguments.write()), Some(arguments));
        }
    }

    #[test]
    fn front_refuses_what_its_starter_does_not_write() {
        let refused: [&[&str]; 4] = [
            &[],
            &["keyward", "/s", ""],
            &["other", "/s", "", ""],
            &["keyward", "/s", "", "x"],
        ];
        for arguments in refused {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(Arguments::read(&arguments), None);
        }
    }
}
