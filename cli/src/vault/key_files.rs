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

/// Returns the files of a folder that hold a private key, in the order of their names.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.take(FILES_MAX) {
        let path = entry?.path();
        if path.is_file() && is_key(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Says whether a file holds a private key, as its beginning has it. One that cannot be read holds none.
pub(crate) fn is_key(path: &Path) -> bool {
    let head = files::head(path, HEAD).unwrap_or_default();
    let has = |mark: &[u8]| head.windows(mark.len()).any(|window| window == mark);
    MARKS.iter().any(|mark| has(mark))
}
