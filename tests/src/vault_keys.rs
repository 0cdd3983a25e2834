//! The keys of a vault, computed from its file and passphrase a second time, so that they can be looked for.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use curve25519_dalek::MontgomeryPoint;
use hmac::{Hmac, Mac};
use keyward_vault::{Cost, Passphrase};
use sha2::Sha256;

use crate::secret_forms::{self, Form};

/// Where the fields stand that count here (`FORMAT.md` section 2.1), and the label of slots (section 3).
const VAULT: std::ops::Range<usize> = 16..32;
const COMMITMENT: std::ops::Range<usize> = 64..96;
const SLOT: usize = 160;
const LABEL: &[u8] = b"keyward.slot.v1";

/// The forms of every key on the way from the passphrase of the first slot, at the least cost, to the records.
///
/// # Panics
///
/// When the slot does not open.
#[must_use]
#[track_caller]
pub fn forms(file: &[u8], passphrase: &str) -> Vec<Form> {
    let keys = keys(file, passphrase);
    let keys = keys.iter();
    keys.flat_map(|(name, key)| secret_forms::of_value(name, key))
        .collect()
}

fn keys(file: &[u8], passphrase: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (vault, commitment) = (&file[VAULT], &file[COMMITMENT]);
    let (head, rest) = file[SLOT..].split_at(8);
    let (id, rest) = rest.split_at(16);
    let (parameters, rest) = rest.split_at(4 + 44);
    let (own, rest) = rest.split_at(32);
    let (ephemeral, rest) = rest.split_at(32);
    let (nonce, rest) = rest.split_at(24);
    let passphrase = Passphrase::new(passphrase).unwrap();
    let derived = Cost::LEAST.derive(&passphrase, &parameters[4..36]).unwrap();
    let slot = mac(&[LABEL, vault, id].concat(), derived.expose());
    let wrap = mac(&slot, b"wrap\x01");
    let secret = mac(&slot, b"x25519\x01");
    let theirs = MontgomeryPoint(ephemeral.try_into().unwrap());
    let scalar: [u8; 32] = secret[..].try_into().unwrap();
    let shared = theirs.mul_clamped(scalar).0.to_vec();
    let public = MontgomeryPoint::mul_base_clamped(scalar).0;
    let wrapping = mac(&wrap, &shared);
    let info = [b"wrap", ephemeral, &public, b"\x01"].concat();
    let wrapping = mac(&wrapping, &info);
    let associated = [
        LABEL,
        vault,
        commitment,
        &head[..4],
        id,
        parameters,
        own,
        ephemeral,
    ];
    let vault_key = open(&wrapping, nonce, &rest[..48], &associated.concat());
    let prk = mac(&[b"keyward.vault.v1", vault].concat(), &vault_key);
    let header = mac(&prk, b"header\x01");
    vec![
        ("output of Argon2", derived.expose().clone()),
        ("key of the slot", slot),
        ("wrapping half of the slot's key", wrap),
        ("opening half of the slot's key", secret),
        ("shared secret of the slot", shared),
        ("wrapping key", wrapping),
        ("vault key", vault_key),
        ("what blocks' keys are made of", prk),
        ("key of the header", header),
    ]
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn open(key: &[u8], nonce: &[u8], sealed: &[u8], associated: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new_from_slice(key).unwrap();
    let nonce: [u8; 24] = nonce.try_into().unwrap();
    let payload = Payload {
        msg: sealed,
        aad: associated,
    };
    let opened = cipher.decrypt(&XNonce::from(nonce), payload);
    opened.expect("the slot opens")
}
