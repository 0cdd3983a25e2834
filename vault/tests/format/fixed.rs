//! Randomness that is always the same.

use keyward_vault::Entropy;
use keyward_vault::random::EntropyError;
use sha2::{Digest, Sha256};

/// SHA-256 of a name and a counter, again and again.
pub(crate) struct Fixed {
    name: String,
    counter: u64,
}

impl Fixed {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            counter: 0,
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes).unwrap();
        bytes
    }
}

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(32) {
            let digest = Sha256::new()
                .chain_update(&self.name)
                .chain_update(self.counter.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&digest[..chunk.len()]);
            self.counter += 1;
        }
        Ok(())
    }
}
