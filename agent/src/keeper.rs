//! The process that holds the private keys.

pub mod process;
