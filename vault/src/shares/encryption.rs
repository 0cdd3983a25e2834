//! The encryption of the master secret before it is split: a Feistel network whose round function is PBKDF2.

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

/// What the encryption takes from the header of the shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// What all shares of one splitting have in common, 15 bits.
    pub(super) identifier: u16,
    /// Whether the identifier is left out of the encryption, so that there can be another splitting of the same.
    pub(super) is_extendable: bool,
    /// How often the iterations are doubled, 4 bits.
    pub(super) exponent: u8,
}

const ROUNDS: u8 = 4;

/// The iterations of all rounds together.
const ITERATIONS: u32 = 10_000;

/// Encrypts in place. The length is even.
pub(super) fn encrypt(secret: &mut [u8], parameters: Parameters, passphrase: &[u8]) {
    rounds(secret, 0..ROUNDS, parameters, passphrase);
}

/// Decrypts in place what [`encrypt`] made.
pub(super) fn decrypt(secret: &mut [u8], parameters: Parameters, passphrase: &[u8]) {
    rounds(secret, (0..ROUNDS).rev(), parameters, passphrase);
}

fn rounds(
    secret: &mut [u8],
    rounds: impl Iterator<Item = u8>,
    parameters: Parameters,
    passphrase: &[u8],
) {
    let half = secret.len() / 2;
    let (left, right) = secret.split_at_mut(half);
    let iterations = (ITERATIONS << parameters.exponent) / u32::from(ROUNDS);
    let mut pad = Zeroizing::new(vec![0; half]);
    for round in rounds {
        let password = Zeroizing::new([&[round], passphrase].concat());
        let salt = Zeroizing::new([&salt(parameters)[..], right].concat());
        pbkdf2_hmac::<Sha256>(&password, &salt, iterations, &mut pad);
        for (byte, pad) in left.iter_mut().zip(pad.iter()) {
            *byte ^= pad;
        }
        left.swap_with_slice(right);
    }
    left.swap_with_slice(right);
}

fn salt(parameters: Parameters) -> Vec<u8> {
    match parameters.is_extendable {
        true => Vec::new(),
        false => [&b"shamir"[..], &parameters.identifier.to_be_bytes()].concat(),
    }
}
