//! Secret memory for code that does not know of it.
//!
//! A command that opens a vault runs many libraries: prompts, key formats, ciphers. What they allocate
//! and leave on their stack would stay behind as a copy of a key. Inside [`run`] all of that is secret
//! memory, whoever allocates it on this thread, and it is wiped when it is freed. A thread that is
//! started meanwhile has to say so ([`run_thread`]): without that its memory is ordinary, wiped when it is freed.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};
use std::alloc::System;

use rustix::io::Errno;

use super::heap;
use super::region::{self, Protection};
use super::stack::SecretStack;

/// Blocks above this many bytes are ordinary memory: files, lists, and the memory of a key derivation, which
/// is larger than what a person may lock.
const LARGE: usize = 512 << 10;

/// Size of the stack in bytes. Argument parsers and key formats need more than a signature does.
const STACK: usize = 1 << 20;

/// Size of the stack of a thread inside of a run, in bytes: it opens records, and no more.
const THREAD_STACK: usize = 256 << 10;

thread_local! {
    /// Whether this thread runs with secrets now.
    static SECRET: Cell<bool> = const { Cell::new(false) };
}

/// Whether ordinary memory is wiped when it is freed: from the first [`run`] on.
static WIPING: AtomicBool = AtomicBool::new(false);

/// The allocator of the program: as the system's, and inside [`run`] the heap of secrets.
#[derive(Debug)]
pub struct SecretAllocator;

/// Runs `operation` with all of its memory secret but what is [`public`]: on a stack that is wiped after it, and with a heap of
/// which every block is wiped when it is freed. Returns what it returned, and the weakest protection of stack and heap.
///
/// When the heap of secrets is full, further blocks are ordinary memory, wiped when freed.
///
/// # Errors
/// What the kernel said when there was no memory.
pub fn run<R>(wanted: Protection, operation: impl FnOnce() -> R) -> Result<(R, Protection), Errno> {
    if cfg!(feature = "unwiped") {
        return Ok((operation(), Protection::Unlocked));
    }
    run_on(SecretStack::of_size(STACK, wanted)?, wanted, operation)
}

/// Runs `work` as [`run`] does, on a thread that was started inside of it.
///
/// It does nothing where there is no memory for another stack that is protected as well as the heap is.
pub fn run_thread(work: &mut dyn FnMut()) {
    if cfg!(feature = "unwiped") {
        return work();
    }
    let wanted = heap::protection().unwrap_or_default();
    let stack = SecretStack::of_size(THREAD_STACK, wanted).ok();
    if let Some(stack) = stack.filter(|stack| stack.protection() == wanted) {
        // Its one failure is that there is no heap, and then the work was not done.
        let _ = run_on(stack, wanted, work);
    }
}

fn run_on<R>(
    stack: SecretStack,
    wanted: Protection,
    operation: impl FnOnce() -> R,
) -> Result<(R, Protection), Errno> {
    let protection = heap::map(wanted)?.max(stack.protection());
    WIPING.store(true, Ordering::Relaxed);
    heap::spill();
    let result = stack.run_once(|| {
        let _back = Back(set_secret(true));
        operation()
    });
    Ok((result, protection))
}

/// Does work that sees no secret, inside of [`run`]: what it allocates is ordinary memory, wiped when freed.
///
/// It is for what is much, such as the listing of ten thousand keys: secret memory costs ten times as much to take.
pub fn public<R>(work: impl FnOnce() -> R) -> R {
    let _back = Back(set_secret(false));
    work()
}

/// Sets back what was set before, also where the work in between does not end well.
struct Back(bool);

impl Drop for Back {
    fn drop(&mut self) {
        set_secret(self.0);
    }
}

/// Sets whether what this thread allocates from now on is secret memory, and returns what was set.
///
/// It is what [`public`] does in two steps, for code that does not know of this allocator.
pub fn set_secret(is_secret: bool) -> bool {
    SECRET.replace(is_secret)
}

