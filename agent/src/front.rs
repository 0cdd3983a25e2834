//! Sockets, protocol and policy; everything that sees no private key.

pub mod verify;

pub mod binding;
pub mod pattern;

pub mod destination;
