//! The file system of the machine.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::buffer::spare_capacity;
use rustix::fs::{
    Advice, AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, RenameFlags, Statx,
    StatxFlags,
};
use rustix::io::Errno;
use rustix::rand::GetRandomFlags;

use super::disk::{Disk, Identity, Kind, Stat};

/// How much of `/proc/locks` is read.
const LOCKS_BYTES_MAX: u64 = 1 << 20;

/// The real disk, through system calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Disk for System {
    type Folder = OwnedFd;
    type File = OwnedFd;

    fn user(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn random(&self) -> io::Result<[u8; 8]> {
        let mut bytes = [0; 8];
        // Up to 256 bytes come whole or not at all, getrandom(2).
        rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty())?;
        Ok(bytes)
    }

    fn open_folder(&self, from: Option<&OwnedFd>, path: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let from = from.map_or(CWD, OwnedFd::as_fd);
        Ok(rustix::fs::openat(from, path, flags, Mode::empty())?)
    }

    fn make_folder(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(folder, name, Mode::RWXU)?)
    }

    fn stat_folder(&self, folder: &OwnedFd) -> io::Result<Stat> {
        self.stat_file(folder)
    }

    fn list(&self, folder: &OwnedFd, prefix: &OsStr) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name.starts_with(prefix.as_bytes()) {
                names.push(OsString::from_vec(name.to_vec()));
            }
        }
        Ok(names)
    }

    fn sync_folder(&self, folder: &OwnedFd) -> io::Result<()> {
        match rustix::fs::fsync(folder) {
            // Some network and FUSE file systems know no fsync of a folder and say so with EINVAL,
            // fsync(2); PostgreSQL's fsync_fname_ext lets it pass too.
            Err(Errno::INVAL) => Ok(()),
            result => Ok(result?),
        }
    }

    fn stat(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<Stat> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let found = rustix::fs::statx(folder, name, flags, StatxFlags::BASIC_STATS)?;
        Ok(Stat::from(found))
    }

    fn read_link(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<PathBuf> {
        let target = rustix::fs::readlinkat(folder, name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn open(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        open_at(folder, name, flags)
    }

    fn create(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        open_at(folder, name, flags)
    }

    fn open_lock(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
        // NFS makes of a flock(2) a lock of the range, which wants the file open for writing.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY;
        open_at(folder, name, flags)
    }

    fn stat_file(&self, file: &OwnedFd) -> io::Result<Stat> {
        let flags = AtFlags::EMPTY_PATH;
        let found = rustix::fs::statx(file, "", flags, StatxFlags::BASIC_STATS)?;
        Ok(Stat::from(found))
    }

    fn read(&self, file: &OwnedFd, bytes: &mut Vec<u8>) -> io::Result<usize> {
        Ok(rustix::io::read(file, spare_capacity(bytes))?)
    }

    fn write(&self, file: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(file, bytes)?)
    }

    fn sync(&self, file: &OwnedFd) -> io::Result<()> {
        rustix::fs::fsync(file)?;
        // What is read back next is then to come from the medium, where the system goes along; if
        // not, the comparison is only less worth.
        let _ = rustix::fs::fadvise(file, 0, None, Advice::DontNeed);
        Ok(())
    }

    fn try_lock(&self, file: &OwnedFd) -> io::Result<bool> {
        match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn lock_holder(&self, file: &OwnedFd) -> Option<u32> {
        let mut locks = String::new();
        let listed = fs::File::open("/proc/locks").ok()?.take(LOCKS_BYTES_MAX);
        io::BufReader::new(listed).read_to_string(&mut locks).ok()?;
        holder(&locks, &self.stat_file(file).ok()?.identity)
    }

    fn rename(&self, folder: &OwnedFd, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(folder, from, folder, to)?)
    }

    fn rename_new(&self, folder: &OwnedFd, from: &OsStr, to: &OsStr) -> io::Result<()> {
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(folder, from, folder, to, flags) {
            // NFS and many FUSE file systems refuse all flags. A link replaces nothing either, but
            // where the second call fails or is never reached, both names are left.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                rustix::fs::linkat(folder, from, folder, to, AtFlags::empty())?;
                let _ = rustix::fs::unlinkat(folder, from, AtFlags::empty());
                Ok(())
            }
            result => Ok(result?),
        }
    }

    fn remove(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?)
    }
}

fn open_at(folder: &OwnedFd, name: &OsStr, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    Ok(rustix::fs::openat(folder, name, flags, mode)?)
}

/// Finds the process that has a file locked, in lines such as
/// `1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF` (proc_locks(5)).
fn holder(locks: &str, identity: &Identity) -> Option<u32> {
    let major = rustix::fs::major(identity.device);
    let minor = rustix::fs::minor(identity.device);
    let place = format!("{major:02x}:{minor:02x}:{}", identity.inode);
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        (words.next()? == "FLOCK").then_some(())?;
        let holder = words.nth(2)?;
        (words.next()? == place).then(|| holder.parse().ok())?
    })
}

impl From<Statx> for Stat {
    fn from(found: Statx) -> Self {
        let mode = u32::from(found.stx_mode);
        Self {
            kind: Kind::from(FileType::from_raw_mode(mode)),
            owner: found.stx_uid,
            mode: mode & 0o7777,
            links: found.stx_nlink,
            identity: Identity {
                device: rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
                inode: found.stx_ino,
                size: found.stx_size,
                modified: (found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec),
            },
        }
    }
}

impl From<FileType> for Kind {
    fn from(found: FileType) -> Self {
        match found {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Folder,
            FileType::Symlink => Self::Link,
            FileType::Fifo => Self::Fifo,
            FileType::Socket => Self::Socket,
            FileType::BlockDevice | FileType::CharacterDevice | FileType::Unknown => Self::Device,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holder_of_a_lock_is_found_by_device_and_number() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 fe:00:77 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 12 fe:00:78 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 13 fe:00:77 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 14 fe:00:77 0 EOF\n";
        let identity = |inode| Identity {
            device: rustix::fs::makedev(0xfe, 0),
            inode,
            size: 0,
            modified: (0, 0),
        };
        assert_eq!(holder(locks, &identity(77)), Some(14));
        assert_eq!(holder(locks, &identity(78)), Some(12));
        assert_eq!(holder(locks, &identity(79)), None);
    }
}
