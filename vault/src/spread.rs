//! Work on many blocks, spread over the cores.

use core::num::NonZeroUsize;
use std::thread;

use crate::error::Error;
use crate::memory;

/// How many items are worth a thread.
const WORTH_A_THREAD: usize = 1_000;

/// No more threads than this: what is left to gain is less than what they cost.
const THREADS_MAX: usize = 4;

/// Does the work on parts of the items, in as many threads as are worth it, and returns the results
/// in order. The first error counts. The work may see secrets.
pub(crate) fn spread<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = cores
        .min(THREADS_MAX)
        .min(items.len() / WORTH_A_THREAD)
        .max(1);
    let mut parts = items.chunks(items.len().div_ceil(threads).max(1));
    let own = parts.next().unwrap_or_default();
    let work = &work;
    thread::scope(|scope| {
        let started = |part| scope.spawn(move || memory::on_thread(|| work(part)));
        let others: Vec<_> = parts.map(|part| (part, started(part))).collect();
        let own = work(own);
        let ended = others.into_iter().map(|(part, other)| match other.join() {
            Ok(done) => done.unwrap_or_else(|| work(part)),
            Err(_) => Err(Error::Contradiction("a thread did not end well")),
        });
        core::iter::once(own).chain(ended).collect()
    })
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;
    use crate::Memory;

    #[test]
    fn every_item_is_worked_on_once_and_in_order() {
        for count in [0, 1, 999, 1_000, 5_000] {
            let items: Vec<usize> = (0..count).collect();
            let parts = spread(&items, |part| Ok(part.to_vec())).unwrap();
            assert_eq!(parts.concat(), items);
        }
    }

    /// The one test that installs a [`Memory`], of which there is one for the program.
    #[test]
    fn parts_are_done_where_the_program_has_them_done_and_here_where_it_has_not() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static SECRET: AtomicBool = AtomicBool::new(true);
        Memory {
            on_thread: |work| {
                if ASKED.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                    work();
                }
            },
            set_secret: |is_secret| SECRET.swap(is_secret, Ordering::Relaxed),
        }
        .install();
        let items: Vec<usize> = (0..5_000).collect();
        for _ in 0..4 {
            let parts = spread(&items, |part| Ok(part.to_vec())).unwrap();
            assert_eq!(parts.concat(), items);
        }
        let asked = ASKED.load(Ordering::Relaxed);
        assert_eq!(
            asked == 0,
            thread::available_parallelism().is_ok_and(|cores| cores.get() == 1)
        );
        assert!(!memory::public(|| SECRET.load(Ordering::Relaxed)));
        assert!(SECRET.load(Ordering::Relaxed));
    }
}
