//! The files in `testdata/keys`, which real programs made.

use std::fs;
use std::path::{Path, PathBuf};

use keyward_vault::import;
use keyward_vault::{PrivateKey, PublicKey};

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
    pub(crate) path: PathBuf,
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
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.file_name().unwrap() != "generate")
        .filter(|path| path.extension().unwrap() != "pub")
        .map(|path| File {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            bytes: fs::read(&path).unwrap(),
            path,
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(files.len() > 70, "only {} files", files.len());
    files
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

pub(crate) fn plain_line(key: &PublicKey) -> String {
    key.line(b"")
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys")
}
