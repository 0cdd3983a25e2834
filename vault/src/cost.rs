//! What a derivation from a passphrase costs (`FORMAT.md` section 3).

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroize;

use crate::error::Error;
use crate::{Passphrase, Secret};

/// The costs of Argon2id (RFC 9106), within the bounds of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The least memory a file may ask for, in KiB: OWASP's least for passwords.
const MEMORY_MIN: u32 = 19_456;

/// The most memory a file may ask for, in KiB: 2 GiB.
const MEMORY_MAX: u32 = 2_097_152;

const PASSES_MAX: u32 = 32;

const LANES_MAX: u32 = 16;

/// The most memory, in KiB, times passes: some eight seconds of one core in 2026.
const WORK_MAX: u64 = 4_194_304;

/// The most work that the slots of one file may ask for in sum: a wrong passphrase is tried with each of them.
pub(crate) const WORK_SUM_MAX: u64 = 4 * WORK_MAX;

/// How many bytes the derived key has.
const KEY: usize = 32;

impl Cost {
    /// What is written where there is no reason for another: about a second of two cores.
    pub const DEFAULT: Self = Self::of(524_288, 3, 4);

    /// The least that is written on a machine with 4 GiB of memory or more.
    pub const FLOOR: Self = Self::of(262_144, 3, 4);

    /// The least that is read.
    pub const LEAST: Self = Self::of(MEMORY_MIN, 1, 1);

    /// Takes costs that are within the bounds of the format, for reading; what a writer chooses is
    /// [`Cost::FLOOR`] or more.
    ///
    /// # Errors
    /// [`Error::Cost`]; nothing is allocated to find out.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, Error> {
        let within = (MEMORY_MIN..=MEMORY_MAX).contains(&memory_kib)
            && (1..=PASSES_MAX).contains(&passes)
            && (1..=LANES_MAX).contains(&lanes)
            && u64::from(memory_kib) * u64::from(passes) <= WORK_MAX;
        if !within {
            return Err(Error::Cost {
                memory_kib,
                passes,
                lanes,
            });
        }
        Ok(Self::of(memory_kib, passes, lanes))
    }

    /// Returns the same cost with other passes, as many as the format allows at most.
    #[must_use]
    pub fn with_passes(self, passes: u32) -> Self {
        let most = WORK_MAX / u64::from(self.memory_kib);
        let most = u32::try_from(most).unwrap_or(PASSES_MAX).min(PASSES_MAX);
        Self {
            passes: passes.clamp(1, most.max(1)),
            ..self
        }
    }

    const fn of(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        Self {
            memory_kib,
            passes,
            lanes,
        }
    }

    /// Returns the memory in KiB times the passes.
    pub fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// Returns the memory in KiB.
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Returns the passes over the memory.
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Returns the lanes that can be computed at once.
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    /// Derives 32 bytes from a passphrase. It takes seconds, and the memory it says.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn derive(self, passphrase: &Passphrase, salt: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        let failed = |_| Error::Contradiction("Argon2 takes all costs that are within bounds");
        let params =
            Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY)).map_err(failed)?;
        let mut memory = Memory::new(params.block_count(), self.memory_kib)?;
        let mut key = Secret::new(vec![0; KEY]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(
                passphrase.bytes(),
                salt,
                key.expose_mut(),
                &mut memory.0,
            )
            .map_err(failed)?;
        Ok(key)
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The memory of a derivation, which is wiped: its last blocks are one hash away from the key, and
/// all of them tell a right passphrase from a wrong one without the work.
struct Memory(Vec<Block>);

impl Memory {
    fn new(blocks: usize, kib: u32) -> Result<Self, Error> {
        let mut memory = Vec::new();
        memory
            .try_reserve_exact(blocks)
            .map_err(|_| Error::OutOfMemory { kib })?;
        memory.resize(blocks, Block::default());
        Ok(Self(memory))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let wipe = |blocks: &mut [Block]| blocks.iter_mut().for_each(Zeroize::zeroize);
        let middle = self.0.len() / 2;
        let (first, second) = self.0.split_at_mut(middle);
        let both = std::thread::scope(|scope| {
            let other = std::thread::Builder::new().spawn_scoped(scope, || wipe(first));
            wipe(second);
            other.is_ok()
        });
        if !both {
            wipe(&mut self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_for_every_corner() {
        for (memory, passes, lanes) in [
            (19_456, 1, 1),
            (2_097_152, 2, 16),
            (131_072, 32, 1),
            (524_288, 8, 4),
        ] {
            assert!(Cost::new(memory, passes, lanes).is_ok());
        }
        for (memory, passes, lanes) in [
            (19_455, 1, 1),
            (2_097_153, 1, 1),
            (19_456, 0, 1),
            (19_456, 33, 1),
            (19_456, 1, 0),
            (19_456, 1, 17),
            (2_097_152, 3, 1),
            (131_073, 32, 1),
            (u32::MAX, u32::MAX, u32::MAX),
        ] {
            let refused = Cost::new(memory, passes, lanes);
            assert!(matches!(refused, Err(Error::Cost { .. })));
        }
    }

    #[test]
    fn agrees_with_the_reference_program() {
        // echo -n password | argon2 0123456789abcdef0123456789abcdef -id -t 1 -k 19456 -p 1 -l 32 -r
        let passphrase = Passphrase::new("password").unwrap();
        let salt = b"0123456789abcdef0123456789abcdef";
        let key = Cost::LEAST.derive(&passphrase, salt).unwrap();
        let hex: String = key
            .expose()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "00926440e94d349cfcf66f7e35fd748e5dac802b6619ab812f58df6fd08a7433"
        );
    }

    #[test]
    fn the_floor_is_below_the_default() {}
}
