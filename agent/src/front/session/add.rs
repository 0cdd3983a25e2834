//! Adding an identity to the ring.

use std::rc::Rc;
use std::time::Duration;

use super::{Session, answer};
use crate::front::audit::Event;
use crate::front::clock::BootTime;
use crate::front::policy::{self, Reason};
use crate::front::provider::Provider;
use crate::front::ring::{FingerprintHash, Identity, Signer, Token};
use crate::keeper::channel::Ask;
use crate::protocol::message::{AddIdentity, Response};
use crate::protocol::private_key::Material;

/// The flag of a token's key that asks for a touch (`SSH_SK_USER_PRESENCE_REQD`, `PROTOCOL.u2f`).
const USER_PRESENCE: u8 = 0x01;

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
        let provider = constraints.sk_provider.as_deref();
        let signer = self.signer(&key.material, key_bytes, provider).await?;
        let lifetime: Option<Duration> = constraints.lifetime.or(self.agent.lifetime);
        let plain = key.plain_blob();
        let identity = Identity {
            blob,
            key_type: key.key_type(),
            comment: comment.to_vec(),
            fingerprint: FingerprintHash::Sha256.of(&plain),
            shown_fingerprint: self.agent.fingerprint_hash.of(&plain),
            signer,
            expires: lifetime.map(|lifetime| BootTime::now().after(lifetime)),
            confirm: constraints.confirm,
            destinations: constraints.destinations,
        };
        self.settle(identity, clearings).await
    }

    /// Hands the key to the one who will sign with it.
    async fn signer(
        &self,
        material: &Material<'_>,
        key_bytes: &[u8],
        provider: Option<&str>,
    ) -> Result<Signer, Reason> {
        match token_fields(material) {
            Some((application, flags)) => {
                let provider = self
                    .provider(provider.unwrap_or(Provider::INTERNAL))
                    .await?;
                let (key_bytes, application) = (key_bytes.to_vec(), application.to_vec());
                let presence = flags & USER_PRESENCE != 0;
                Ok(Signer::Token(Rc::new(Token {
                    key_bytes,
                    provider,
                    application,
                    presence,
                })))
            }
            None if provider.is_some() => Err(Reason::ProviderWithoutToken),
            None => {
                let id = self.agent.supervisor.next_key();
                self.agent.ask(Ask::Add(id, key_bytes)).await?;
                Ok(Signer::Keeper(id))
            }
        }
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

    async fn provider(&self, name: &str) -> Result<Provider, Reason> {
        // Before the file system is asked: a remote client must not learn what is there, nor make us
        // wait for it.
        if !name.eq_ignore_ascii_case(Provider::INTERNAL) {
            policy::load_provider(&self.bindings, &self.agent.rules)?;
        }
        let found = self.agent.rules.providers.find(name).await;
        found.map_err(|error| Reason::Provider(error.to_string()))
    }
}

/// Returns the relying party and flags of a token's key.
const fn token_fields<'a>(material: &Material<'a>) -> Option<(&'a [u8], u8)> {
    match material {
        Material::SkEd25519 {
            application, flags, ..
        }
        | Material::SkEcdsaP256 {
            application, flags, ..
        } => Some((application, *flags)),
        _ => None,
    }
}
