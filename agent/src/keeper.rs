//! The keeper: the one process that sees private keys.
//!
//! It has no runtime, no file and no socket but its channel. Everything secret lives in one
//! region of memory that no other process can read, on a heap and on stacks of their own, and is
//! wiped when it is done with. The proof is a scan of the live process, not this text.

pub mod channel;
pub mod heap;
pub mod process;
pub mod region;
pub mod rsa;
pub mod sandbox;
pub mod seal;
pub mod serve;
pub mod signing_key;
pub mod stack;
pub mod store;
pub mod workers;
