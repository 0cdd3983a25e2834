//! A disk in memory that keeps a log and fails on demand.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::io::Errno;

use crate::store::disk::{Disk, Identity, Kind, Stat};

/// How much one write takes at most, so that there are points between the writes of a file.
const WRITE_BYTES_MAX: usize = 1536;

/// How much one read gives at most.
const READ_BYTES_MAX: usize = 2048;

/// Something that was done, as far as a loss of power can undo it.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Create(OsString, usize),
    Write {
        inode: usize,
        offset: usize,
        bytes: Vec<u8>,
    },
    Sync(usize),
    Rename {
        from: OsString,
        to: OsString,
        inode: usize,
    },
    Remove(OsString),
    SyncFolder,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The call fails and changes nothing.
    Fails(Errno),
    /// A write takes one byte only; other calls are well.
    ShortWrite,
    /// A write keeps other bytes than it was given and says nothing; other calls are well.
    Corrupts,
    /// The file that is being locked loses its name to another one; other calls are well.
    LockFileSwapped,
    /// An `fsync` fails; other calls are well.
    SyncFails,
}

/// When it goes wrong, counted in calls from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) from: usize,
    /// As many calls in a row; `usize::MAX` for all that follow.
    pub(super) count: usize,
}

/// The content of a disk with one folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// The files by number; they stay when their names go.
    pub(super) files: Vec<Vec<u8>>,
    pub(super) names: BTreeMap<OsString, usize>,
}

impl Content {
    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) {
        self.names.insert(name.into(), self.files.len());
        self.files.push(bytes.to_vec());
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        let inode = self.names.get(OsStr::new(name))?;
        Some(&self.files[*inode])
    }

    /// Returns the names of temporary files.
    pub(super) fn leftovers(&self) -> Vec<String> {
        let names = self.names.keys().map(|name| name.to_str().unwrap());
        let left = names.filter(|name| name.contains(".tmp-"));
        left.map(str::to_owned).collect()
    }
}

#[derive(Debug, Default)]
struct State {
    content: Content,
    changes: Vec<Change>,
    calls: usize,
    failed: Vec<&'static str>,
    /// The calls since the first that failed.
    since: Vec<&'static str>,
    failure: Option<Failure>,
    /// There were as many calls as the failure waits for.
    is_over: bool,
    randoms: u64,
}

/// The disk; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct SimulatedDisk(Rc<RefCell<State>>);

#[derive(Debug)]
pub(super) struct SimulatedFile {
    inode: usize,
    offset: Cell<usize>,
}

impl SimulatedDisk {
    pub(super) fn with(content: Content) -> Self {
        let disk = Self::default();
        disk.0.borrow_mut().content = content;
        disk
    }

    pub(super) fn failing(content: Content, failure: Failure) -> Self {
        let disk = Self::with(content);
        disk.0.borrow_mut().failure = Some(failure);
        disk
    }

    pub(super) fn content(&self) -> Content {
        self.0.borrow().content.clone()
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        self.0.borrow().changes.clone()
    }

    /// Returns the calls that failed.
    pub(super) fn failed(&self) -> Vec<&'static str> {
        self.0.borrow().failed.clone()
    }

    /// Says whether there were fewer calls than the failure waits for.
    pub(super) fn ended_before_failure(&self) -> bool {
        !self.0.borrow().is_over
    }

    /// Returns the calls after the first that failed.
    pub(super) fn since_failure(&self) -> Vec<&'static str> {
        self.0.borrow().since.clone()
    }

    /// Counts a call, and returns the fault it meets if any.
    fn fault(&self, call: &'static str) -> Option<Fault> {
        let mut state = self.0.borrow_mut();
        state.calls += 1;
        if !state.failed.is_empty() {
            state.since.push(call);
        }
        let failure = state.failure?;
        let since = state.calls.checked_sub(failure.from)?;
        state.is_over = true;
        let is_met = match failure.fault {
            Fault::Fails(_) => true,
            Fault::Corrupts | Fault::ShortWrite => call == "write",
            Fault::LockFileSwapped => call == "try_lock",
            Fault::SyncFails => call.starts_with("sync"),
        };
        if since >= failure.count || !is_met {
            return None;
        }
        state.failed.push(call);
        Some(failure.fault)
    }

    fn call(&self, call: &'static str) -> io::Result<()> {
        match self.fault(call) {
            Some(Fault::Fails(errno)) => Err(errno.into()),
            Some(Fault::SyncFails) => Err(Errno::IO.into()),
            Some(Fault::Corrupts | Fault::LockFileSwapped | Fault::ShortWrite) | None => Ok(()),
        }
    }

    fn inode(&self, name: &OsStr) -> io::Result<usize> {
        let state = self.0.borrow();
        let inode = state.content.names.get(name).copied();
        inode.ok_or_else(|| Errno::NOENT.into())
    }

    fn stat_inode(&self, inode: usize) -> Stat {
        let state = self.0.borrow();
        let links = state.content.names.values().filter(|it| **it == inode);
        Stat {
            kind: Kind::File,
            owner: 1000,
            mode: 0o600,
            links: links.count().try_into().unwrap(),
            identity: Identity {
                device: 1,
                inode: inode.try_into().unwrap(),
                size: state.content.files[inode].len().try_into().unwrap(),
                modified: (0, 0),
            },
        }
    }

    fn add(&self, name: &OsStr) -> SimulatedFile {
        let mut state = self.0.borrow_mut();
        let inode = state.content.files.len();
        state.content.files.push(Vec::new());
        state.content.names.insert(name.into(), inode);
        state.changes.push(Change::Create(name.into(), inode));
        let offset = Cell::new(0);
        SimulatedFile { inode, offset }
    }

    fn name_anew(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        let inode = self.inode(from)?;
        let mut state = self.0.borrow_mut();
        state.content.names.remove(from);
        state.content.names.insert(to.into(), inode);
        let (from, to) = (from.into(), to.into());
        state.changes.push(Change::Rename { from, to, inode });
        Ok(())
    }
}

