//! Whether a passphrase opens something else of the person's: who learns it there opens both.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use keyward_vault::import::{self, Encryption, ImportError, Kdf};
use keyward_vault::strength::Verdict;
use keyward_vault::strength::finding::{NotChecked, Warning};
use keyward_vault::unlocking::Unlocking;
use keyward_vault::{Class, Opener, Passphrase};

use crate::environment;
use crate::vault::arguments::Arguments;
use crate::vault::{files, key_files, open, unlock};

/// How long it goes on with key files. Each takes a tenth of a second as `ssh-keygen` makes them.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Tries a passphrase on the encrypted keys in `~/.ssh`, and on a vault that is there.
pub(crate) fn look(passphrase: &Passphrase, vault: Option<&Arguments>, verdict: &mut Verdict) {
    let in_files = environment::home().map_or(Some(false), |home| {
        opens_a_file(passphrase, &home.join(".ssh"))
    });
    let in_vault = match in_files {
        Some(true) => Some(true),
        _ => vault.map_or(Some(false), |vault| opens_vault(passphrase, vault)),
    };
    if in_vault == Some(true) {
        verdict.warnings.push(Warning::UsedElsewhere);
    } else if in_files.is_none() || in_vault.is_none() {
        return;
    }
    verdict.has_checked(NotChecked::UsedElsewhere);
}

/// Says whether it opens a key file of a folder; `None` where some were left out.
fn opens_a_file(passphrase: &Passphrase, folder: &Path) -> Option<bool> {
    let started = Instant::now();
    let found = match key_files::in_folder(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(false),
        Err(_) => return None,
    };
    let mut is_whole = found.is_whole;
    for path in found.paths {
        if started.elapsed() > PATIENCE {
            return None;
        }
        match opens_file(passphrase, &path) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => is_whole = false,
        }
    }
    is_whole.then_some(false)
}

fn opens_file(passphrase: &Passphrase, path: &Path) -> Option<bool> {
    let bytes = files::read(path).ok()?;
    let found = import::recognise(&bytes).ok()?;
    match found.encryption() {
        None => Some(false),
        Some(encryption) if !is_quick(encryption) => None,
        Some(_) => match found.open(Some(passphrase.bytes())) {
            Ok(_) => Some(true),
            Err(ImportError::WrongPassphrase | ImportError::WrongPassphraseOrDamaged) => {
                Some(false)
            }
            Err(_) => None,
        },
    }
}

/// Says whether a try takes less than about half a second.
fn is_quick(encryption: &Encryption) -> bool {
    match encryption.kdf {
        Kdf::Md5 | Kdf::Sha1 => true,
        Kdf::Bcrypt { rounds } => rounds <= 100,
        Kdf::Pbkdf2 { iterations, .. } => iterations <= 1_000_000,
        Kdf::Scrypt { log_n, r, p } => (u64::from(r) * u64::from(p) * 128) << log_n <= 128 << 20,
        Kdf::Argon2 {
            memory_kib, passes, ..
        } => u64::from(memory_kib) * u64::from(passes) <= 512 << 10,
        _ => false,
    }
}

/// Says whether it opens a vault; `None` where that cannot be known.
fn opens_vault(passphrase: &Passphrase, arguments: &Arguments) -> Option<bool> {
    if !arguments.path.exists() {
        return Some(false);
    }
    let (_, sealed) = open::read(arguments).ok()?;
    let mut unlocking = Unlocking {
        memory_max_kib: unlock::memory_max_kib(arguments),
        ..Unlocking::default()
    };
    match sealed.unlock_with(&Opener::Passphrase(passphrase), &mut unlocking) {
        Ok(_) => Some(true),
        Err(error) if error.class() == Some(Class::Locked) => Some(false),
        Err(_) => None,
    }
}
