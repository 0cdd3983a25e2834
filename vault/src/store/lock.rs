//! Who may write: one process at a time.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::disk::Disk;
use super::error::{Error, Operation};
use super::place::Place;
use super::snapshot::retry;

/// How often a lock that somebody else has is tried.
const POLL: Duration = Duration::from_millis(3);

/// How long to wait for a lock, and whom to tell.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long to wait at most; a save takes milliseconds.
    pub at_most: Duration,
    /// Is called once when the wait begins, with the process that is waited for if it is known.
    pub tell: fn(Option<u32>),
}

impl Default for Patience {
    /// Ten seconds, in silence.
    fn default() -> Self {
        Self {
            at_most: Duration::from_secs(10),
            tell: |_| {},
        }
    }
}

/// A lock, which ends when it is dropped and when the process dies.
///
/// It is on a file beside, which is never removed: a lock on the file itself would die with the
/// first rename over it, and a lock file that is removed can be locked by two at once.
#[derive(Debug)]
pub(super) struct Lock<D: Disk> {
    _file: D::File,
}

impl<D: Disk> Lock<D> {
    /// Takes the lock of a place, whose folder it checks once more.
    pub(super) fn take(place: &Place<D>, patience: Patience) -> Result<Self, Error> {
        place.folder.check()?;
        let started = Instant::now();
        let mut has_told = false;
        loop {
            let file = open(place)?;
            if try_lock(place, &file)? && is_current(place, &file)? {
                return Ok(Self { _file: file });
            }
            let waited = started.elapsed();
            if waited >= patience.at_most {
                return Err(Error::Busy {
                    path: place.path(),
                    holder: place.folder.disk().lock_holder(&file),
                    waited,
                });
            }
            if !has_told {
                (patience.tell)(place.folder.disk().lock_holder(&file));
                has_told = true;
            }
            thread::sleep(POLL.min(patience.at_most - waited));
        }
    }
}

fn open<D: Disk>(place: &Place<D>) -> Result<D::File, Error> {
    let name = place.beside("lock");
    if let Some(found) = place.folder.stat(&name)? {
        place.folder.check_file(&name, &found)?;
    }
    let file = place.folder.open_lock(&name)?;
    let found = place.folder.stat_file(&name, &file)?;
    place.folder.check_file(&name, &found)?;
    Ok(file)
}

fn try_lock<D: Disk>(place: &Place<D>, file: &D::File) -> Result<bool, Error> {
    let failed = |path: PathBuf| {
        move |source| Error::Disk {
            operation: Operation::Lock,
            path,
            source,
        }
    };
    let path = place.folder.path(&place.beside("lock"));
    retry(|| place.folder.disk().try_lock(file)).map_err(failed(path))
}

/// Says whether the file that is locked still has its name: a tidy person may have removed it, and
/// the next process then locks another one.
fn is_current<D: Disk>(place: &Place<D>, file: &D::File) -> Result<bool, Error> {
    let name = place.beside("lock");
    let own = place.folder.stat_file(&name, file)?.identity;
    let named = place.folder.stat(&name)?;
    Ok(named.is_some_and(|named| {
        (named.identity.device, named.identity.inode) == (own.device, own.inode)
    }))
}
