//! The files: reading, locking and replacing them so that nothing is ever half there.
//!
//! This is the only part of the crate that touches the file system, and it knows nothing of what is
//! in a file: bytes in, bytes out, and closures that check them.
//!
//! A vault file is replaced whole or not at all. A save takes the lock of `NAME.lock`, reads the
//! file again and compares it with what the caller began with, writes the new bytes to
//! `NAME.tmp-…`, makes them last, reads them back, keeps the old bytes as `NAME.1` (and what was
//! there as `.2` and `.3`), and only then renames the new file over the old. A process killed
//! anywhere, a full or broken disk and a loss of power leave the old bytes or the new ones.
//!
//! A symbolic link of the user's own is followed once and stays: the file behind it is what is
//! replaced. All is done in the folder that was opened and checked at the start; the folders above
//! it are the business of whoever owns them. What others could have put there, or could change, is
//! refused with an [`Error`] that says what was found.
//!
//! [`Store`] is one vault file, [`StateFile`] a small file that the program keeps for itself, [`Copies`] a folder of
//! copies, and [`Disk`] the seam below all of them.
//!
//! ```no_run
//! use std::path::Path;
//! use keyward_vault::store::{Error, Outcome, Patience, Store};
//!
//! # fn merge(bytes: &[u8]) -> Vec<u8> { bytes.to_vec() }
//! # fn is_whole(bytes: &[u8]) -> bool { !bytes.is_empty() }
//! # fn main() -> Result<(), Error> {
//! let store = Store::open(Path::new("/home/me/.local/share/keyward/vault"), Patience::default())?;
//! let mut base = store.read()?.bytes;
//! while let Outcome::Conflict(current) =
//!     store.save(&merge(&base), |current| current == base, is_whole)?
//! {
//!     base = current.bytes;
//! }
//! # Ok(())
//! # }
//! ```

pub mod disk;
pub mod system;
pub mod error;
mod snapshot;
mod folder;
mod place;
mod lock;
mod temporary;
mod versions;
mod state;
mod copies;

use std::path::{Path, PathBuf};

pub use self::copies::Copies;
pub use self::disk::{Disk, Identity, Kind, Stat};
pub use self::error::{Error, Operation};
use self::folder::check_size;
use self::lock::Lock;
pub use self::lock::Patience;
use self::place::Place;
pub use self::snapshot::Snapshot;
use self::state::unconfirmed;
pub use self::state::{Kept, STATE_BYTES_MAX, StateFile};
pub use self::system::System;
use self::temporary::{Temporary, sweep};
pub use self::versions::OLDER_MAX;

/// The longest vault file, in bytes: far above any real one, and what a wrong path costs at most.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// What a save came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The file is not the one the caller began with, and nothing was written. This is what it
    /// holds now: merge the change into it and save again.
    Conflict(Snapshot),
    /// The new bytes are in place and will last.
    Saved,
}

/// One vault file at its place.
///
/// Open it anew for each command: it stays with the folder that it found, even when the person
/// moves their link elsewhere.
#[derive(Debug)]
pub struct Store<D: Disk = System> {
    place: Place<D>,
    patience: Patience,
}

impl Store {
    /// Finds the file at `path`, in a folder that exists. The file itself may be missing.
    ///
    /// # Errors
    /// [`Error`] when the folder is missing or not safe, and for links that are not followed.
    pub fn open(path: &Path, patience: Patience) -> Result<Self, Error> {
        Self::open_on(&System, path, patience)
    }

    /// As [`Store::open`], but makes the folders that are missing, for the user only (mode 0700).
    /// Nothing is made behind a link.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn prepare(path: &Path, patience: Patience) -> Result<Self, Error> {
        let place = Place::prepared(&System, path)?;
        Ok(Self { place, patience })
    }
}

