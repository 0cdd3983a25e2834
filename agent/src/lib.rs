//! The SSH agent of keyward (RFC 9987 and OpenSSH's `PROTOCOL.agent`).
//!
//! The order of the modules is the order of dependence: a module may use those above it only.

pub mod protocol;
pub mod seclusion;
pub mod mapping;
pub mod footprint;
pub mod secret_memory;
pub mod key;
pub mod keeper;
pub mod front;
pub mod client;
