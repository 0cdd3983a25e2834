//! Adding an identity to the ring.

use std::rc::Rc;
use std::time::Duration;

use super::{Session, answer};
use crate::front::audit::Event;
use crate::front::clock::BootTime;
use crate::front::policy::Reason;
use crate::front::ring::Identity;
use crate::protocol::message::{AddIdentity, Response};

impl Session {
    pub(super) async fn add(&self, request: AddIdentity<'_>) -> Response {
        let blob: Rc<[u8]> = request.key.blob().into();
        let added = self.put(request, Rc::clone(&blob)).await;
        let identity = self.agent.ring(|ring| ring.find(&blob));
        self.note(Event::Add, identity.as_ref(), None, &added);
        answer(&added)
    }

    async fn put(&self, request: AddIdentity<'_>, blob: Rc<[u8]>) -> Result<(), Reason> {
        let AddIdentity {
            key,
            key_bytes,
            comment,
            constraints,
        } = request;
        if self.is_hidden(&blob) {
            return Err(Reason::NoSuchKey);
        }
        let clearings = self.agent.clearings();
        let _adding = self.agent.adding();
        let provider = constraints.sk_provider.as_deref();
        let bindings = Some(&self.bindings);
        let held = self
            .agent
            .hold(&key.material, key_bytes, provider, bindings);
        let signer = held.await?;
        let lifetime: Option<Duration> = constraints.lifetime.or(self.agent.lifetime);
        let described = self.agent.describe(blob, key.key_type(), &key.plain_blob());
        let identity = Identity {
            comment: comment.to_vec(),
            signer,
            expires: lifetime.map(|lifetime| BootTime::now().after(lifetime)),
            confirm: constraints.confirm,
            destinations: constraints.destinations,
            ..described
        };
        self.settle(identity, clearings).await
    }

    /// Puts an identity whose key is with its signer into the ring, unless the world has changed
    /// since it was asked for: the agent was locked, its key was dropped with all others, or the same
    /// key was added with constraints that hide it from this connection.
    async fn settle(&self, identity: Identity, clearings: u64) -> Result<(), Reason> {
        let refused = if self.agent.is_locked() {
            Some(Reason::Locked)
        } else if self.agent.clearings() != clearings {
            Some(Reason::Changed)
        } else if self.is_hidden(&identity.blob) {
            Some(Reason::NoSuchKey)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.agent.wipe(&identity.signer).await;
            return Err(reason);
        }
        let signer = identity.signer.clone();
        match self.agent.ring(|ring| ring.put(identity)) {
            Ok(None) => Ok(()),
            Ok(Some(replaced)) => {
                self.agent.wipe(&replaced.signer).await;
                Ok(())
            }
            Err(full) => {
                self.agent.wipe(&signer).await;
                Err(full.into())
            }
        }
    }
}
