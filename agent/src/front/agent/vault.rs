//! The vault's keys in the ring.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::unlocking::Unlocking;
use super::{Agent, Reason};
use crate::front::audit::{Event, Outcome, PeerRecord, Record};
use crate::front::clock::{self, BootTime};
use crate::front::peer::Peer;
use crate::front::ring::{Identity, Ring, Signer};
use crate::front::unlocker::Unlocker;
use crate::front::vault::Catalogue;
use crate::front::vault::cache::{self, Cache, CacheError};
use crate::front::vault::message::{Begin, Id, State};
use crate::keeper::channel::Ask;
use crate::protocol::public_key::PublicKey;

/// What the agent remembers of the vault.
#[derive(Debug)]
pub(super) struct VaultState {
    pub(super) catalogue: RefCell<Option<Catalogue>>,
    /// What is handed over and does not count yet takes so many bytes.
    pub(super) staged_bytes: Cell<usize>,
    /// How many catalogues are being handed over.
    pub(super) transactions: Cell<usize>,
    pub(super) unlocking: Unlocking,
    pub(super) unlocker: Unlocker,
    idle: Option<Duration>,
    /// Tells that the vault was opened.
    pub(super) opened: Notify,
    /// Tells the timer that the vault was opened or closed.
    pub(super) changed: Notify,
}

/// What `keyward status` says of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VaultStatus {
    path: String,
    id: Id,
    generation: Option<u64>,
    state: State,
    keys: usize,
    idle_seconds: Option<u64>,
}

/// The answer to `vault list`.
#[derive(Debug, Serialize)]
pub struct ListedVault {
    vault: Option<Id>,
    path: Option<String>,
    generation: Option<u64>,
    state: &'static str,
    keys: Vec<Box<RawValue>>,
    /// The fingerprints of the keys whose private parts are held, which nobody can claim without them.
    held: Vec<String>,
}

impl VaultState {
    pub(super) fn new(unlocker: Unlocker, idle: Option<Duration>) -> Self {
        Self {
            catalogue: RefCell::default(),
            staged_bytes: Cell::new(0),
            transactions: Cell::new(0),
            unlocking: Unlocking::default(),
            unlocker,
            idle,
            opened: Notify::new(),
            changed: Notify::new(),
        }
    }

    /// Says whether a catalogue is being handed over, with keys that are in no ring yet.
    pub(super) const fn is_changing(&self) -> bool {
        self.transactions.get() > 0
    }
}

impl Agent {
    /// Returns the path of the vault.
    pub fn vault_path(&self) -> Option<String> {
        let catalogue = self.vault.catalogue.borrow();
        catalogue.as_ref().map(|catalogue| catalogue.path.clone())
    }

    /// Describes the vault; none where none was ever opened.
    pub fn vault_status(&self) -> Option<VaultStatus> {
        let keys = self.ring(|ring| ring.of_vault());
        let catalogue = self.vault.catalogue.borrow();
        let catalogue = catalogue.as_ref()?;
        Some(VaultStatus {
            path: catalogue.path.clone(),
            id: catalogue.id.clone(),
            generation: catalogue.generation,
            state: state(catalogue),
            keys,
            idle_seconds: self.vault.idle.map(|idle| idle.as_secs()),
        })
    }

    /// Lists the records of the vault; none while the agent is locked.
    pub fn list_vault(&self) -> ListedVault {
        let catalogue = self.vault.catalogue.borrow();
        let catalogue = catalogue.as_ref();
        let told = catalogue.filter(|_| !self.is_locked());
        ListedVault {
            vault: catalogue.map(|catalogue| catalogue.id.clone()),
            path: catalogue.map(|catalogue| catalogue.path.clone()),
            generation: catalogue.and_then(|catalogue| catalogue.generation),
            state: match (catalogue, told) {
                (None, _) => "none",
                (_, None) => "locked",
                (_, Some(catalogue)) => state(catalogue).name(),
            },
            keys: told.map(Catalogue::listings).unwrap_or_default(),
            held: told
                .map(|_| self.ring(Ring::held_of_vault))
                .unwrap_or_default(),
        }
    }

    /// Closes the vault on request; returns the number of its identities.
    ///
    /// # Errors
    /// [`Reason::Vault`] where there is none.
    pub async fn lock_vault(&self, peer: &Peer) -> Result<usize, Reason> {
        if self.vault_path().is_none() {
            return Err(Reason::Vault("no vault"));
        }
        // What is being handed over, or asked for, was begun before.
        self.note_clearing();
        self.vault.unlocking.stop();
        self.close_vault().await;
        self.record_vault(Event::VaultLock, None, Some(peer));
        Ok(self.ring(|ring| ring.of_vault()))
    }

    /// Closes the vault if none of its keys has signed for too long.
    pub async fn lock_idle_vault(&self) {
        if self.vault_end().is_some_and(|end| end <= BootTime::now()) {
            let idle = self.vault.idle.unwrap_or_default().as_secs();
            let reason = format!("no signature for {idle} seconds");
            // First, for a client whose request finds this may go away before the keys are wiped.
            self.record_vault(Event::VaultIdleLock, Some(&reason), None);
            self.close_vault().await;
        }
    }

