//! The vault of keyward: keys encrypted at rest.
//!
//! [`key`] holds private and public keys, [`import`] reads files of private keys, [`export`] writes them. All of it is
//! bytes in, bytes out.
#![forbid(unsafe_code)]

pub mod secret;
pub mod key;
pub mod import;
pub mod export;

pub use key::{KeyError, KeyType, PrivateKey, PublicKey};
pub use secret::Secret;
