//! A new catalogue of the vault, while it is handed over: it counts from its commit on, all at once.

use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Agent, Reason};
use crate::front::audit::Event;
use crate::front::clock::BootTime;
use crate::front::peer::Peer;
use crate::front::ring::{BYTES_MAX, Full, Identity, Ring, Signer};
use crate::front::vault::Catalogue;
use crate::front::vault::message::{Begin, Key, Public};
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
    /// What stands in for it.
    Public(Public),
}

impl Transaction {
    /// Starts with no key.
    ///
    /// # Errors
    /// [`Reason::Locked`] while the agent is locked and private keys would come.
    pub fn begin(agent: &Rc<Agent>, begin: Begin) -> Result<Self, Reason> {
        if agent.is_locked() && begin.is_open() {
            return Err(Reason::Locked);
        }
        let transactions = &agent.vault.transactions;
        transactions.set(transactions.get() + 1);
        Ok(Self {
            agent: Rc::clone(agent),
            clearings: agent.clearings(),
            begin,
            staged: Vec::new(),
            refused: Vec::new(),
            bytes: 0,
        })
    }

    /// Takes a key; where it cannot, the commit tells.
    pub async fn stage(&mut self, key: Key, part: Part<'_>) {
        let name = key.name();
        let shown = name.clone().unwrap_or_default();
        let staged = match (name, part) {
            (Err(error), _) => Err(error.to_string()),
            (Ok(name), Part::Private(message)) => self.stage_private(key, name, message).await,
            (Ok(name), Part::Public(public)) => self.stage_public(key, name, public),
        };
        if let Err(reason) = staged {
            self.refuse(shown, reason);
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
        key: Key,
        name: String,
        message: &[u8],
    ) -> Result<(), String> {
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
        let size = identity.bytes() + key.listing.get().len() + key_bytes.len();
        self.reserve(size).map_err(|full| full.to_string())?;
        let lifetime = lifetime.or(self.agent.lifetime);
        let provider = provider.as_deref();
        let held = self
            .agent
            .hold(&private.material, key_bytes, provider, None);
        let signer = held.await.map_err(|reason| reason.to_string())?;
        let expires = lifetime.map(|lifetime| BootTime::now().after(lifetime));
        self.staged.push(Staged {
            key,
            name,
            identity: Identity {
                signer,
                expires,
                ..identity
            },
            lifetime,
        });
        Ok(())
    }

    fn stage_public(&mut self, key: Key, name: String, public: Public) -> Result<(), String> {
        let read = self.read_public(&public);
        let (identity, lifetime) = read.map_err(|error| error.to_string())?;
        let size = identity.bytes() + key.listing.get().len();
        self.reserve(size).map_err(|full| full.to_string())?;
        self.staged.push(Staged {
            key,
            name,
            identity,
            lifetime: lifetime.or(self.agent.lifetime),
        });
        Ok(())
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
        if self.begin.is_open() && agent.is_locked() {
            return Err(Reason::Locked);
        }
        if self.begin.is_open() && agent.clearings() != self.clearings {
            return Err(Reason::Changed);
        }
        // The vault was closed since its change began to be told of: what a person locked stays locked.
        let is_closed = |catalogue: &Catalogue| !catalogue.open;
        let held = agent
            .vault
            .catalogue
            .borrow()
            .as_ref()
            .is_some_and(is_closed);
        if self.begin.is_open() && self.begin.is_update() && held {
            return Err(Reason::Changed);
        }
        let spare = self.exchange();
        let is_unlocked = self.begin.is_open() && !self.begin.is_update();
        agent.vault.changed.notify_waiters();
        if self.begin.is_open() {
            agent.vault.unlocking.end_rest();
            agent.vault.opened.notify_waiters();
        }
        let event = if is_unlocked {
            Event::VaultOpen
        } else {
            Event::VaultUpdate
        };
        agent.record_vault(event, None, Some(peer));
        agent.wipe_all(spare).await;
        Ok(Committed {
            keys: agent.ring(|ring| ring.of_vault()),
            refused: core::mem::take(&mut self.refused),
        })
    }

    /// Puts what is staged into the ring; returns the signers that are not needed any more.
    fn exchange(&mut self) -> Vec<Signer> {
        // What has expired goes first, while the catalogue it is noted in is there.
        self.agent.ring(|_| ());
        let old = self.agent.vault.catalogue.take();
        let mut new = Catalogue::succeed(&self.begin, old.as_ref());
        let mut spare = Vec::new();
        let mut identities = Vec::new();
        for staged in core::mem::take(&mut self.staged) {
            let blob = Rc::clone(&staged.identity.blob);
            new.enter(staged.key, Rc::clone(&blob));
            if new.removed.contains(&blob) {
                spare.push(staged.identity.signer);
            } else {
                identities.push((staged.name, staged.identity, staged.lifetime));
            }
        }
        let is_held = |blob: &[u8]| old.as_ref().is_some_and(|old| new.has_same(blob, old));
        let is_open = self.begin.is_open();
        let full = self.agent.ring(|ring| {
            for (_, identity, _) in &mut identities {
                if is_open && identity.signer == Signer::Closed && is_held(&identity.blob) {
                    reopen(ring, identity);
                }
            }
            let identities = identities.into_iter();
            let identities = identities.map(|(name, identity, _)| (name, identity));
            put_all(ring, identities.collect(), &mut spare)
        });
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

/// Gives an identity the signer that is held for it, under the very same constraints and for no longer: whoever knows
/// the public parts only could otherwise take the constraints off a key.
fn reopen(ring: &Ring, identity: &mut Identity) {
    let held = ring.find(&identity.blob).filter(|held| {
        held.from_vault
            && held.signer != Signer::Closed
            && held.confirm == identity.confirm
            && held.destinations == identity.destinations
    });
    if let Some(held) = held {
        identity.signer = held.signer.clone();
        identity.expires = held.expires;
    }
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
            // It is the same one to a person who is asked about it now.
            Some(held) if *held == identity => continue,
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
    // One that was taken over from what it replaced is in use.
    let used = ring.iter().filter_map(|identity| match identity.signer {
        Signer::Keeper(key) => Some(key),
        _ => None,
    });
    let used: HashSet<_> = used.collect();
    spare.retain(|signer| !matches!(signer, Signer::Keeper(key) if used.contains(key)));
    full
}
