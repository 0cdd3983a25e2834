//! Judging a passphrase with all that this machine knows: the person's names, installed dictionaries, the account.
//!
//! Call it inside `secret_memory::allocator::run`. The passphrase goes to no other program but the one that checks the
//! account's password, and to that through a pipe.

mod names;
mod dictionaries;
mod login;
mod elsewhere;
mod chosen;

use std::thread;

use keyward_vault::passphrase::PassphraseError;
use keyward_vault::strength::finding::{NotChecked, Reason};
use keyward_vault::strength::reading::readings;
use keyward_vault::strength::{Judge, Verdict, WordData};
use keyward_vault::{Passphrase, Secret};

use crate::error::Error;

pub(crate) use self::chosen::choose;
pub(crate) use self::elsewhere::look as look_elsewhere;

/// Reads a passphrase that is to be judged: the reason why a text is none comes before all others.
///
/// # Errors
/// What no passphrase may be.
pub(crate) fn passphrase(secret: &Secret<Vec<u8>>) -> Result<Passphrase, Error> {
    let text = core::str::from_utf8(secret.expose()).map_err(|_| PassphraseError::NotText);
    text.and_then(Passphrase::new)
        .map_err(Error::IsNoPassphrase)
}

/// Judges a passphrase that is to be set; `purpose` is what it is for, which it must not be made of.
pub(crate) fn judge(passphrase: &Passphrase, purpose: Option<&str>) -> Verdict {
    // The tables of the estimate are no secret, and large: made by a thread of their own they take no secret memory.
    // If that fails they are made where they are needed.
    let _ = thread::spawn(keyward_vault::strength::prepare).join();
    let words = WordData::shipped();
    let personal = names::collect(purpose);
    let mut verdict = Judge::new(&words, &personal).check(passphrase);
    let text = core::str::from_utf8(passphrase.bytes()).unwrap_or_default();
    if verdict.is_accepted()
        && let Some(bits) = dictionaries::find(readings(text))
    {
        verdict.refuse(Reason::SingleWord, f64::from(bits));
    }
    // Last, and only where nothing else is wrong: the system notes each try.
    if verdict.is_accepted()
        && let Some(opens) = login::is_password(passphrase)
    {
        verdict.has_checked(NotChecked::LoginPassword);
        if opens {
            verdict.refuse(Reason::LoginPassword, 0.0);
        }
    }
    verdict
}
