//! Files of the person's beside the vault: key files, certificates, recovery codes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::Error;

/// The longest file that is read, in bytes.
const FILE_MAX: usize = 1 << 20;

/// Reads a file whole.
///
/// # Errors
/// What the system said, or that it is longer than 1 MiB.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    read_up_to(path, FILE_MAX)
}

/// Reads a file whole, of `bytes_max` bytes at most.
///
/// # Errors
/// What the system said, or that it is longer.
pub(crate) fn read_up_to(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let bytes = head(path, bytes_max + 1).map_err(|source| failed(path, source))?;
    if bytes.len() > bytes_max {
        return Err(Error::FileTooLong {
            path: path.to_path_buf(),
        });
    }
    Ok(bytes)
}

/// Reads the beginning of a regular file, `length` bytes at most.
///
/// # Errors
/// What the system said; a file of another kind is an error, so that none is waited for.
pub(crate) fn head(path: &Path, length: usize) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        // A named pipe without a writer would be waited for.
        .custom_flags(nonblocking())
        .open(path)?;
    if !file.metadata()?.is_file()
        && !path.starts_with("/dev/fd")
        && path != Path::new("/dev/stdin")
    {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let limit = u64::try_from(length).unwrap_or(u64::MAX);
    let mut bytes = Vec::with_capacity(4096);
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses a path where something is.
///
/// # Errors
/// [`Error::Exists`].
pub(crate) fn refuse_existing(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Ok(_) => Err(Error::Exists {
            path: path.to_path_buf(),
        }),
        Err(_) => Ok(()),
    }
}

/// Writes a new file with mode 0600.
///
/// # Errors
/// [`Error::Exists`] when something is there, or what the system said. No part of it stays then.
pub(crate) fn create_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    create(path, content, 0o600)
}

/// Writes a new file with mode 0644.
///
/// # Errors
/// As for [`create_private`].
pub(crate) fn create_public(path: &Path, content: &[u8]) -> Result<(), Error> {
    create(path, content, 0o644)
}

fn create(path: &Path, content: &[u8], mode: u32) -> Result<(), Error> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists {
                path: path.to_path_buf(),
            },
            _ => failed(path, source),
        })?;
    write(&mut file, content).map_err(|source| {
        // Half a key file would be taken for a whole one.
        let _ = std::fs::remove_file(path);
        failed(path, source)
    })
}

fn write(file: &mut File, content: &[u8]) -> io::Result<()> {
    file.write_all(content)?;
    file.sync_all()
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.to_path_buf(),
        source,
    }
}

fn nonblocking() -> i32 {
    i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_new_and_have_their_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_private(&path, b"secret").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap(), b"secret");
        assert!(matches!(
            create_public(&path, b"other"),
            Err(Error::Exists { .. })
        ));
        assert!(matches!(refuse_existing(&path), Err(Error::Exists { .. })));
        assert_eq!(read(&path).unwrap(), b"secret");
    }

    #[test]
    fn a_folder_and_a_long_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(Error::File { .. })));
        let path = folder.path().join("long");
        std::fs::write(&path, vec![0; FILE_MAX + 1]).unwrap();
        assert!(matches!(read(&path), Err(Error::FileTooLong { .. })));
    }
}
