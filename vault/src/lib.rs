//! The vault of keyward: keys encrypted at rest.
//!
//! For now it holds only the type in which every crate keeps its secrets.
#![forbid(unsafe_code)]

pub mod secret;
pub mod store;

pub use secret::Secret;
