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
    state::remember(&sealed, path);
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
    Ok(fitting(base, started.elapsed()))
}

/// Returns the cost that takes about a second where `base` took so long, never less than that.
fn fitting(base: Cost, elapsed: Duration) -> Cost {
    let each = elapsed / base.passes();
    let passes = AIM.as_nanos().checked_div(each.as_nanos().max(1));
    let passes = u32::try_from(passes.unwrap_or_default()).unwrap_or(u32::MAX);
    // Above the bounds of the format the derivation could not be asked for again.
    base.with_passes(passes.max(base.passes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_machine_gets_a_dearer_derivation_and_none_a_cheaper_one() {
        let passes = |base, milliseconds| {
            let cost = fitting(base, Duration::from_millis(milliseconds));
            assert_eq!(cost.memory_kib(), base.memory_kib());
            cost.passes()
        };
        assert_eq!(passes(Cost::DEFAULT, 3000), 3);
        assert_eq!(passes(Cost::DEFAULT, 1000), 3);
        assert_eq!(passes(Cost::DEFAULT, 500), 6);
        // What the format allows at most with so much memory.
        assert_eq!(passes(Cost::DEFAULT, 375), 8);
        assert_eq!(passes(Cost::DEFAULT, 10), 8);
        assert_eq!(passes(Cost::DEFAULT, 0), 8);
        assert_eq!(passes(Cost::FLOOR, 200), 15);
        assert_eq!(passes(Cost::FLOOR, 1), 16);
    }
}
