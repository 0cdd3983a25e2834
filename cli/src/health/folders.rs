//! Folders of keys: who may read and write what is in them.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use keyward_vault::import;
use nix::unistd::Uid;

use super::{Kind, Level, Review, certificates, files};
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
    } else {
        files::look(path, &metadata, review);
    }
    Ok(())
}

fn folder(path: &Path, depth: usize, review: &mut Review) {
    let entries = match (fs::metadata(path), fs::read_dir(path)) {
        (Ok(metadata), Ok(entries)) => {
            folder_mode(path, &metadata, review);
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
        if metadata.is_dir() {
            // One that is a link leads elsewhere, or in a circle.
            if depth < DEPTH_MAX && !path.is_symlink() {
                folder(path, depth + 1, review);
            }
        } else if metadata.is_file() {
            file(path, &metadata, review);
        }
    }
}

fn file(path: &Path, metadata: &Metadata, review: &mut Review) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if key_files::is_key(path) {
        files::look(path, metadata, review);
    } else if SETTINGS.contains(&&*name) || name.ends_with(".pub") {
        if metadata.mode() & 0o022 != 0 {
            let message = format!(
                "others may write to it (mode {:04o})",
                metadata.mode() & 0o7777
            );
            let fix = format!("chmod go-w {}", super::quoted(path));
            let about = (Kind::File, &*path.to_string_lossy());
            review.add(Level::Wrong, "file-mode", about, (message, fix));
        }
        if name.ends_with("-cert.pub") {
            certificate(path, review);
        }
    }
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

fn folder_mode(path: &Path, metadata: &Metadata, review: &mut Review) {
    let about = (Kind::Folder, &*path.to_string_lossy());
    let mode = metadata.mode() & 0o7777;
    let fix = format!("chmod 700 {}", super::quoted(path));
    if mode & 0o022 != 0 {
        let message = format!("others may replace what is in it (mode {mode:04o})");
        review.add(Level::Wrong, "folder-mode", about, (message, fix));
    } else if mode & 0o055 != 0 {
        let message = format!("others may see what is in it (mode {mode:04o})");
        review.add(Level::Note, "folder-mode", about, (message, fix));
    }
    owner(metadata, path, about, review);
}

/// Says of a file or folder that it is another user's.
pub(super) fn owner(metadata: &Metadata, path: &Path, about: (Kind, &str), review: &mut Review) {
    let own = Uid::effective();
    if metadata.uid() == own.as_raw() || own.is_root() {
        return;
    }
    let message = format!("it belongs to another user (id {})", metadata.uid());
    let fix = format!("sudo chown {own} {}", super::quoted(path));
    review.add(Level::Wrong, "owner", about, (message, fix));
}
