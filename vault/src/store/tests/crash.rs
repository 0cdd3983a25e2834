//! What a disk can hold after a loss of power.
//!
//! Until `fsync` returns, nothing says which part of what was written is on the disk. Of a file, a
//! sector of 512 bytes is there or not, whatever its order, and the length grows before the data or
//! with it. Of a folder, each new name is there or not, and a rename can have made its new name
//! without having removed the old one (Pillai et al., "All File Systems Are Not Created Equal",
//! OSDI 2014; SQLite's test6.c).

use std::collections::BTreeMap;

use super::simulated::{Change, Content};

const SECTOR: usize = 512;

/// How much a disk can be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trust {
    /// `fsync` of files and of the folder hold what they promise.
    Sync,
    /// `fsync` of a file does nothing.
    FolderOnly,
    /// `fsync` of the folder does nothing.
    FilesOnly,
}

/// Numbers that look random and are the same every time (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// What is certain after some of the changes, and what is not.
struct Uncertain {
    certain: Content,
    /// What each file will hold once it is synced, where that is something else.
    files: BTreeMap<usize, Vec<u8>>,
    /// The changes of names since the folder was synced.
    names: Vec<Change>,
}

impl Uncertain {
    fn after(start: &Content, changes: &[Change], trust: Trust) -> Self {
        let mut this = Self {
            certain: start.clone(),
            files: BTreeMap::new(),
            names: Vec::new(),
        };
        for change in changes {
            this.add(change, trust);
        }
        this
    }

    fn add(&mut self, change: &Change, trust: Trust) {
        match change {
            Change::Write {
                inode,
                offset,
                bytes,
            } => {
                let certain = &self.certain.files[*inode];
                let file = self.files.entry(*inode).or_insert_with(|| certain.clone());
                file.resize(file.len().max(offset + bytes.len()), 0);
                file[*offset..][..bytes.len()].copy_from_slice(bytes);
            }
            Change::Sync(inode) => {
                if trust != Trust::FolderOnly
                    && let Some(file) = self.files.remove(inode)
                {
                    self.certain.files[*inode] = file;
                }
            }
            Change::SyncFolder => {
                if trust != Trust::FilesOnly {
                    for change in std::mem::take(&mut self.names) {
                        apply(&mut self.certain, &change, false);
                    }
                }
            }
            change => {
                if matches!(change, Change::Create(..)) {
                    self.certain.files.push(Vec::new());
                }
                self.names.push(change.clone());
            }
        }
    }

    /// Calls `look` with every set of names, and half-done renames of some.
    fn each_names(&self, dice: &mut Dice, look: &mut dyn FnMut(&mut Content, &mut Dice)) {
        assert!(self.names.len() < 12, "{} names", self.names.len());
        for chosen in 0..1_u64 << self.names.len() {
            let halves = [0, dice.roll()];
            for half in halves {
                let mut content = self.certain.clone();
                for (index, change) in self.names.iter().enumerate() {
                    if chosen >> index & 1 == 1 {
                        apply(&mut content, change, half >> index & 1 == 1);
                    }
                }
                look(&mut content, dice);
            }
        }
    }

    /// Returns what may be on the disk of a file.
    fn forms(&self, inode: usize, samples: usize, dice: &mut Dice) -> Vec<Vec<u8>> {
        let (before, after) = (&self.certain.files[inode], &self.files[&inode]);
        let sectors = after.len().div_ceil(SECTOR);
        let mut forms = vec![before.clone(), after.clone()];
        // Torn: the first sectors are there, and the length says so or not.
        for sector in 0..sectors {
            let torn = after[..sector * SECTOR].to_vec();
            let mut long = torn.clone();
            long.resize(after.len(), 0);
            forms.extend([torn, long]);
        }
        // Reordered: any sectors are there, and one of them missing is the least of it.
        for sample in 0..sectors + samples {
            let mask = if sample < sectors {
                !(1 << (sample % 64))
            } else {
                dice.roll()
            };
            forms.push(sieve(after, mask));
        }
        forms
    }
}

/// Leaves out the sectors that are 0 in `mask`.
fn sieve(bytes: &[u8], mask: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (index, sector) in bytes.chunks_mut(SECTOR).enumerate() {
        if mask >> (index % 64) & 1 == 0 {
            sector.fill(0);
        }
    }
    bytes
}

fn apply(content: &mut Content, change: &Change, is_half: bool) {
    match change {
        Change::Create(name, inode) => drop(content.names.insert(name.clone(), *inode)),
        Change::Remove(name) => drop(content.names.remove(name)),
        Change::Rename { from, to, inode } => {
            content.names.insert(to.clone(), *inode);
            if !is_half && content.names.get(from) == Some(inode) {
                content.names.remove(from);
            }
        }
        Change::Write { .. } | Change::Sync(_) | Change::SyncFolder => {}
    }
}

/// Calls `look` with what a disk may hold when the power goes after any of the changes, together
/// with how many of them there were, and returns the number of calls.
pub(super) fn each_crash(
    start: &Content,
    changes: &[Change],
    (trust, samples): (Trust, usize),
    look: &mut dyn FnMut(&Content, usize),
) -> usize {
    let mut states = 0;
    for done in 0..=changes.len() {
        let uncertain = Uncertain::after(start, &changes[..done], trust);
        let mut dice = Dice(done.try_into().unwrap());
        uncertain.each_names(&mut dice, &mut |content, dice| {
            look(content, done);
            states += 1;
            for inode in uncertain.files.keys() {
                for form in uncertain.forms(*inode, samples, dice) {
                    let certain = std::mem::replace(&mut content.files[*inode], form);
                    look(content, done);
                    states += 1;
                    content.files[*inode] = certain;
                }
            }
        });
    }
    states
}
