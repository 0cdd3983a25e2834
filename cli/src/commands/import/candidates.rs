//! The files that an import is about.

use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use keyward_vault::import;
use keyward_vault::key::PrivateKey;

use crate::error::Error;
use crate::vault::{files, key_files};

/// What the names of key files end in.
const ENDINGS: [&str; 5] = ["key", "pem", "p8", "pk8", "ppk"];

/// The longest name of a key that is made of a file's, in bytes: a number behind it has to fit into what the format takes.
const STEM_MAX: usize = 100;

/// One file that looks like a private key, or was named by the person.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Where it is.
    pub(super) path: PathBuf,
}

/// Returns the files at `paths`, and for folders those in them that hold a private key.
pub(super) fn find<'a>(
    paths: impl Iterator<Item = &'a PathBuf>,
    failed: &mut dyn FnMut(&Path, Error),
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(Candidate { path: path.clone() });
            continue;
        }
        match key_files::in_folder(path).map(|found| found.paths) {
            Ok(files) if files.is_empty() => failed(
                path,
                Error::NoKeyFiles {
                    folder: path.clone(),
                },
            ),
            Ok(files) => found.extend(files.into_iter().map(|path| Candidate { path })),
            Err(source) => failed(
                path,
                Error::File {
                    path: path.clone(),
                    source,
                },
            ),
        }
    }
    found
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

    /// Returns the comment of the public line beside the file, if it is of this key: most formats have no other.
    pub(super) fn comment(&self, key: &PrivateKey) -> Option<Vec<u8>> {
        let mut name = self.path.clone().into_os_string();
        name.push(".pub");
        let text = files::read(&PathBuf::from(name)).ok()?;
        let mut words = text.trim_ascii().splitn(3, |byte| *byte == b' ');
        let (_, blob) = (words.next()?, words.next()?);
        let blob = Base64::decode_vec(core::str::from_utf8(blob).ok()?).ok()?;
        let comment = words.next()?.split(|byte| *byte == b'\n').next()?;
        (blob == key.public_blob()).then(|| comment.to_vec())
    }

    /// Returns the file's name without the ending of a key file, as a name for the key.
    pub(super) fn stem(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        let name = name.to_string_lossy();
        let mut name = name.replace(char::is_control, "");
        name.truncate(name.floor_char_boundary(STEM_MAX));
        // What else follows a dot may be part of a host's name.
        match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() && is_ending(ending) => stem.to_owned(),
            _ => name,
        }
    }
}

fn is_ending(text: &str) -> bool {
    ENDINGS.iter().any(|known| text.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_the_endings_of_key_files_only() {
        let stem = |path: &str| {
            let path = PathBuf::from(path);
            Candidate { path }.stem()
        };
        assert_eq!(stem("/home/me/.ssh/id_ed25519"), "id_ed25519");
        assert_eq!(stem("work.PEM"), "work");
        assert_eq!(stem("a.b.ppk"), "a.b");
        assert_eq!(stem("github.com"), "github.com");
        assert_eq!(stem(".pem"), ".pem");
        assert_eq!(stem("a\nb"), "ab");
        assert_eq!(stem(&"\u{20ac}".repeat(80)), "\u{20ac}".repeat(33));
    }
}
