//! A copy of our program in memory that its user may run and not read.
//!
//! A process hides its memory when it begins to run, but a debugger that was quicker stays in it. Of a
//! program its user may not read, the kernel hides the memory from the first instruction on, and it
//! does so for whatever is started from it later. The copy lives as long as a process that runs it.

use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use keyward_agent::mapping::Mapping;
use keyward_agent::seclusion;
use rustix::fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use rustix::process::geteuid;

/// This very program, even after an upgrade has replaced its file.
pub(super) const PROGRAM: &str = "/proc/self/exe";

/// The largest page that a hole has to begin and end at.
const PAGE: u64 = 64 << 10;

/// The name of the copy in lists of open files.
const NAME: &str = "keyward";

/// The copy, for as long as this process holds it.
#[derive(Debug)]
pub(super) struct Sealed(OwnedFd);

impl Sealed {
    /// Makes the copy; none where nothing would be gained.
    ///
    /// This process hides its own memory for that: whoever opens the copy through it could make it
    /// readable.
    pub(super) fn copy() -> Option<Self> {
        // Root reads every file, and every memory. Who is hidden already was started from the copy, or
        // from a file of somebody else that our user may not read.
        if geteuid().is_root() || !seclusion::is_visible() || is_running() {
            return None;
        }
        seclusion::hide_memory()
            .and_then(|()| copy())
            .inspect_err(|error| tracing::debug!(%error, "our program is not copied"))
            .ok()
    }

    /// Returns a path to it that holds in this process and until the next program in its children.
    pub(super) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }

    /// Runs it in this process, in our place and with our arguments.
    fn replace_us(&self) -> io::Result<Infallible> {
        let path = CString::new(self.path().into_os_string().into_vec())?;
        let arguments: Result<Vec<CString>, _> = std::env::args_os()
            .map(OsString::into_vec)
            .map(CString::new)
            .collect();
        Ok(nix::unistd::execv(&path, &arguments?)?)
    }
}

/// Goes on in the copy where that can be done, and as we are where not: some systems run no program
/// from memory.
pub(super) fn enter() {
    if let Some(copy) = Sealed::copy()
        && let Err(error) = copy.replace_us()
    {
        tracing::debug!(%error, "our program is not run from its copy");
    }
}

/// Says whether this process runs the copy. With capabilities to read any file it is not hidden by that.
fn is_running() -> bool {
    std::fs::read_link(PROGRAM)
        .is_ok_and(|path| path.starts_with(format!("/memfd:{NAME} (deleted)")))
}

fn copy() -> io::Result<Sealed> {
    let program = File::open(PROGRAM)?;
    let mut copy = File::from(create()?);
    let length = program.metadata()?.len();
    // An agent judges no passphrase: without the words for that the copy is made in a third of the time.
    let words = mapped_from(keyward_vault::strength::data()).unwrap_or(length..length);
    copy.set_len(length)?;
    for part in [0..words.start, words.end..length] {
        (&program).seek(SeekFrom::Start(part.start))?;
        copy.seek(SeekFrom::Start(part.start))?;
        io::copy(&mut (&program).take(part.end - part.start), &mut copy)?;
    }
    fchmod(&copy, Mode::XUSR | Mode::XGRP | Mode::XOTH)?;
    fcntl_add_seals(
        &copy,
        SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE,
    )?;
    Ok(Sealed(copy.into()))
}

/// Returns where in our program's file a part of its data is, as far as that is whole pages.
fn mapped_from(data: &[u8]) -> Option<Range<u64>> {
    let Range { start, end } = data.as_ptr_range();
    let (start, end) = (start.addr(), end.addr());
    let mapping = Mapping::all()
        .into_iter()
        .find(|mapping| mapping.addresses.start <= start && end <= mapping.addresses.end)?;
    let offset = mapping.offset + u64::try_from(start - mapping.addresses.start).ok()?;
    let length = u64::try_from(data.len()).ok()?;
    let whole = offset.next_multiple_of(PAGE)..(offset + length) / PAGE * PAGE;
    (whole.start < whole.end).then_some(whole)
}

fn create() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(NAME, flags | MemfdFlags::EXEC) {
        // Before Linux 6.3 all could be run, and none had to say so.
        Err(Errno::INVAL) => Ok(memfd_create(NAME, flags)?),
        created => Ok(created?),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn words_are_left_out_of_the_copy_and_nothing_else() {
        let words = mapped_from(keyward_vault::strength::data()).unwrap();
        assert!(words.end - words.start > 12_000_000);
        let whole = std::fs::read(PROGRAM).unwrap();
        let mut file = File::from(copy().unwrap().0);
        file.rewind().unwrap();
        let mut copied = Vec::new();
        file.read_to_end(&mut copied).unwrap();
        let [start, end] = [words.start, words.end].map(|place| usize::try_from(place).unwrap());
        assert!(copied[..start] == whole[..start] && copied[end..] == whole[end..]);
        assert!(copied[start..end].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn copy_may_be_run_and_not_changed() {
        let copy = copy().unwrap();
        let mut file = File::from(copy.0);
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o111);
        assert!(file.write_all(b"x").is_err());
        assert!(file.set_len(0).is_err());
    }
}
