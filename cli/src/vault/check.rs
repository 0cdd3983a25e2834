//! Is a vault whole, and mending it if not (`FORMAT.md` section 8).

mod mending;
mod report;

use keyward_vault::header::Warning;
use keyward_vault::salvage::HeaderState;
use keyward_vault::{Sealed, salvage};

use self::mending::mend;
pub(crate) use self::report::Report;
use super::arguments::Arguments;
use super::open::{self, Open};
use super::saving;
use crate::error::Error;

/// Checks what can be checked without a secret: frames and digests.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn structure(arguments: &Arguments) -> Result<Report, Error> {
    let bytes = open::store(arguments)?.read()?.bytes;
    let mut report = Report::new(&arguments.path);
    match Sealed::read(bytes.clone()) {
        Ok(sealed) => {
            report.describe(&sealed);
            report.damaged.extend(sealed.warning().map(words));
        }
        Err(error) => {
            describe_remains(bytes, &mut report);
            if report.damaged.is_empty() {
                report.damaged.push(error.to_string());
            }
        }
    }
    report.whole = report.damaged.is_empty();
    Ok(report)
}

/// Checks every record too, and that each private key belongs to its public key.
///
/// # Errors
/// The file cannot be read, or the secret does not open it.
pub(crate) fn records(arguments: &Arguments) -> Result<Report, Error> {
    let mut report = structure(arguments)?;
    if !report.is_readable() {
        return Ok(report);
    }
    match Open::ask(arguments) {
        Ok(open) => report.damaged.extend(broken_keys(&open)),
        Err(Error::Vault(error)) if open::is_damage(&error) => {
            report.damaged.push(error.to_string());
        }
        Err(error) => return Err(error),
    }
    report.whole = report.damaged.is_empty();
    Ok(report)
}

/// Mends what can be mended, and saves it. The damaged file is kept as the newest of the older versions.
///
/// # Errors
/// The file cannot be read, nothing in it opens with the secret, or it cannot be saved.
pub(crate) fn repair(arguments: &Arguments) -> Result<Report, Error> {
    let mut report = structure(arguments)?;
    if report.is_readable() {
        match Open::ask(arguments) {
            Ok(mut open) => {
                if !report.whole {
                    saving::save_anyway(&mut open)?;
                    report.repaired = true;
                }
                let broken = broken_keys(&open);
                report.whole &= broken.is_empty();
                // There is no other state of them to mend them with.
                match report.repaired {
                    true => report.lost.extend(broken),
                    false => report.damaged.extend(broken),
                }
                return Ok(report);
            }
            Err(Error::Vault(error)) if open::is_damage(&error) => {
                report.damaged.push(error.to_string());
                report.whole = false;
            }
            Err(error) => return Err(error),
        }
    }
    mend(arguments, &mut report)?;
    Ok(report)
}

fn broken_keys(open: &Open) -> Vec<String> {
    let keys = open.vault().keys();
    let broken = keys.filter(|key| {
        let private = open.private(key.id());
        private.and_then(|private| open.check(&private)).is_err()
    });
    broken
        .map(|key| format!("key {:?} is not consistent in itself", key.name()))
        .collect()
}

fn describe_remains(bytes: Vec<u8>, report: &mut Report) {
    let remains = salvage(bytes, None);
    report.records = remains.records;
    let headers = [
        ("header", remains.header),
        ("copy of the header", remains.twin),
    ];
    for (name, state) in headers {
        match state {
            HeaderState::Whole => {}
            HeaderState::Damaged(error) => report.damaged.push(error.to_string()),
            _ => report.damaged.push(format!("{name}: not found")),
        }
    }
    let broken = remains.blocks.iter().filter(|state| !state.holds);
    for state in broken {
        let (start, end) = (state.block.range.start, state.block.range.end);
        let line = format!("bytes {start} to {end}: digest does not hold");
        report.damaged.push(line);
    }
}

fn words(warning: Warning) -> String {
    open::words(warning).to_owned()
}
