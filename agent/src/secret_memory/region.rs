//! Memory that other processes, core files and swap do not see.
#![expect(
    unsafe_code,
    reason = "memfd_secret and guard pages have no safe wrapper"
)]

use core::ffi::c_void;
use core::ptr::{self, NonNull};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::mm::{self, Advice, MapFlags, MlockFlags, MprotectFlags, ProtFlags};
use zeroize::Zeroize;

/// Size of a guard page and the grain of every region, in bytes.
pub const PAGE: usize = 4096;

/// How the memory of secrets is protected, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Protection {
    /// `memfd_secret(2)`: not mapped in the kernel, so not even root reads it through `/proc`.
    MemfdSecret,
    /// `mlock(2)` and `MADV_DONTDUMP`: not swapped, not in core files.
    Locked,
    #[default]
    /// `MADV_DONTDUMP` only, where the limit on locked memory leaves nothing else.
    Unlocked,
}

impl Protection {
    /// Every kind, strongest first.
    pub const ALL: [Self; 3] = [Self::MemfdSecret, Self::Locked, Self::Unlocked];

    /// Returns the strongest kind from `wanted` on that the kernel grants now.
    pub fn probe(wanted: Self) -> Self {
        Region::map(PAGE, wanted).map_or(Self::Unlocked, |region| region.protection())
    }

    /// Returns the number that stands for it on the keeper's channel.
    pub const fn code(self) -> u8 {
        match self {
            Self::MemfdSecret => 1,
            Self::Locked => 2,
            Self::Unlocked => 3,
        }
    }

    /// Finds the kind for a number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Returns the word for it in `keyward status`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MemfdSecret => "memfd_secret",
            Self::Locked => "mlock",
            Self::Unlocked => "none",
        }
    }
}

/// A mapping between two guard pages, wiped and unmapped when dropped.
#[derive(Debug)]
pub struct Region {
    start: NonNull<u8>,
    size: usize,
    protection: Protection,
}

// SAFETY: a region is plain memory that it alone owns; no thread has a special claim to it.
unsafe impl Send for Region {}
// SAFETY: shared access gives out an address and a length only.
unsafe impl Sync for Region {}

impl Region {
    /// Maps `size` bytes, rounded up to pages, with `protection` at best and weaker kinds after it.
    ///
    /// Pages are taken from the system when they are first touched, not here.
    ///
    /// # Errors
    /// What the kernel said when not even unprotected memory could be mapped.
    pub fn map(size: usize, protection: Protection) -> Result<Self, Errno> {
        [
            Protection::MemfdSecret,
            Protection::Locked,
            Protection::Unlocked,
        ]
        .into_iter()
        .filter(|kind| *kind >= protection)
        .map(|kind| Self::map_exactly(size, kind))
        .find(Result::is_ok)
        .unwrap_or(Err(Errno::NOMEM))
    }

    /// Maps `size` bytes, rounded up to pages, with this protection or not at all.
    ///
    /// # Errors
    /// What the kernel said: `ENOSYS` where there is no `memfd_secret`, `EAGAIN` or `ENOMEM` above
    /// the limit on locked memory.
    pub fn map_exactly(size: usize, protection: Protection) -> Result<Self, Errno> {
        let size = size.next_multiple_of(PAGE);
        let whole = size.checked_add(2 * PAGE).ok_or(Errno::NOMEM)?;
        // SAFETY: a fresh mapping without access, at an address of the kernel's choice.
        let base = unsafe {
            mm::mmap_anonymous(
                ptr::null_mut(),
                whole,
                ProtFlags::empty(),
                MapFlags::PRIVATE,
            )
        }?;
        let start = base.cast::<u8>().wrapping_add(PAGE);
        let Some(start) = NonNull::new(start) else {
            return Err(Errno::NOMEM);
        };
        let region = Self {
            start,
            size,
            protection,
        };
        region.open(protection).map(|()| region)
    }

