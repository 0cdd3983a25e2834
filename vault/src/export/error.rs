//! Why a key was not exported.

use thiserror::Error;

use crate::import::Format;
use crate::key::KeyError;

/// Says why a key was not exported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The format has no form for keys of FIDO tokens.
    #[error("{0} has no form for keys in FIDO tokens")]
    SecurityKey(Format),
    /// The passphrase is empty, which programs take for none.
    #[error("passphrase is empty")]
    EmptyPassphrase,
    /// The rounds of bcrypt are too few or too many.
    #[error("{rounds} rounds of bcrypt are not within {min} to {max}", min = super::ROUNDS.start(), max = super::ROUNDS.end())]
    Rounds {
        /// How many were asked for.
        rounds: u32,
    },
    /// There are no random bytes to be had.
    #[error("no randomness from the system")]
    Randomness,
    /// The numbers of the key do not fit the format.
    #[error("key cannot be written as {0}")]
    Unfit(Format),
    /// The key is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is not enough memory to derive a key from the passphrase.
    #[error("there is not enough memory")]
    Memory,
}
