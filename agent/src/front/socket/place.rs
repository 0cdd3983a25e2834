//! What lies in the file system for one agent, and its removal.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::{PATH_BYTES_MAX, SocketError, bind};

/// What a control socket's name starts with.
///
/// It is put before the name and not after it, so that programs that look for agents by
/// `s.*` or `agent.*` do not take it for one.
const CONTROL_PREFIX: &str = "control.";

/// Where an agent listens and what it removes at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    path: PathBuf,
    directory: Option<PathBuf>,
    owned: bool,
}

impl Place {
    /// Describes a socket of ours at the absolute `path`; `directory` is removed with it.
    pub const fn new(path: PathBuf, directory: Option<PathBuf>) -> Self {
        let owned = true;
        Self {
            path,
            directory,
            owned,
        }
    }

    /// Describes a socket that a supervisor made and will remove itself.
    ///
    /// Its path is empty when the socket has no name in the file system.
    pub fn of_supervisor(listener: &UnixListener) -> Self {
        let address = listener.local_addr().ok();
        let path = address.and_then(|address| address.as_pathname().map(Path::to_path_buf));
        Self {
            path: path.unwrap_or_default(),
            directory: None,
            owned: false,
        }
    }

    /// Returns the path of the agent's socket.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the private directory that ends with the agent.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Returns the path of the control socket, or none when it would be too long.
    pub fn control(&self) -> Option<PathBuf> {
        control_path(&self.path)
    }

    /// Listens on the control socket; none when there can be no path for it.
    ///
    /// One that a killed agent left behind is replaced.
    ///
    /// # Errors
    /// [`SocketError`] when it cannot be made.
    pub fn listen_for_control(&self) -> Result<Option<UnixListener>, SocketError> {
        let Some(path) = self.control() else {
            tracing::warn!(path = %self.path.display(), "no control socket: its path would be too long");
            return Ok(None);
        };
        if is_left_behind(&path) {
            let _ = std::fs::remove_file(&path);
        }
        bind(&path).map(Some)
    }

    /// Removes the sockets and the private directory; what is gone already is no error.
    pub fn remove(&self) {
        let socket = self.owned.then(|| self.path.clone());
        // Where ours could not be made, somebody else's is there.
        let control = self.control().filter(|path| is_own(path));
        for path in socket.into_iter().chain(control) {
            if let Err(error) = std::fs::remove_file(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(path = %path.display(), %error, "socket stays");
            }
        }
        if let Some(directory) = &self.directory
            && let Err(error) = std::fs::remove_dir(directory)
        {
            tracing::warn!(path = %directory.display(), %error, "directory stays");
        }
    }
}

fn is_own(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    path.symlink_metadata()
        .is_ok_and(|found| found.uid() == user)
}

/// Returns the control socket's path for the agent at `path`: `control.<name>` beside it.
///
/// There is none when the path is too long for a socket, or names no file.
pub fn control_path(path: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(CONTROL_PREFIX);
    name.push(path.file_name()?);
    let control = path.with_file_name(name);
    (control.as_os_str().len() <= PATH_BYTES_MAX).then_some(control)
}

/// Returns the name of the agent's socket to which a control socket's name belongs.
pub(super) fn without_control_prefix(name: &str) -> &str {
    name.strip_prefix(CONTROL_PREFIX).unwrap_or(name)
}

/// Says whether `path` is a socket nobody listens on.
pub(super) fn is_left_behind(path: &Path) -> bool {
    let is_socket =
        std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    is_socket && refuses(path)
}

/// Says whether connecting is refused.
///
/// It never waits, and any other failure keeps the socket: a living agent whose backlog is full
/// answers `EAGAIN`.
pub(super) fn refuses(path: &Path) -> bool {
    connect_at_once(path) == Err(Errno::CONNREFUSED)
}

fn connect_at_once(path: &Path) -> Result<(), Errno> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &address)
}
