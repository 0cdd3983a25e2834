//! An open folder, and the rules for what is in it.
//!
//! All that is done in a folder goes through its open handle: whoever swaps the folder, or a link
//! on the way to it, after it was checked, gains nothing.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{Disk, Kind, Stat};
use super::error::{Error, Operation};
use super::snapshot::{Snapshot, read_whole, retry};

/// The longest path, in bytes: `PATH_MAX` without the NUL, path_resolution(7).
const PATH_BYTES_MAX: usize = 4095;

/// The bits that let group and others write.
const OTHERS_WRITE: u32 = 0o022;

/// The bits that let group and others do anything.
const OTHERS: u32 = 0o077;

/// Says that only the owner of a file, of the folder or root may remove it, inode(7).
const STICKY: u32 = 0o1000;

/// How often a file that changes meanwhile is read.
const READS_MAX: usize = 5;

/// An open folder, with the path it was found at for messages.
#[derive(Debug)]
pub(super) struct Folder<D: Disk> {
    disk: D,
    handle: D::Folder,
    path: PathBuf,
}

impl<D: Disk> Folder<D> {
    /// Opens the folder at `path`, or returns `None` if there is nothing.
    pub(super) fn open(disk: &D, path: &Path) -> Result<Option<Self>, Error> {
        Self::open_from(disk, None, path)
    }

    /// Opens the folder at `path` and makes what is missing on the way, each for the user only, as
    /// the XDG Base Directory Specification asks ("Referencing this specification").
    pub(super) fn make(disk: &D, path: &Path) -> Result<Self, Error> {
        let mut missing = Vec::new();
        let mut at = path;
        let mut folder = loop {
            if let Some(folder) = Self::open(disk, at)? {
                break folder;
            }
            let (Some(name), Some(parent)) = (at.file_name(), at.parent()) else {
                return Err(Error::Missing { path: at.into() });
            };
            missing.push(name);
            at = parent;
        };
        while let Some(name) = missing.pop() {
            folder = folder.make_inside(name)?;
        }
        Ok(folder)
    }

    /// Opens the folder that a link in this one leads to.
    pub(super) fn open_beside(&self, path: &Path) -> Result<Option<Self>, Error> {
        Self::open_from(&self.disk, Some(self), path)
    }

