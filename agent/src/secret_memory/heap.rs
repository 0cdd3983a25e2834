//! The heap of secrets: what the keeper and its signature library allocate for keys lies here.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::Layout;
use core::ffi::{c_char, c_int, c_void};
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::io::Errno;
use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::Manual;

use super::region::{self, Protection, Region};

/// Sizes to try for the heap, in bytes: an address range, of which only touched pages cost memory.
/// The usual limit on locked memory is 8 MiB, in containers 64 KiB.
const SIZES: [usize; 6] = [64 << 20, 16 << 20, 6 << 20, 2 << 20, 512 << 10, 32 << 10];

/// What must stay free for the signatures themselves: an RSA-16384 signature takes about 200 KiB.
const RESERVE: usize = 512 << 10;

/// Room before each block of the signature library, in bytes, for the block's size.
const PREFIX: usize = 16;

// The signature library calls its allocator without a context, so this state has to be static.
static HEAP: Mutex<Talc<Manual, DefaultBinning>> = Mutex::new(Talc::new(Manual));
static START: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);
static MAPPED: OnceLock<Protection> = OnceLock::new();
static USED: AtomicUsize = AtomicUsize::new(0);

/// Whether the signature library gets ordinary memory, wiped when freed, where the heap is full.
static SPILLS: AtomicBool = AtomicBool::new(false);

/// Says that no protected memory is left for another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the memory for secrets is full; raise the limit on locked memory (ulimit -l)")]
pub struct Full;

/// Maps the heap of secrets, once. It stays until the process ends.
///
/// # Errors
/// What the kernel said when no memory at all could be had.
pub fn map(wanted: Protection) -> Result<Protection, Errno> {
    let mut heap = heap();
    if let Some(protection) = MAPPED.get() {
        return Ok(*protection);
    }
    let kinds = [
        Protection::MemfdSecret,
        Protection::Locked,
        Protection::Unlocked,
    ];
    let region = kinds
        .into_iter()
        .filter(|kind| *kind >= wanted)
        .flat_map(|kind| SIZES.into_iter().map(move |size| (size, kind)))
        .find_map(|(size, kind)| Region::map_exactly(size, kind).ok())
        .ok_or(Errno::NOMEM)?;
    let (start, size) = (region.start().as_ptr(), region.size());
    // SAFETY: the region is fresh, as large as said, and kept for ever by the `forget` below.
    unsafe { heap.claim(start, size) }.ok_or(Errno::NOMEM)?;
    START.store(start.addr(), Ordering::Relaxed);
    END.store(start.addr() + size, Ordering::Release);
    let protection = *MAPPED.get_or_init(|| region.protection());
    core::mem::forget(region);
    Ok(protection)
}

/// Returns the protection of the heap of secrets, if it was mapped.
pub fn protection() -> Option<Protection> {
    MAPPED.get().copied()
}

/// Returns the bytes in use and the bytes in all.
pub fn usage() -> (usize, usize) {
    let end = END.load(Ordering::Acquire);
    let size = end - START.load(Ordering::Relaxed);
    (USED.load(Ordering::Relaxed), size)
}

/// Says whether a key that needs about `bytes` may still be taken in.
///
/// # Errors
/// [`Full`] when signing with the keys already held could then run out of memory.
pub fn room_for(bytes: usize) -> Result<(), Full> {
    let (used, size) = usage();
    let reserve = RESERVE.min(size / 4);
    if used.saturating_add(bytes).saturating_add(reserve) > size {
        Err(Full)
    } else {
        Ok(())
    }
}

/// Makes the signature library allocate here. Must come before its first allocation.
///
/// Returns whether it agreed; without that, keys would lie on the ordinary heap.
pub fn adopt_signature_library() -> bool {
    // SAFETY: the three functions keep the library's contract: sizes are remembered, memory is
    // aligned to 16 bytes, and a null pointer means that there is none.
    unsafe {
        aws_lc_sys::CRYPTO_set_mem_functions(
            Some(library_malloc),
            Some(library_realloc),
            Some(library_free),
        ) == 1
    }
}

/// Gives the signature library ordinary memory where the heap is full, as a command has it: it ends soon, and with a low limit
/// on locked memory a large vault would not open. The keeper refuses keys instead.
pub(super) fn spill() {
    SPILLS.store(true, Ordering::Relaxed);
}

/// Bytes on the heap of secrets, wiped when dropped.
pub struct SecretBytes {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: the bytes are owned by this value alone.
unsafe impl Send for SecretBytes {}
// SAFETY: shared access only reads.
unsafe impl Sync for SecretBytes {}

impl SecretBytes {
    /// Takes a copy of `bytes`; the caller wipes the original.
    ///
    /// # Errors
    /// [`Full`] when the heap has no room.
    pub fn copy_of(bytes: &[u8]) -> Result<Self, Full> {
        let mut copy = Self::zeroed(bytes.len())?;
        copy.copy_from_slice(bytes);
        Ok(copy)
    }

    /// Takes `size` zero bytes.
    ///
    /// # Errors
    /// [`Full`] when the heap has no room.
    pub fn zeroed(size: usize) -> Result<Self, Full> {
        let start = allocate(size.max(1)).ok_or(Full)?;
        // SAFETY: the block was just allocated with at least `size` bytes.
        unsafe { ptr::write_bytes(start.as_ptr(), 0, size) };
        Ok(Self { start, size })
    }
}

impl Deref for SecretBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the block is owned, initialised and `size` bytes long.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.size) }
    }
}

