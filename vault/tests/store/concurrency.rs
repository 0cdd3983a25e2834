//! Many writers at once.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use keyward_vault::store::{Error, Patience, Store};
use rustix::fs::FlockOperation;

use crate::room::{Room, count, counting};

const WRITERS: usize = 16;
const SAVES: u64 = 50;
const KILLED: usize = 4;

/// Waits for a writer's end and returns the numbers it said it saved.
fn saved(mut writer: Child, deadline: Instant) -> Vec<u64> {
    while writer.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "a writer hangs");
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut text = String::new();
    writer.stdout.unwrap().read_to_string(&mut text).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn no_save_of_many_writers_is_lost() {
    let room = Room::new();
    let start = |_| {
        let mut command = counting(&room.vault(), SAVES);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut writers: Vec<_> = (0..WRITERS).map(start).collect();
    let deadline = Instant::now() + Duration::from_secs(120);
    // Each of the first is killed when the file has got a bit further.
    for (index, writer) in writers.iter_mut().take(KILLED).enumerate() {
        while room.number() < 40 * (1 + u64::try_from(index).unwrap()) {
            assert!(Instant::now() < deadline, "nobody saves");
        }
        writer.kill().unwrap();
    }
    let mut seen = BTreeSet::new();
    for (index, writer) in writers.into_iter().enumerate() {
        let numbers = saved(writer, deadline);
        if index >= KILLED {
            assert_eq!(u64::try_from(numbers.len()).unwrap(), SAVES);
        }
        for number in numbers {
            // Two who saved the same number: one has overwritten the other.
            assert!(seen.insert(number), "{number} was saved twice");
        }
    }
    let last = usize::try_from(room.number()).unwrap();
    // A killed writer may have saved once without having said so.
    assert!((seen.len()..=seen.len() + KILLED).contains(&last), "{last}");
}

static TOLD: AtomicU32 = AtomicU32::new(0);

#[test]
fn lock_of_another_process_is_waited_for_until_the_deadline() {
    let room = Room::new();
    count(&room.vault()).unwrap();
    let lock = fs::File::open(room.path("vault.lock")).unwrap();
    rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
    let patience = Patience {
        at_most: Duration::from_millis(300),
        tell: |holder| TOLD.store(holder.unwrap_or(1), Ordering::Relaxed),
    };
    let store = Store::open(&room.vault(), patience).unwrap();
    let started = Instant::now();
    let result = store.save(b"new", |_| true, |_| true);
    let Err(Error::Busy { holder, waited, .. }) = result else {
        panic!("{result:?}");
    };
    assert!(waited >= patience.at_most && started.elapsed() < Duration::from_secs(5));
    assert_eq!(holder, Some(std::process::id()));
    assert_eq!(TOLD.load(Ordering::Relaxed), std::process::id());
    assert_eq!(room.number(), 1);
    drop(lock);
    count(&room.vault()).unwrap();
}

static WAITS: AtomicBool = AtomicBool::new(false);

#[test]
fn lock_on_a_removed_lock_file_is_none() {
    let room = Room::new();
    count(&room.vault()).unwrap();
    let lock = || {
        let path = room.path("vault.lock");
        let mut options = fs::OpenOptions::new();
        options.create(true).append(true).mode(0o600);
        let file = options.open(path).unwrap();
        rustix::fs::flock(&file, FlockOperation::LockExclusive).unwrap();
        file
    };
    let old = lock();
    let patience = Patience {
        at_most: Duration::from_millis(500),
        tell: |_| WAITS.store(true, Ordering::Relaxed),
    };
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let store = Store::open(&room.vault(), patience).unwrap();
            store.save(b"new", |_| true, |_| true)
        });
        while !WAITS.load(Ordering::Relaxed) && !writer.is_finished() {
            std::thread::yield_now();
        }
        // A tidy person removes the file, and somebody else locks the next one.
        fs::remove_file(room.path("vault.lock")).unwrap();
        let _new = lock();
        drop(old);
        let result = writer.join().unwrap();
        assert!(matches!(result, Err(Error::Busy { .. })), "{result:?}");
    });
    assert_eq!(room.number(), 1);
    count(&room.vault()).unwrap();
}
