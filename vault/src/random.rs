//! Where random bytes come from.

use thiserror::Error;

/// Says that there are no random bytes to be had.
#[derive(Debug, Clone, Copy, Error)]
#[error("no randomness from the system")]
pub struct EntropyError(#[from] getrandom::Error);

/// A source of bytes that nobody can foretell.
///
/// It is an argument wherever something random is needed, so that tests can seal byte for byte what
/// is in the vectors.
pub trait Entropy {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`EntropyError`] when the source has none to give.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The system's generator for keys: the only one to use outside of tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        Ok(getrandom::fill(bytes)?)
    }
}

/// Takes as many bytes as the array holds.
///
/// # Errors
/// [`EntropyError`] when the source has none to give.
pub(crate) fn array<const N: usize>(entropy: &mut dyn Entropy) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}