impl DerefMut for SecretBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `deref`, and borrowed mutably.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.size) }
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        // SAFETY: the block came from `allocate` with this size and is not used again.
        unsafe { release(self.start.as_ptr(), self.size.max(1)) };
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

fn heap() -> MutexGuard<'static, Talc<Manual, DefaultBinning>> {
    HEAP.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn layout(size: usize) -> Option<Layout> {
    match Layout::from_size_align(size, 16) {
        Ok(layout) => Some(layout),
        Err(_) => None,
    }
}

fn allocate(size: usize) -> Option<NonNull<u8>> {
    // SAFETY: `size` is not zero at any caller.
    unsafe { allocate_as(layout(size)?) }
}

/// Takes a block off the heap; `None` when there is no room, or no heap.
///
/// # Safety
/// The layout's size must not be zero.
pub(super) unsafe fn allocate_as(layout: Layout) -> Option<NonNull<u8>> {
    // SAFETY: promised by the caller.
    let block = unsafe { heap().allocate(layout) }?;
    USED.fetch_add(layout.size(), Ordering::Relaxed);
    Some(block)
}

/// Wipes and frees a block of [`allocate`].
///
/// # Safety
/// `start` must come from [`allocate`] with the same size, and must not be used again.
unsafe fn release(start: *mut u8, size: usize) {
    if let Some(layout) = layout(size) {
        // SAFETY: promised by the caller; the layout is the one it was allocated with.
        unsafe { release_as(start, layout) };
    }
}

/// Wipes and frees a block of [`allocate_as`].
///
/// # Safety
/// `start` must come from [`allocate_as`] with the same layout, and must not be used again.
pub(super) unsafe fn release_as(start: *mut u8, layout: Layout) {
    // SAFETY: promised by the caller.
    unsafe { region::wipe(start, layout.size()) };
    // SAFETY: promised by the caller.
    unsafe { heap().deallocate(start, layout) };
    USED.fetch_sub(layout.size(), Ordering::Relaxed);
}

pub(super) fn is_ours(block: *mut u8) -> bool {
    // The end first: it is set last, so that with it the start is there.
    let end = END.load(Ordering::Acquire);
    (START.load(Ordering::Relaxed)..end).contains(&block.addr())
}

unsafe extern "C" fn library_malloc(size: usize, _: *const c_char, _: c_int) -> *mut c_void {
    let Some(whole) = size.checked_add(PREFIX) else {
        return ptr::null_mut();
    };
    // Before the first key there is no secret, and the heap of secrets is not mapped yet.
    let may_be_ordinary = || END.load(Ordering::Acquire) == 0 || SPILLS.load(Ordering::Relaxed);
    let block = match allocate(whole) {
        Some(block) => block.as_ptr(),
        // SAFETY: plain allocation.
        None if may_be_ordinary() => unsafe { libc::malloc(whole) }.cast::<u8>(),
        None => ptr::null_mut(),
    };
    if block.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the block has `PREFIX` bytes before the part that is handed out, aligned to 16.
    unsafe { block.cast::<usize>().write(size) };
    block.wrapping_add(PREFIX).cast()
}

unsafe extern "C" fn library_free(start: *mut c_void, _: *const c_char, _: c_int) {
    if start.is_null() {
        return;
    }
    let block = start.cast::<u8>().wrapping_sub(PREFIX);
    // SAFETY: every block that the library holds came from `library_malloc`, which wrote its size.
    let whole = unsafe { block.cast::<usize>().read() } + PREFIX;
    if is_ours(block) {
        // SAFETY: it came from `allocate(whole)`.
        unsafe { release(block, whole) };
    } else {
        // SAFETY: it came from `libc::malloc(whole)`.
        unsafe {
            region::wipe(block, whole);
            libc::free(block.cast());
        }
    }
}

unsafe extern "C" fn library_realloc(
    start: *mut c_void,
    size: usize,
    file: *const c_char,
    line: c_int,
) -> *mut c_void {
    // SAFETY: the contract of `library_malloc`.
    let fresh = unsafe { library_malloc(size, file, line) };
    if start.is_null() || fresh.is_null() {
        return fresh;
    }
    // SAFETY: as in `library_free`; both blocks hold at least the smaller size.
    unsafe {
        let old = start
            .cast::<u8>()
            .wrapping_sub(PREFIX)
            .cast::<usize>()
            .read();
        ptr::copy_nonoverlapping(start.cast::<u8>(), fresh.cast::<u8>(), old.min(size));
        library_free(start, file, line);
    }
    fresh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_and_their_room_comes_back() {
        map(Protection::MemfdSecret).unwrap();
        let bytes = SecretBytes::copy_of(b"a secret").unwrap();
        assert_eq!(&*bytes, b"a secret");
        assert!(is_ours(bytes.start.as_ptr()));
        assert_eq!(format!("{bytes:?}"), "SecretBytes(..)");
        assert!(SecretBytes::zeroed(1 << 40).is_err());
    }
}
