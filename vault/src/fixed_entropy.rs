//! Randomness that is always the same, for tests.

use sha2::{Digest, Sha256};

use crate::random::{Entropy, EntropyError};

/// SHA-256 of a name and a counter, again and again.
pub(crate) struct Fixed(&'static str, u64);

impl Fixed {
    pub(crate) fn new(name: &'static str) -> Self {
        Self(name, 0)
    }

    pub(crate) fn numbered(name: &'static str, number: u64) -> Self {
        Self(name, number)
    }
}

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(32) {
            let digest = Sha256::new()
                .chain_update(self.0)
                .chain_update(self.1.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&digest[..chunk.len()]);
            self.1 += 1;
        }
        Ok(())
    }
}
