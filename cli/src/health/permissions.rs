//! Whose files and folders are, and who else may read and write them.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::Uid;

use super::{Kind, Level, Review};

/// Looks at a folder.
pub(super) fn folder(path: &Path, metadata: &Metadata, review: &mut Review) {
    let about = (Kind::Folder, &*path.to_string_lossy());
    let mode = mode(metadata);
    let fix = format!("chmod 700 {}", super::quoted(path));
    // What the names of keys are is nobody's business where they are all a person has there.
    let is_private = path.file_name().is_some_and(|name| name == ".ssh");
    if mode & 0o022 != 0 {
        let message = format!("others may replace what is in it (mode {mode:04o})");
        review.add(Level::Wrong, "folder-mode", about, (message, fix));
    } else if is_private && mode & 0o055 != 0 {
        let message = format!("others may see what is in it (mode {mode:04o})");
        review.add(Level::Note, "folder-mode", about, (message, fix));
    }
    owner(metadata, path, about, review);
}

/// Looks at a file of a private key.
pub(super) fn key_file(path: &Path, metadata: &Metadata, review: &mut Review) {
    let about = (Kind::File, &*path.to_string_lossy());
    let mode = mode(metadata);
    if mode & 0o077 != 0 {
        let message = format!("others than you may read it, or write to it (mode {mode:04o})");
        let fix = format!("chmod 600 {}", super::quoted(path));
        review.add(Level::Wrong, "file-mode", about, (message, fix));
    }
    owner(metadata, path, about, review);
}

/// Looks at a file that others may read.
pub(super) fn shared_file(path: &Path, metadata: &Metadata, review: &mut Review) {
    let about = (Kind::File, &*path.to_string_lossy());
    let mode = mode(metadata);
    if mode & 0o022 != 0 {
        let message = format!("others may write to it (mode {mode:04o})");
        let fix = format!("chmod go-w {}", super::quoted(path));
        review.add(Level::Wrong, "file-mode", about, (message, fix));
    }
    owner(metadata, path, about, review);
}

/// Says of what is neither the person's nor root's that others may change it, as sshd does.
fn owner(metadata: &Metadata, path: &Path, about: (Kind, &str), review: &mut Review) {
    let own = Uid::effective();
    if [own.as_raw(), 0].contains(&metadata.uid()) || own.is_root() {
        return;
    }
    let message = format!("it belongs to another user (id {})", metadata.uid());
    let fix = format!("sudo chown {own} {}", super::quoted(path));
    review.add(Level::Wrong, "owner", about, (message, fix));
}

fn mode(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o7777
}
