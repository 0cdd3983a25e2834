//! The last versions before the current one: `NAME.1`, the newest, to `NAME.3`.

use std::ffi::OsString;

use super::disk::Disk;
use super::error::Error;
use super::place::Place;
use super::temporary::Temporary;

/// How many older versions are kept.
pub const OLDER_MAX: u8 = 3;

/// Returns the name of a version, by how many saves it is older than the current one.
pub(super) fn name<D: Disk>(place: &Place<D>, back: u8) -> OsString {
    place.beside(&back.to_string())
}

/// Keeps `current`, the bytes of the current file, as the newest of the older versions.
///
/// As a copy and not as a second name of the same file: the current file then has one name at every
/// moment, so that a second one is always somebody else's, and file systems without hard links
/// will do. A save that failed after this step has its version kept already; it is not kept twice,
/// or a disk that fails a few saves would push out all the others.
pub(super) fn keep<D: Disk>(place: &Place<D>, current: &[u8]) -> Result<(), Error> {
    if is_newest(place, current)? {
        return Ok(());
    }
    let copy = Temporary::write(place, current, &|_| true)?;
    make_room(place)?;
    copy.replace(&name(place, 1))
}

/// Puts the newest of the older versions in the place of the current one.
pub(super) fn take_back<D: Disk>(place: &Place<D>) -> Result<(), Error> {
    place.folder.rename(&name(place, 1), &place.name)
}

fn is_newest<D: Disk>(place: &Place<D>, current: &[u8]) -> Result<bool, Error> {
    let newest = name(place, 1);
    let size = u64::try_from(current.len()).unwrap_or(u64::MAX);
    match place.folder.stat(&newest)? {
        Some(stat) if stat.identity.size == size => {}
        _ => return Ok(false),
    }
    // One that cannot be read, whatever the reason, is another one.
    let newest = place.folder.read(&newest, size);
    Ok(newest.is_ok_and(|newest| newest.is_some_and(|newest| newest.bytes == current)))
}

/// Moves each version on by one, up to the first gap; without a gap, the oldest is replaced.
fn make_room<D: Disk>(place: &Place<D>) -> Result<(), Error> {
    let mut last = OLDER_MAX;
    for back in 1..OLDER_MAX {
        if place.folder.stat(&name(place, back))?.is_none() {
            last = back;
            break;
        }
    }
    for back in (1..last).rev() {
        let (from, to) = (name(place, back), name(place, back + 1));
        place.folder.rename(&from, &to)?;
    }
    Ok(())
}
