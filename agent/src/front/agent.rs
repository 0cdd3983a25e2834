//! What all connections share: the ring, the keeper, the people to ask, and whether it is locked.

mod holding;
mod unlocking;
mod vault;
mod transaction;
mod upkeep;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time;

use super::audit::{self, Audit, Event, Outcome, Record};
use super::clock::{self, BootTime};
use super::policy::{Reason, Rules};
use super::prompt::{ListedHost, Prompter};
use super::ring::{FingerprintHash, Identity, Ring, Signer};
use super::security_key::{self, SecurityKey};
use super::supervisor::Supervisor;
use super::unlocker::Unlocker;
use super::unlocking::{TurnToUnlock, Unlocking};
use crate::keeper::channel::{Answer, Ask, Refusal};
use crate::protocol::algorithm::SignatureAlgorithm;
use crate::protocol::message::IdentitiesAnswer;

pub use self::transaction::{Committed, Part, Refused, Transaction};
use self::vault::VaultState;
pub use self::vault::{ListedVault, VaultStatus};

/// How long the end of the agent may wait for the disk with the audit log.
const CLOSING: Duration = Duration::from_secs(1);

/// Everything that is the agent's and not one connection's. It has one thread, and no borrow of it
/// lasts over an `await`.
#[derive(Debug)]
pub struct Agent {
    /// The identities. Look at them through [`Agent::ring`], which forgets the expired ones first.
    ring: RefCell<Ring>,
    locked: Cell<bool>,
    /// Who may try to unlock it.
    pub unlocking: Unlocking,
    /// The answer to a list request on an unbound connection, and the version of its ring.
    listed: RefCell<Option<(u64, Rc<[u8]>)>>,
    /// How often all keys were dropped at once, or the keeper replaced.
    clearings: Cell<u64>,
    /// How many keys are on their way to the keeper and into the ring.
    adding: Rc<Cell<usize>>,
    vault: VaultState,
    /// Tells the timers that the ring or the keys in the keeper have changed.
    changed: Notify,
    /// The keeper process.
    pub supervisor: Rc<Supervisor>,
    /// Who can be asked.
    pub prompter: Prompter,
    /// Who signs with tokens.
    pub tokens: security_key::Signer,
    /// What is allowed.
    pub rules: Rules,
    /// The lifetime of keys that are added without one.
    pub lifetime: Option<Duration>,
    /// How fingerprints are written in prompts.
    pub fingerprint_hash: FingerprintHash,
    audit: RefCell<Audit>,
    /// Tells that the audit log counts refusals.
    counting: Notify,
    /// Connections that are open now.
    pub connections: Cell<usize>,
}

/// The parts that an agent is put together from.
#[derive(Debug)]
pub struct Parts {
    /// The keeper process.
    pub supervisor: Rc<Supervisor>,
    /// Who can be asked.
    pub prompter: Prompter,
    /// Who signs with tokens.
    pub tokens: security_key::Signer,
    /// What is allowed.
    pub rules: Rules,
    /// The lifetime of keys that are added without one.
    pub lifetime: Option<Duration>,
    /// How fingerprints are written in prompts.
    pub fingerprint_hash: FingerprintHash,
    /// The record of what was done.
    pub audit: Audit,
    /// Who opens the vault.
    pub unlocker: Unlocker,
    /// How long an open vault may go without a signature before it is closed; for ever when none.
    pub vault_idle: Option<Duration>,
}

/// A key that is on its way into the ring.
#[derive(Debug)]
#[must_use]
pub struct Adding(Rc<Cell<usize>>);

