//! Vault files at various ages, and one save of each.

use std::path::Path;

use super::crash::Dice;
use super::simulated::{Content, SimulatedDisk};
use crate::store::{Copies, Error, Outcome, Patience, Store};

/// Bytes of which no part looks like zeros or like another version.
pub(super) fn version(number: u64, length: usize) -> Vec<u8> {
    let mut dice = Dice(number);
    let words = (0..length.div_ceil(8)).flat_map(|_| dice.roll().to_be_bytes());
    words.take(length).collect()
}

/// A disk before a save, and the bytes that are saved.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) start: Content,
    /// The current bytes, or `None` if the file is to be created.
    pub(super) old: Option<Vec<u8>>,
    pub(super) new: Vec<u8>,
    /// All bytes that an older version may hold.
    pub(super) whole: Vec<Vec<u8>>,
    /// Whether it is a copy, which is written without a lock.
    is_copy: bool,
}

impl Scenario {
    /// A file that is created beside leftovers.
    pub(super) fn create(length: usize) -> Self {
        Self {
            start: Content::default(),
            old: None,
            new: version(1, length),
            whole: Vec::new(),
            is_copy: false,
        }
    }

    /// A copy that is written where there is none.
    pub(super) fn copy(length: usize) -> Self {
        Self {
            is_copy: true,
            ..Self::create(length)
        }
    }

    /// A file that was saved before as often as `older` says, and a leftover of a killed writer.
    pub(super) fn save(older: u64, length: usize) -> Self {
        let mut start = Content::default();
        let old = version(older, length);
        start.put("vault", &old);
        let mut whole = vec![old.clone()];
        for back in 1..=older.min(3) {
            let bytes = version(older - back, length + 1);
            start.put(&format!("vault.{back}"), &bytes);
            whole.push(bytes);
        }
        start.put("vault.tmp-00112233445566ff", b"half");
        Self {
            start,
            old: Some(old),
            new: version(older + 1, length + 700),
            whole,
            is_copy: false,
        }
    }

    pub(super) fn run(&self, disk: &SimulatedDisk) -> Result<(), Error> {
        if self.is_copy {
            return Copies::on(disk.clone(), Path::new("/home")).write("vault".as_ref(), &self.new);
        }
        let store = Store::open_on(disk, Path::new("/home/vault"), Patience::default())?;
        let Some(old) = &self.old else {
            return store.create(&self.new, |_| true);
        };
        let outcome = store.save(&self.new, |base| base == *old, |_| true)?;
        assert_eq!(outcome, Outcome::Saved);
        Ok(())
    }
}
