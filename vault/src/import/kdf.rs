//! How a key is derived from a passphrase, and what that may cost.

use core::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use ssh_cipher::Cipher;
use zeroize::{Zeroize, Zeroizing};

use super::error::ImportError;
use crate::secret::Secret;

/// The most rounds of bcrypt: about 10 ms each, so twenty seconds. `ssh-keygen` makes 16 or 24 unless told otherwise.
pub(super) const BCRYPT_ROUNDS_MAX: u32 = 2048;

/// The most iterations of PBKDF2: what RFC 8018 section 4.2 names for especially critical keys.
pub(super) const PBKDF2_ITERATIONS_MAX: u32 = 10_000_000;

/// The most memory for scrypt, in bytes. OpenSSL's reader stops at 32 MiB, OWASP asks for 128 MiB.
pub(super) const SCRYPT_MEMORY_MAX: u64 = 256 << 20;

/// The most bytes that scrypt may go through, `128 · N · r · p`: some four seconds.
pub(super) const SCRYPT_WORK_MAX: u64 = 1 << 30;

/// The most memory for Argon2, in KiB: 1 GiB. PuTTY takes 8 MiB unless told otherwise.
pub(super) const ARGON2_MEMORY_MAX: u32 = 1 << 20;

/// The most KiB that Argon2 may go through, memory times passes: 16 GiB, some fifteen seconds. PuTTY adds passes until
/// 100 ms have gone by, RFC 9106 section 4 goes through 2 GiB.
pub(super) const ARGON2_WORK_MAX: u64 = 1 << 24;

/// How a key is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encryption {
    /// The cipher, by the name that its format has for it.
    pub cipher: &'static str,
    /// How its key is derived from the passphrase.
    pub kdf: Kdf,
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.cipher, self.kdf)
    }
}

/// A function that derives a key from a passphrase, with its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kdf {
    /// OpenSSH's `bcrypt_pbkdf`.
    Bcrypt {
        /// How many rounds.
        rounds: u32,
    },
    /// OpenSSL's `EVP_BytesToKey` with MD5, once: no protection against guessing.
    Md5,
    /// SHA-1, once, as PuTTY had it until 2021: no protection against guessing.
    Sha1,
    /// RFC 8018 section 5.2.
    Pbkdf2 {
        /// The hash of its HMAC.
        hash: Hash,
        /// How many iterations.
        iterations: u32,
    },
    /// RFC 7914.
    Scrypt {
        /// The cost `N` as a power of two.
        log_n: u8,
        /// The block size `r`.
        r: u32,
        /// The parallelisation `p`.
        p: u32,
    },
    /// RFC 9106.
    Argon2 {
        /// Which of the three.
        kind: Argon2Kind,
        /// The memory in KiB.
        memory_kib: u32,
        /// How often it is gone through.
        passes: u32,
        /// How many lanes there are.
        lanes: u32,
    },
}

/// A hash function of PBKDF2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A variant of Argon2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argon2Kind {
    /// Argon2d.
    D,
    /// Argon2i.
    I,
    /// Argon2id.
    Id,
}

impl Argon2Kind {
    pub(crate) const ALL: [Self; 3] = [Self::D, Self::I, Self::Id];

    /// Returns the name as PuTTY writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::D => "Argon2d",
            Self::I => "Argon2i",
            Self::Id => "Argon2id",
        }
    }
}

impl fmt::Display for Kdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bcrypt { rounds } => write!(f, "bcrypt, {rounds} rounds"),
            Self::Md5 => f.write_str("MD5, once"),
            Self::Sha1 => f.write_str("SHA-1, once"),
            Self::Pbkdf2 { hash, iterations } => {
                write!(f, "PBKDF2-{hash:?}, {iterations} iterations")
            }
            Self::Scrypt { log_n, r, p } => write!(f, "scrypt, N 2^{log_n}, r {r}, p {p}"),
            Self::Argon2 {
                kind,
                memory_kib,
                passes,
                lanes,
            } => write!(
                f,
                "{}, {memory_kib} KiB, {passes} passes, {lanes} lanes",
                kind.name()
            ),
        }
    }
}

impl Kdf {
    /// Checks the cost, which a file may have set to anything.
    pub(crate) fn check(&self) -> Result<(), ImportError> {
        match *self {
            Self::Md5 | Self::Sha1 => Ok(()),
            Self::Bcrypt { rounds } => at_most("bcrypt rounds", rounds, BCRYPT_ROUNDS_MAX),
            Self::Pbkdf2 { iterations, .. } => {
                at_most("PBKDF2 iterations", iterations, PBKDF2_ITERATIONS_MAX)
            }
            Self::Scrypt { log_n, r, p } => {
                let n = 1_u64.checked_shl(log_n.into()).unwrap_or(u64::MAX);
                let block = 128 * u64::from(r);
                // One of N blocks, and one for each of p.
                let memory = n.saturating_add(p.into()).saturating_mul(block);
                at_most("scrypt memory in bytes", memory, SCRYPT_MEMORY_MAX)?;
                let work = n.saturating_mul(block).saturating_mul(p.into());
                at_most("scrypt work in bytes", work, SCRYPT_WORK_MAX)
            }
            Self::Argon2 {
                memory_kib, passes, ..
            } => {
                at_most("Argon2 memory in KiB", memory_kib, ARGON2_MEMORY_MAX)?;
                let work = u64::from(memory_kib) * u64::from(passes);
                at_most("Argon2 memory times passes in KiB", work, ARGON2_WORK_MAX)
            }
        }
    }

