//! A new catalogue of the vault, while it is handed over: it counts from its commit on, all at once.

use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Agent, Reason, vault};
use crate::front::peer::Peer;
use crate::front::ring::{BYTES_MAX, Full, Identity, Ring, Signer};
use crate::front::vault::Catalogue;
use crate::front::vault::message::{Begin, Instead, Key, Public};
use crate::keeper::channel::Ask;
use crate::protocol::constraint::Constraints;
use crate::protocol::message::{AddIdentity, Request};
use crate::protocol::public_key::PublicKey;
use crate::protocol::wire::{Reader, WireError};

/// What an unlocker hands over and has not committed. Dropping it wipes its keys.
#[derive(Debug)]
pub struct Transaction {
    agent: Rc<Agent>,
    begin: Begin,
    clearings: u64,
    staged: Vec<Staged>,
    /// What the vault has and the ring will not.
    listed: Vec<Key>,
    refused: Vec<Refused>,
    /// What it takes in memory.
    bytes: usize,
}

#[derive(Debug)]
struct Staged {
    key: Key,
    name: String,
    identity: Identity,
    lifetime: Option<Duration>,
}

/// A key that the agent did not take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Refused {
    /// The name of its record; empty where even that was not readable.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The answer to a commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Committed {
    /// How many identities of the vault are in the ring.
    pub keys: usize,
    /// The keys that were not taken.
    pub refused: Vec<Refused>,
}

/// What comes of a key beside its record.
#[derive(Debug)]
pub enum Part<'a> {
    /// An add message with the private key.
    Private(&'a [u8]),
    /// What comes in its place.
    Instead(Instead),
}

impl Transaction {
    /// Starts with no key.
    ///
    /// # Errors
    /// [`Reason::Locked`] while the agent is locked.
    pub fn begin(agent: &Rc<Agent>, begin: Begin, peer: &Peer) -> Result<Self, Reason> {
        if agent.is_locked() {
            agent.refuse_vault(&begin, &Reason::Locked, peer);
            return Err(Reason::Locked);
        }
        let transactions = &agent.vault.transactions;
        transactions.set(transactions.get() + 1);
        Ok(Self {
            agent: Rc::clone(agent),
            clearings: agent.clearings(),
            begin,
            staged: Vec::new(),
            listed: Vec::new(),
            refused: Vec::new(),
            bytes: 0,
        })
    }

    /// Takes a key; where it cannot, the commit tells, and the key is listed only.
    pub async fn stage(&mut self, key: Key, part: Part<'_>) {
        let name = match key.name() {
            Ok(name) => name,
            Err(error) => return self.refuse(String::new(), error.to_string()),
        };
        let staged = match part {
            Part::Private(message) => self.stage_private(&key, message).await,
            Part::Instead(Instead::Public(public)) => self.stage_public(&key, &public),
            Part::Instead(Instead::Reason(reason)) => Err(reason),
        };
        match staged {
            Ok((identity, lifetime)) => self.staged.push(Staged {
                key,
                name,
                identity,
                lifetime,
            }),
            Err(reason) => {
                if self.reserve(key.bytes()).is_ok() {
                    self.listed.push(key);
                }
                self.refuse(name, reason);
            }
        }
    }

    /// Notes that a key was not taken.
    pub fn refuse(&mut self, name: String, reason: String) {
        // Whoever fills our memory with refusals learns of fewer of them.
        if self
            .reserve(size_of::<Refused>() + name.len() + reason.len())
            .is_ok()
        {
            self.refused.push(Refused { name, reason });
        }
    }

