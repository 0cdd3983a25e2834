//! Waiting for something to become true.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until `probe` finds something and returns that.
///
/// # Panics
///
/// When `limit` has passed; `what` is the rest of a sentence beginning with "still waiting for".
#[track_caller]
pub fn eventually<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(
            start.elapsed() < limit,
            "still waiting for {what} after {limit:?}"
        );
        thread::sleep(PAUSE);
    }
}

/// Looks until `condition` holds.
///
/// # Panics
///
/// As [`eventually`] does.
#[track_caller]
pub fn until(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    eventually(what, limit, || condition().then_some(()));
}
