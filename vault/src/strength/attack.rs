//! What it costs an attacker to find a passphrase.
//!
//! The attacker of these figures rents one graphics card of the kind that was usual in 2026 by the
//! hour, as many of them as they like, and finds the passphrase half way through. The figures are
//! for a feeling of size; a faster card, or a cheaper one, divides them.

use crate::Cost;

/// What one card moves to and from its memory, in KiB in a second: 1 TB.
const CARD_KIB: f64 = 1e9;

/// What one card costs in an hour, in US dollars.
const CARD_DOLLARS: f64 = 0.40;

/// How often Argon2id touches each block in a pass: it reads two and writes one.
const TOUCHES: f64 = 3.0;

/// The bcrypt hashes of 32 rounds that one card computes in a second, by the public figures of
/// hashcat for an RTX 4090.
const BCRYPT_32: f64 = 184_000.0;

/// The MD5 hashes that one card computes in a second, by the same figures, and a half for the rest.
const MD5: f64 = 80e9;

/// How a secret is turned into a key.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Derivation {
    /// Ours (RFC 9106).
    Argon2id(Cost),
    /// OpenSSH's key files (`bcrypt_pbkdf`), by its rounds; 16 up to OpenSSH 9.3, then 24.
    Bcrypt {
        /// The rounds, `ssh-keygen -a`.
        rounds: u32,
    },
    /// Legacy PEM files: one MD5 hash.
    PemMd5,
}

/// What an attack costs on the average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attack {
    /// How long one card takes, in seconds.
    pub card_seconds: f64,
    /// What its rent costs, in US dollars.
    pub dollars: f64,
}

impl Derivation {
    /// Returns how many passphrases one card tries in a second.
    pub fn tries_per_second(self) -> f64 {
        match self {
            Self::Argon2id(cost) => {
                let kib = f64::from(cost.memory_kib()) * f64::from(cost.passes());
                CARD_KIB / (kib * TOUCHES)
            }
            // Two blocks of key, each of which takes a hash of 64 rounds for each round.
            Self::Bcrypt { rounds } => BCRYPT_32 / (2.0 * 2.0 * f64::from(rounds.max(1))),
            Self::PemMd5 => MD5,
        }
    }

    /// Returns what it costs to find a passphrase of so many bits.
    pub fn attack(self, bits: f64) -> Attack {
        let card_seconds = (bits - 1.0).max(0.0).exp2() / self.tries_per_second();
        Attack {
            card_seconds,
            dollars: card_seconds / 3600.0 * CARD_DOLLARS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_costs_more_than_theirs_and_pem_nothing() {
        let of = |derivation: Derivation| derivation.attack(60.0).dollars;
        let ours = of(Derivation::Argon2id(Cost::DEFAULT));
        let bcrypt = of(Derivation::Bcrypt { rounds: 24 });
        assert!(ours > bcrypt);
        assert!(bcrypt > of(Derivation::Bcrypt { rounds: 16 }));
        assert!(of(Derivation::PemMd5) < 1000.0);
    }

    #[test]
    fn a_bit_more_costs_twice_as_much() {
        let of = |bits| Derivation::PemMd5.attack(bits).card_seconds;
        assert!((of(51.0) / of(50.0) - 2.0).abs() < 1e-9);
        assert!(of(0.0) >= 0.0);
    }
}