    fn open_from(disk: &D, from: Option<&Self>, path: &Path) -> Result<Option<Self>, Error> {
        let shown = from.map_or_else(|| path.to_path_buf(), |from| from.path.join(path));
        if path.as_os_str().len() > PATH_BYTES_MAX {
            return Err(Error::TooLong { path: shown });
        }
        let current = Path::new(".");
        let is_empty = path.as_os_str().is_empty();
        let opened = if is_empty { current } else { path };
        match retry(|| disk.open_folder(from.map(|from| &from.handle), opened)) {
            Ok(handle) => Ok(Some(Self {
                disk: disk.clone(),
                handle,
                path: shown,
            })),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => Ok(None),
                io::ErrorKind::InvalidFilename => Err(Error::TooLong { path: shown }),
                _ => Err(failed(Operation::Open, shown)(error)),
            },
        }
    }

    fn make_inside(&self, name: &OsStr) -> Result<Self, Error> {
        // Where others may write, they could swap what is made, and what is made in it.
        self.check()?;
        let shown = self.path.join(name);
        match self.disk.make_folder(&self.handle, name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(Operation::MakeFolder, shown)(error));
            }
            _ => self.sync()?,
        }
        self.open_beside(Path::new(name))?
            .ok_or(Error::Missing { path: shown })
    }

    pub(super) fn disk(&self) -> &D {
        &self.disk
    }

    /// Returns the path of a name in the folder, for messages.
    pub(super) fn path(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    /// Refuses a folder in which somebody else could replace files.
    ///
    /// In one with the sticky bit, such as `/tmp`, others can make files but not touch ours; those
    /// that they make under our names are refused by their owner.
    pub(super) fn check(&self) -> Result<(), Error> {
        let path = || self.path.clone();
        let stat = retry(|| self.disk.stat_folder(&self.handle));
        let stat = stat.map_err(failed(Operation::Stat, path()))?;
        let user = self.disk.user();
        if stat.owner != user && stat.owner != 0 {
            return Err(Error::FolderOwner {
                path: path(),
                owner: stat.owner,
                user,
            });
        }
        if stat.mode & OTHERS_WRITE != 0 && stat.mode & STICKY == 0 {
            return Err(Error::FolderMode {
                path: path(),
                mode: stat.mode,
            });
        }
        Ok(())
    }

    /// Refuses all but a plain file of the user's own.
    pub(super) fn check_file(&self, name: &OsStr, stat: &Stat) -> Result<(), Error> {
        let path = self.path(name);
        let user = self.disk.user();
        if stat.kind != Kind::File {
            let kind = stat.kind;
            return Err(Error::NotAFile { path, kind });
        }
        if stat.owner != user {
            let owner = stat.owner;
            return Err(Error::Owner { path, owner, user });
        }
        if stat.mode & OTHERS != 0 {
            let mode = stat.mode;
            return Err(Error::Mode { path, mode });
        }
        if stat.links > 1 {
            let links = stat.links;
            return Err(Error::HardLinks { path, links });
        }
        Ok(())
    }

    /// Looks at what has this name, links not followed.
    pub(super) fn stat(&self, name: &OsStr) -> Result<Option<Stat>, Error> {
        match retry(|| self.disk.stat(&self.handle, name)) {
            Ok(stat) => Ok(Some(stat)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(Operation::Stat, name)(error)),
        }
    }

    /// Reads where a link leads.
    pub(super) fn read_link(&self, name: &OsStr) -> Result<PathBuf, Error> {
        retry(|| self.disk.read_link(&self.handle, name))
            .map_err(self.failed(Operation::ReadLink, name))
    }

    /// Reads a file of the user's own whole, or returns `None` if there is none.
    pub(super) fn read(&self, name: &OsStr, limit: u64) -> Result<Option<Snapshot>, Error> {
        for _ in 0..READS_MAX {
            let Some(found) = self.stat(name)? else {
                return Ok(None);
            };
            // Before it is opened: opening a device or a pipe can already do something.
            self.check_file(name, &found)?;
            let file = match retry(|| self.disk.open(&self.handle, name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                result => result.map_err(self.failed(Operation::Open, name))?,
            };
            if let Some(snapshot) = self.read_open(name, &file, limit)? {
                return Ok(Some(snapshot));
            }
        }
        let path = self.path(name);
        Err(Error::Changing { path })
    }

    /// Reads an open file, or returns `None` if it changed meanwhile.
    pub(super) fn read_open(
        &self,
        name: &OsStr,
        file: &D::File,
        limit: u64,
    ) -> Result<Option<Snapshot>, Error> {
        let before = self.stat_file(name, file)?;
        if before.links == 0 {
            return Ok(None);
        }
        self.check_file(name, &before)?;
        let identity = before.identity;
        check_size(|| self.path(name), identity.size, limit)?;
        let bytes = read_whole(&self.disk, file, identity.size);
        let bytes = bytes.map_err(self.failed(Operation::Read, name))?;
        let is_same = self.stat_file(name, file)?.identity == identity;
        let snapshot = bytes.map(|bytes| Snapshot { bytes, identity });
        Ok(snapshot.filter(|_| is_same))
    }

    pub(super) fn stat_file(&self, name: &OsStr, file: &D::File) -> Result<Stat, Error> {
        retry(|| self.disk.stat_file(file)).map_err(self.failed(Operation::Stat, name))
    }

    /// Opens a file that must be there, for reading.
    pub(super) fn open_file(&self, name: &OsStr) -> Result<D::File, Error> {
        retry(|| self.disk.open(&self.handle, name)).map_err(self.failed(Operation::Open, name))
    }

    /// Opens a file to be locked.
    pub(super) fn open_lock(&self, name: &OsStr) -> Result<D::File, Error> {
        retry(|| self.disk.open_lock(&self.handle, name))
            .map_err(self.failed(Operation::Lock, name))
    }

    /// Makes a new file, or returns `None` if something has the name.
    pub(super) fn create(&self, name: &OsStr) -> Result<Option<D::File>, Error> {
        match self.disk.create(&self.handle, name) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(self.failed(Operation::Create, name)(error)),
        }
    }

    pub(super) fn list(&self, prefix: &OsStr) -> Result<Vec<OsString>, Error> {
        retry(|| self.disk.list(&self.handle, prefix))
            .map_err(failed(Operation::List, self.path.clone()))
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> Result<(), Error> {
        self.disk
            .rename(&self.handle, from, to)
            .map_err(self.failed(Operation::Rename, to))
    }

    /// Gives a file a name that nothing has yet.
    pub(super) fn rename_new(&self, from: &OsStr, to: &OsStr) -> Result<(), Error> {
        match self.disk.rename_new(&self.handle, from, to) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let path = self.path(to);
                Err(Error::Exists { path })
            }
            result => result.map_err(self.failed(Operation::Rename, to)),
        }
    }

    pub(super) fn remove(&self, name: &OsStr) -> Result<(), Error> {
        retry(|| self.disk.remove(&self.handle, name)).map_err(self.failed(Operation::Remove, name))
    }

    /// Makes the names in the folder last. Called once for each change and never again after a
    /// failure, see [`Disk::sync`].
    pub(super) fn sync(&self) -> Result<(), Error> {
        self.disk
            .sync_folder(&self.handle)
            .map_err(failed(Operation::Sync, self.path.clone()))
    }

    /// Names the cause of a failure.
    pub(super) fn failed(
        &self,
        operation: Operation,
        name: &OsStr,
    ) -> impl FnOnce(io::Error) -> Error + use<D> {
        failed(operation, self.path(name))
    }
}

fn failed(operation: Operation, path: PathBuf) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Disk {
        operation,
        path,
        source,
    }
}

/// Refuses a length above the limit.
pub(super) fn check_size(
    path: impl FnOnce() -> PathBuf,
    size: u64,
    limit: u64,
) -> Result<(), Error> {
    if size <= limit {
        return Ok(());
    }
    let path = path();
    Err(Error::TooLarge { path, size, limit })
}
