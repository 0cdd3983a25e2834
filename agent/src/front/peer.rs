//! Who is at the other end of a connection.

use core::cell::OnceCell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

use tokio::net::UnixStream;

use crate::front::escape::Escaped;

/// How many parents of a program are told.
pub const PARENTS_MAX: usize = 5;

/// How many bytes of `/proc/PID/stat` are read; name and parent stand in the first 64.
const STAT_MAX: usize = 256;

/// The longest path of a program that is kept, in characters.
const PROGRAM_MAX: usize = 256;

/// The process that made a connection, as the kernel knew it at that moment.
#[derive(Debug)]
pub struct Peer {
    /// Its number, where it lies in a namespace we can see. It may belong to another process by now.
    pub pid: Option<i32>,
    /// Its effective user.
    pub uid: u32,
    process: OnceCell<Process>,
}

/// What `/proc` says about a process, fit to be shown.
///
/// Good for telling a person who asked, never for deciding: a process chooses its own name, and its
/// number may have been given to another one since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    /// The path of its program, or its name in brackets where the path cannot be read.
    pub program: String,
    /// The names of its parents, the nearest first, at most [`PARENTS_MAX`].
    pub parents: Vec<String>,
}

impl Peer {
    /// Asks the kernel who connected.
    ///
    /// # Errors
    /// Those of `getsockopt` with `SO_PEERCRED`.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self::new(credentials.pid(), credentials.uid()))
    }

    /// Makes a peer of what is known otherwise.
    pub const fn new(pid: Option<i32>, uid: u32) -> Self {
        Self {
            pid,
            uid,
            process: OnceCell::new(),
        }
    }

    /// Tells the peer's program and parents; `/proc` is read at the first call only.
    pub fn process(&self) -> &Process {
        self.process
            .get_or_init(|| self.pid.map(Process::read).unwrap_or_default())
    }
}

/// Says whether a peer may talk to the agent: its owner may, and root, who could read its memory
/// anyway (`ssh-agent.c`, `handle_socket_read`).
pub const fn admit(peer_uid: u32, own_uid: u32) -> bool {
    peer_uid == own_uid || peer_uid == 0
}

impl Process {
    fn read(pid: i32) -> Self {
        let Some((name, parent)) = name_and_parent(pid) else {
            return Self::default();
        };
        let program = match fs::read_link(format!("/proc/{pid}/exe")) {
            Ok(path) => Escaped::shortened(path.as_os_str().as_bytes(), PROGRAM_MAX).to_string(),
            Err(_not_ours) => format!("[{name}]"),
        };
        Self {
            program,
            parents: parents(parent),
        }
    }
}

fn parents(mut pid: i32) -> Vec<String> {
    let mut names = Vec::new();
    // 0 is the parent of the first process of a namespace: nothing can be read of it.
    while pid > 0 && names.len() < PARENTS_MAX {
        let Some((name, parent)) = name_and_parent(pid) else {
            break;
        };
        names.push(name);
        pid = parent;
    }
    names
}

fn name_and_parent(pid: i32) -> Option<(String, i32)> {
    let mut stat = [0; STAT_MAX];
    let length = File::open(format!("/proc/{pid}/stat"))
        .and_then(|mut file| file.read(&mut stat))
        .ok()?;
    parse_stat(stat.get(..length)?)
}

/// Takes name and parent from `PID (NAME) STATE PARENT ...` (proc_pid_stat(5)).
///
/// The name may hold anything, also `) R 1 (`; nothing after it can, so its last bracket ends it.
fn parse_stat(stat: &[u8]) -> Option<(String, i32)> {
    let start = stat.iter().position(|byte| *byte == b'(')? + 1;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let name = stat.get(start..end)?;
    let mut fields = stat.get(end + 1..)?.split(|byte| *byte == b' ').skip(2);
    let parent = core::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    Some((Escaped::new(name).to_string(), parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_the_owner_and_root_only() {
        assert!(admit(1000, 1000));
        assert!(admit(0, 1000));
        assert!(!admit(1001, 1000));
        assert!(!admit(1000, 0));
        assert!(!admit(u32::MAX, 1000));
    }

    #[test]
    fn reads_name_and_parent() {
        let stat = b"42 (ssh) S 17 42 42 0 -1";
        assert_eq!(parse_stat(stat), Some(("ssh".to_owned(), 17)));
    }

    #[test]
    fn name_with_brackets_does_not_choose_its_parent() {
        let stat = b"42 (a) R 1 (b) S 17 42 42 0 -1";
        assert_eq!(parse_stat(stat), Some(("a) R 1 (b".to_owned(), 17)));
    }

    #[test]
    fn name_is_escaped() {
        let stat = b"42 (a\x1b[2J\n) S 17 42";
        assert_eq!(parse_stat(stat), Some(("a\\u{1b}[2J\\u{a}".to_owned(), 17)));
    }

    #[test]
    fn nonsense_is_nothing() {
        for stat in [
            &b""[..],
            b"42",
            b"42 (ssh",
            b")(",
            b"42 (a)",
            b"42 (a) S x ",
        ] {
            assert_eq!(parse_stat(stat), None);
        }
    }

    #[test]
    fn tells_this_process_and_its_parents() {
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        let peer = runtime.block_on(async { Peer::of(&UnixStream::from_std(ours).unwrap()) });
        let peer = peer.unwrap();
        assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());
        assert!(admit(peer.uid, rustix::process::geteuid().as_raw()));
        let program = std::env::current_exe().unwrap();
        assert_eq!(peer.process().program, program.display().to_string());
        assert!((1..=PARENTS_MAX).contains(&peer.process().parents.len()));
    }

    #[test]
    fn process_that_is_gone_tells_nothing() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).ok();
        child.wait().unwrap();
        assert_eq!(*Peer::new(pid, 0).process(), Process::default());
        assert_eq!(*Peer::new(None, 0).process(), Process::default());
    }
}
