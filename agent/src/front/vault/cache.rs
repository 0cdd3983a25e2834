//! Which keys the vault has, as noted where an agent finds it after a restart.
//!
//! Whoever opens or changes a vault writes the file; it holds public keys and no names.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use base64ct::{Base64, Encoding};
use rustix::fs::{Mode, OFlags};
use serde::Deserialize;
use thiserror::Error;

use super::message::{FieldError, Id, check_path};

/// The name of the file, beside the audit log.
pub const FILE_NAME: &str = "vault-keys.json";

/// The longest file that is read, in bytes.
pub const FILE_MAX: u64 = 4 << 20;

/// The comment of a key of which only the public part is known.
pub const COMMENT: &[u8] = b"keyward (locked)";

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub struct Cache {
    /// The path of the vault.
    pub path: String,
    /// Its id.
    pub vault: Id,
    /// The blobs of its keys.
    pub blobs: Vec<Vec<u8>>,
}

/// Says why the file is not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CacheError {
    /// It cannot be read; that it is not there is usual.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Somebody else could have written it, and made us ask for the passphrase of another vault.
    #[error("not a plain file of ours with mode 0600")]
    NotOurs,
    /// It is too long.
    #[error("more than {FILE_MAX} bytes")]
    TooLong,
    /// It is not what an unlocker writes.
    #[error("malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Likewise.
    #[error("malformed: {0}")]
    Field(#[from] FieldError),
    /// Likewise.
    #[error("malformed: a key is no public key")]
    Blob,
}

#[derive(Deserialize)]
struct Fields {
    path: String,
    vault: Id,
    keys: Vec<String>,
}

/// Reads the file at `path`; none where there is no file.
///
/// # Errors
/// [`CacheError`] when it is not to be used.
pub fn read(path: &Path) -> Result<Option<Cache>, CacheError> {
    // A pipe in its place would keep the agent from starting.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(CacheError::NotOurs),
        Err(error) => return Err(io::Error::from(error).into()),
    };
    let metadata = file.metadata()?;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_file() || !is_ours || metadata.mode() & 0o777 != 0o600 {
        return Err(CacheError::NotOurs);
    }
    let mut text = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_MAX {
        return Err(CacheError::TooLong);
    }
    parse(&text).map(Some)
}

fn parse(text: &[u8]) -> Result<Cache, CacheError> {
    let fields: Fields = serde_json::from_slice(text)?;
    check_path(&fields.path)?;
    let blobs = fields.keys.iter().map(|key| Base64::decode_vec(key));
    let blobs: Result<_, _> = blobs.collect();
    Ok(Cache {
        path: fields.path,
        vault: fields.vault,
        blobs: blobs.map_err(|_invalid| FieldError::Base64("key"))?,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const GOOD: &str =
        r#"{"path":"/v","vault":"00112233445566778899aabbccddeeff","keys":["AQI="]}"#;

    fn written(text: &[u8], mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn good_file_is_read() {
        let (_folder, path) = written(GOOD.as_bytes(), 0o600);
        let cache = read(&path).unwrap().unwrap();
        assert_eq!(cache.path, "/v");
        assert_eq!(cache.blobs, [[1, 2]]);
    }

    #[test]
    fn no_file_is_no_error() {
        assert!(read(Path::new("/nonexistent/x")).unwrap().is_none());
    }

    #[test]
    fn file_that_others_may_touch_is_refused() {
        for mode in [0o644, 0o660, 0o602, 0o400] {
            let (_folder, path) = written(GOOD.as_bytes(), mode);
            assert!(matches!(read(&path), Err(CacheError::NotOurs)), "{mode:o}");
        }
    }

    #[test]
    fn what_is_no_plain_file_is_refused_without_waiting() {
        let (folder, path) = written(GOOD.as_bytes(), 0o600);
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(matches!(read(&link), Err(CacheError::NotOurs)));
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo")
            .args(["-m", "600"])
            .arg(&pipe)
            .status();
        assert!(made.unwrap().success());
        assert!(matches!(read(&pipe), Err(CacheError::NotOurs)));
        assert!(matches!(read(folder.path()), Err(CacheError::NotOurs)));
    }

    #[test]
    fn malformed_file_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"path":"v","vault":"00112233445566778899aabbccddeeff","keys":[]}"#,
            r#"{"path":"/v","vault":"0011","keys":[]}"#,
            r#"{"path":"/v","vault":"00112233445566778899aabbccddeeff","keys":["%"]}"#,
            r#"{"path":"/v","vault":"00112233445566778899aabbccddeeff","keys":[1]}"#,
        ] {
            let (_folder, path) = written(text.as_bytes(), 0o600);
            let error = read(&path).unwrap_err();
            assert!(
                matches!(error, CacheError::Malformed(_) | CacheError::Field(_)),
                "{text}"
            );
        }
    }

    #[test]
    fn long_file_is_refused() {
        let text = vec![b' '; usize::try_from(FILE_MAX).unwrap() + 1];
        let (_folder, path) = written(&text, 0o600);
        assert!(matches!(read(&path), Err(CacheError::TooLong)));
    }
}
