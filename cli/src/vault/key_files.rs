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
/// The folder cannot be read. A file that cannot be read is none.
pub(crate) fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.take(FILES_MAX) {
        let path = entry?.path();
        let head = path.is_file().then(|| files::head(&path, HEAD).ok());
        if head.flatten().is_some_and(|head| is_key(&head)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_key(head: &[u8]) -> bool {
    let has = |mark: &[u8]| head.windows(mark.len()).any(|window| window == mark);
    MARKS.iter().any(|mark| has(mark))
}
