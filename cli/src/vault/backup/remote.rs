//! Copies on another machine, over the system's `sftp`: on accounts with a shell and on those without.

use keyward_vault::backup::CopyName;
use keyward_vault::{Sealed, VaultId};

use super::batch::{Batch, quoted};
use super::copy;
use super::folder::{PREFIX, surplus};
use super::place::{Options, Remote};
use crate::error::Error;

/// What follows a copy's name until it is whole.
const PARTIAL: &str = ".partial-";

/// A copy on another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct There {
    pub(crate) name: CopyName,
    pub(crate) was_there: bool,
    /// How many older ones were removed for it.
    pub(crate) removed: usize,
}

impl Remote {
    /// Sends a copy, and removes all but the newest `keep` of the vault's. The folder is made where it is missing.
    ///
    /// The copy gets its name only once all of it was read back.
    ///
    /// # Errors
    /// The connection or the far disk failed; no half of the copy has its name then.
    pub(crate) fn push(
        &self,
        copy: &Sealed,
        keep: Option<usize>,
        options: &Options,
    ) -> Result<There, Error> {
        let mut batch = Batch::start(self, options)?;
        if !self.path.is_empty() {
            batch.attempt(&format!("mkdir {}", quoted(&self.path)))?;
            batch.run(&format!("cd {}", quoted(&self.path)))?;
        }
        let (held, partial) = listed(&mut batch, copy)?;
        for name in partial {
            batch.attempt(&format!("rm {}", quoted(&name)))?;
        }
        let same = held
            .iter()
            .filter(|name| name.generation() == copy.generation());
        let same: Vec<CopyName> = same.cloned().collect();
        let mut was_there = None;
        for name in same {
            if batch.get(&name.to_string())? == copy.bytes() {
                was_there = Some(name);
            }
        }
        let name = match &was_there {
            Some(name) => name.clone(),
            None => {
                let name = copy::name(copy);
                if held.contains(&name) {
                    return Err(Error::Exists {
                        path: self.of_copy(&name).into(),
                    });
                }
                self.send(&mut batch, copy, &name)?;
                name
            }
        };
        // A newer name than the vault's own is no copy of it.
        let held = held.into_iter();
        let held = held.filter(|name| name.generation() <= copy.generation());
        let old = surplus(held.collect(), &name, keep);
        for old in &old {
            batch.run(&format!("rm {}", quoted(&old.to_string())))?;
        }
        batch.end()?;
        Ok(There {
            name,
            was_there: was_there.is_some(),
            removed: old.len(),
        })
    }

    fn send(&self, batch: &mut Batch, copy: &Sealed, name: &CopyName) -> Result<(), Error> {
        let digest = copy.digest();
        let unique: String = digest
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let partial = format!("{name}{PARTIAL}{unique}");
        if let Err(error) = batch.put(copy.bytes(), &partial) {
            let _ = batch.attempt(&format!("rm {}", quoted(&partial)));
            return Err(error);
        }
        let renamed = format!("rename {} {}", quoted(&partial), quoted(&name.to_string()));
        batch.run(&renamed).map(drop)
    }

    /// Fetches the newest copy in the folder, of this vault where there is one, or the copy that the path names.
    ///
    /// # Errors
    /// There is none, or those of several vaults, or the connection failed.
    pub(crate) fn pull(
        &self,
        vault: Option<VaultId>,
        options: &Options,
    ) -> Result<(CopyName, Vec<u8>), Error> {
        let (folder, wanted) = match self.path.rsplit_once('/') {
            Some(("", name)) if name.parse::<CopyName>().is_ok() => ("/", name.parse().ok()),
            Some((folder, name)) if name.parse::<CopyName>().is_ok() => (folder, name.parse().ok()),
            None if self.path.parse::<CopyName>().is_ok() => ("", self.path.parse().ok()),
            _ => (self.path.as_str(), None),
        };
        let mut batch = Batch::start(self, options)?;
        if !folder.is_empty() {
            batch.run(&format!("cd {}", quoted(folder)))?;
        }
        let name = match wanted {
            Some(name) => name,
            None => self.newest(names(&mut batch)?, vault)?,
        };
        let bytes = batch.get(&name.to_string())?;
        batch.end()?;
        Ok((name, bytes))
    }

    fn newest(&self, mut held: Vec<CopyName>, vault: Option<VaultId>) -> Result<CopyName, Error> {
        if let Some(vault) = vault {
            held.retain(|name| name.is_of(vault));
        }
        held.sort_by_key(|name| (name.generation(), name.date().to_owned()));
        let place = || self.place();
        let newest = held
            .pop()
            .ok_or_else(|| Error::NoCopies { place: place() })?;
        match held.iter().all(|name| name.is_of_vault_of(&newest)) {
            true => Ok(newest),
            false => Err(Error::SeveralVaults { place: place() }),
        }
    }

    /// Lists the names of the copies in the folder, newest first.
    ///
    /// # Errors
    /// The folder is missing, or the connection failed.
    pub(crate) fn list(&self, options: &Options) -> Result<Vec<CopyName>, Error> {
        let mut batch = Batch::start(self, options)?;
        if !self.path.is_empty() {
            batch.run(&format!("cd {}", quoted(&self.path)))?;
        }
        let mut held = names(&mut batch)?;
        batch.end()?;
        held.sort_by_key(|name| core::cmp::Reverse(name.generation()));
        Ok(held)
    }
}

/// Returns the vault's copies, and what is left of transfers that were cut off.
fn listed(batch: &mut Batch, copy: &Sealed) -> Result<(Vec<CopyName>, Vec<String>), Error> {
    let lines = batch.run("ls -1")?;
    let vault = copy.vault_id();
    let name = |line: &String| line.trim().parse::<CopyName>().ok();
    let held = lines
        .iter()
        .filter_map(name)
        .filter(|name| name.is_of(vault));
    let is_partial = |line: &&String| {
        let whole = line.trim().split_once(PARTIAL).map(|(whole, _)| whole);
        let name = whole.and_then(|whole| whole.parse::<CopyName>().ok());
        name.is_some_and(|name| name.is_of(vault))
    };
    let partial = lines.iter().filter(is_partial);
    Ok((
        held.collect(),
        partial.map(|line| line.trim().to_owned()).collect(),
    ))
}

fn names(batch: &mut Batch) -> Result<Vec<CopyName>, Error> {
    let lines = batch.run("ls -1")?;
    let lines = lines.iter().filter(|line| line.starts_with(PREFIX));
    Ok(lines.filter_map(|line| line.trim().parse().ok()).collect())
}