// SAFETY: every block comes from the heap of secrets or the system's allocator and goes back to the one whose
// address range it lies in, with the layout it was taken with.
unsafe impl GlobalAlloc for SecretAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if SECRET.get() && layout.size() <= LARGE {
            // SAFETY: the size is not zero, as the trait has it.
            if let Some(block) = unsafe { heap::allocate_as(layout) } {
                return block.as_ptr();
            }
        }
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if SECRET.get() && layout.size() <= LARGE {
            // SAFETY: passed on as it came.
            let block = unsafe { self.alloc(layout) };
            if let Some(block) = NonNull::new(block) {
                // SAFETY: the block was just taken with this size.
                unsafe { block.write_bytes(0, layout.size()) };
            }
            return block;
        }
        // SAFETY: passed on as it came; pages fresh from the kernel are not touched.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if heap::is_ours(block) {
            // SAFETY: it lies in the heap of secrets, so `alloc` took it there with this layout.
            unsafe { heap::release_as(block, layout) };
            return;
        }
        if WIPING.load(Ordering::Relaxed) {
            // SAFETY: the caller gives the block up.
            unsafe { region::wipe(block, layout.size()) };
        }
        // SAFETY: it lies outside of the heap of secrets, so the system's allocator gave it.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !WIPING.load(Ordering::Relaxed) {
            // SAFETY: before the first `run` the system's allocator gave every block.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the trait promises that the size is not zero and does not overflow with this alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as above. The system's `realloc` would move a block and leave the old bytes behind.
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both blocks are at least as long as the shorter of the two, and do not overlap.
            unsafe {
                core::ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(allocator: &SecretAllocator, size: usize) -> (*mut u8, Layout) {
        let layout = Layout::from_size_align(size, 64).unwrap();
        // SAFETY: the size is not zero.
        (unsafe { allocator.alloc(layout) }, layout)
    }

    #[test]
    fn blocks_are_secret_inside_of_a_run_only() {
        let allocator = SecretAllocator;
        let (inside, large) = run(Protection::MemfdSecret, || {
            (block(&allocator, 100), block(&allocator, LARGE + 1))
        })
        .unwrap()
        .0;
        let outside = block(&allocator, 100);
        assert!(heap::is_ours(inside.0));
        assert_eq!(inside.0.addr() % 64, 0);
        assert!(!heap::is_ours(large.0));
        assert!(!heap::is_ours(outside.0));
        for (start, layout) in [inside, large, outside] {
            // SAFETY: they came from this allocator with these layouts.
            unsafe { allocator.dealloc(start, layout) };
        }
    }

    #[test]
    fn what_is_public_is_ordinary_and_a_thread_is_secret_where_it_says_so() {
        let is_secret = || {
            let (start, layout) = block(&SecretAllocator, 100);
            // SAFETY: it was just taken with this layout.
            unsafe { SecretAllocator.dealloc(start, layout) };
            heap::is_ours(start)
        };
        let mut seen = Vec::new();
        run(Protection::MemfdSecret, || {
            seen.push((public(is_secret), false));
            seen.push((is_secret(), true));
            std::thread::scope(|scope| {
                scope.spawn(|| run_thread(&mut || seen.push((is_secret(), true))));
            });
        })
        .unwrap();
        assert_eq!(seen, [(false, false), (true, true), (true, true)]);
    }

    #[test]
    fn a_block_that_moves_keeps_its_bytes_and_leaves_none_behind() {
        let allocator = SecretAllocator;
        run(Protection::MemfdSecret, || {
            let (start, layout) = block(&allocator, 64);
            // SAFETY: the block is 64 bytes long, then 4,096, and given back at the end.
            unsafe {
                start.write_bytes(0x5a, 64);
                let moved = allocator.realloc(start, layout, 4096);
                assert!(heap::is_ours(moved));
                assert_eq!(core::slice::from_raw_parts(moved, 64), [0x5a; 64]);
                let layout = Layout::from_size_align(4096, 64).unwrap();
                allocator.dealloc(moved, layout);
            }
        })
        .unwrap();
    }
}
