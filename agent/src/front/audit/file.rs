//! The file of the audit log, and its older parts.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat, fchmod, flock, fstat, openat,
    renameat, statat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::AuditError;

/// The size above which a new file is begun, in bytes.
const SIZE_MAX: u64 = 8 * 1024 * 1024;

/// How many older files are kept, as `.1` (the youngest) and so on.
const OLDER_MAX: u32 = 3;

/// A log to which several agents may append.
#[derive(Debug)]
pub(super) struct LogFile {
    folder: OwnedFd,
    name: OsString,
    file: File,
    size_max: u64,
    /// Whether the last write broke off inside a line.
    is_torn: bool,
}

impl LogFile {
    /// Opens the log and makes what is missing: the folder for its owner alone (0700), the file
    /// likewise (0600).
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::from(io::ErrorKind::InvalidFilename).into());
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(CWD, folder, flags, Mode::empty())?;
        let found = fstat(&folder)?;
        // Others who may write there could put a file of theirs in our file's place.
        if !is_ours(&found) || found.st_mode & 0o022 != 0 {
            return Err(AuditError::NotOurs("folder"));
        }
        Ok(Self {
            file: open_file(&folder, name)?,
            folder,
            name: name.to_owned(),
            size_max: SIZE_MAX,
            is_torn: false,
        })
    }

    /// Appends whole lines.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), AuditError> {
        self.follow()?;
        let size = u64::try_from(fstat(&self.file)?.st_size).unwrap_or(0);
        let added = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if size > 0 && size.saturating_add(added) > self.size_max {
            self.rotate()?;
        }
        if self.is_torn {
            self.file.write_all(b"\n")?;
        }
        self.is_torn = true;
        self.file.write_all(lines)?;
        self.is_torn = false;
        Ok(())
    }

    /// Goes to the file that has our name now: another agent may have begun a new one, or somebody
    /// may have put the old one away.
    fn follow(&mut self) -> Result<(), AuditError> {
        if !self.is_current()? {
            self.file = open_file(&self.folder, &self.name)?;
            self.is_torn = false;
        }
        Ok(())
    }

    fn is_current(&self) -> Result<bool, AuditError> {
        let ours = fstat(&self.file)?;
        match statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) => Ok(named.st_dev == ours.st_dev && named.st_ino == ours.st_ino),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Begins a new file, unless another agent is about to.
    fn rotate(&mut self) -> Result<(), AuditError> {
        if flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(());
        }
        // Between our look and our lock another agent may have done it; once more would cost the
        // oldest file.
        if self.is_current()? {
            for number in (1..OLDER_MAX).rev() {
                self.rename(&self.older(number), &self.older(number + 1))?;
            }
            self.rename(&self.name, &self.older(1))?;
        }
        self.follow()
    }

    fn rename(&self, from: &OsStr, to: &OsStr) -> Result<(), AuditError> {
        match renameat(&self.folder, from, &self.folder, to) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn older(&self, number: u32) -> OsString {
        let mut name = self.name.clone();
        name.push(format!(".{number}"));
        name
    }
}

fn open_file(folder: &OwnedFd, name: &OsStr) -> Result<File, AuditError> {
    // Not blocking, so that a pipe in the file's place cannot hold the agent's start.
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    let private = Mode::RUSR | Mode::WUSR;
    let file = openat(folder, name, flags, private)?;
    let found = fstat(&file)?;
    if !is_ours(&found) || FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(AuditError::NotOurs("file"));
    }
    if found.st_mode & 0o077 != 0 {
        fchmod(&file, private)?;
    }
    Ok(file.into())
}

