//! From a file and a person's secret to an open vault.

mod shares;

use std::io::{self, IsTerminal};
use std::path::Path;

use keyward_vault::shares as split;
use keyward_vault::slot::Slot;
use keyward_vault::unlocking::Unlocking;
use keyward_vault::{Class, Opener, Passphrase, RecoveryCode, Sealed, Secret, SlotId, Vault};

use self::shares::Ask;
use super::arguments::Arguments;
use super::memory;
use crate::error::Error;
use crate::{ask, output};

/// How often a person may try.
const TRIES: usize = 3;

/// Derivations with less memory take no time that anybody notices, in KiB.
const NOTICED_KIB: u32 = 128 << 10;

/// A secret that a person gave.
#[derive(Debug)]
pub(crate) enum Given {
    Passphrase(Passphrase),
    RecoveryCode(RecoveryCode),
}

impl Given {
    /// Takes what was typed or read: a recovery code where it is one, which the check symbols of a code tell, or shares of
    /// one.
    ///
    /// # Errors
    /// What no passphrase may be.
    pub(crate) fn of(secret: &Secret<Vec<u8>>) -> Result<Self, Error> {
        let text = text(secret)?;
        match recovery_code(text) {
            Ok(code) => Ok(Self::RecoveryCode(code)),
            // Several shares were typed: no passphrase has a line end.
            Err(error @ Error::Shares(_)) if text.contains('\n') => Err(error),
            Err(_) => Ok(Self::Passphrase(Passphrase::new(text).map_err(vault)?)),
        }
    }

    /// Returns it as a vault takes it.
    pub(crate) const fn opener(&self) -> Opener<'_> {
        match self {
            Self::Passphrase(passphrase) => Opener::Passphrase(passphrase),
            Self::RecoveryCode(code) => Opener::RecoveryCode(code),
        }
    }
}

/// Returns the secret in the files that the arguments name, or asks a person once.
///
/// # Errors
/// There is none, or it is not one.
pub(crate) fn given(arguments: &Arguments) -> Result<Given, Error> {
    if let Some(file) = &arguments.recovery_file {
        let secret = ask::secret(Some(file), "")?;
        return Ok(Given::RecoveryCode(recovery_code(text(&secret)?)?));
    }
    let file = arguments.passphrase_file.as_deref();
    let secret = ask::secret(file, &prompt(&arguments.path))?;
    match file {
        None => Given::of(&gathered(secret)?),
        Some(_) => {
            let passphrase = Passphrase::new(text(&secret)?).map_err(vault)?;
            Ok(Given::Passphrase(passphrase))
        }
    }
}

/// Opens a vault with the secret in the files that the arguments name, or asks a person. Returns which slot opened.
///
/// # Errors
/// Why it does not open.
pub(crate) fn unlock(sealed: &Sealed, arguments: &Arguments) -> Result<(Vault, SlotId), Error> {
    if arguments.recovery_file.is_some() || arguments.passphrase_file.is_some() {
        return with(sealed, &given(arguments)?, arguments);
    }
    ask_person(sealed, arguments)
}

/// Returns the most memory that a derivation may take, in KiB: a file from a stranger should not drive everything else
/// out of memory.
pub(crate) fn memory_max_kib(arguments: &Arguments) -> Option<u32> {
    let half = memory::available_kib().map(|available| available / 2);
    half.filter(|_| !arguments.allow_large_kdf)
        .map(|half| u32::try_from(half).unwrap_or(u32::MAX))
}

/// Opens a vault with a secret.
///
/// # Errors
/// Why it does not open.
pub(crate) fn with(
    sealed: &Sealed,
    given: &Given,
    arguments: &Arguments,
) -> Result<(Vault, SlotId), Error> {
    let mut unlocking = Unlocking {
        memory_max_kib: memory_max_kib(arguments),
        ..Unlocking::default()
    };
    let shows = io::stderr().is_terminal();
    let mut shown = false;
    let mut progress = |slot: &Slot| {
        let kib = slot.cost().map_or(0, |cost| cost.memory_kib());
        if shows && kib >= NOTICED_KIB && !shown {
            output::say("Opening the vault ...");
            shown = true;
        }
    };
    unlocking.progress = Some(&mut progress);
    let opened = sealed.unlock_with(&given.opener(), &mut unlocking);
    if shown {
        output::say("\r\x1b[K");
    }
    Ok(opened?)
}

fn ask_person(sealed: &Sealed, arguments: &Arguments) -> Result<(Vault, SlotId), Error> {
    let mut prompt = prompt(&arguments.path);
    let mut tries = 1;
    loop {
        let typed = gathered(ask::secret(None, &prompt)?)?;
        let _hush = ask::hush_own();
        let opened = Given::of(&typed).and_then(|given| with(sealed, &given, arguments));
        match opened {
            Err(error) if is_locked(&error) && tries < TRIES => {
                prompt = format!("That does not open it. {}", self::prompt(&arguments.path));
                tries += 1;
            }
            opened => return opened,
        }
    }
}

/// Says whether another secret might do.
pub(crate) fn is_locked(error: &Error) -> bool {
    match error {
        Error::Shares(_) => true,
        Error::Vault(error) => error.class() == Some(Class::Locked),
        _ => false,
    }
}

/// Asks for the other shares of a recovery code where one of them was typed; anything else is returned as it is.
///
/// # Errors
/// Nobody could be asked.
pub(crate) fn gathered(typed: Secret<Vec<u8>>) -> Result<Secret<Vec<u8>>, Error> {
    gathered_by(typed, &|prompt| ask::secret(None, prompt))
}

/// The same, with `ask` to ask for them.
///
/// # Errors
/// What `ask` came to.
pub(crate) fn gathered_by(typed: Secret<Vec<u8>>, ask: &Ask<'_>) -> Result<Secret<Vec<u8>>, Error> {
    shares::gather(typed, ask)
}

/// Reads a recovery code, or the shares of one.
fn recovery_code(text: &str) -> Result<RecoveryCode, Error> {
    match split::are_meant(text) {
        true => Ok(split::read(text)?),
        false => RecoveryCode::parse(text).map_err(vault),
    }
}

fn prompt(path: &Path) -> String {
    format!("Passphrase for {}: ", output::shown(path))
}

fn text(secret: &Secret<Vec<u8>>) -> Result<&str, Error> {
    core::str::from_utf8(secret.expose()).map_err(|_| Error::NotText)
}

fn vault(error: impl Into<keyward_vault::Error>) -> Error {
    Error::Vault(error.into())
}
