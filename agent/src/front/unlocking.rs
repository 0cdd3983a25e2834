//! The turns to try an unlock passphrase, and what wrong ones cost.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time;

/// What a wrong unlock passphrase costs, times the number of wrong ones so far (OpenSSH's delay).
const DELAY: Duration = Duration::from_millis(100);

/// The longest delay after a wrong unlock passphrase (OpenSSH's).
const DELAY_MAX: Duration = Duration::from_secs(10);

/// How many wrong unlock passphrases cost time at once. Whoever opens more connections guesses no
/// faster than with four, and whoever guesses on fewer holds nobody up.
const PENALTIES_MAX: usize = 4;

/// Who may try a passphrase now.
#[derive(Debug)]
pub struct Unlocking {
    /// Held while a passphrase is tried.
    trying: Arc<Mutex<()>>,
    /// Held until the penalty for it is served.
    places: Arc<Semaphore>,
    /// How many wrong ones there were since the last right one.
    wrong: Cell<u32>,
}

/// The turn to try a passphrase: one at a time.
#[derive(Debug)]
pub struct TurnToUnlock {
    trying: Option<OwnedMutexGuard<()>>,
    _place: Option<OwnedSemaphorePermit>,
    penalty: Duration,
}

impl Unlocking {
    /// Waits for a turn. Whoever goes away meanwhile leaves the queue.
    pub async fn turn(&self) -> TurnToUnlock {
        // Nobody closes it, so that there always is one.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        TurnToUnlock {
            trying: Some(Arc::clone(&self.trying).lock_owned().await),
            _place: place,
            penalty: Duration::ZERO,
        }
    }

    /// Ends the trying of a passphrase, after which the next one may be tried.
    pub fn note(&self, turn: &mut TurnToUnlock, is_right: bool) {
        turn.trying = None;
        let wrong = if is_right {
            0
        } else {
            self.wrong.get().saturating_add(1)
        };
        self.wrong.set(wrong);
        turn.penalty = delay(wrong);
    }
}

impl Default for Unlocking {
    fn default() -> Self {
        Self {
            trying: Arc::default(),
            places: Arc::new(Semaphore::new(PENALTIES_MAX)),
            wrong: Cell::new(0),
        }
    }
}

impl TurnToUnlock {
    /// Lets a wrong passphrase cost its sender time, more each time.
    pub async fn penalty(self) {
        if !self.penalty.is_zero() {
            time::sleep(self.penalty).await;
        }
    }
}

/// Returns what the last of so many wrong passphrases costs.
fn delay(wrong: u32) -> Duration {
    DELAY.saturating_mul(wrong).min(DELAY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_grows_up_to_ten_seconds() {
        let delays = [0, 1, 2, 99, 100, 101, u32::MAX].map(|wrong| delay(wrong).as_millis());
        assert_eq!(delays, [0, 100, 200, 9900, 10_000, 10_000, 10_000]);
    }
}