impl Disk for SimulatedDisk {
    type Folder = ();
    type File = SimulatedFile;

    fn user(&self) -> u32 {
        1000
    }

    fn random(&self) -> io::Result<[u8; 8]> {
        self.call("random")?;
        let mut state = self.0.borrow_mut();
        state.randoms += 1;
        Ok(state.randoms.to_be_bytes())
    }

    fn open_folder(&self, _: Option<&()>, _: &Path) -> io::Result<()> {
        self.call("open_folder")
    }

    fn make_folder(&self, (): &(), _: &OsStr) -> io::Result<()> {
        self.call("make_folder")
    }

    fn stat_folder(&self, (): &()) -> io::Result<Stat> {
        self.call("stat_folder")?;
        Ok(Stat {
            kind: Kind::Folder,
            owner: 1000,
            mode: 0o700,
            links: 2,
            identity: Identity {
                device: 1,
                inode: 1,
                size: 0,
                modified: (0, 0),
            },
        })
    }

    fn list(&self, (): &(), prefix: &OsStr) -> io::Result<Vec<OsString>> {
        self.call("list")?;
        let prefix = prefix.to_str().unwrap();
        let state = self.0.borrow();
        let names = state.content.names.keys();
        let names = names.filter(|name| name.to_str().unwrap().starts_with(prefix));
        Ok(names.cloned().collect())
    }

    fn sync_folder(&self, (): &()) -> io::Result<()> {
        self.call("sync_folder")?;
        self.0.borrow_mut().changes.push(Change::SyncFolder);
        Ok(())
    }

    fn stat(&self, (): &(), name: &OsStr) -> io::Result<Stat> {
        self.call("stat")?;
        Ok(self.stat_inode(self.inode(name)?))
    }

    fn read_link(&self, (): &(), _: &OsStr) -> io::Result<PathBuf> {
        Err(Errno::INVAL.into())
    }

    fn open(&self, (): &(), name: &OsStr) -> io::Result<SimulatedFile> {
        self.call("open")?;
        let inode = self.inode(name)?;
        let offset = Cell::new(0);
        Ok(SimulatedFile { inode, offset })
    }

    fn create(&self, (): &(), name: &OsStr) -> io::Result<SimulatedFile> {
        self.call("create")?;
        match self.inode(name) {
            Ok(_) => Err(Errno::EXIST.into()),
            Err(_) => Ok(self.add(name)),
        }
    }

    fn open_lock(&self, (): &(), name: &OsStr) -> io::Result<SimulatedFile> {
        self.call("open_lock")?;
        let Ok(inode) = self.inode(name) else {
            return Ok(self.add(name));
        };
        let offset = Cell::new(0);
        Ok(SimulatedFile { inode, offset })
    }

    fn stat_file(&self, file: &SimulatedFile) -> io::Result<Stat> {
        self.call("stat_file")?;
        Ok(self.stat_inode(file.inode))
    }

    fn read(&self, file: &SimulatedFile, bytes: &mut Vec<u8>) -> io::Result<usize> {
        self.call("read")?;
        let state = self.0.borrow();
        let rest = &state.content.files[file.inode][file.offset.get()..];
        let room = bytes.capacity() - bytes.len();
        let count = rest.len().min(room).min(READ_BYTES_MAX);
        bytes.extend(&rest[..count]);
        file.offset.set(file.offset.get() + count);
        Ok(count)
    }

    fn write(&self, file: &SimulatedFile, bytes: &[u8]) -> io::Result<usize> {
        let fault = self.fault("write");
        let count = match fault {
            Some(Fault::Fails(errno)) => return Err(errno.into()),
            Some(Fault::ShortWrite) => 1,
            _ => bytes.len().min(WRITE_BYTES_MAX),
        };
        let mut state = self.0.borrow_mut();
        let offset = state.content.files[file.inode].len();
        let mut bytes = bytes[..count].to_vec();
        if matches!(fault, Some(Fault::Corrupts)) {
            bytes[count / 2] ^= 1;
        }
        state.content.files[file.inode].extend(&bytes);
        let inode = file.inode;
        state.changes.push(Change::Write {
            inode,
            offset,
            bytes,
        });
        Ok(count)
    }

    fn sync(&self, file: &SimulatedFile) -> io::Result<()> {
        self.call("sync")?;
        self.0.borrow_mut().changes.push(Change::Sync(file.inode));
        Ok(())
    }

    fn try_lock(&self, _: &SimulatedFile) -> io::Result<bool> {
        match self.fault("try_lock") {
            Some(Fault::Fails(errno)) => return Err(errno.into()),
            Some(Fault::LockFileSwapped) => drop(self.add("vault.lock".as_ref())),
            _ => {}
        }
        Ok(true)
    }

    fn lock_holder(&self, _: &SimulatedFile) -> Option<u32> {
        None
    }

    fn rename(&self, (): &(), from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.call("rename")?;
        self.name_anew(from, to)
    }

    fn rename_new(&self, (): &(), from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.call("rename_new")?;
        match self.inode(to) {
            Ok(_) => Err(Errno::EXIST.into()),
            Err(_) => self.name_anew(from, to),
        }
    }

    fn remove(&self, (): &(), name: &OsStr) -> io::Result<()> {
        self.call("remove")?;
        self.inode(name)?;
        let mut state = self.0.borrow_mut();
        state.content.names.remove(name);
        state.changes.push(Change::Remove(name.into()));
        Ok(())
    }
}
