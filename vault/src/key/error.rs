//! Why bytes are not a key.

use thiserror::Error;

/// Says what is wrong with the fields of a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes end inside a field.
    #[error("key ends too early")]
    Truncated,
    /// There are bytes after the last field.
    #[error("{0} bytes after the key")]
    Trailing(usize),
    /// A field holds what its type does not allow.
    #[error("{0} is not valid")]
    Invalid(&'static str),
    /// The key is of DSA, which has 160-bit secrets and SHA-1 only.
    #[error("DSA keys are not supported: they are too weak, and OpenSSH takes none since 10.0")]
    Dsa,
    /// The key is of a type that is not known.
    #[error("key type {name:?} is not supported")]
    Type {
        /// The name as it was found, cut off after 64 characters.
        name: String,
    },
    /// The modulus is too short or too long.
    #[error("RSA key has {bits} bits, expected 2048 to 16384")]
    RsaBits {
        /// How many bits the modulus has.
        bits: usize,
    },
}

impl KeyError {
    /// Names a type that is not supported. The name comes from outside and may be anything.
    pub(crate) fn of_type(name: &[u8]) -> Self {
        match name {
            b"ssh-dss" => Self::Dsa,
            _ => Self::Type { name: shown(name) },
        }
    }
}

/// Returns the beginning of what stands in a file for a message, which has to stay readable.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 64;
    String::from_utf8_lossy(bytes)
        .chars()
        .take(SHOWN_MAX)
        .collect()
}
