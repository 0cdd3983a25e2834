//! Secrets in files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use keyward_vault::Secret;

use super::{AskError, SECRET_MAX};

/// Reads the secret in the file at `path`, `-` for standard input, without one line end at its end.
pub(super) fn read(path: &Path) -> Result<Secret<Vec<u8>>, AskError> {
    let failed = |source| AskError::File {
        path: path.to_path_buf(),
        source,
    };
    let mut bytes = Secret::new(Vec::with_capacity(SECRET_MAX + 1));
    let limit = u64::try_from(SECRET_MAX + 1).unwrap_or(u64::MAX);
    if path == Path::new("-") {
        io::stdin()
            .lock()
            .take(limit)
            .read_to_end(bytes.expose_mut())
    } else {
        let file = File::open(path).map_err(failed)?;
        file.take(limit).read_to_end(bytes.expose_mut())
    }
    .map_err(failed)?;
    if bytes.expose().len() > SECRET_MAX {
        return Err(AskError::TooLong(path.to_path_buf()));
    }
    let secret = bytes.expose_mut();
    if secret.last() == Some(&b'\n') {
        secret.pop();
        if secret.last() == Some(&b'\r') {
            secret.pop();
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &[u8]) -> Result<Vec<u8>, AskError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, content).unwrap();
        read(&path).map(|secret| secret.expose().clone())
    }

    #[test]
    fn one_line_end_is_not_part_of_the_secret() {
        for content in ["hunter 2", "hunter 2\n", "hunter 2\r\n"] {
            assert_eq!(of(content.as_bytes()).unwrap(), b"hunter 2");
        }
        assert_eq!(of(b"hunter 2\n\n").unwrap(), b"hunter 2\n");
        assert_eq!(of(b"\xff\0").unwrap(), b"\xff\0");
    }

    #[test]
    fn refuses_what_is_too_long_and_what_is_not_there() {
        assert!(of(&[b'a'; SECRET_MAX]).is_ok());
        assert!(matches!(
            of(&[b'a'; SECRET_MAX + 1]),
            Err(AskError::TooLong(_))
        ));
        let missing = read(Path::new("/nonexistent/secret"));
        assert!(matches!(missing, Err(AskError::File { .. })));
    }
}