impl Drop for Adding {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Agent {
    /// Starts with no identity, unlocked.
    pub fn new(parts: Parts) -> Rc<Self> {
        Rc::new(Self {
            ring: RefCell::default(),
            locked: Cell::new(false),
            unlocking: Unlocking::default(),
            listed: RefCell::default(),
            clearings: Cell::new(0),
            adding: Rc::default(),
            vault: VaultState::new(parts.unlocker, parts.vault_idle),
            changed: Notify::new(),
            supervisor: parts.supervisor,
            prompter: parts.prompter,
            tokens: parts.tokens,
            rules: parts.rules,
            lifetime: parts.lifetime,
            fingerprint_hash: parts.fingerprint_hash,
            audit: RefCell::new(parts.audit),
            counting: Notify::new(),
            connections: Cell::new(0),
        })
    }

    /// Writes a line of the audit log.
    pub fn record(&self, record: &Record<'_>) {
        let audit = self.audit.borrow();
        audit.record(record);
        if audit.is_counting() {
            self.counting.notify_one();
        }
    }

    /// Has refusals that were counted written into the audit log, for as long as it is polled.
    pub async fn keep_log(&self) {
        loop {
            self.counting.notified().await;
            time::sleep(audit::BOUND).await;
            self.audit.borrow().flush();
        }
    }

    /// Returns the file of the audit log; none without a log.
    pub fn audit_file(&self) -> Option<PathBuf> {
        self.audit.borrow().file().map(Path::to_path_buf)
    }

    /// Writes what waits to be written and ends the audit log.
    pub fn close_audit(&self) {
        if !self.audit.replace(Audit::off()).close(CLOSING) {
            tracing::warn!("the last lines of the audit log could not be written");
        }
    }

    /// Says whether the agent is locked.
    pub const fn is_locked(&self) -> bool {
        self.locked.get()
    }

    /// Returns a number that changes whenever keys may have been dropped that are in no ring yet: one
    /// that was handed to the keeper before the change may not be put into the ring after it.
    pub const fn clearings(&self) -> u64 {
        self.clearings.get()
    }

    /// Keeps the keeper from being replaced by a fresh one until what it returns is dropped: it may hold a key that
    /// is in no ring yet.
    pub fn adding(&self) -> Adding {
        self.adding.set(self.adding.get() + 1);
        Adding(Rc::clone(&self.adding))
    }

    /// Returns the number of identities.
    pub fn identities(&self) -> usize {
        self.ring(|ring| ring.len())
    }

    /// Looks at or changes the ring, after what has expired is gone.
    pub fn ring<R>(&self, act: impl FnOnce(&mut Ring) -> R) -> R {
        let expired = self.ring.borrow_mut().expire(BootTime::now());
        for identity in &expired {
            if let Signer::Keeper(key) = identity.signer {
                self.supervisor.tell(Ask::Remove(key));
            }
            self.note_removed(identity);
            self.record(&Record {
                fingerprint: Some(&identity.fingerprint),
                key_type: Some(identity.key_type.name()),
                comment: Some(&identity.comment),
                ..Record::new(clock::wall_time(), Event::Expire, Outcome::Allow)
            });
        }
        let (before, result, after) = {
            let mut ring = self.ring.borrow_mut();
            let before = ring.version();
            let result = act(&mut ring);
            (before, result, ring.version())
        };
        if before != after || !expired.is_empty() {
            self.changed.notify_waiters();
        }
        result
    }

    /// Returns the body of the answer that lists every identity to a connection that sees all.
    pub fn list_all(&self) -> Rc<[u8]> {
        let version = self.ring(|ring| ring.version());
        if let Some((of, body)) = &*self.listed.borrow()
            && *of == version
        {
            return Rc::clone(body);
        }
        let answer = self.ring(|ring| {
            let identities = ring
                .iter()
                .map(|identity| (&*identity.blob, &*identity.comment));
            IdentitiesAnswer::encode(identities)
        });
        if answer.left_out > 0 {
            tracing::warn!(left_out = answer.left_out, "list answer is full");
        }
        let body: Rc<[u8]> = answer.body.into();
        self.listed.replace(Some((version, Rc::clone(&body))));
        body
    }

