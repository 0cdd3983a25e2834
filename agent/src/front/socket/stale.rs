//! Removes sockets that dead agents left in `~/.ssh/agent`.

use std::fs::DirEntry;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::SocketError;
use super::name::{host, host_prefix};
use super::place::{control_path, is_left_behind, refuses, without_control_prefix};

/// Sockets younger than this stay: their agent may be about to listen (OpenSSH's one hour).
const AGE_MIN: Duration = Duration::from_secs(60 * 60);

/// Whose sockets are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of this host: a home may be shared, and another host's agent cannot be reached.
    ThisHost,
    /// Those of every host.
    EveryHost,
}

/// Removes the sockets below `home` that are older than an hour at `now` and refuse connections.
///
/// # Errors
/// [`SocketError::Directory`] when the directory is there but cannot be read.
pub fn clean_stale(home: &Path, scope: Scope, now: SystemTime) -> Result<(), SocketError> {
    let directory = home.join(".ssh/agent");
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            let path = directory;
            return Err(SocketError::Directory { path, source });
        }
    };
    let prefix = match scope {
        Scope::ThisHost => host_prefix(&host()),
        Scope::EveryHost => String::new(),
    };
    for entry in entries.flatten() {
        if is_stale(&entry, &prefix, now) && refuses(&entry.path()) {
            remove(&entry.path());
        }
    }
    Ok(())
}

/// Removes a stale socket, and the control socket of the same dead agent whatever its age.
fn remove(path: &Path) {
    tracing::debug!(path = %path.display(), "removing a stale socket");
    let control = control_path(path).filter(|control| is_left_behind(control));
    for path in control.iter().map(PathBuf::as_path).chain([path]) {
        // Somebody else may be cleaning up too.
        let _ = std::fs::remove_file(path);
    }
}

fn is_stale(entry: &DirEntry, prefix: &str, now: SystemTime) -> bool {
    let name = entry.file_name();
    let Some(name) = name.to_str() else {
        return false;
    };
    if !without_control_prefix(name).starts_with(prefix) {
        return false;
    }
    let Ok(metadata) = entry.metadata() else {
        return false;
    };
    // A time in the future has no age: the clock was set back, and the socket stays.
    let age = metadata
        .modified()
        .ok()
        .and_then(|modified| now.duration_since(modified).ok());
    metadata.file_type().is_socket() && age.is_some_and(|age| age >= AGE_MIN)
}
