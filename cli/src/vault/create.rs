//! Making a vault.

use std::path::Path;
use std::time::{Duration, Instant};

use keyward_vault::store::{Patience, Store};
use keyward_vault::vault::FirstSlots;
use keyward_vault::{Cost, Passphrase, RecoveryCode, Sealed, SystemEntropy, Vault};

use super::{files, memory, state};
use crate::environment;
use crate::error::Error;

/// How long a derivation should take.
const AIM: Duration = Duration::from_secs(1);

/// The most passes that calibration chooses: a machine ten times as fast gets a dearer derivation.
const PASSES_MAX: u32 = 12;

/// Below so much memory a machine cannot spare what the defaults take, in KiB.
const SMALL_MACHINE_KIB: u64 = 4 << 20;

/// Refuses a path where something is.
///
/// # Errors
/// [`Error::Exists`].
pub(crate) fn refuse_existing(path: &Path) -> Result<(), Error> {
    files::refuse_existing(path)
}

/// Makes a recovery code.
///
/// # Errors
/// No randomness.
pub(crate) fn recovery_code() -> Result<RecoveryCode, Error> {
    RecoveryCode::generate(&mut SystemEntropy).map_err(|error| Error::Vault(error.into()))
}

/// Creates the vault at `path`, and the folders to it.
///
/// # Errors
/// [`Error::Exists`], or what kept it from being written. No part of it stays then.
pub(crate) fn create(
    path: &Path,
    passphrase: &Passphrase,
    recovery: Option<&RecoveryCode>,
) -> Result<(), Error> {
    let store = Store::prepare(path, Patience::default()).map_err(Error::NotSaved)?;
    let slots = FirstSlots {
        passphrase,
        cost: calibrated(passphrase)?,
        recovery,
    };
    let vault = Vault::create(&slots, environment::timestamp(), &mut SystemEntropy)?;
    let bytes = vault.seal(environment::timestamp(), &mut SystemEntropy)?;
    vault.reread(bytes.clone())?;
    store
        .create(&bytes, |written| written == bytes)
        .map_err(Error::NotSaved)?;
    let sealed = Sealed::read(bytes)?;
    state::remember(&sealed);
    Ok(())
}

/// Returns the costs at which a derivation takes about a second here: the defaults, with more passes on a fast
/// machine, and less memory on a small one.
///
/// # Errors
/// There is not the memory that the least of them takes.
pub(crate) fn calibrated(passphrase: &Passphrase) -> Result<Cost, Error> {
    let is_small = memory::total_kib().is_some_and(|total| total < SMALL_MACHINE_KIB);
    let base = match is_small {
        true => Cost::FLOOR,
        false => Cost::DEFAULT,
    };
    let started = Instant::now();
    base.derive(passphrase, &[0; 32])?;
    let each = started.elapsed() / base.passes();
    let fitting = AIM.as_nanos().checked_div(each.as_nanos().max(1));
    let fitting = u32::try_from(fitting.unwrap_or_default()).unwrap_or(u32::MAX);
    let passes = fitting.clamp(base.passes(), PASSES_MAX);
    // Above the bounds of the format the derivation could not be asked for again.
    Ok(Cost::new(base.memory_kib(), passes, base.lanes()).unwrap_or(base))
}
