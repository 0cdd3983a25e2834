//! Small files that the program keeps for itself in a folder of state.

use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::error::Error;
use super::folder::{Folder, check_size};
use super::lock::{Lock, Patience};
use super::place::Place;
use super::system::System;
use super::temporary::{Temporary, sweep};

/// The longest file of state, in bytes, unless the caller says otherwise.
pub const STATE_BYTES_MAX: u64 = 64 * 1024;

/// What was found of a file of state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kept {
    /// There is something, but the caller's check does not accept it, or it is too long.
    Damaged,
    /// Nothing was kept yet, or somebody removed it.
    Missing,
    /// The bytes as they were kept.
    Whole(Vec<u8>),
}

/// One small file in a folder of state, such as `~/.local/state/keyward/NAME`.
///
/// It is replaced whole or not at all, as the vault file is, but without older versions, and no
/// link is followed to it.
#[derive(Debug)]
pub struct StateFile<D: Disk = System> {
    disk: D,
    path: PathBuf,
    patience: Patience,
    bytes_max: u64,
}

impl StateFile {
    /// Names a file on the real disk; nothing is touched yet.
    pub fn at(path: &Path, patience: Patience) -> Self {
        Self::on(System, path, patience)
    }
}

impl<D: Disk> StateFile<D> {
    /// Names a file on any disk; nothing is touched yet.
    pub fn on(disk: D, path: &Path, patience: Patience) -> Self {
        Self {
            disk,
            path: path.into(),
            patience,
            bytes_max: STATE_BYTES_MAX,
        }
    }

    /// Allows the file to be so long.
    #[must_use]
    pub fn of_at_most(self, bytes_max: u64) -> Self {
        Self { bytes_max, ..self }
    }

    /// Reads the file; `is_whole` says whether its bytes make sense.
    ///
    /// # Errors
    /// [`Error`] when the file or its folder is not the user's own alone, and when the disk fails.
    pub fn read(&self, is_whole: impl Fn(&[u8]) -> bool) -> Result<Kept, Error> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        if Folder::open(&self.disk, folder)?.is_none() {
            return Ok(Kept::Missing);
        }
        let place = Place::unlinked(&self.disk, &self.path)?;
        kept(&place, self.bytes_max, &is_whole)
    }

    /// Replaces the file by what `change` makes of it, or leaves it where that is `None`.
    ///
    /// Folder and file are made if they are missing, for the user only. No other process changes
    /// the file between the reading and the writing.
    ///
    /// # Errors
    /// [`Error`]; except for [`Error::Unconfirmed`], the file is then as it was.
    pub fn update(
        &self,
        is_whole: impl Fn(&[u8]) -> bool,
        change: impl FnOnce(Kept) -> Option<Vec<u8>>,
    ) -> Result<(), Error> {
        let place = Place::unlinked(&self.disk, &self.path)?;
        let _lock = Lock::take(&place, self.patience)?;
        sweep(&place);
        let Some(bytes) = change(kept(&place, self.bytes_max, &is_whole)?) else {
            return Ok(());
        };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        check_size(|| place.path(), size, self.bytes_max)?;
        Temporary::write(&place, &bytes, &is_whole)?.replace(&place.name)?;
        place
            .folder
            .sync()
            .map_err(|error| unconfirmed(&place, error))
    }
}

fn kept<D: Disk>(
    place: &Place<D>,
    bytes_max: u64,
    is_whole: &dyn Fn(&[u8]) -> bool,
) -> Result<Kept, Error> {
    Ok(match place.read(bytes_max) {
        Ok(None) => Kept::Missing,
        Ok(Some(found)) if is_whole(&found.bytes) => Kept::Whole(found.bytes),
        Ok(Some(_)) | Err(Error::TooLarge { .. }) => Kept::Damaged,
        Err(error) => return Err(error),
    })
}

/// Says that new bytes are in place, but perhaps not for good.
pub(super) fn unconfirmed<D: Disk>(place: &Place<D>, error: Error) -> Error {
    match error {
        Error::Disk { source, .. } => Error::Unconfirmed {
            path: place.path(),
            source,
        },
        error => error,
    }
}
