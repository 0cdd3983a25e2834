//! A process whose memory other processes of the same user do not see.

use std::io;
use std::path::Path;

use rustix::fs::{self, Access, AtFlags};
use rustix::process::{self, DumpableBehavior, Resource, Rlimit};

/// Keeps debuggers and readers of `/proc` out of this process, until it runs another program.
///
/// Who looks into it already goes on.
///
/// # Errors
/// What the system said.
pub fn hide_memory() -> io::Result<()> {
    Ok(process::set_dumpable_behavior(
        DumpableBehavior::NotDumpable,
    )?)
}

/// Says whether others of the same user may look into this process.
pub fn is_visible() -> bool {
    !process::dumpable_behavior().is_ok_and(|dumpable| dumpable == DumpableBehavior::NotDumpable)
}

/// Says whether others of our user may look into a process of `program` until that hides itself: the kernel
/// does it at once where we may not read the program. For root there is nobody to hide from.
pub fn is_seen_at_start(program: &Path) -> bool {
    let readable = fs::accessat(fs::CWD, program, Access::READ_OK, AtFlags::EACCESS).is_ok();
    readable && !process::geteuid().is_root()
}

/// Keeps the memory of this process, and of all that it starts, out of core files.
///
/// # Errors
/// What the system said.
pub fn forbid_core_files() -> io::Result<()> {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(process::setrlimit(Resource::Core, nothing)?)
}
