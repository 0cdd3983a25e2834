//! The process that talks: sockets, protocol, policy and prompts.

pub mod socket;

pub mod server;