    async fn stage_private(
        &mut self,
        key: &Key,
        message: &[u8],
    ) -> Result<(Identity, Option<Duration>), String> {
        if !self.begin.is_open() {
            return Err("private key for a closed vault".to_owned());
        }
        let Ok(Request::AddIdentity(request)) = Request::decode(message) else {
            return Err("private key cannot be read".to_owned());
        };
        let AddIdentity {
            key: private,
            key_bytes,
            comment,
            constraints,
        } = request;
        let provider = constraints.sk_provider.clone();
        let blob = private.blob().into();
        let described = (self.agent).describe(blob, private.key_type(), &private.plain_blob());
        let (identity, lifetime) = constrained(described, comment, constraints);
        // What signs for a token's key is most of the message.
        let size = identity.bytes() + key.bytes() + key_bytes.len();
        self.reserve(size).map_err(|full| full.to_string())?;
        let lifetime = lifetime.or(self.agent.lifetime);
        let provider = provider.as_deref();
        let held = self
            .agent
            .hold(&private.material, key_bytes, provider, None);
        let signer = held.await.map_err(|reason| reason.to_string())?;
        Ok((Identity { signer, ..identity }, lifetime))
    }

    fn stage_public(
        &mut self,
        key: &Key,
        public: &Public,
    ) -> Result<(Identity, Option<Duration>), String> {
        let read = self.read_public(public);
        let (identity, lifetime) = read.map_err(|error| error.to_string())?;
        if self.begin.is_open() {
            return Err("no private key for an open vault".to_owned());
        }
        let size = identity.bytes() + key.bytes();
        self.reserve(size).map_err(|full| full.to_string())?;
        Ok((identity, lifetime.or(self.agent.lifetime)))
    }

    fn read_public(&self, public: &Public) -> Result<(Identity, Option<Duration>), WireError> {
        let key = PublicKey::decode(&public.blob)?;
        let constraints = Constraints::decode(&mut Reader::new(&public.constraints))?;
        // As in an add message: clients refuse a list with such a comment.
        if public.comment.contains('\0') {
            return Err(WireError::Invalid("comment"));
        }
        let (blob, key_type) = (public.blob.as_slice().into(), key.material().key_type());
        let described = self.agent.describe(blob, key_type, &key.plain_blob());
        Ok(constrained(
            described,
            public.comment.as_bytes(),
            constraints,
        ))
    }

    /// Counts memory: all that is handed over at a time may take as much as the ring.
    fn reserve(&mut self, bytes: usize) -> Result<(), Full> {
        let staged = &self.agent.vault.staged_bytes;
        let sum = staged.get().saturating_add(bytes);
        if sum > BYTES_MAX {
            return Err(Full);
        }
        staged.set(sum);
        self.bytes += bytes;
        Ok(())
    }

    /// Replaces the catalogue and the vault's keys in the ring, all at once; returns when what is not
    /// needed any more is wiped.
    ///
    /// # Errors
    /// The [`Reason`] why nothing has changed: the agent was locked, or all keys were dropped meanwhile.
    pub async fn commit(mut self, peer: &Peer) -> Result<Committed, Reason> {
        let agent = Rc::clone(&self.agent);
        if let Some(reason) = self.refusal() {
            agent.refuse_vault(&self.begin, &reason, peer);
            return Err(reason);
        }
        let spare = self.exchange();
        agent.vault.changed.notify_waiters();
        if self.begin.is_open() {
            agent.vault.unlocking.end_rest();
            agent.vault.opened.notify_waiters();
        }
        agent.record_vault(vault::event(&self.begin), None, Some(peer));
        agent.wipe_all(spare).await;
        Ok(Committed {
            keys: agent.ring(|ring| ring.of_vault()),
            refused: core::mem::take(&mut self.refused),
        })
    }

    /// Says why what was handed over may not count any more.
    fn refusal(&self) -> Option<Reason> {
        if self.agent.is_locked() {
            return Some(Reason::Locked);
        }
        if !self.begin.is_open() {
            return None;
        }
        // The vault was closed since its change began to be told of: what a person locked stays locked.
        let catalogue = self.agent.vault.catalogue.borrow();
        let is_closed = catalogue.as_ref().is_some_and(|held| !held.is_open());
        let is_changed = self.agent.clearings() != self.clearings;
        (is_changed || (self.begin.is_update() && is_closed)).then_some(Reason::Changed)
    }