impl<D: Disk> Store<D> {
    /// As [`Store::open`], on any disk.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn open_on(disk: &D, path: &Path, patience: Patience) -> Result<Self, Error> {
        let place = Place::existing(disk, path)?;
        Ok(Self { place, patience })
    }

    /// Returns the path of the file itself, which differs from that of a link to it.
    pub fn path(&self) -> PathBuf {
        self.place.path()
    }

    /// Reads the file whole. It needs no lock: a save is never seen half done.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::TooLarge`], and [`Error`] for a file that is not the user's own
    /// alone or that the disk does not give.
    pub fn read(&self) -> Result<Snapshot, Error> {
        match self.current() {
            // Where files cannot be moved to a free name in one step, a process killed while
            // creating the file leaves it with a second, temporary name.
            Err(Error::HardLinks { path, links }) => {
                let Ok(_lock) = Lock::take(&self.place, self.patience) else {
                    return Err(Error::HardLinks { path, links });
                };
                sweep(&self.place);
                self.current()
            }
            result => result,
        }
    }

    /// Reads an older version, `back` saves before the current one (1 to [`OLDER_MAX`]), or returns
    /// `None` if none is kept.
    ///
    /// # Errors
    /// As for [`Store::read`].
    pub fn older(&self, back: u8) -> Result<Option<Snapshot>, Error> {
        if !(1..=OLDER_MAX).contains(&back) {
            return Ok(None);
        }
        let name = versions::name(&self.place, back);
        self.place.folder.read(&name, FILE_BYTES_MAX)
    }

    /// Writes a file where there is none.
    ///
    /// `is_whole` is asked for its consent to what was read back from the disk.
    ///
    /// # Errors
    /// [`Error::Exists`] when anything has the name, even if it came that moment, and [`Error`]
    /// when the lock is not to be had or the disk fails. Nothing is created then, except with
    /// [`Error::Unconfirmed`].
    pub fn create(&self, bytes: &[u8], is_whole: impl Fn(&[u8]) -> bool) -> Result<(), Error> {
        let Place { folder, name } = &self.place;
        self.check_size(bytes)?;
        let _lock = Lock::take(&self.place, self.patience)?;
        sweep(&self.place);
        if folder.stat(name)?.is_some() {
            let path = self.path();
            return Err(Error::Exists { path });
        }
        Temporary::write(&self.place, bytes, &is_whole)?.place(name)?;
        self.confirm(|| folder.remove(name))
    }

    /// Replaces the file by `bytes` if it is still the one the caller began with.
    ///
    /// `is_base` is shown the current bytes and says whether they are; `is_whole` is asked for its
    /// consent to what was read back from the disk. Both are asked with the lock held, and so
    /// must not take long.
    ///
    /// # Errors
    /// [`Error`] when the file is missing or not the user's own alone, when the lock is not to be
    /// had and when the disk fails. The file is then as it was, except with
    /// [`Error::Unconfirmed`].
    pub fn save(
        &self,
        bytes: &[u8],
        is_base: impl Fn(&[u8]) -> bool,
        is_whole: impl Fn(&[u8]) -> bool,
    ) -> Result<Outcome, Error> {
        let Place { folder, name } = &self.place;
        self.check_size(bytes)?;
        let _lock = Lock::take(&self.place, self.patience)?;
        sweep(&self.place);
        let base = self.current()?;
        if !is_base(&base.bytes) {
            return Ok(Outcome::Conflict(base));
        }
        let new = Temporary::write(&self.place, bytes, &is_whole)?;
        versions::keep(&self.place, &base.bytes)?;
        // Editors and programs that synchronise folders know nothing of the lock.
        if folder.stat(name)?.map(|stat| stat.identity) != Some(base.identity) {
            return Ok(Outcome::Conflict(self.current()?));
        }
        new.replace(name)?;
        self.confirm(|| versions::take_back(&self.place))?;
        Ok(Outcome::Saved)
    }

    /// Makes the new name last, or else undoes it: what was reported as failed must not be there.
    fn confirm(&self, undo: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        self.place.folder.sync().map_err(|error| match undo() {
            Ok(()) => error,
            Err(_) => unconfirmed(&self.place, error),
        })
    }

    fn current(&self) -> Result<Snapshot, Error> {
        let found = self.place.read(FILE_BYTES_MAX)?;
        found.ok_or_else(|| Error::Missing { path: self.path() })
    }

    fn check_size(&self, bytes: &[u8]) -> Result<(), Error> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        check_size(|| self.path(), size, FILE_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests;
