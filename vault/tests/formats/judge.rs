//! The programs that judge: they have to be there.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder with files that only their owner reads, as `ssh-keygen` wants them.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }
}

/// What `ssh-keygen -y` makes of a private key file: its public key, and a comment where the format has one.
pub(crate) fn ssh_keygen(path: &Path, passphrase: &str) -> String {
    run(Command::new("ssh-keygen")
        .args(["-y", "-P", passphrase, "-f"])
        .arg(path))
}

/// What `puttygen -L` makes of a private key file: its public key and comment.
pub(crate) fn puttygen(path: &Path, passphrase: &str) -> String {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(passphrase.as_bytes()).unwrap();
    run(Command::new("puttygen")
        .arg(path)
        .arg("-L")
        .arg("--old-passphrase")
        .arg(file.path()))
}

/// The public key in a private key file, in the form of RFC 5280 that `openssl pkey -pubout` writes.
pub(crate) fn openssl(path: &Path, passphrase: &str) -> String {
    run(Command::new("openssl")
        .args(["pkey", "-pubout", "-passin"])
        .arg(format!("pass:{passphrase}"))
        .arg("-in")
        .arg(path))
}

/// Says whether OpenSSL finds that the numbers of a private key belong together.
pub(crate) fn openssl_check(path: &Path) -> String {
    run(Command::new("openssl")
        .args(["pkey", "-check", "-noout", "-in"])
        .arg(path))
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}
