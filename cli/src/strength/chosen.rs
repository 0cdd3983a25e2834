//! Passphrases that a person chooses for something new.

use std::path::PathBuf;

use keyward_vault::strength::finding::Warning;
use keyward_vault::strength::{BITS_GOOD, Verdict};
use keyward_vault::{Passphrase, Secret};

use super::{elsewhere, judge, passphrase};
use crate::ask::AskError;
use crate::error::Error;
use crate::vault::arguments::Arguments;
use crate::{ask, generated, output};

/// How often a person may choose.
const TRIES: usize = 3;

/// A passphrase that may be set.
pub(crate) struct Chosen {
    /// As it was typed, for files of programs that do not prepare it.
    pub(crate) typed: Secret<Vec<u8>>,
    /// As a vault takes it.
    pub(crate) passphrase: Passphrase,
}

/// Returns a new passphrase that is hard to guess: from `file`, or from a person, who types it twice and may choose again.
///
/// `vault` is one that it should not open.
///
/// # Errors
/// [`Error::WeakPassphrase`], what no passphrase may be, or nobody could be asked.
pub(crate) fn choose(
    file: Option<&PathBuf>,
    prompt: &str,
    vault: Option<&Arguments>,
) -> Result<Chosen, Error> {
    for _ in 1..TRIES {
        match choose_once(file, prompt, vault) {
            Err(error) if file.is_none() && is_to_be_chosen_again(&error) => {
                let advice = match error {
                    Error::Ask(_) => String::new(),
                    _ => generated::advice()? + "\n",
                };
                output::say(&format!("{error}.\n{advice}"));
            }
            chosen => return chosen,
        }
    }
    choose_once(file, prompt, vault)
}

const fn is_to_be_chosen_again(error: &Error) -> bool {
    matches!(
        error,
        Error::WeakPassphrase(_)
            | Error::IsNoPassphrase(_)
            | Error::Ask(AskError::TypedDifferently)
    )
}

fn choose_once(
    file: Option<&PathBuf>,
    prompt: &str,
    vault: Option<&Arguments>,
) -> Result<Chosen, Error> {
    let typed = ask::new_secret(file.map(PathBuf::as_path), prompt)?;
    let passphrase = passphrase(&typed)?;
    let mut verdict = judge(&passphrase, None);
    if !verdict.is_accepted() {
        return Err(Error::WeakPassphrase(Box::new(verdict)));
    }
    elsewhere::look(&passphrase, vault, &mut verdict);
    if file.is_none() {
        output::say(&shown(&verdict));
        ask::again(&typed)?;
    } else if verdict.warnings.contains(&Warning::UsedElsewhere) {
        output::warn(&format_args!(
            "the new passphrase: {}",
            Warning::UsedElsewhere
        ));
    }
    Ok(Chosen { typed, passphrase })
}

/// Describes an accepted one to the person who chose it.
fn shown(verdict: &Verdict) -> String {
    let word = match verdict.bits >= BITS_GOOD {
        true => "good",
        false => "fair",
    };
    let mut text = format!("Passphrase: {word}, at most {:.0} bits\n", verdict.bits);
    for warning in &verdict.warnings {
        text.push_str(&format!("  hint: {warning}\n"));
    }
    text
}
