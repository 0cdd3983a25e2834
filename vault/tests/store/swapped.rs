//! Somebody swaps the file for a link, again and again, while it is saved.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::counter;
use crate::room::{Room, chown, count, names, write};

/// How often at least; more until there were both saves and refusals.
const SWAPS: usize = 2000;

/// The number in the file outside, which no save reaches by counting.
const OUTSIDE: u64 = 1_000_000;

/// Puts, in turn, a link of somebody else and a file in the place of `path`.
fn swap(path: &Path, outside: &Path, is_over: &AtomicBool) {
    let next = path.with_extension("next");
    let mut swaps = 0;
    while swaps < SWAPS || swaps < 100 * SWAPS && !is_over.load(Ordering::Relaxed) {
        swaps += 1;
        symlink(outside, &next).unwrap();
        chown(&next);
        fs::rename(&next, path).unwrap();
        thread::yield_now();
        write(&next, &counter::bytes(0));
        fs::rename(&next, path).unwrap();
        thread::yield_now();
    }
}

#[test]
fn swapped_link_never_leads_a_save_outside() {
    let room = Room::new();
    let other = Room::empty();
    let outside = other.put("precious", &counter::bytes(OUTSIDE));
    let before = fs::metadata(&outside).unwrap();
    let is_over = AtomicBool::new(false);
    let (mut saved, mut refused) = (0, 0);
    thread::scope(|scope| {
        let swapper = scope.spawn(|| swap(&room.vault(), &outside, &is_over));
        let store = room.store();
        while !swapper.is_finished() {
            let by_path = count(&room.vault()).is_ok();
            let new = counter::bytes(3);
            let opened = store.save(&new, |_| true, |_| true).is_ok();
            // Nor is anything read from there.
            let read = store.read().ok().map(|read| counter::number(&read.bytes));
            assert!(read.is_none_or(|number| number.unwrap() < OUTSIDE));
            for is_ok in [by_path, opened] {
                *(if is_ok { &mut saved } else { &mut refused }) += 1;
            }
            is_over.store(saved > 10 && refused > 10, Ordering::Relaxed);
        }
    });
    assert!(
        saved > 10 && refused > 10,
        "{saved} saved, {refused} refused"
    );
    assert_eq!(fs::read(&outside).unwrap(), counter::bytes(OUTSIDE));
    let after = fs::metadata(&outside).unwrap();
    assert_eq!(after.modified().unwrap(), before.modified().unwrap());
    assert_eq!(names(outside.parent().unwrap()), ["precious"]);
}
