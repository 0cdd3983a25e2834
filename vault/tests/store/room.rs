//! A folder to work in, with a vault file.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keyward_vault::store::{Error, Outcome, Patience, Store};

use crate::counter;

/// A uid of somebody else.
pub(crate) const STRANGER: u32 = 65534;

/// For tests in which a lock that cannot be had is no reason to wait.
pub(crate) const NO_PATIENCE: Patience = Patience {
    at_most: Duration::ZERO,
    tell: |_| {},
};

pub(crate) struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    /// Makes a folder in which nothing is.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    /// Makes a folder with a vault file that holds the number 0.
    pub(crate) fn new() -> Self {
        let room = Self::empty();
        room.put("vault", &counter::bytes(0));
        room
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.path("vault")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        write(&path, bytes);
        path
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        path
    }

    /// Returns all names in the folder, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    /// Returns the number in the vault file, which has to be whole and the only name of its file.
    pub(crate) fn number(&self) -> u64 {
        let bytes = self.store().read().unwrap().bytes;
        counter::number(&bytes).expect("the vault file is torn")
    }

    /// Returns the number in an older version, which has to be whole if it is there.
    pub(crate) fn older(&self, back: u8) -> Option<u64> {
        let older = self.store().older(back).unwrap()?;
        Some(counter::number(&older.bytes).expect("an older version is torn"))
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.vault(), Patience::default()).unwrap()
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    std::io::Write::write_all(&mut options.open(path).unwrap(), bytes).unwrap();
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Gives away a file, folder or link.
pub(crate) fn chown(path: &Path) {
    std::os::unix::fs::lchown(path, Some(STRANGER), Some(STRANGER)).unwrap();
}

/// Adds one to the number in a vault file.
pub(crate) fn count(path: &Path) -> Result<Outcome, Error> {
    let store = Store::open(path, NO_PATIENCE)?;
    let base = store.read()?.bytes;
    let number = counter::number(&base).unwrap();
    store.save(
        &counter::bytes(number + 1),
        |current| current == base,
        |read| counter::number(read).is_some(),
    )
}

/// A process that adds one to the number, so many times.
pub(crate) fn counting(path: &Path, times: u64) -> Command {
    let mut command = Command::new(program());
    command.arg("count").arg(path).arg(times.to_string());
    command
}

/// The same under `strace`, which injects something.
pub(crate) fn traced(injections: &[String], arguments: &[&OsStr]) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    for injection in injections {
        command.args(["-e", &format!("inject={injection}")]);
    }
    command.arg(program()).args(arguments);
    command
}

pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_keyward-save-alone")
}
