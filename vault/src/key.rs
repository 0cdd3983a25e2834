//! Keys: private ones as an agent takes them, and the public ones that belong to them.
//!
//! A [`PrivateKey`] holds the *key fields* of an agent's add message (RFC 9987 section 5.2.1,
//! OpenSSH's `sshkey_private_serialize`) without a certificate. Forms and lengths are checked here.
//! Whether the secret belongs to the public part is for the code that computes with it.

mod error;
mod wire;
mod key_type;
mod public_key;
mod fields;
mod private_key;
mod derive;

pub use error::KeyError;
pub use key_type::{Curve, KeyType};
pub use private_key::PrivateKey;
pub use public_key::PublicKey;

pub(crate) use derive::{ecdsa_point, ed25519_public};
pub(crate) use error::shown;
pub(crate) use fields::Fields;
pub(crate) use wire::{Reader, Writer, magnitude};
