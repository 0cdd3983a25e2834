//! Any call may fail: the n-th, for every n until all has gone well.

use proptest::prelude::*;
use rustix::io::Errno;

use super::scenario::{Scenario, version};
use super::simulated::{Content, Failure, Fault, SimulatedDisk};
use crate::store::{Error, Operation};

const FAULTS: [Fault; 7] = [
    Fault::Fails(Errno::NOSPC),
    Fault::Fails(Errno::IO),
    Fault::Fails(Errno::INTR),
    Fault::Fails(Errno::DQUOT),
    Fault::Fails(Errno::ROFS),
    Fault::ShortWrite,
    Fault::SyncFails,
];

fn scenarios() -> Vec<Scenario> {
    saves().chain([Scenario::copy(4000)]).collect()
}

fn saves() -> impl Iterator<Item = Scenario> {
    let saves = (0..=4).map(|older| Scenario::save(older, 4000));
    saves.chain([Scenario::create(4000)])
}

/// Runs each scenario on a disk that fails `count` calls in a row, for each first one.
fn each_failure(count: usize, check: impl Fn(&Scenario, &SimulatedDisk, Result<(), Error>)) {
    for scenario in scenarios() {
        for fault in FAULTS {
            // Signals do not interrupt for ever.
            if count == 1 || !matches!(fault, Fault::Fails(Errno::INTR)) {
                each_first(&scenario, (fault, count), &check);
            }
        }
    }
}

fn each_first(
    scenario: &Scenario,
    (fault, count): (Fault, usize),
    check: &impl Fn(&Scenario, &SimulatedDisk, Result<(), Error>),
) {
    for from in 1.. {
        let failure = Failure { fault, from, count };
        let disk = SimulatedDisk::failing(scenario.start.clone(), failure);
        let result = scenario.run(&disk);
        if disk.ended_before_failure() {
            assert!(from > 10, "{from} calls only");
            result.unwrap();
            return;
        }
        if disk.failed().is_empty() {
            result.unwrap();
        } else {
            check(scenario, &disk, result);
        }
    }
}

fn has_all_versions(scenario: &Scenario, content: &Content) -> bool {
    let versions = (1..=3).filter_map(|back| content.bytes(&format!("vault.{back}")));
    let mut versions = versions.map(<[u8]>::to_vec);
    versions.all(|version| scenario.whole.contains(&version))
}

#[test]
fn failed_call_leaves_the_old_bytes_and_names_the_cause() {
    each_failure(1, |scenario, disk, result| {
        let content = disk.content();
        assert!(has_all_versions(scenario, &content));
        let Err(error) = result else {
            assert_eq!(content.bytes("vault"), Some(&*scenario.new));
            return;
        };
        assert_eq!(content.bytes("vault"), scenario.old.as_deref(), "{error}");
        let failed = disk.failed();
        assert!(names(&error, failed[0]), "{error} for {failed:?}");
        // What lay there before may stay when looking for it failed.
        let mut left = content.leftovers();
        left.retain(|name| name != "vault.tmp-00112233445566ff");
        assert_eq!(left, [""; 0], "{error}");
    });
}

/// Says whether an error names the call that failed.
fn names(error: &Error, call: &str) -> bool {
    let Error::Disk {
        operation, path, ..
    } = error
    else {
        return false;
    };
    let name = path.file_name().unwrap().to_str().unwrap();
    let expected = match operation {
        Operation::Create => call == "create",
        Operation::List => call == "list",
        Operation::Lock => ["open_lock", "try_lock"].contains(&call),
        Operation::MakeFolder => call == "make_folder",
        Operation::Open => ["open", "open_folder"].contains(&call),
        Operation::Random => call == "random",
        Operation::Read => call == "read",
        Operation::ReadLink => call == "read_link",
        Operation::Remove => call == "remove",
        Operation::Rename => ["rename", "rename_new"].contains(&call),
        Operation::Stat => ["stat", "stat_file", "stat_folder"].contains(&call),
        Operation::Sync => ["sync", "sync_folder"].contains(&call),
        Operation::Write => call == "write",
    };
    expected && (name == "home" || name.starts_with("vault"))
}

