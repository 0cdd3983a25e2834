//! A whole file, as it was at one moment.

use std::io;

use super::disk::{Disk, Identity};

/// The content of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Snapshot {
    /// All its bytes.
    pub bytes: Vec<u8>,
    /// Which content it was.
    pub identity: Identity,
}

/// Reads an open file from its start, or returns `None` if its length is not `size` after all.
///
/// No more memory is taken than a file of that length needs.
pub(super) fn read_whole<D: Disk>(
    disk: &D,
    file: &D::File,
    size: u64,
) -> io::Result<Option<Vec<u8>>> {
    let size = usize::try_from(size).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut bytes = Vec::new();
    // One byte more tells a file that is longer.
    bytes
        .try_reserve_exact(size.saturating_add(1))
        .map_err(|_| io::ErrorKind::OutOfMemory)?;
    while bytes.len() <= size && retry(|| disk.read(file, &mut bytes))? > 0 {}
    Ok((bytes.len() == size).then_some(bytes))
}

/// Repeats what a signal interrupted.
///
/// Only for calls that change nothing when interrupted: never for `fsync(2)`.
pub(super) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
