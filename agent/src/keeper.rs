//! The keeper: the one process that sees private keys.
//!
//! It has no runtime, no file and no socket but its channel, which is of pipes where nobody sees it. Everything secret lives in one
//! region of memory that no other process can read, on a heap and on stacks of their own, and is
//! wiped when it is done with. The proof is a scan of the live process, not this text.

pub mod sandbox;
pub mod channel;
pub mod seal;
pub mod store;
pub mod workers;
pub mod serve;
pub mod process;
