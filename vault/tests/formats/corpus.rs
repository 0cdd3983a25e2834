//! The files in `testdata/keys`, which real programs made.

use std::fs;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use keyward_vault::PrivateKey;
use keyward_vault::import::{self, ImportError};

/// What everything that is encrypted is encrypted under.
pub(crate) const PASSPHRASE: &[u8] = b"correct horse";

/// Every key there is, by the beginning of its files' names.
pub(crate) const KEYS: [&str; 7] = [
    "ed25519",
    "p256",
    "p384",
    "p521",
    "rsa",
    "sk-ed25519",
    "sk-p256",
];

pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    /// The name of its key, the format, and the variant or nothing.
    pub(crate) fn parts(&self) -> (&str, &str, &str) {
        let (key, rest) = self.name.split_once('.').unwrap();
        let (format, variant) = rest.split_once('.').unwrap_or((rest, ""));
        (key, format, variant)
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        let (_, _, variant) = self.parts();
        ![
            "",
            "parameters",
            "compressed",
            "without-public",
            "certificate",
        ]
        .contains(&variant)
    }

    /// What stands in the `.pub` file of its key.
    pub(crate) fn public_line(&self) -> String {
        public_line(self.parts().0)
    }
}

/// All private key files that can be read, in order of their names.
pub(crate) fn files() -> Vec<File> {
    let names = names().into_iter();
    names
        .map(|name| File {
            bytes: read(&name),
            name,
        })
        .collect()
}

/// The names of those files.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "generate" && name != "refused" && !name.ends_with(".pub"))
        .collect();
    names.sort();
    assert!(names.len() > 70, "only {} files", names.len());
    names
}

pub(crate) fn read(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

pub(crate) fn public_line(key: &str) -> String {
    let line = String::from_utf8(read(&format!("{key}.pub"))).unwrap();
    line.trim_end().to_owned()
}

/// The key of this name, from its plain OpenSSH file.
pub(crate) fn key(name: &str) -> PrivateKey {
    let bytes = read(&format!("{name}.openssh"));
    import::recognise(&bytes).unwrap().open(None).unwrap().key
}

/// A line of a public key without its comment.
pub(crate) fn without_comment(line: &str) -> String {
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys")
}

/// Why a file is refused.
pub(crate) fn error(bytes: &[u8]) -> ImportError {
    match import::recognise(bytes) {
        Ok(found) => found.open(Some(PASSPHRASE)).unwrap_err(),
        Err(error) => error,
    }
}

/// What stands in a file of the corpus, with one text in place of another.
pub(crate) fn replaced(name: &str, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(read(name)).unwrap();
    assert!(text.contains(from), "{name}");
    text.replacen(from, to, 1).into_bytes()
}

/// What stands between the lines of dashes of a file.
pub(crate) fn decoded(name: &str) -> Vec<u8> {
    let text = String::from_utf8(read(name)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    Base64::decode_vec(&lines.collect::<String>()).unwrap()
}

/// Puts bytes into a PEM block.
pub(crate) fn pem(label: &str, bytes: &[u8]) -> Vec<u8> {
    let body = Base64::encode_string(bytes);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").into_bytes()
}

/// Encodes an element of DER.
pub(crate) fn der(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap();
    match length {
        0..0x80 => [&[tag, length], body].concat(),
        _ => [&[tag, 0x81, length], body].concat(),
    }
}