    /// Wipes every key: those of the vault stay in the ring, closed, and the others leave it.
    pub async fn drop_keys(&self) {
        self.note_clearing();
        self.note_closed();
        self.ring(|ring| {
            ring.close();
            ring.remove_where(|identity| !identity.from_vault)
        });
        let _ = self.ask(Ask::Clear).await;
    }

    /// Returns when the vault is to be closed if none of its keys signs before.
    pub(super) fn vault_end(&self) -> Option<BootTime> {
        let catalogue = self.vault.catalogue.borrow();
        let catalogue = catalogue.as_ref().filter(|catalogue| catalogue.is_open())?;
        Some(catalogue.last_signed.after(self.vault.idle?))
    }

    /// Notes a signature.
    pub fn note_use(&self, identity: &Identity) {
        if identity.from_vault
            && let Some(catalogue) = &mut *self.vault.catalogue.borrow_mut()
        {
            catalogue.note_use(&identity.blob, BootTime::now(), clock::unix_seconds());
        }
    }

    /// Notes that an identity has left the ring, to which no change of the vault is to bring it back.
    pub(super) fn note_removed(&self, identity: &Identity) {
        if identity.from_vault
            && let Some(catalogue) = &mut *self.vault.catalogue.borrow_mut()
        {
            catalogue.removed.insert(Rc::clone(&identity.blob));
        }
    }

    /// Notes that the vault's private keys are gone.
    pub(super) fn note_closed(&self) {
        if let Some(catalogue) = &mut *self.vault.catalogue.borrow_mut() {
            catalogue.close();
        }
        self.vault.changed.notify_waiters();
    }

    /// Takes the keys' signers from the ring and has them wiped; returns when that is done.
    async fn close_vault(&self) {
        self.note_closed();
        let signers = self.ring(Ring::close);
        self.wipe_all(signers).await;
    }

    /// Has the keys of many signers wiped; returns when that is done.
    pub(super) async fn wipe_all(&self, mut signers: Vec<Signer>) {
        signers.retain(|signer| matches!(signer, Signer::Keeper(_)));
        // The keeper removes in order: when the last one is gone, all are.
        let last = signers.pop();
        for signer in signers {
            if let Signer::Keeper(key) = signer {
                self.supervisor.tell(Ask::Remove(key));
            }
        }
        if let Some(last) = last {
            self.wipe(&last).await;
        }
    }

    pub(super) fn record_vault(&self, event: Event, reason: Option<&str>, peer: Option<&Peer>) {
        self.record(&Record {
            reason,
            vault: self.vault_path().as_deref(),
            peer: peer.map(PeerRecord::of),
            ..Record::new(clock::wall_time(), event, Outcome::Allow)
        });
    }

    /// Puts on record that what was handed over does not count.
    pub(super) fn refuse_vault(&self, begin: &Begin, reason: &Reason, peer: &Peer) {
        let event = event(begin);
        self.record(&Record {
            reason: Some(&reason.to_string()),
            vault: Some(&begin.path),
            peer: Some(PeerRecord::of(peer)),
            ..Record::new(clock::wall_time(), event, Outcome::Deny)
        });
    }

    /// Lists, closed, the keys that the vault had before the agent was started, as the file at `path`
    /// has them; without one that can be used, none.
    pub fn remember_vault(&self, path: &Path) {
        let entered = cache::read(path).and_then(|cache| match cache {
            Some(cache) => self.enter_cache(cache),
            None => Ok(()),
        });
        if let Err(error) = entered {
            tracing::warn!(%error, path = %path.display(), "the keys of the vault are not listed");
        }
    }

    fn enter_cache(&self, cache: Cache) -> Result<(), CacheError> {
        let identities = cache.blobs.iter().map(|blob| self.remembered(blob));
        let identities: Vec<_> = identities.collect::<Option<_>>().ok_or(CacheError::Blob)?;
        for identity in identities {
            if self.ring(|ring| ring.put(identity)).is_err() {
                break;
            }
        }
        let catalogue = Catalogue::new(cache.vault, cache.path);
        self.vault.catalogue.replace(Some(catalogue));
        Ok(())
    }

    fn remembered(&self, blob: &[u8]) -> Option<Identity> {
        let key = PublicKey::decode(blob).ok()?;
        let key_type = key.material().key_type();
        let described = self.describe(blob.into(), key_type, &key.plain_blob());
        Some(Identity {
            comment: cache::COMMENT.to_vec(),
            from_vault: true,
            ..described
        })
    }
}

/// Names what a catalogue that is handed over is for.
pub(super) fn event(begin: &Begin) -> Event {
    match begin.is_open() && !begin.is_update() {
        true => Event::VaultOpen,
        false => Event::VaultUpdate,
    }
}

const fn state(catalogue: &Catalogue) -> State {
    if catalogue.is_open() {
        State::Open
    } else {
        State::Closed
    }
}
