//! Where the agent listens: names, modes and the end of its sockets (OpenSSH's `misc-agent.c`).

mod name;
mod place;
mod stale;

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use thiserror::Error;

pub use place::{Place, control_path};
pub use stale::{Scope, clean_stale};

/// Longest path of a socket: `sun_path` has 108 bytes and the last is a zero (unix(7)).
pub const PATH_BYTES_MAX: usize = 107;

/// Connections the kernel holds until they are accepted ; the system cuts it to `net.core.somaxconn`. OpenSSH waits with 128, and
/// clients that do not block are turned away when a thousand come at once.
const BACKLOG: i32 = 4096;

/// Random names tried before giving up; with 62^10 names a second try never happens by chance.
const NAMES_TRIED_MAX: usize = 64;

/// Says why there is no socket to listen on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SocketError {
    /// The path does not fit an address of a Unix socket.
    #[error("socket path {path:?} has {} bytes, the limit is {PATH_BYTES_MAX}", path.as_os_str().len())]
    PathTooLong {
        /// The path as it was given or built.
        path: PathBuf,
    },
    /// The socket cannot be made, most often because its path exists already.
    #[error("cannot bind to path {path:?}: {source}")]
    Bind {
        /// The path as it was given or built.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory for the socket cannot be made or read.
    #[error("cannot use directory {path:?}: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A socket that listens, and where it is.
#[derive(Debug)]
pub struct Bound {
    /// Accepts clients.
    pub listener: UnixListener,
    /// What is to be removed at the end.
    pub place: Place,
}

/// Listens at a random name in `~/.ssh/agent`, as OpenSSH does since 10.1.
///
/// `home` is the home directory; the directories below it are made with mode 0700.
///
/// # Errors
/// [`SocketError`] when a directory or the socket cannot be made.
pub fn listen_in_home(home: &Path) -> Result<Bound, SocketError> {
    let mut directory = home.to_path_buf();
    for part in [".ssh", "agent"] {
        directory.push(part);
        match make_private(&directory) {
            Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                let path = directory;
                return Err(SocketError::Directory { path, source });
            }
            _ => {}
        }
    }
    first_free(|| {
        let path = directory.join(name::socket());
        let listener = bind(&path)?;
        let place = Place::new(path, None);
        Ok(Bound { listener, place })
    })
}

/// Listens in a private directory of its own, `ssh-XXXXXXXXXXXX/agent.<pid>` below `directory`.
///
/// That was OpenSSH's default until 10.0. `starter` is the process that was asked to start an
/// agent, not the agent itself.
///
/// # Errors
/// [`SocketError`] when the directory or the socket cannot be made.
pub fn listen_in_temporary(directory: &Path, starter: u32) -> Result<Bound, SocketError> {
    let private = first_free(|| {
        let path = directory.join(name::temporary_directory());
        match make_private(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(SocketError::Directory { path, source }),
        }
    })?;
    let path = private.join(format!("agent.{starter}"));
    let place = Place::new(path, Some(private));
    match bind(place.path()) {
        Ok(listener) => Ok(Bound { listener, place }),
        Err(error) => {
            place.remove();
            Err(error)
        }
    }
}

/// Listens at exactly `path`; what is there already stays.
///
/// # Errors
/// [`SocketError`] when the socket cannot be made.
pub fn listen_at(path: &Path) -> Result<Bound, SocketError> {
    let listener = bind(path)?;
    // The agent leaves its working directory, and removes its socket after that.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let place = Place::new(absolute, None);
    Ok(Bound { listener, place })
}

/// Makes a socket of mode 0600 at `path` and listens.
///
/// # Errors
/// [`SocketError`] when it cannot be made.
pub fn bind(path: &Path) -> Result<UnixListener, SocketError> {
    let failed = |source: Errno| SocketError::Bind {
        path: path.to_path_buf(),
        source: source.into(),
    };
    // The kernel takes one byte more without a final zero, but clients in C do not.
    if path.as_os_str().len() > PATH_BYTES_MAX {
        let path = path.to_path_buf();
        return Err(SocketError::PathTooLong { path });
    }
    // The kernel would take a name that is no path, and no client could be told of it.
    if path.as_os_str().is_empty() {
        return Err(failed(Errno::NOENT));
    }
    let address = SocketAddrUnix::new(path).map_err(failed)?;
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .map_err(failed)?;
    // The file takes its mode from the socket: it is never open to others, not even for a
    // moment, and the process's umask, which other threads share, stays as it is.
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR).map_err(failed)?;
    rustix::net::bind(&socket, &address).map_err(failed)?;
    if let Err(source) = rustix::net::listen(&socket, BACKLOG) {
        // The file was made by this very call; nobody else's is removed.
        let _ = std::fs::remove_file(path);
        return Err(failed(source));
    }
    Ok(UnixListener::from(socket))
}

fn make_private(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

/// Tries `make`, which picks a random name, until the name is a free one.
fn first_free<T>(make: impl Fn() -> Result<T, SocketError>) -> Result<T, SocketError> {
    let mut tries = NAMES_TRIED_MAX;
    loop {
        tries -= 1;
        match make() {
            Err(error) if tries > 0 && error.name_is_taken() => {}
            result => return result,
        }
    }
}

impl SocketError {
    fn name_is_taken(&self) -> bool {
        match self {
            Self::PathTooLong { .. } => false,
            Self::Bind { source, .. } | Self::Directory { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::AddrInUse | io::ErrorKind::AlreadyExists
            ),
        }
    }
}

#[cfg(test)]
mod tests;