    /// Derives `key`; `None` when the parameters are none that the function has, or memory is short.
    ///
    /// Call it after [`Kdf::check`] only.
    pub(crate) fn derive(&self, passphrase: &[u8], salt: &[u8], key: &mut [u8]) -> Option<()> {
        match *self {
            Self::Bcrypt { rounds } => {
                bcrypt_pbkdf::bcrypt_pbkdf(passphrase, salt, rounds, key).ok()
            }
            Self::Md5 => bytes_to_key(passphrase, salt, key),
            Self::Sha1 => counted_sha1(passphrase, key),
            Self::Pbkdf2 { hash, iterations } => {
                pbkdf2_with(hash, iterations, (passphrase, salt), key);
                Some(())
            }
            Self::Scrypt { log_n, r, p } => {
                let params = scrypt::Params::new(log_n, r, p).ok()?;
                scrypt::scrypt(passphrase, salt, &params, key).ok()
            }
            Self::Argon2 {
                kind,
                memory_kib,
                passes,
                lanes,
            } => {
                let params = Params::new(memory_kib, passes, lanes, Some(key.len())).ok()?;
                let algorithm = match kind {
                    Argon2Kind::D => Algorithm::Argon2d,
                    Argon2Kind::I => Algorithm::Argon2i,
                    Argon2Kind::Id => Algorithm::Argon2id,
                };
                let argon2 = Argon2::new(algorithm, Version::V0x13, params);
                argon2.hash_password_into(passphrase, salt, key).ok()
            }
        }
    }
}

fn at_most(
    what: &'static str,
    value: impl Into<u64>,
    max: impl Into<u64>,
) -> Result<(), ImportError> {
    let (value, max) = (value.into(), max.into());
    if value > max {
        return Err(ImportError::Cost { what, value, max });
    }
    Ok(())
}

fn pbkdf2_with(hash: Hash, iterations: u32, input: (&[u8], &[u8]), key: &mut [u8]) {
    let (passphrase, salt) = input;
    let derive = match hash {
        Hash::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>,
        Hash::Sha224 => pbkdf2::pbkdf2_hmac::<Sha224>,
        Hash::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>,
        Hash::Sha384 => pbkdf2::pbkdf2_hmac::<Sha384>,
        Hash::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>,
    };
    derive(passphrase, salt, iterations, key);
}

/// OpenSSL's `EVP_BytesToKey` with a count of one.
fn bytes_to_key(passphrase: &[u8], salt: &[u8], key: &mut [u8]) -> Option<()> {
    let mut block = Zeroizing::new([0; 16]);
    let mut is_first = true;
    for part in key.chunks_mut(block.len()) {
        let mut hash = Md5::new();
        if !is_first {
            hash.update(*block);
        }
        is_first = false;
        hash.update(passphrase);
        hash.update(salt);
        let mut digest = hash.finalize();
        block.copy_from_slice(&digest);
        digest.zeroize();
        part.copy_from_slice(block.get(..part.len())?);
    }
    Some(())
}

/// Hashes of a counter and the passphrase, one after the other (appendix C.4 of PuTTY's manual).
fn counted_sha1(passphrase: &[u8], key: &mut [u8]) -> Option<()> {
    for (count, part) in (0_u32..).zip(key.chunks_mut(20)) {
        let mut digest = Sha1::new()
            .chain_update(count.to_be_bytes())
            .chain_update(passphrase)
            .finalize();
        part.copy_from_slice(digest.get(..part.len())?);
        digest.zeroize();
    }
    Some(())
}

/// Derives as much key as the cipher needs, and what follows it: its initialisation vector, or a key for a checksum.
pub(super) fn derive_for(
    kdf: Kdf,
    (passphrase, salt): (&[u8], &[u8]),
    length: usize,
) -> Option<Secret<Vec<u8>>> {
    let mut key = Secret::new(vec![0; length]);
    kdf.derive(passphrase, salt, key.expose_mut())?;
    Some(key)
}

/// Returns how many bytes of key the cipher takes, and how many for its initialisation vector.
pub(super) fn sizes(cipher: Cipher) -> (usize, usize) {
    cipher.key_and_iv_size().unwrap_or((0, 0))
}
