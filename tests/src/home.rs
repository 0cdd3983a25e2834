//! A home of its own for every test.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Where commands are looked for; `sbin` has sshd.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A folder that serves commands as home, runtime, state and temporary folder; it goes away at the end.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// Makes an empty home, mode 0700.
    ///
    /// # Panics
    ///
    /// When the file system does not let it.
    #[must_use]
    pub fn new() -> Self {
        // A socket's path has at most 107 bytes, and some tests make them deep below.
        let folder = tempfile::Builder::new()
            .prefix("kw")
            .tempdir_in("/tmp")
            .expect("/tmp is writable");
        for name in ["run", "tmp", ".ssh"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o700))
                .unwrap();
        }
        Self { folder }
    }

    /// The home's own path.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of `name` in this home.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command that sees this home and nothing of the caller's environment.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.folder());
        command
            .env("PATH", SEARCH_PATH)
            .env("LC_ALL", "C.UTF-8")
            .env("SHELL", "/bin/sh");
        command
            .env("HOME", self.folder())
            .env("TMPDIR", self.path("tmp"));
        command
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("XDG_STATE_HOME", self.path("state"));
        command
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"));
        command
    }

    /// Writes a file only its owner may read.
    ///
    /// # Panics
    ///
    /// When the file system does not let it.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        self.write_with_mode(name, text, 0o600)
    }

    /// Writes a shell script that can be run.
    ///
    /// # Panics
    ///
    /// When the file system does not let it.
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        self.write_with_mode(name, format!("#!/bin/sh\n{body}\n"), 0o755)
    }

    fn write_with_mode(&self, name: &str, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}
