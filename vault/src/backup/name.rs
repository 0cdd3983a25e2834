//! The names of copies in a folder of their own.

use core::fmt;
use core::str::FromStr;

use crate::id::VaultId;

/// The name of a copy: `keyward-3f9a1c22-2026-11-24-g12.vault`.
///
/// The first eight digits of the vault's id keep the copies of two vaults apart in one folder; date and generation are
/// for the person who looks for one. What counts is inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CopyName {
    vault: String,
    generation: u64,
    date: String,
}

/// Digits of the vault's id.
const VAULT_DIGITS: usize = 8;

/// Bytes of a date (RFC 3339, full-date).
const DATE: usize = 10;

impl CopyName {
    /// Names a copy that is made on `date`, which is as RFC 3339 has it.
    pub fn new(vault: VaultId, generation: u64, date: &str) -> Self {
        let vault = vault.to_string().chars().take(VAULT_DIGITS).collect();
        let date = date.chars().take(DATE).collect();
        Self {
            vault,
            generation,
            date,
        }
    }

    /// Returns the generation that the name tells.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the date that the name tells.
    pub fn date(&self) -> &str {
        &self.date
    }

    /// Says whether another copy is of the same vault.
    pub fn is_of_vault_of(&self, other: &Self) -> bool {
        self.vault == other.vault
    }

    /// Says whether the name is one of this vault's copies.
    pub fn is_of(&self, vault: VaultId) -> bool {
        vault.to_string().starts_with(&self.vault)
    }
}

impl fmt::Display for CopyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            vault,
            generation,
            date,
        } = self;
        write!(f, "keyward-{vault}-{date}-g{generation}.vault")
    }
}

/// Reads a name only if it is exactly as it would be written: what is named otherwise is never removed as a copy.
impl FromStr for CopyName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_prefix("keyward-").ok_or(())?;
        let rest = rest.strip_suffix(".vault").ok_or(())?;
        let (vault, rest) = rest.split_once('-').ok_or(())?;
        let (date, generation) = rest.split_once("-g").ok_or(())?;
        let name = Self {
            vault: vault.to_owned(),
            generation: generation.parse().map_err(|_| ())?,
            date: date.to_owned(),
        };
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_vault = vault.len() == VAULT_DIGITS && vault.bytes().all(is_digit);
        let is_date = date.len() == DATE
            && date.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        (is_vault && is_date && name.to_string() == text)
            .then_some(name)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_no_others() {
        let name = CopyName::new(VaultId([0x3f; 16]), 12, "2026-11-24T10:00:00Z");
        let text = "keyward-3f3f3f3f-2026-11-24-g12.vault";
        assert_eq!(name.to_string(), text);
        assert_eq!(text.parse::<CopyName>(), Ok(name.clone()));
        assert!(name.is_of(VaultId([0x3f; 16])) && !name.is_of(VaultId([0x30; 16])));
        for wrong in [
            "",
            "keyward-3f3f3f3f-2026-11-24-g012.vault",
            "keyward-3f3f3f3f-2026-11-24-g+1.vault",
            "keyward-3f3f3f3f-2026-11-24-g99999999999999999999.vault",
            "keyward-3F3f3f3f-2026-11-24-g12.vault",
            "keyward-3f3f3f3-2026-11-24-g12.vault",
            "keyward-3f3f3f3f-2026-1-24-g12.vault",
            "keyward-3f3f3f3f-../../../24-g12.vault",
            "keyward-3f3f3f3f-2026-11-24-g12.vault.tmp-0123456789abcdef",
            "vault",
        ] {
            assert_eq!(wrong.parse::<CopyName>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn newer_generations_come_later() {
        let [old, new] = [9, 10].map(|it| CopyName::new(VaultId([1; 16]), it, "2026-11-24"));
        assert!(old < new);
    }
}
