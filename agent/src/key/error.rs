//! Why a private key cannot be used.

use thiserror::Error;

/// Says why a key was not read, or did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key cannot sign with this algorithm.
    #[error("the key cannot sign with this algorithm")]
    Algorithm,
    /// The public part does not belong to the private part, or the RSA factors to the modulus.
    #[error("the private key is not consistent in itself")]
    Inconsistent,
    /// There is not enough memory for secrets.
    #[error("there is not enough memory for secrets (ulimit -l)")]
    Memory,
    /// The bytes are not a private key of a known type.
    #[error("the private key cannot be read")]
    Unreadable,
}
