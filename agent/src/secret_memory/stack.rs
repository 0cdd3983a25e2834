//! Stacks for code that computes with secrets.
//!
//! A signature leaves copies of the private scalar in dead stack frames. Where the program's own
//! stack keeps them until they happen to be overwritten, these stacks are secret memory and are
//! wiped after every operation.
#![expect(unsafe_code, reason = "a stack is raw memory")]

use corosensei::stack::{STACK_ALIGNMENT, Stack, StackPointer};
use rustix::io::Errno;

use super::region::{self, PAGE, Protection, Region};

/// Size of a stack in bytes. The deepest operation seen is an ECDSA signature with 52 KiB, most of
/// it the library's buffer for random bytes. All of a stack is wiped each time, so it is not larger.
const SIZE: usize = 128 << 10;

/// A stack of secret memory that runs one operation at a time.
#[derive(Debug)]
pub struct SecretStack {
    region: Region,
}

impl SecretStack {
    /// Maps a stack with guard pages on both sides.
    ///
    /// # Errors
    /// What the kernel said when no memory could be had.
    pub fn map(wanted: Protection) -> Result<Self, Errno> {
        Self::of_size(SIZE, wanted)
    }

    /// Maps a stack of `size` bytes with guard pages on both sides.
    ///
    /// # Errors
    /// As for [`SecretStack::map`].
    pub fn of_size(size: usize, wanted: Protection) -> Result<Self, Errno> {
        Ok(Self {
            region: Region::map(size, wanted)?,
        })
    }

    /// Runs `operation` on this stack, wipes the stack and gives it back.
    pub fn run_once<R>(mut self, operation: impl FnOnce() -> R) -> R {
        // The kernel wipes secret memory when it comes back. To do so here would first take the pages that were not used.
        if self.protection() == Protection::MemfdSecret {
            return corosensei::on_stack(Borrowed(&self.region), operation);
        }
        self.run(operation)
    }

    /// Returns the protection that the kernel granted.
    pub const fn protection(&self) -> Protection {
        self.region.protection()
    }

    /// Runs `operation` on this stack and wipes the stack afterwards.
    pub fn run<R>(&mut self, operation: impl FnOnce() -> R) -> R {
        let result = corosensei::on_stack(Borrowed(&self.region), operation);
        // SAFETY: the operation has returned, so nothing lives on the stack any more.
        unsafe { region::wipe(self.region.start().as_ptr(), self.region.size()) };
        result
    }
}

struct Borrowed<'a>(&'a Region);

// SAFETY: the region is page-aligned, at least `MIN_STACK_SIZE` large, and has a guard page below
// it, which `limit` includes.
unsafe impl Stack for Borrowed<'_> {
    fn base(&self) -> StackPointer {
        let top = self.0.start().addr().get() + self.0.size();
        StackPointer::new(top & !(STACK_ALIGNMENT - 1)).unwrap_or(StackPointer::MIN)
    }

    fn limit(&self) -> StackPointer {
        StackPointer::new(self.0.start().addr().get() - PAGE).unwrap_or(StackPointer::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_is_zero_after_an_operation() {
        let mut stack = SecretStack::map(Protection::Locked).unwrap();
        let sum = stack.run(|| {
            let planted = core::hint::black_box([0x5a_u8; 1024]);
            planted.iter().map(|byte| u32::from(*byte)).sum::<u32>()
        });
        assert_eq!(sum, 0x5a * 1024);
        assert!(stack.region.bytes_mut().iter().all(|byte| *byte == 0));
    }
}
