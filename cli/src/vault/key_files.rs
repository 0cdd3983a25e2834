//! Which files of a folder hold private keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files;

/// Files of a folder that are looked at, or it would never end.
const FILES_MAX: usize = 10_000;

/// How much of a file tells whether it is a private key, in bytes.
const HEAD: usize = 4096;

/// What private key files begin with or have near their beginning.
const MARKS: [&[u8]; 2] = [b"PRIVATE KEY-----", b"PuTTY-User-Key-File-"];

/// What was found in a folder.
#[derive(Debug, Default)]
pub(crate) struct KeyFiles {
    /// The files that hold a private key, in the order of their names.
    pub(crate) paths: Vec<PathBuf>,
    /// Whether everything in the folder could be looked at.
    pub(crate) is_whole: bool,
}

/// Looks for files that hold a private key.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn in_folder(folder: &Path) -> io::Result<KeyFiles> {
    let mut paths = Vec::new();
    let mut entries = fs::read_dir(folder)?;
    let mut is_whole = true;
    for entry in entries.by_ref().take(FILES_MAX) {
        let path = entry?.path();
        match path.is_file().then(|| is_key(&path)) {
            Some(Ok(true)) => paths.push(path),
            Some(Err(_)) => is_whole = false,
            _ => {}
        }
    }
    is_whole &= entries.next().is_none();
    paths.sort();
    Ok(KeyFiles { paths, is_whole })
}

/// Says whether a file holds a private key, as its beginning has it.
///
/// # Errors
/// It cannot be read.
pub(crate) fn is_key(path: &Path) -> io::Result<bool> {
    let head = files::head(path, HEAD)?;
    let has = |mark: &[u8]| head.windows(mark.len()).any(|window| window == mark);
    Ok(MARKS.iter().any(|mark| has(mark)))
}
