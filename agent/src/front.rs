//! The front: sockets, policy, people and devices, but never a private key.
//!
//! It runs on one thread, and nothing in it waits for a person, a device or a disk while it holds
//! what another request needs.
//!
//! The modules stand in groups: one uses those of the groups above it only.

pub mod child;
pub mod clock;
pub mod escape;
pub mod pattern;
pub mod verify;

pub mod binding;
pub mod peer;
pub mod prompt;
pub mod provider;

pub mod audit;
pub mod destination;
pub mod security_key;
