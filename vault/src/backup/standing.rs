//! How a copy stands to the vault, as far as that is seen without a secret.

use crate::sealed::Sealed;

/// How a copy stands to the vault.
///
/// The headers say it, and a header proves nothing before a secret has opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the vault's present state.
    Same,
    /// The vault was saved so many times since.
    Older(u64),
    /// It was saved so many times since the vault was.
    Newer(u64),
    /// It has the vault's generation and is another state: the vault was saved in two places.
    Beside,
    /// It is a copy of another vault.
    Another,
}

/// Compares a copy with the vault.
pub fn standing(vault: &Sealed, copy: &Sealed) -> Standing {
    if vault.vault_id() != copy.vault_id() {
        return Standing::Another;
    }
    let (here, there) = (vault.generation(), copy.generation());
    match here.checked_sub(there) {
        Some(0) if vault.digest() == copy.digest() => Standing::Same,
        Some(0) => Standing::Beside,
        Some(saves) => Standing::Older(saves),
        None => Standing::Newer(there - here),
    }
}
