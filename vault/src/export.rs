//! Writing files of private keys. What they return is text, and is wiped when dropped.
//!
//! | format | read by | encrypted with |
//! |---|---|---|
//! | [`openssh()`] | OpenSSH 6.5 and later, nearly everything else | bcrypt, AES-256-CTR |
//! | [`pkcs8()`] | OpenSSL, `ssh-keygen`, Java, Windows; keeps no comment | PBKDF2-HMAC-SHA-256, AES-256-CBC |
//! | [`ppk()`] | PuTTY 0.75 and later | Argon2id, AES-256-CBC |
//!
//! Keys of FIDO tokens have a form in OpenSSH's format only.

mod error;
mod openssh;
mod pkcs8;
mod ppk;

pub use error::ExportError;
pub use openssh::{ROUNDS, openssh};
pub use pkcs8::{PBKDF2_ITERATIONS, pkcs8};
pub use ppk::{ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES, ppk};

/// What fills bytes that nobody can foretell: the system's generator, or fixed bytes in a test. It fails with
/// [`ExportError::Randomness`].
pub type Random<'r> = dyn FnMut(&mut [u8]) -> Result<(), ExportError> + 'r;

fn random<const N: usize>(random: &mut Random<'_>) -> Result<[u8; N], ExportError> {
    let mut bytes = [0; N];
    random(&mut bytes)?;
    Ok(bytes)
}