#[test]
fn disk_that_fails_for_good_leaves_the_old_bytes() {
    each_failure(usize::MAX, |scenario, disk, result| {
        let content = disk.content();
        let current = content.bytes("vault");
        match result {
            Ok(()) => assert_eq!(current, Some(&*scenario.new)),
            // The folder was not synced, and the old name could not be put back either.
            Err(Error::Unconfirmed { .. }) => assert_eq!(current, Some(&*scenario.new)),
            Err(error) => assert_eq!(current, scenario.old.as_deref(), "{error}"),
        }
    });
}

#[test]
fn no_sync_is_repeated_after_one_failed() {
    each_failure(1, |_, disk, result| {
        if disk.failed()[0].starts_with("sync") {
            assert!(result.is_err());
            let since = disk.since_failure();
            assert!(
                !since.iter().any(|call| call.starts_with("sync")),
                "{since:?}"
            );
        }
    });
}

#[test]
fn interrupted_call_is_repeated_unless_it_may_have_changed_something() {
    let once = ["create", "rename", "rename_new", "sync", "sync_folder"];
    for scenario in scenarios() {
        let fault = (Fault::Fails(Errno::INTR), 1);
        each_first(&scenario, fault, &|_, disk, result| {
            let is_repeated = !once.contains(&disk.failed()[0]);
            assert_eq!(result.is_ok(), is_repeated, "{:?}", disk.failed());
        });
    }
}

#[test]
fn lock_on_a_file_that_lost_its_name_meanwhile_is_taken_anew() {
    for scenario in saves() {
        let fault = (Fault::LockFileSwapped, 1);
        each_first(&scenario, fault, &|_, disk, result| {
            result.unwrap();
            assert!(disk.since_failure().contains(&"try_lock"));
        });
    }
}

#[test]
fn write_that_keeps_other_bytes_is_found_by_reading_back() {
    for scenario in scenarios() {
        let fault = (Fault::Corrupts, 1);
        each_first(&scenario, fault, &|scenario, disk, result| {
            assert!(matches!(result, Err(Error::Differs { .. })), "{result:?}");
            let content = disk.content();
            assert_eq!(content.bytes("vault"), scenario.old.as_deref());
            assert_eq!(content.leftovers(), [""; 0]);
        });
    }
}

#[test]
fn saves_that_fail_again_and_again_push_out_one_version_at_most() {
    let mut scenario = Scenario::save(3, 1000);
    for from in 1..100 {
        let fault = Fault::Fails(Errno::IO);
        let failure = Failure {
            fault,
            from,
            count: 1,
        };
        let disk = SimulatedDisk::failing(scenario.start.clone(), failure);
        if scenario.run(&disk).is_err() {
            scenario.start = disk.content();
        }
    }
    let versions = (1..=3).filter_map(|back| scenario.start.bytes(&format!("vault.{back}")));
    let versions: Vec<_> = versions.collect();
    assert!(
        scenario.whole[1..3]
            .iter()
            .all(|whole| versions.contains(&&**whole))
    );
}

proptest! {
    /// Whatever fails in a row of saves, each leaves what it says it leaves.
    #[test]
    fn saves_that_fail_here_and_there_lose_nothing(
        saves in prop::collection::vec((0..5000_usize, 0..FAULTS.len(), 1..60_usize), 1..12)
    ) {
        let mut scenario = Scenario::save(0, 100);
        let mut kept = Vec::new();
        for (number, (length, fault, from)) in (10..).zip(saves) {
            scenario.new = version(number, length);
            let failure = Failure { fault: FAULTS[fault], from, count: 1 };
            let disk = SimulatedDisk::failing(scenario.start.clone(), failure);
            let result = scenario.run(&disk);
            scenario.start = disk.content();
            if result.is_ok() {
                let old = scenario.old.replace(scenario.new.clone()).unwrap();
                kept.insert(0, old);
                prop_assert_eq!(scenario.start.bytes("vault.1"), Some(&*kept[0]));
            }
            prop_assert_eq!(scenario.start.bytes("vault"), scenario.old.as_deref());
            // A save that failed late may have kept the current bytes a second time.
            for back in 1..=3 {
                let older = scenario.start.bytes(&format!("vault.{back}"));
                let mut whole = kept.iter().chain(&scenario.old);
                prop_assert!(older.is_none_or(|older| whole.any(|it| it == older)));
            }
        }
    }
}
