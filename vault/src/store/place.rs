//! Where a file is: an open folder and a name in it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::disk::{Disk, Kind};
use super::error::Error;
use super::folder::Folder;
use super::snapshot::Snapshot;

/// The longest name of a file in bytes, `NAME_MAX` of nearly all Linux file systems.
const NAME_BYTES_MAX: usize = 255;

/// What is appended to the name at most: a dot, `tmp-` and 16 digits.
const SUFFIX_BYTES_MAX: usize = 21;

/// A file that is or will be in a folder.
#[derive(Debug)]
pub(super) struct Place<D: Disk> {
    pub(super) folder: Folder<D>,
    pub(super) name: OsString,
}

impl<D: Disk> Place<D> {
    /// Finds the place of a file in a folder that exists, through one link of the user's own.
    ///
    /// People keep a vault in a folder that is backed up or synchronised and link to it. Renaming
    /// over the link would quietly end that; so the file behind it is replaced, and the link stays.
    pub(super) fn existing(disk: &D, path: &Path) -> Result<Self, Error> {
        let (parent, name) = split(path)?;
        let folder = Folder::open(disk, parent)?;
        let folder = folder.ok_or_else(|| Error::Missing { path: path.into() })?;
        Self::behind_link(folder, name)
    }

    /// As [`Place::existing`], but makes the folders that are missing.
    pub(super) fn prepared(disk: &D, path: &Path) -> Result<Self, Error> {
        let (parent, name) = split(path)?;
        Self::behind_link(Folder::make(disk, parent)?, name)
    }

    /// As [`Place::prepared`], for a file that only this program knows of: no link is followed.
    pub(super) fn unlinked(disk: &D, path: &Path) -> Result<Self, Error> {
        let (parent, name) = split(path)?;
        let folder = Folder::make(disk, parent)?;
        folder.check()?;
        let name = name.into();
        Ok(Self { folder, name })
    }

    fn behind_link(folder: Folder<D>, name: &OsStr) -> Result<Self, Error> {
        // The folder first: only in one of our own does it mean anything who owns the link.
        folder.check()?;
        let name = name.to_owned();
        let owner = match folder.stat(&name)? {
            Some(stat) if stat.kind == Kind::Link => stat.owner,
            _ => return Ok(Self { folder, name }),
        };
        let path = folder.path(&name);
        let user = folder.disk().user();
        if owner != user && owner != 0 {
            return Err(Error::ForeignLink { path, owner, user });
        }
        let target = folder.read_link(&name)?;
        let (parent, target_name) = split(&target)?;
        let target_folder = folder.open_beside(parent)?;
        let Some(target_folder) = target_folder else {
            return Err(Error::DanglingLink { path, target });
        };
        target_folder.check()?;
        match target_folder.stat(target_name)? {
            None => Err(Error::DanglingLink { path, target }),
            Some(stat) if stat.kind == Kind::Link => Err(Error::LinkToLink { path, target }),
            Some(_) => Ok(Self {
                folder: target_folder,
                name: target_name.into(),
            }),
        }
    }

    /// Returns the path of the file itself, not of a link to it.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path(&self.name)
    }

    /// Returns the name of a file that belongs to this one.
    pub(super) fn beside(&self, suffix: &str) -> OsString {
        let mut name = self.name.clone();
        name.push(".");
        name.push(suffix);
        name
    }

    /// Reads the file, or returns `None` if there is none.
    pub(super) fn read(&self, limit: u64) -> Result<Option<Snapshot>, Error> {
        self.folder.read(&self.name, limit)
    }
}

/// Takes a path apart into its folder and a name that leaves room for a suffix.
fn split(path: &Path) -> Result<(&Path, &OsStr), Error> {
    let (Some(name), Some(parent)) = (path.file_name(), path.parent()) else {
        return Err(Error::NoName { path: path.into() });
    };
    if name.len() + SUFFIX_BYTES_MAX > NAME_BYTES_MAX {
        return Err(Error::TooLong { path: path.into() });
    }
    Ok((parent, name))
}
