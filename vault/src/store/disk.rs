//! The one seam to the file system.
//!
//! Everything the store does to files is one of these calls, so that a disk in memory can stand in
//! for the real one, fail any call and lose power between any two.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What a name in a folder leads to, links not followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A block or character device.
    Device,
    /// A named pipe.
    Fifo,
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A socket.
    Socket,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "a device",
            Self::Fifo => "a named pipe",
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Socket => "a socket",
        })
    }
}

/// Which content of a file it was: another save, an editor or a sync program changes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Identity {
    /// The number of the device.
    pub device: u64,
    /// The number of the file on it.
    pub inode: u64,
    /// The length in bytes.
    pub size: u64,
    /// The time of the last change of the content: seconds since 1970, and nanoseconds.
    pub modified: (i64, u32),
}

/// What the system knows of a file or folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// The uid of its owner.
    pub owner: u32,
    /// Its permissions and the sticky bit (`0o7777`).
    pub mode: u32,
    /// How many names lead to it.
    pub links: u32,
    /// Which content it has.
    pub identity: Identity,
}

/// The calls the store needs.
///
/// Names are single names inside a folder that is already open, never paths: what was checked once
/// cannot be swapped for something elsewhere. No call follows a symbolic link in the last part of a
/// name. A call may fail with [`io::ErrorKind::Interrupted`], and reads and writes may be short.
pub trait Disk: Clone {
    /// An open folder.
    type Folder: fmt::Debug;
    /// An open file.
    type File: fmt::Debug;

    /// Returns the uid whose rights count (`geteuid(2)`).
    fn user(&self) -> u32;

    /// Returns eight bytes that nobody foretells, for the names of temporary files.
    ///
    /// # Errors
    /// The system's.
    fn random(&self) -> io::Result<[u8; 8]>;

    /// Opens a folder, `path` being seen from the folder `from` or else from the current one.
    ///
    /// # Errors
    /// The system's.
    fn open_folder(&self, from: Option<&Self::Folder>, path: &Path) -> io::Result<Self::Folder>;

    /// Makes the folder `name` in `folder`, for its owner only.
    ///
    /// # Errors
    /// The system's.
    fn make_folder(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<()>;

    /// Looks at an open folder.
    ///
    /// # Errors
    /// The system's.
    fn stat_folder(&self, folder: &Self::Folder) -> io::Result<Stat>;

    /// Lists the names in a folder that begin with `prefix`.
    ///
    /// # Errors
    /// The system's.
    fn list(&self, folder: &Self::Folder, prefix: &OsStr) -> io::Result<Vec<OsString>>;

    /// Makes the entries of a folder last (`fsync(2)` of the folder).
    ///
    /// # Errors
    /// The system's; the entries may then be lost at a loss of power.
    fn sync_folder(&self, folder: &Self::Folder) -> io::Result<()>;

    /// Looks at what has this name.
    ///
    /// # Errors
    /// The system's.
    fn stat(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Stat>;

    /// Reads where a symbolic link leads.
    ///
    /// # Errors
    /// The system's.
    fn read_link(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<PathBuf>;

    /// Opens a file for reading; it does not wait for the other end of a pipe.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Self::File>;

    /// Makes a new file for its owner only and opens it for writing.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::AlreadyExists`] when something has the name.
    fn create(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Self::File>;

    /// Opens a file to be locked, and makes it for its owner only if there is none.
    ///
    /// # Errors
    /// The system's.
    fn open_lock(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Self::File>;

    /// Looks at an open file.
    ///
    /// # Errors
    /// The system's.
    fn stat_file(&self, file: &Self::File) -> io::Result<Stat>;

    /// Reads on and appends as much as `bytes` has room for at most, without growing; 0 at the end, or without room.
    ///
    /// # Errors
    /// The system's.
    fn read(&self, file: &Self::File, bytes: &mut Vec<u8>) -> io::Result<usize>;

    /// Writes the beginning of `bytes` and returns how much of it.
    ///
    /// # Errors
    /// The system's.
    fn write(&self, file: &Self::File, bytes: &[u8]) -> io::Result<usize>;

    /// Makes the content of a file last (`fsync(2)`).
    ///
    /// # Errors
    /// The system's; what was written is then lost, whatever a second call says.
    fn sync(&self, file: &Self::File) -> io::Result<()>;

    /// Locks an open file for this one alone unless another has it, and says which (`flock(2)`).
    ///
    /// The lock ends with the file's closing, and so with the death of the process.
    ///
    /// # Errors
    /// The system's.
    fn try_lock(&self, file: &Self::File) -> io::Result<bool>;

    /// Returns the process that has the lock of a file, if that can be found out.
    fn lock_holder(&self, file: &Self::File) -> Option<u32>;

    /// Gives a file another name, in place of what had it.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, folder: &Self::Folder, from: &OsStr, to: &OsStr) -> io::Result<()>;

    /// Gives a file another name that nothing has.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::AlreadyExists`] when something has it.
    fn rename_new(&self, folder: &Self::Folder, from: &OsStr, to: &OsStr) -> io::Result<()>;

    /// Removes a name that is not a folder's.
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<()>;
}
