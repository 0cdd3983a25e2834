//! What the store refuses, and what a disk can do to it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::disk::Kind;

/// What was being done when the disk failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Making a file.
    Create,
    /// Listing a folder.
    List,
    /// Locking a file.
    Lock,
    /// Making a folder.
    MakeFolder,
    /// Opening a file or folder.
    Open,
    /// Asking for random bytes, to name a file.
    Random,
    /// Reading a file.
    Read,
    /// Reading a symbolic link.
    ReadLink,
    /// Removing a file.
    Remove,
    /// Giving a file another name.
    Rename,
    /// Looking at a file or folder.
    Stat,
    /// Making what was written last.
    Sync,
    /// Writing a file.
    Write,
}

impl Operation {
    /// Says whether it changes what is on the disk, which reading never does.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(
            self,
            Self::List | Self::Open | Self::Read | Self::ReadLink | Self::Stat
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::List => "list",
            Self::Lock => "lock",
            Self::MakeFolder => "make folder",
            Self::Open => "open",
            Self::Random => "name",
            Self::Read => "read",
            Self::ReadLink => "read link",
            Self::Remove => "remove",
            Self::Rename => "rename",
            Self::Stat => "look at",
            Self::Sync => "sync",
            Self::Write => "write",
        })
    }
}

/// Everything that keeps a file from being read or saved.
///
/// Unless a variant says otherwise, nothing was changed: after a failed save the file holds, byte
/// for byte, what it held before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process had the lock for as long as the caller was ready to wait.
    #[error("{} is in use by {}", .path.display(), holder_name(*.holder))]
    Busy {
        /// The file to be saved.
        path: PathBuf,
        /// The process that has the lock, if that could be found out.
        holder: Option<u32>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The file was written to while it was read, again and again: a program writes into it in
    /// place.
    #[error("{} changes while it is read", .path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// A symbolic link leads to nothing. Nothing is created through it either: mostly, what it
    /// leads to is not mounted, and a second vault in its place would be worse than none.
    #[error("{} is a link to {}, where nothing is", .path.display(), .target.display())]
    DanglingLink {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// What was read back after writing is not what was written.
    #[error("{} does not hold what was written to it", .path.display())]
    Differs {
        /// The temporary file, which is gone by now.
        path: PathBuf,
    },
    /// The disk failed: full, read-only, over quota, broken …
    #[error("{operation} {}: {source}", .path.display())]
    Disk {
        /// What was being done.
        operation: Operation,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is something already where a new file was to be created.
    #[error("{} exists already", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The folder lets others than its owner write, and so replace what is in it.
    #[error("folder {} has mode {mode:04o}, in which others may write", .path.display())]
    FolderMode {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The folder belongs to somebody who is neither the user nor root.
    #[error("folder {} belongs to uid {owner}, not to {user}", .path.display())]
    FolderOwner {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        user: u32,
    },
    /// A symbolic link belongs to somebody who is neither the user nor root: it is not followed.
    #[error("link {} belongs to uid {owner}, not to {user}", .path.display())]
    ForeignLink {
        /// The link.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        user: u32,
    },
    /// The file has more names than one: a save would part them.
    #[error("{} has {links} names (hard links), expected 1", .path.display())]
    HardLinks {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        links: u32,
    },
    /// A symbolic link leads to another one: only one is followed.
    #[error("{} is a link to {}, which is a link again", .path.display(), .target.display())]
    LinkToLink {
        /// The first link.
        path: PathBuf,
        /// The second one.
        target: PathBuf,
    },
    /// The file or its folder is not there.
    #[error("{} does not exist", .path.display())]
    Missing {
        /// What is not there.
        path: PathBuf,
    },
    /// Others than the owner have rights to the file.
    #[error("{} has mode {mode:04o}, expected 0600", .path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The path has no last part that could name a file, as in `/` and `..`.
    #[error("{:?} names no file", .path)]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// There is something else than a file.
    #[error("{} is {kind}, not a file", .path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What is there. A link is one where none is followed.
        kind: Kind,
    },
    /// The file belongs to somebody else.
    #[error("{} belongs to uid {owner}, not to {user}", .path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        user: u32,
    },
    /// The caller's check did not accept what was read back after writing.
    #[error("what was written to {} does not stand the check", .path.display())]
    Rejected {
        /// The temporary file, which is gone by now.
        path: PathBuf,
    },
    /// The file is longer than any that is read or written.
    #[error("{} has {size} bytes, more than the limit of {limit}", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        size: u64,
        /// The longest allowed, in bytes.
        limit: u64,
    },
    /// The path, or its last part with what is appended for temporary files, is longer than the
    /// system allows.
    #[error("path is too long ({} bytes): {}", .path.as_os_str().len(), .path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
    },
    /// The new bytes are in place, whole, but the disk did not confirm that a loss of power will
    /// not bring back the old ones, and they could not be put back. The one error after which the
    /// file is not as before.
    #[error("{} is saved, but may not survive a loss of power: {source}", .path.display())]
    Unconfirmed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn holder_name(holder: Option<u32>) -> String {
    holder.map_or_else(
        || "another process".to_owned(),
        |process| format!("process {process}"),
    )
}
