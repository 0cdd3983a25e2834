//! New files, under a name of their own until they are whole.

use std::ffi::OsString;
use std::fmt::Write;

use super::disk::{Disk, Kind};
use super::error::{Error, Operation};
use super::folder::Folder;
use super::place::Place;
use super::snapshot::retry;

/// What follows the name of the file in that of its temporary ones, before the digits.
const MARK: &str = "tmp-";

/// The hexadecimal digits after it.
const DIGITS: usize = 16;

/// How many names are tried: eight random bytes do not meet an existing file twice.
const NAMES_MAX: usize = 8;

/// A file that is written, made to last and read back, and that goes away unless it gets its name.
#[derive(Debug)]
pub(super) struct Temporary<'a, D: Disk> {
    folder: &'a Folder<D>,
    name: OsString,
    is_placed: bool,
}

impl<'a, D: Disk> Temporary<'a, D> {
    /// Writes a file beside a place.
    ///
    /// After a failed `fsync(2)` the file is thrown away and the call never repeated: the kernel
    /// has marked the lost pages clean, and a second call would report success ("fsyncgate",
    /// PostgreSQL 2018; Rebello et al., "Can Applications Recover from fsync Failures?", USENIX
    /// ATC 2020).
    pub(super) fn write(
        place: &'a Place<D>,
        bytes: &[u8],
        is_whole: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Self, Error> {
        let (temporary, file) = Self::create(place)?;
        let Self { folder, name, .. } = &temporary;
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = retry(|| folder.disk().write(&file, rest));
            let count = count.map_err(folder.failed(Operation::Write, name))?;
            if count == 0 {
                let full = std::io::ErrorKind::WriteZero.into();
                return Err(folder.failed(Operation::Write, name)(full));
            }
            rest = rest.get(count..).unwrap_or_default();
        }
        let synced = folder.disk().sync(&file);
        synced.map_err(folder.failed(Operation::Sync, name))?;
        drop(file);
        temporary.compare(bytes, is_whole)?;
        Ok(temporary)
    }

    /// Gives the file its name, in place of what had it.
    pub(super) fn replace(mut self, name: &OsString) -> Result<(), Error> {
        self.folder.rename(&self.name, name)?;
        self.is_placed = true;
        Ok(())
    }

    /// Gives the file its name, which nothing may have.
    pub(super) fn place(mut self, name: &OsString) -> Result<(), Error> {
        self.folder.rename_new(&self.name, name)?;
        self.is_placed = true;
        Ok(())
    }

    fn create(place: &'a Place<D>) -> Result<(Self, D::File), Error> {
        let folder = &place.folder;
        for _ in 0..NAMES_MAX {
            let number = retry(|| folder.disk().random());
            let number = number.map_err(folder.failed(Operation::Random, &place.name))?;
            let mut suffix = MARK.to_owned();
            for byte in number {
                // Writing into a string does not fail.
                let _ = write!(suffix, "{byte:02x}");
            }
            let name = place.beside(&suffix);
            if let Some(file) = folder.create(&name)? {
                let temporary = Self {
                    folder,
                    name,
                    is_placed: false,
                };
                return Ok((temporary, file));
            }
        }
        let path = place.folder.path(&place.beside(MARK));
        Err(Error::Exists { path })
    }

    /// Reads back, through a new handle, what was written.
    ///
    /// Disks over quota, network file systems and bad memory have been seen to accept a write and
    /// keep something else; here the old file is still there.
    fn compare(&self, bytes: &[u8], is_whole: &dyn Fn(&[u8]) -> bool) -> Result<(), Error> {
        let file = self.folder.open_file(&self.name)?;
        let limit = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let read = match self.folder.read_open(&self.name, &file, limit) {
            Err(Error::TooLarge { .. }) => None,
            result => result?,
        };
        let path = self.folder.path(&self.name);
        match read {
            Some(read) if read.bytes == bytes => {
                let is_accepted = is_whole(&read.bytes);
                is_accepted.then_some(()).ok_or(Error::Rejected { path })
            }
            _ => Err(Error::Differs { path }),
        }
    }
}

impl<D: Disk> Drop for Temporary<'_, D> {
    fn drop(&mut self) {
        if !self.is_placed {
            // What stays because of a failure here is removed by the next save.
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// Removes what killed writers left. The lock must be held: it says that none of them is at work.
///
/// A failure here is none of the save's: if it matters, the save will meet it itself.
pub(super) fn sweep<D: Disk>(place: &Place<D>) {
    let prefix = place.beside(MARK);
    for name in place.folder.list(&prefix).unwrap_or_default() {
        if is_ours(place, &prefix, &name) {
            let _ = place.folder.remove(&name);
        }
    }
}

fn is_ours<D: Disk>(place: &Place<D>, prefix: &OsString, name: &OsString) -> bool {
    let digits = name
        .as_encoded_bytes()
        .strip_prefix(prefix.as_encoded_bytes());
    let is_digit = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let is_named = digits.is_some_and(|it| it.len() == DIGITS && it.iter().all(is_digit));
    let user = place.folder.disk().user();
    let is_own_file = || match place.folder.stat(name) {
        Ok(Some(stat)) => stat.kind == Kind::File && stat.owner == user,
        _ => false,
    };
    is_named && is_own_file()
}