    fn open(&self, protection: Protection) -> Result<(), Errno> {
        let (start, access) = (
            self.start.as_ptr().cast::<c_void>(),
            ProtFlags::READ | ProtFlags::WRITE,
        );
        if protection == Protection::MemfdSecret {
            let secret = memfd_secret()?;
            let size = u64::try_from(self.size).map_err(|_| Errno::NOMEM)?;
            rustix::fs::ftruncate(&secret, size)?;
            let fixed = MapFlags::SHARED | MapFlags::FIXED;
            // SAFETY: it replaces the inner part of the mapping that this region just made and owns.
            unsafe { mm::mmap(start, self.size, access, fixed, secret.as_fd(), 0) }?;
        } else {
            // SAFETY: the range is the inner part of the mapping that this region just made and owns.
            unsafe { mm::mprotect(start, self.size, MprotectFlags::READ | MprotectFlags::WRITE) }?;
            if protection == Protection::Locked {
                // SAFETY: as above; locking changes no content.
                unsafe { mm::mlock_with(start, self.size, MlockFlags::ONFAULT) }?;
            }
            // SAFETY: as above; the advice concerns core files and forks, and changes no content here.
            unsafe { mm::madvise(start, self.size, Advice::LinuxDontDump) }?;
            // SAFETY: as above.
            unsafe { mm::madvise(start, self.size, Advice::LinuxWipeOnFork) }?;
        }
        Ok(())
    }

    /// Returns the lowest usable address.
    pub const fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Returns the number of usable bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Returns the protection that the kernel granted.
    pub const fn protection(&self) -> Protection {
        self.protection
    }

    /// Shows the bytes of a region that nothing else points into.
    pub const fn bytes(&self) -> &[u8] {
        // SAFETY: as for `bytes_mut`, and borrowed through `&self`.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.size) }
    }

    /// Gives out the bytes of a region that nothing else points into.
    pub const fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the mapping is readable and writable, as large as `size`, zero-filled by the
        // kernel, and borrowed through `&mut self`.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.size) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // Unmapping is enough for secret memory, which the kernel wipes when it comes back; other pages it wipes before
        // anyone else gets them. Writing first would touch pages that were never used.
        let base = self.start.as_ptr().wrapping_sub(PAGE).cast::<c_void>();
        // SAFETY: the range is the whole mapping made in `map_exactly`; nothing outlives the owner.
        let _ = unsafe { mm::munmap(base, self.size + 2 * PAGE) };
    }
}

/// Overwrites `size` bytes from `start` with zeros that the compiler may not leave out.
///
/// # Safety
/// The range must be mapped, writable and not borrowed by anyone.
///
/// The build with the feature `unwiped`, on which the memory scan has to fail, skips it.
pub unsafe fn wipe(start: *mut u8, size: usize) {
    if cfg!(feature = "unwiped") {
        return;
    }
    // SAFETY: promised by the caller.
    unsafe { core::slice::from_raw_parts_mut(start, size) }.zeroize();
}

/// Overwrites bytes with zeros that the compiler may not leave out.
pub fn wipe_slice(bytes: &mut [u8]) {
    // SAFETY: the slice is mapped, writable and borrowed by us alone.
    unsafe { wipe(bytes.as_mut_ptr(), bytes.len()) };
}

fn memfd_secret() -> Result<OwnedFd, Errno> {
    // SAFETY: the system call takes no pointer.
    let raw = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
    let raw = i32::try_from(raw).map_err(|_| Errno::BADF)?;
    if raw < 0 {
        return Err(Errno::NOSYS);
    }
    // SAFETY: the kernel just gave us this descriptor and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_region_can_be_written_and_read() {
        for kind in [
            Protection::MemfdSecret,
            Protection::Locked,
            Protection::Unlocked,
        ] {
            let mut region = Region::map(10_000, kind).unwrap();
            assert_eq!(region.size(), 12_288);
            assert!(region.protection() >= kind);
            region.bytes_mut().fill(7);
            assert!(region.bytes_mut().iter().all(|byte| *byte == 7));
        }
    }

    #[test]
    fn secret_region_cannot_be_read_through_proc() {
        use std::os::unix::fs::FileExt;
        let mut region = Region::map_exactly(PAGE, Protection::MemfdSecret).unwrap();
        region.bytes_mut().fill(7);
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        let address = u64::try_from(region.start().as_ptr().addr()).unwrap();
        assert!(memory.read_exact_at(&mut [0; 16], address).is_err());
    }
}
