//! What goes on in the background: lifetimes, an idle vault, and the keeper's end.

use std::time::Duration;

use tokio::time;

use super::Agent;
use crate::front::audit::{Event, Outcome, Record};
use crate::front::clock::{self, Alarm};
use crate::front::ring::{Ring, Signer};

/// How long the ring has to be without keys before the keeper is replaced by a fresh one.
const EMPTY: Duration = Duration::from_secs(1);

impl Agent {
    /// Does what is left to do when a keeper ended by itself: its keys are gone.
    pub fn note_lost_keeper(&self) {
        self.note_clearing();
        // The check of the lock passphrase went with the keeper, so the agent cannot stay locked;
        // then nothing that was locked may stay either.
        let locked = self.locked.replace(false);
        // The vault's keys come back when a person opens it again.
        self.note_closed();
        let closed = self.ring(Ring::close);
        let lost = self.ring(|ring| {
            ring.remove_where(|identity| {
                let is_kept = matches!(identity.signer, Signer::Keeper(_));
                (locked && !identity.from_vault) || is_kept
            })
        });
        tracing::error!(
            keys = lost.len() + closed.len(),
            "the keeper ended; started an empty one"
        );
        self.record(&Record::new(
            clock::wall_time(),
            Event::KeeperRestart,
            Outcome::Fail,
        ));
    }

    /// Forgets keys when they expire, for as long as it is polled.
    pub async fn keep_time(&self, mut alarm: Alarm) {
        loop {
            let first = self.ring(|ring| ring.first_expiry());
            let changed = self.changed.notified();
            match first {
                None => changed.await,
                Some(moment) => {
                    tokio::select! {
                        () = changed => {}
                        waited = alarm.wait_until(moment) => {
                            if waited.is_err() {
                                // Expired keys still go when the ring is next looked at.
                                time::sleep(EMPTY).await;
                            }
                        }
                    }
                }
            }
        }
    }

    /// Closes the vault when none of its keys has signed for long, for as long as it is polled.
    pub async fn keep_vault(&self, mut alarm: Alarm) {
        loop {
            let changed = self.vault.changed.notified();
            let Some(end) = self.vault_end() else {
                changed.await;
                continue;
            };
            tokio::select! {
                () = changed => {}
                waited = alarm.wait_until(end) => {
                    if waited.is_err() {
                        // It is closed when one of its keys is next asked for.
                        time::sleep(EMPTY).await;
                    }
                    self.lock_idle_vault().await;
                }
            }
        }
    }

    /// Replaces the keeper when the last key has gone, for as long as it is polled.
    ///
    /// Nothing of a key survives the process it was in, and secret memory, which keeps the machine
    /// from hibernating, goes with it.
    pub async fn keep_fresh(&self) {
        loop {
            self.changed.notified().await;
            // A keeper that is busy now, perhaps with wiping its last key, is looked at again.
            while self.is_keeper_spent() {
                time::sleep(EMPTY).await;
                if self.is_keeper_spent() && self.supervisor.is_idle() {
                    self.note_clearing();
                    if self.supervisor.renew().is_ok() {
                        tracing::debug!("replaced the keeper, which held no key any more");
                    }
                }
            }
        }
    }

    /// Says whether the keeper was handed secrets and has none to keep. While the agent is locked, it
    /// keeps what the passphrase is recognised by.
    fn is_keeper_spent(&self) -> bool {
        self.supervisor.is_used()
            && !self.locked.get()
            && self.adding.get() == 0
            && !self.vault.is_changing()
            && !self.ring(|ring| ring.is_kept())
    }
}