    /// Has the keeper or a token sign for an identity.
    ///
    /// # Errors
    /// The [`Reason`] why there is no signature.
    pub async fn signature(
        &self,
        identity: &Identity,
        algorithm: SignatureAlgorithm,
        data: &[u8],
        destination: Option<ListedHost<'_>>,
    ) -> Result<Vec<u8>, Reason> {
        match &identity.signer {
            Signer::Keeper(key) => match self.ask(Ask::Sign(*key, algorithm, data)).await? {
                Answer::Signature(signature) => Ok(signature),
                _ => Err(Refusal::Malformed.into()),
            },
            Signer::Token(token) => {
                let key = SecurityKey {
                    key_bytes: &token.key_bytes,
                    provider: &token.provider,
                    fingerprint: &identity.shown_fingerprint,
                    presence: token.presence,
                    destination,
                };
                let signed = self.tokens.sign(&key, data, &self.prompter).await;
                signed.map_err(|error| Reason::Token(error.to_string()))
            }
            Signer::Closed => Err(Reason::VaultClosed),
        }
    }

    /// Asks the keeper.
    ///
    /// # Errors
    /// [`Reason::Keeper`] with its refusal, or [`Reason::KeeperGone`].
    pub async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Reason> {
        match self.supervisor.ask(ask).await {
            Ok(Answer::Refused(refusal)) => {
                // A key that was refused is in no ring, whose change would tell that its keeper is
                // to be replaced.
                self.changed.notify_waiters();
                Err(refusal.into())
            }
            Ok(answer) => Ok(answer),
            Err(_gone) => Err(Reason::KeeperGone),
        }
    }

    /// Takes an identity out of the ring and has its key wiped; returns when that is done.
    pub async fn remove(&self, identity: &Identity) {
        self.ring(|ring| ring.remove(&identity.blob));
        self.note_removed(identity);
        self.wipe(&identity.signer).await;
    }

    /// Takes every identity out and has all keys wiped; returns when that is done.
    pub async fn clear(&self) {
        self.note_clearing();
        for identity in self.ring(|ring| ring.remove_where(|_| true)) {
            self.note_removed(&identity);
        }
        let _ = self.ask(Ask::Clear).await;
    }

    /// Has the key of an identity wiped that is not, or not any more, in the ring.
    pub async fn wipe(&self, signer: &Signer) {
        if let Signer::Keeper(key) = signer {
            // A keeper that is gone has no key any more either.
            let _ = self.ask(Ask::Remove(*key)).await;
            self.changed.notify_waiters();
        }
    }

    /// Seals every key under a passphrase. From the first moment on the agent counts as locked.
    ///
    /// # Errors
    /// The [`Reason`]; then the agent is as it was.
    pub async fn lock(&self, passphrase: &[u8]) -> Result<(), Reason> {
        if self.locked.get() {
            return Err(Reason::Locked);
        }
        if passphrase.is_empty() {
            return Err(Reason::EmptyPassphrase);
        }
        self.locked.set(true);
        let locked = self.ask(Ask::Lock(passphrase)).await;
        if locked.is_err() {
            self.locked.set(false);
            self.changed.notify_waiters();
        }
        locked.map(|_| ())
    }

    /// Opens the sealed keys.
    ///
    /// # Errors
    /// The [`Reason`]; then the agent stays locked. After a wrong passphrase, the turn has a
    /// [`TurnToUnlock::penalty`] to be served.
    pub async fn unlock(&self, passphrase: &[u8], turn: &mut TurnToUnlock) -> Result<(), Reason> {
        if !self.locked.get() {
            return Err(Reason::NotLocked);
        }
        if passphrase.is_empty() {
            return Err(Reason::EmptyPassphrase);
        }
        let opened = self.ask(Ask::Unlock(passphrase)).await;
        self.unlocking.note(turn, opened.is_ok());
        if opened.is_ok() {
            self.locked.set(false);
            self.changed.notify_waiters();
        }
        opened.map(|_| ())
    }

    fn note_clearing(&self) {
        self.clearings.set(self.clearings.get().wrapping_add(1));
    }
}
