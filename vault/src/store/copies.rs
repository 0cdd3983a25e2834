//! A folder of copies of a vault: each is written once, whole or not at all, and removed again.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::FILE_BYTES_MAX;
use super::disk::Disk;
use super::error::Error;
use super::folder::{Folder, check_size};
use super::place::Place;
use super::system::System;
use super::temporary::Temporary;

/// A folder that holds copies, with whatever else is in it.
///
/// There is no lock, and so no file for one: nobody changes a copy.
#[derive(Debug)]
pub struct Copies<D: Disk = System> {
    disk: D,
    path: PathBuf,
}

impl Copies {
    /// Names a folder on the real disk; nothing is touched yet.
    pub fn at(path: &Path) -> Self {
        Self::on(System, path)
    }
}

impl<D: Disk> Copies<D> {
    /// Names a folder on any disk; nothing is touched yet.
    pub fn on(disk: D, path: &Path) -> Self {
        Self {
            disk,
            path: path.into(),
        }
    }

    /// Writes a file, mode 0600, where there is none, reads it back and makes it last.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error`] for a folder that is not safe, and when the disk fails. There is no file of that name
    /// then, not even half of one, except with [`Error::Unconfirmed`].
    pub fn write(&self, name: &OsStr, bytes: &[u8]) -> Result<(), Error> {
        let place = Place::existing(&self.disk, &self.path.join(name))?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        check_size(|| place.path(), size, FILE_BYTES_MAX)?;
        if place.folder.stat(&place.name)?.is_some() {
            return Err(Error::Exists { path: place.path() });
        }
        Temporary::write(&place, bytes, &|_| true)?.place(&place.name)?;
        let synced = place.folder.sync();
        synced.map_err(|error| match place.folder.remove(&place.name) {
            Ok(()) => error,
            Err(_) => super::state::unconfirmed(&place, error),
        })
    }

    /// Reads a copy, or returns `None` if there is none of that name.
    ///
    /// # Errors
    /// [`Error`] for a file that is not the user's own alone or that the disk does not give.
    pub fn read(&self, name: &OsStr) -> Result<Option<Vec<u8>>, Error> {
        let found = self.folder()?.read(name, FILE_BYTES_MAX)?;
        Ok(found.map(|snapshot| snapshot.bytes))
    }

    /// Lists the names in the folder that begin with `prefix`.
    ///
    /// # Errors
    /// [`Error`] for a folder that is missing or not safe.
    pub fn names(&self, prefix: &str) -> Result<Vec<OsString>, Error> {
        self.folder()?.list(OsStr::new(prefix))
    }

    /// Removes a copy, for good.
    ///
    /// # Errors
    /// [`Error`] of the disk.
    pub fn remove(&self, name: &OsStr) -> Result<(), Error> {
        let folder = self.folder()?;
        folder.remove(name)?;
        folder.sync()
    }

    fn folder(&self) -> Result<Folder<D>, Error> {
        let folder = Folder::open(&self.disk, &self.path)?;
        let folder = folder.ok_or_else(|| Error::Missing {
            path: self.path.clone(),
        })?;
        folder.check()?;
        Ok(folder)
    }
}
