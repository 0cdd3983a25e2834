//! The front: sockets, policy, people and devices, but never a private key.
//!
//! It runs on one thread, and nothing in it waits for a person, a device or a disk while it holds
//! what another request needs. The order of the modules is the order of dependence.

#[cfg(test)]
pub(crate) mod test_runtime;
pub mod clock;
pub mod escape;
pub mod pattern;
pub mod child;
pub mod verify;
pub mod binding;
pub mod destination;
pub mod peer;
pub mod audit;
pub mod prompt;
pub mod unlocker;
pub mod provider;
pub mod security_key;
pub mod socket;
pub mod ring;
pub mod vault;
pub mod policy;
pub mod options;
pub mod readiness;
pub mod link;
pub mod supervisor;
pub mod unlocking;
pub mod agent;
pub mod session;
pub mod intake;
pub mod frames;
pub mod connection;
pub mod control;
pub mod server;
