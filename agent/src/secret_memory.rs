//! Memory for secrets: no other process reads it, it is not swapped, and it is wiped.
//!
//! The keeper uses it, and every command that opens a vault.

pub mod region;
pub mod heap;
pub mod stack;
pub mod allocator;