    /// Puts what is staged into the ring; returns the signers that are not needed any more.
    fn exchange(&mut self) -> Vec<Signer> {
        // What has expired goes first, while the catalogue it is noted in is there.
        self.agent.ring(|_| ());
        let old = self.agent.vault.catalogue.take();
        let mut new = Catalogue::succeed(&self.begin, old.as_ref());
        let continued = old.as_ref().filter(|old| new.continues(old));
        let mut spare = Vec::new();
        let mut identities = Vec::new();
        for staged in core::mem::take(&mut self.staged) {
            let mut identity = staged.identity;
            let blob = Rc::clone(&identity.blob);
            let since = new.enter(staged.key, Rc::clone(&blob), continued);
            // It is counted where there is something to be used.
            let lifetime = staged
                .lifetime
                .filter(|_| identity.signer != Signer::Closed);
            identity.expires = lifetime.map(|lifetime| since.after(lifetime));
            if new.removed.contains(&blob) {
                spare.push(identity.signer);
            } else {
                identities.push((staged.name, identity));
            }
        }
        for key in core::mem::take(&mut self.listed) {
            new.list(key);
        }
        let full = (self.agent).ring(|ring| put_all(ring, identities, &mut spare));
        if let Some(old) = &old {
            new.inherit_use(old);
        }
        self.agent.vault.catalogue.replace(Some(new));
        for name in full {
            self.refuse(name, Full.to_string());
        }
        spare
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let vault = &self.agent.vault;
        vault.transactions.set(vault.transactions.get() - 1);
        vault
            .staged_bytes
            .set(vault.staged_bytes.get() - self.bytes);
        for staged in &self.staged {
            if let Signer::Keeper(key) = staged.identity.signer {
                self.agent.supervisor.tell(Ask::Remove(key));
            }
        }
        // The keeper may be without keys now.
        self.agent.changed.notify_waiters();
    }
}

/// Adds comment and constraints to an identity; its lifetime, which begins later, is returned.
fn constrained(
    described: Identity,
    comment: &[u8],
    constraints: Constraints,
) -> (Identity, Option<Duration>) {
    let identity = Identity {
        comment: comment.to_vec(),
        confirm: constraints.confirm,
        destinations: constraints.destinations,
        from_vault: true,
        ..described
    };
    (identity, constraints.lifetime)
}

/// Says whether a key that comes again is held as it comes: it then stays, for whoever signs with it or is asked about
/// it just now.
fn is_same(held: &Identity, new: &Identity) -> bool {
    let are_kept = matches!(
        (&held.signer, &new.signer),
        (Signer::Keeper(_), Signer::Keeper(_))
    );
    let signer = if are_kept { &held.signer } else { &new.signer };
    let as_held = Identity {
        signer: signer.clone(),
        ..new.clone()
    };
    *held == as_held
}

/// Makes these the only identities of the vault; returns the names of those there is no room for.
///
/// What a client added stays as it is: it was given its constraints by a person, and has to outlast
/// the vault's closing.
fn put_all(
    ring: &mut Ring,
    identities: Vec<(String, Identity)>,
    spare: &mut Vec<Signer>,
) -> Vec<String> {
    let blobs = identities
        .iter()
        .map(|(_, identity)| Rc::clone(&identity.blob));
    let blobs: HashSet<_> = blobs.collect();
    let gone = ring.remove_where(|held| held.from_vault && !blobs.contains(&held.blob));
    spare.extend(gone.iter().map(|identity| identity.signer.clone()));
    let mut full = Vec::new();
    for (name, identity) in identities {
        let signer = identity.signer.clone();
        match ring.find(&identity.blob) {
            Some(held) if !held.from_vault => {
                spare.push(signer);
                continue;
            }
            Some(held) if is_same(&held, &identity) => {
                spare.push(signer);
                continue;
            }
            _ => {}
        }
        match ring.put(identity) {
            Ok(replaced) => spare.extend(replaced.map(|replaced| replaced.signer.clone())),
            Err(Full) => {
                spare.push(signer);
                full.push(name);
            }
        }
    }
    full
}