fn is_ours(found: &Stat) -> bool {
    found.st_uid == geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/keyward/audit.jsonl");
        (folder, path)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_default()
    }

    fn older(path: &Path, number: u32) -> PathBuf {
        path.with_extension(format!("jsonl.{number}"))
    }

    #[test]
    fn makes_folders_and_file_for_the_owner_alone() {
        let (_folder, path) = place();
        LogFile::open(&path).unwrap().append(b"1\n").unwrap();
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(mode(path.parent().unwrap().parent().unwrap()), 0o700);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(text(&path), "1\n");
    }

    #[test]
    fn appends_to_an_old_file_and_takes_it_from_others() {
        let (_folder, path) = place();
        LogFile::open(&path).unwrap().append(b"1\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        LogFile::open(&path).unwrap().append(b"2\n").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(text(&path), "1\n2\n");
    }

    #[test]
    fn refuses_a_folder_others_may_write() {
        let (_folder, path) = place();
        LogFile::open(&path).unwrap();
        fs::set_permissions(path.parent().unwrap(), Permissions::from_mode(0o770)).unwrap();
        let refused = LogFile::open(&path).unwrap_err();
        assert!(matches!(refused, AuditError::NotOurs(_)), "{refused:?}");
    }

    #[test]
    fn refuses_a_link_in_the_files_place() {
        let (folder, path) = place();
        LogFile::open(&path).unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "").unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&target, &path).unwrap();
        assert!(LogFile::open(&path).is_err());
        assert_eq!(text(&target), "");
    }

    #[test]
    fn refuses_a_pipe_in_the_files_place_without_hanging() {
        let (_folder, path) = place();
        LogFile::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert!(LogFile::open(&path).is_err());
        // Even with somebody who reads from it.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let _reader = openat(CWD, &path, flags, Mode::empty()).unwrap();
        let refused = LogFile::open(&path).unwrap_err();
        assert!(matches!(refused, AuditError::NotOurs(_)), "{refused:?}");
    }

    #[test]
    fn begins_a_new_file_at_the_limit_and_keeps_three() {
        let (_folder, path) = place();
        let mut log = LogFile::open(&path).unwrap();
        log.size_max = 4;
        for number in 1..=9 {
            log.append(format!("{number}\n").as_bytes()).unwrap();
        }
        assert_eq!(text(&path), "9\n");
        assert_eq!(text(&older(&path, 1)), "7\n8\n");
        assert_eq!(text(&older(&path, 2)), "5\n6\n");
        assert_eq!(text(&older(&path, 3)), "3\n4\n");
        assert!(!older(&path, 4).exists());
    }

    #[test]
    fn two_agents_share_the_log() {
        let (_folder, path) = place();
        let mut one = LogFile::open(&path).unwrap();
        let mut two = LogFile::open(&path).unwrap();
        (one.size_max, two.size_max) = (4, 4);
        one.append(b"1\n").unwrap();
        two.append(b"2\n").unwrap();
        one.append(b"3\n").unwrap();
        two.append(b"4\n").unwrap();
        two.append(b"5\n").unwrap();
        assert_eq!(text(&older(&path, 2)), "1\n2\n");
        assert_eq!(text(&older(&path, 1)), "3\n4\n");
        assert_eq!(text(&path), "5\n");
    }

    #[test]
    fn leaves_the_turning_over_to_an_agent_that_is_at_it() {
        let (_folder, path) = place();
        let mut one = LogFile::open(&path).unwrap();
        let two = LogFile::open(&path).unwrap();
        one.size_max = 1;
        one.append(b"1\n").unwrap();
        flock(&two.file, FlockOperation::LockExclusive).unwrap();
        one.append(b"2\n").unwrap();
        assert_eq!(text(&path), "1\n2\n");
        drop(two);
        one.append(b"3\n").unwrap();
        assert_eq!(text(&path), "3\n");
    }

    #[test]
    fn file_that_was_put_away_is_made_again() {
        let (_folder, path) = place();
        let mut log = LogFile::open(&path).unwrap();
        log.append(b"1\n").unwrap();
        fs::remove_file(&path).unwrap();
        log.append(b"2\n").unwrap();
        assert_eq!(text(&path), "2\n");
    }

    #[test]
    fn line_after_a_torn_one_stands_alone() {
        let (_folder, path) = place();
        let mut log = LogFile::open(&path).unwrap();
        log.append(b"{\"half").unwrap();
        log.is_torn = true;
        log.append(b"2\n").unwrap();
        assert_eq!(text(&path), "{\"half\n2\n");
    }
}
