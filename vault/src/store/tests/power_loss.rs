//! After a loss of power anywhere in a save, the old bytes or the new ones are there.

use std::path::Path;

use super::crash::{Trust, each_crash};
use super::scenario::{Scenario, version};
use super::simulated::{Content, SimulatedDisk};
use crate::store::{Kept, Patience, StateFile, Store};

/// What was seen of the disks of one or more scenarios.
#[derive(Debug, Default)]
struct Tally {
    states: usize,
    /// States with neither the old nor the new bytes, or with a torn older version.
    bad: usize,
    /// States with the old bytes after the save had returned.
    lost: usize,
}

impl Tally {
    fn add(&mut self, scenario: &Scenario, trust: Trust) {
        let disk = SimulatedDisk::with(scenario.start.clone());
        scenario.run(&disk).unwrap();
        let changes = disk.changes();
        let (start, effort) = (&scenario.start, (trust, samples()));
        self.states += each_crash(start, &changes, effort, &mut |content, done| {
            let current = content.bytes("vault");
            let is_new = current == Some(&scenario.new);
            if !is_new && current != scenario.old.as_deref()
                || !has_whole_versions(scenario, content)
            {
                self.bad += 1;
            }
            if !is_new && done == changes.len() {
                self.lost += 1;
            }
        });
    }
}

fn has_whole_versions(scenario: &Scenario, content: &Content) -> bool {
    (1..=3).all(|back| {
        let older = content.bytes(&format!("vault.{back}"));
        older.is_none_or(|older| scenario.whole.iter().any(|it| it == older))
    })
}

fn is_long() -> bool {
    std::env::var_os("KEYWARD_LONG").is_some()
}

fn samples() -> usize {
    if is_long() { 400 } else { 24 }
}

fn scenarios() -> Vec<Scenario> {
    let lengths: &[usize] = if is_long() {
        &[0, 1, 511, 512, 513, 2048, 16_384, 33_000]
    } else {
        &[1, 512, 4097, 14_000]
    };
    let mut scenarios = Vec::new();
    for &length in lengths {
        scenarios.push(Scenario::create(length));
        scenarios.push(Scenario::copy(length));
        scenarios.extend((0..=4).map(|older| Scenario::save(older, length)));
    }
    scenarios
}

#[test]
fn loss_of_power_leaves_the_old_bytes_or_the_new() {
    let mut tally = Tally::default();
    for scenario in scenarios() {
        tally.add(&scenario, Trust::Sync);
    }
    assert_eq!((tally.bad, tally.lost), (0, 0), "{tally:?}");
    assert!(tally.states >= 100_000, "{tally:?}");
}

#[test]
fn disk_that_lies_about_files_is_seen_to_lose_them() {
    let mut tally = Tally::default();
    tally.add(&Scenario::save(3, 1000), Trust::FolderOnly);
    assert!(tally.bad > 0, "{tally:?}");
}

#[test]
fn disk_that_lies_about_folders_is_seen_to_lose_saves_but_no_file() {
    let mut tally = Tally::default();
    tally.add(&Scenario::save(3, 1000), Trust::FilesOnly);
    assert!(tally.lost > 0 && tally.bad == 0, "{tally:?}");
}

#[test]
fn next_save_after_a_loss_of_power_succeeds_and_tidies_up() {
    let scenario = Scenario::save(3, 1000);
    let disk = SimulatedDisk::with(scenario.start.clone());
    scenario.run(&disk).unwrap();
    let effort = (Trust::Sync, 0);
    each_crash(
        &scenario.start,
        &disk.changes(),
        effort,
        &mut |content, _| {
            let disk = SimulatedDisk::with(content.clone());
            let store = Store::open_on(&disk, Path::new("/vault"), Patience::default()).unwrap();
            let current = store.read().unwrap().bytes;
            let next = version(99, 800);
            store.save(&next, |base| base == current, |_| true).unwrap();
            let after = disk.content();
            assert_eq!(after.bytes("vault"), Some(&*next));
            assert_eq!(after.bytes("vault.1"), Some(&*current));
            assert_eq!(after.leftovers(), [""; 0]);
        },
    );
}

#[test]
fn loss_of_power_leaves_the_old_state_or_the_new() {
    let (old, new) = (version(1, 900), version(2, 1700));
    let mut start = Content::default();
    start.put("pin", &old);
    let disk = SimulatedDisk::with(start.clone());
    let file = StateFile::on(disk.clone(), Path::new("/state/pin"), Patience::default());
    file.update(
        |_| true,
        |kept| {
            assert_eq!(kept, Kept::Whole(old.clone()));
            Some(new.clone())
        },
    )
    .unwrap();
    let changes = disk.changes();
    let effort = (Trust::Sync, samples());
    each_crash(&start, &changes, effort, &mut |content, done| {
        let is_new = content.bytes("pin") == Some(&new);
        assert!(is_new || content.bytes("pin") == Some(&old));
        assert!(is_new || done < changes.len());
    });
}
