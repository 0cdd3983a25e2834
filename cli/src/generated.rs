//! Passphrases that chance makes, and the one that is offered to who chose a weak one.
//!
//! Call it inside `secret_memory::allocator::run`.

use keyward_vault::SystemEntropy;
use keyward_vault::strength::generate::{self, Generated, List};

use crate::error::Error;

/// Returns what to do about a refused one; the end of it is a passphrase that would pass.
///
/// # Errors
/// No randomness.
pub(crate) fn advice() -> Result<String, Error> {
    let forward = way_forward()?;
    let secret = forward.secret.expose();
    Ok(format!(
        "keyward passphrase generate makes good ones, such as: {secret}"
    ))
}

/// Makes a passphrase as it is made if nothing else is asked for.
///
/// # Errors
/// No randomness.
pub(crate) fn way_forward() -> Result<Generated, Error> {
    let [list, ..] = generate::LISTS;
    words(list, None, "-")
}

/// Makes a phrase of words; without a count, of as many as are good.
///
/// # Errors
/// No randomness.
pub(crate) fn words(list: List, count: Option<usize>, separator: &str) -> Result<Generated, Error> {
    let count = count.unwrap_or_else(|| list.default_count());
    generate::words(list, count, separator, &mut SystemEntropy).map_err(no_randomness)
}

/// Makes a password.
///
/// # Errors
/// No randomness.
pub(crate) fn password(length: usize, layout_safe: bool) -> Result<Generated, Error> {
    generate::password(length, layout_safe, &mut SystemEntropy).map_err(no_randomness)
}

fn no_randomness(error: keyward_vault::random::EntropyError) -> Error {
    Error::Vault(keyward_vault::Error::from(error))
}
