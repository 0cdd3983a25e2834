//! The files that an import is about.

use std::fs;
use std::path::{Path, PathBuf};

use keyward_vault::import;
use keyward_vault::key::PrivateKey;

use crate::error::Error;
use crate::vault::files;

/// Files that a folder may hold, or an import would never end.
const FILES_MAX: usize = 10_000;

/// How much of a file tells whether it is a private key, in bytes.
const HEAD: usize = 4096;

/// What private key files begin with or have near their beginning.
const MARKS: [&[u8]; 2] = [b"PRIVATE KEY-----", b"PuTTY-User-Key-File-"];

/// One file that looks like a private key, or was named by the person.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Where it is.
    pub(super) path: PathBuf,
}

/// Returns the files at `paths`, and for folders those in them that hold a private key.
pub(super) fn find<'a>(
    paths: impl Iterator<Item = &'a PathBuf>,
    failed: &mut dyn FnMut(&Path, &Error),
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(Candidate { path: path.clone() });
            continue;
        }
        match in_folder(path) {
            Ok(files) if files.is_empty() => failed(
                path,
                &Error::NoKeyFiles {
                    folder: path.clone(),
                },
            ),
            Ok(files) => found.extend(files.into_iter().map(|path| Candidate { path })),
            Err(source) => failed(
                path,
                &Error::File {
                    path: path.clone(),
                    source,
                },
            ),
        }
    }
    found
}

fn in_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.take(FILES_MAX) {
        let path = entry?.path();
        let head = path.is_file().then(|| files::head(&path, HEAD).ok());
        let is_key = |head: &Vec<u8>| {
            MARKS
                .iter()
                .any(|mark| head.windows(mark.len()).any(|window| window == *mark))
        };
        if head.flatten().as_ref().is_some_and(is_key) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Candidate {
    /// Returns the certificate that lies beside the file, if it is for this key.
    pub(super) fn certificate(&self, key: &PrivateKey) -> Result<Option<Vec<u8>>, Error> {
        let mut name = self.path.clone().into_os_string();
        name.push("-cert.pub");
        let path = PathBuf::from(name);
        if !path.is_file() {
            return Ok(None);
        }
        let certificate = import::certificate(&files::read(&path)?)?;
        if certificate.public_key().blob() != key.public_blob() {
            return Err(Error::CertificateOfAnother { path });
        }
        Ok(Some(certificate.blob().to_vec()))
    }

    /// Returns the file's name without its ending, as a name for the key.
    pub(super) fn stem(&self) -> String {
        let stem = self.path.file_stem().unwrap_or(self.path.as_os_str());
        stem.to_string_lossy()
            .chars()
            .filter(|letter| !letter.is_control())
            .collect()
    }
}
