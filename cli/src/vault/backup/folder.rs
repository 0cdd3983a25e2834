//! Copies in a folder of this machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use keyward_vault::Sealed;
use keyward_vault::backup::CopyName;
use keyward_vault::store::{Copies, Error as StoreError};
use rustix::io::Errno;

use super::copy::{self, Described};
use crate::error::Error;

/// What the names of copies begin with.
pub(crate) const PREFIX: &str = "keyward-";

/// What became of a copy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether a copy of the same state was there already.
    pub(crate) was_there: bool,
    /// The copies that were removed for it.
    pub(crate) removed: Vec<PathBuf>,
}

/// Writes a copy to a file, which must not exist.
///
/// # Errors
/// It does, or the disk fails; nothing of it stays then.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<Kept, Error> {
    let missing = |path: &Path| Error::File {
        path: path.to_path_buf(),
        source: Errno::NOENT.into(),
    };
    // A folder was meant, on a disk that is not there.
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(missing(path));
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(StoreError::NoName { path }.into());
    };
    if !folder.is_dir() {
        return Err(missing(folder));
    }
    let copies = Copies::at(folder);
    let was_there = matches!(copies.read(name), Ok(Some(there)) if there == bytes);
    if !was_there {
        copies.write(name, bytes)?;
    }
    Ok(Kept {
        removed: Vec::new(),
        was_there,
        path,
    })
}

/// Writes a copy into a folder under a name of its own, and removes all but the newest `keep` of the vault's.
///
/// # Errors
/// The disk fails; nothing was removed then, and nothing of the copy stays.
pub(crate) fn write_into(folder: &Path, copy: &Sealed, keep: Option<usize>) -> Result<Kept, Error> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let copies = Copies::at(&folder);
    let held = names(&copies, copy)?;
    let same = held
        .iter()
        .filter(|name| name.generation() == copy.generation());
    let mut was_there = None;
    for name in same {
        let bytes = copies.read(OsStr::new(&name.to_string()));
        if bytes.is_ok_and(|bytes| bytes.is_some_and(|bytes| bytes == copy.bytes())) {
            was_there = Some(name.clone());
        }
    }
    let name = match &was_there {
        Some(name) => name.clone(),
        None => {
            let name = copy::name(copy);
            copies.write(OsStr::new(&name.to_string()), copy.bytes())?;
            name
        }
    };
    let mut removed = Vec::new();
    for old in surplus(genuine(&copies, held, copy, keep), &name, keep) {
        let old = old.to_string();
        copies.remove(OsStr::new(&old))?;
        removed.push(folder.join(old));
    }
    Ok(Kept {
        path: folder.join(name.to_string()),
        was_there: was_there.is_some(),
        removed,
    })
}

/// Returns the copies beyond the newest `keep`; the one that was made now is never among them.
pub(crate) fn surplus(
    mut held: Vec<CopyName>,
    made: &CopyName,
    keep: Option<usize>,
) -> Vec<CopyName> {
    let Some(keep) = keep else {
        return Vec::new();
    };
    held.retain(|name| name != made);
    held.sort();
    let stay = held.len().min(keep.saturating_sub(1));
    held.truncate(held.len() - stay);
    held
}

/// Returns the copies that are what their names say. In a folder of several people anybody can make files with newer
/// names, for which the copies would have to go.
fn genuine(
    copies: &Copies,
    mut held: Vec<CopyName>,
    copy: &Sealed,
    keep: Option<usize>,
) -> Vec<CopyName> {
    if keep.is_some() {
        held.retain(|name| {
            let bytes = copies.read(OsStr::new(&name.to_string())).ok().flatten();
            let sealed = bytes.and_then(|bytes| Sealed::read(bytes).ok());
            sealed.is_some_and(|sealed| is_named(&sealed, name) && name.is_of(copy.vault_id()))
        });
    }
    held
}

/// Says whether a copy is what a name says.
pub(crate) fn is_named(sealed: &Sealed, name: &CopyName) -> bool {
    name.is_of(sealed.vault_id()) && name.generation() == sealed.generation()
}

fn names(copies: &Copies, copy: &Sealed) -> Result<Vec<CopyName>, Error> {
    let names = copies.names(PREFIX)?.into_iter();
    let names = names.filter_map(|name| name.to_str()?.parse::<CopyName>().ok());
    Ok(names.filter(|name| name.is_of(copy.vault_id())).collect())
}

/// Describes all copies in a folder, newest first.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn list(folder: &Path, vault: Option<&Sealed>) -> Result<Vec<Described>, Error> {
    let names = Copies::at(folder).names(PREFIX)?.into_iter();
    let names = names.filter_map(|name| name.to_str()?.parse::<CopyName>().ok());
    let mut names: Vec<CopyName> = names.collect();
    names.sort();
    let described = names.iter().rev().map(|name| {
        let path = folder.join(name.to_string());
        match copy::read(&path).and_then(|bytes| Ok(Sealed::read(bytes)?)) {
            Ok(sealed) => Described::of(path, &sealed, vault),
            Err(error) => Described::broken(&path, error.to_string()),
        }
    });
    Ok(described.collect())
}

#[cfg(test)]
mod tests {
    use keyward_vault::VaultId;

    use super::*;

    fn name(generation: u64) -> CopyName {
        CopyName::new(VaultId([1; 16]), generation, "2026-11-24")
    }

    #[test]
    fn the_newest_stay_and_what_was_made_now_too() {
        let held = || [4, 1, 3, 2].map(name).to_vec();
        assert_eq!(surplus(held(), &name(5), Some(3)), [name(1), name(2)]);
        assert_eq!(surplus(held(), &name(5), Some(1)), [1, 2, 3, 4].map(name));
        assert_eq!(
            surplus(held(), &name(4), Some(4)),
            [""; 0].map(|_: &str| name(0))
        );
        // An older state of the vault was put back and copied.
        assert_eq!(surplus(held(), &name(1), Some(2)), [2, 3].map(name));
        assert!(surplus(held(), &name(5), None).is_empty());
    }
}
