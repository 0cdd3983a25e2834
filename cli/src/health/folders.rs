//! Folders of keys: who may read and write what is in them.

use std::fs::{self, Metadata};
use std::path::Path;

use keyward_vault::import;

use super::{Kind, Review, certificates, files, permissions};
use crate::error::Error;
use crate::vault::files as content;
use crate::vault::key_files;

/// How deep folders are looked into.
const DEPTH_MAX: usize = 4;

/// How many files of a folder are looked at.
const FILES_MAX: usize = 10_000;

/// What ssh and sshd read beside keys: who writes to them decides where a person goes, and who comes in.
const SETTINGS: [&str; 5] = [
    "config",
    "authorized_keys",
    "authorized_keys2",
    "known_hosts",
    "rc",
];

/// Looks at a file that the person named, or at a folder and what is in it.
pub(super) fn look(path: &Path, review: &mut Review) -> Result<(), Error> {
    let failed = |source| Error::File {
        path: path.to_path_buf(),
        source,
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        fs::read_dir(path).map_err(failed)?;
        folder(path, 0, review);
    } else if !file(path, &metadata, review) {
        review.leave_out(path.display(), "it holds no private key");
    }
    Ok(())
}

fn folder(path: &Path, depth: usize, review: &mut Review) {
    let entries = match (fs::metadata(path), fs::read_dir(path)) {
        (Ok(metadata), Ok(entries)) => {
            permissions::folder(path, &metadata, review);
            entries
        }
        (Err(error), _) | (_, Err(error)) => {
            return review.leave_out(path.display(), crate::output::reason(&error));
        }
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    // The file itself is named, and not a link to it.
    paths.sort_by_key(|path| (path.is_symlink(), path.clone()));
    if paths.len() > FILES_MAX {
        review.leave_out(path.display(), format!("more than {FILES_MAX} files"));
    }
    for path in paths.iter().take(FILES_MAX) {
        let Ok(metadata) = fs::metadata(path) else {
            continue;
        };
        match () {
            // One that is a link leads elsewhere, or in a circle.
            () if metadata.is_dir() && path.is_symlink() => {}
            () if metadata.is_dir() && depth == DEPTH_MAX => {
                review.leave_out(path.display(), format!("it is {DEPTH_MAX} folders deep"));
            }
            () if metadata.is_dir() => folder(path, depth + 1, review),
            () => drop(file(path, &metadata, review)),
        }
    }
}

/// Looks at a file; `false` for one that is of no interest.
fn file(path: &Path, metadata: &Metadata, review: &mut Review) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !metadata.is_file() {
        return false;
    }
    match key_files::is_key(path) {
        Ok(true) => {
            files::look(path, metadata, review);
            return true;
        }
        Ok(false) => {}
        Err(error) => {
            review.leave_out(path.display(), crate::output::reason(&error));
            return true;
        }
    }
    let is_public = name.ends_with(".pub");
    if name.ends_with("-cert.pub") {
        certificate(path, review);
    }
    if is_public || SETTINGS.contains(&&*name) {
        permissions::shared_file(path, metadata, review);
    }
    is_public || SETTINGS.contains(&&*name)
}

fn certificate(path: &Path, review: &mut Review) {
    let read = content::read(path).ok();
    let certificate = read.and_then(|bytes| import::certificate(&bytes).ok());
    match certificate {
        Some(certificate) => {
            let about = (Kind::File, &*path.to_string_lossy());
            certificates::look(&certificate, about, review);
        }
        None => review.leave_out(path.display(), "it is no certificate that can be read"),
    }
}
