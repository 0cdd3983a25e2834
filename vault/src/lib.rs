//! The vault of keyward: keys encrypted at rest, in one file (`FORMAT.md`).
//!
//! [`Sealed::read`] takes the bytes of a file and checks all that can be checked without a secret;
//! [`Sealed::unlock`] makes a [`Vault`] of it, whose keys are listed, added, changed and removed;
//! [`Vault::seal`] returns the bytes of the next generation. [`salvage()`] reads what is left of a
//! damaged one. All of it is bytes in, bytes out: the time and the source of randomness are
//! arguments, and no file is opened. Only [`store`] knows files, and nothing of what is in them.
//! [`import`] and [`export`] are for files of single keys.
//!
//! Private keys stay sealed in an open vault; [`Vault::private`] opens one.
//!
//! The order of the modules is the order of dependence: a module may use those above it only.
#![forbid(unsafe_code)]

pub mod secret;
pub mod memory;
pub mod key;
pub mod import;
pub mod export;
pub mod random;
#[cfg(test)]
mod fixed_entropy;
pub mod timestamp;
pub mod id;
pub mod fingerprint;
pub mod passphrase;
mod symbols;
pub mod recovery_code;
pub mod error;
mod wire;
mod cbor;
mod subkey;
mod cipher;
pub mod shares;
pub mod cost;
pub mod strength;
pub mod slot;
pub mod header;
pub mod block;
mod manifest;
pub mod record;
pub mod paper;
mod spread;
pub mod unlocking;
pub mod sealed;
pub mod vault;
pub mod backup;
pub mod salvage;
pub mod store;

pub use cost::Cost;
pub use error::{Class, Error};
pub use fingerprint::Fingerprint;
pub use id::{RecordId, SlotId, VaultId};
pub use key::{Curve, KeyError, KeyType, PrivateKey, PublicKey};
pub use memory::Memory;
pub use passphrase::Passphrase;
pub use random::{Entropy, SystemEntropy};
pub use record::{KeyRecord, Metadata};
pub use recovery_code::RecoveryCode;
pub use salvage::{Salvage, salvage};
pub use sealed::Sealed;
pub use secret::Secret;
pub use slot::{NewSlot, Opener};
pub use timestamp::Timestamp;
pub use unlocking::Unlocking;
pub use vault::Vault;
