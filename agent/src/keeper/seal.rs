//! Keys sealed under a passphrase while the agent is locked.
//!
//! OpenSSH's agent only raises a flag when it is locked: from a dump of it every private key can
//! be computed. Here a dump of a locked keeper holds ciphertext, a salt, and nothing to open them
//! with but a guess at the passphrase at the price of Argon2id.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::rand;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroize;

use super::channel::{KeyId, Refusal};
use crate::secret_memory::heap::SecretBytes;

/// Argon2id's second recommended set (RFC 9106 section 4): 64 MiB, three passes, four lanes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

const SALT: usize = 16;
const KEY: usize = 32;

/// The associated data of the record that tells a right passphrase from a wrong one.
const CHECK: &[u8] = b"keyward lock check";

/// The key of one locking, derived from its passphrase.
#[derive(Debug)]
pub struct LockKey(SecretBytes);

/// What is kept of a locking: enough to recognise its passphrase, not to find it.
#[derive(Debug)]
pub struct Lock {
    salt: [u8; SALT],
    check: Seal,
}

/// Nonce and tag of bytes that were sealed where they lie.
#[derive(Debug)]
pub struct Seal {
    nonce: XNonce,
    tag: Tag,
}

impl Lock {
    /// Starts a locking with a fresh salt.
    ///
    /// # Errors
    /// [`Refusal::Memory`] when there is not enough of it, [`Refusal::State`] without randomness.
    pub fn new(passphrase: &[u8]) -> Result<(Self, LockKey), Refusal> {
        let mut salt = [0; SALT];
        rand::fill(&mut salt).map_err(|_| Refusal::State)?;
        let key = LockKey(derive(passphrase, &salt)?);
        let check = key.seal_with(CHECK, &mut [])?;
        Ok((Self { salt, check }, key))
    }

    /// Derives the key again.
    ///
    /// # Errors
    /// [`Refusal::Passphrase`] when the passphrase is not the one the locking was started with.
    pub fn open(&self, passphrase: &[u8]) -> Result<LockKey, Refusal> {
        let key = LockKey(derive(passphrase, &self.salt)?);
        key.open_with(CHECK, &mut [], &self.check)?;
        Ok(key)
    }
}

impl LockKey {
    /// Encrypts the bytes of a key where they lie.
    ///
    /// # Errors
    /// [`Refusal::State`] without randomness.
    pub fn seal(&self, id: KeyId, bytes: &mut [u8]) -> Result<Seal, Refusal> {
        self.seal_with(&id.0.to_be_bytes(), bytes)
    }

    /// Decrypts the bytes of a key where they lie; they stay as they are when that fails.
    ///
    /// # Errors
    /// [`Refusal::Passphrase`] when this key did not seal these bytes for this name.
    pub fn open(&self, id: KeyId, bytes: &mut [u8], seal: &Seal) -> Result<(), Refusal> {
        self.open_with(&id.0.to_be_bytes(), bytes, seal)
    }

    fn seal_with(&self, associated: &[u8], bytes: &mut [u8]) -> Result<Seal, Refusal> {
        let mut nonce = XNonce::default();
        rand::fill(&mut nonce).map_err(|_| Refusal::State)?;
        let tag = self
            .cipher()?
            .encrypt_inout_detached(&nonce, associated, bytes.into());
        Ok(Seal {
            nonce,
            tag: tag.map_err(|_| Refusal::State)?,
        })
    }

    fn open_with(&self, associated: &[u8], bytes: &mut [u8], seal: &Seal) -> Result<(), Refusal> {
        let cipher = self.cipher()?;
        cipher
            .decrypt_inout_detached(&seal.nonce, associated, bytes.into(), &seal.tag)
            .map_err(|_| Refusal::Passphrase)
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, Refusal> {
        XChaCha20Poly1305::new_from_slice(&self.0).map_err(|_| Refusal::State)
    }
}

fn derive(passphrase: &[u8], salt: &[u8]) -> Result<SecretBytes, Refusal> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(KEY)).map_err(|_| Refusal::Memory)?;
    let mut blocks: Vec<Block> = Vec::new();
    blocks
        .try_reserve_exact(params.block_count())
        .map_err(|_| Refusal::Memory)?;
    blocks.resize(params.block_count(), Block::default());
    let mut key = SecretBytes::zeroed(KEY).map_err(|_| Refusal::Memory)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let derived = argon2.hash_password_into_with_memory(passphrase, salt, &mut key, &mut blocks);
    // The last blocks are one hash away from the key.
    blocks.iter_mut().for_each(Zeroize::zeroize);
    derived.map_err(|_| Refusal::Passphrase)?;
    Ok(key)
}

#[cfg(test)]
mod tests;
