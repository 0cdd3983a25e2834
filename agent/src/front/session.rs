//! One connection: requests in, responses out, without a socket.

use std::rc::Rc;
use std::time::Duration;

use super::agent::Agent;
use super::audit::{Event, Outcome, PeerRecord, Record};
use super::binding::Bindings;
use super::clock::{self, BootTime};
use super::destination;
use super::peer::Peer;
use super::policy::{self, Decision, Reason};
use super::prompt;
use super::provider::Provider;
use super::ring::{FingerprintHash, Identity, Signer, Token};
use crate::keeper::channel::Ask;
use crate::protocol::algorithm::SignatureAlgorithm;
use crate::protocol::extension::Extension;
use crate::protocol::extension::session_bind::SessionBind;
use crate::protocol::message::{AddIdentity, IdentitiesAnswer, Request, Response, SignRequest};
use crate::protocol::private_key::Material;
use crate::protocol::signed_data::SignedData;
use crate::protocol::wire::{WireError, Writer};

/// The flag of a token's key that asks for a touch (`SSH_SK_USER_PRESENCE_REQD`, `PROTOCOL.u2f`).
const USER_PRESENCE: u8 = 0x01;

/// The state of one connection: who is there, and where its requests come from.
#[derive(Debug)]
pub struct Session {
    agent: Rc<Agent>,
    peer: Rc<Peer>,
    bindings: Bindings,
}

impl Session {
    /// Starts with a connection that nobody has bound.
    pub const fn new(agent: Rc<Agent>, peer: Rc<Peer>) -> Self {
        Self {
            agent,
            peer,
            bindings: Bindings::new(),
        }
    }

    /// Answers one message. Whatever the message is, there is an answer.
    pub async fn handle(&mut self, message: &[u8]) -> Response {
        let request = match Request::decode(message) {
            Ok(request) => request,
            Err(error) => {
                tracing::debug!(%error, "malformed request");
                return Response::Failure;
            }
        };
        tracing::debug!(request = request.name(), "request");
        match request {
            Request::RequestIdentities => self.list(),
            Request::Unlock(passphrase) => self.unlock(passphrase).await,
            // A bind that was lost while locked would make a forwarded connection look local later.
            Request::Extension(Extension::SessionBind(bind)) => self.bind(bind),
            _ if self.agent.is_locked() => self.refuse_locked(&request),
            Request::Extension(Extension::Query) => Response::ExtensionResponse {
                name: Extension::QUERY,
                body: supported_extensions(),
            },
            Request::SignRequest(request) => self.sign(&request).await,
            Request::AddIdentity(request) => self.add(request).await,
            Request::RemoveIdentity(blob) => self.remove(blob).await,
            Request::RemoveAllIdentities => self.remove_all().await,
            Request::RemoveAllRsa1Identities => Response::Success,
            Request::Lock(passphrase) => self.lock(passphrase).await,
            _ => Response::Failure,
        }
    }

    /// Records a sign request whose client went away before it was answered.
    pub fn abandon(&self, message: &[u8]) {
        if let Ok(Request::SignRequest(request)) = Request::decode(message) {
            let identity = self.agent.ring(|ring| ring.find(request.key_blob));
            self.record_signing(&request, identity.as_deref(), &Err(Reason::ClientGone));
        }
    }

    fn refuse_locked(&self, request: &Request<'_>) -> Response {
        let refused = Err::<(), _>(Reason::Locked);
        match request {
            Request::SignRequest(request) => {
                let identity = self.agent.ring(|ring| ring.find(request.key_blob));
                self.record_signing(request, identity.as_deref(), &Err(Reason::Locked));
            }
            Request::AddIdentity(_) => self.record(Event::Add, None, None, &refused),
            Request::RemoveIdentity(_) => self.record(Event::Remove, None, None, &refused),
            Request::RemoveAllIdentities => self.record(Event::RemoveAll, None, None, &refused),
            Request::Lock(_) => self.record(Event::Lock, None, None, &refused),
            _ => {}
        }
        Response::Failure
    }

    fn list(&self) -> Response {
        if self.agent.is_locked() {
            return Response::IdentitiesAnswer(IdentitiesAnswer::encode([]).body);
        }
        let restricted = |identity: &Rc<Identity>| !identity.destinations.is_empty();
        if !self.bindings.attempted() || !self.agent.ring(|ring| ring.iter().any(restricted)) {
            return Response::IdentitiesAnswer(self.agent.list_all().to_vec());
        }
        let answer = self.agent.ring(|ring| {
            let visible = ring.iter().filter(|identity| self.sees(identity));
            IdentitiesAnswer::encode(visible.map(|identity| (&*identity.blob, &*identity.comment)))
        });
        Response::IdentitiesAnswer(answer.body)
    }

    /// Finds, decides, asks, signs, records.
    async fn sign(&self, request: &SignRequest<'_>) -> Response {
        let identity = self.agent.ring(|ring| ring.find(request.key_blob));
        let signed = match &identity {
            Some(identity) => self.signature(identity, request).await,
            None => Err(Reason::NoSuchKey),
        };
        self.record_signing(request, identity.as_deref(), &signed);
        signed.map_or(Response::Failure, Response::SignResponse)
    }

    fn record_signing(
        &self,
        request: &SignRequest<'_>,
        identity: Option<&Identity>,
        signed: &Result<Vec<u8>, Reason>,
    ) {
        let user = match SignedData::classify(request.data) {
            SignedData::UserAuth(login) => Some(login.user),
            _ => None,
        };
        self.record(Event::Sign, identity, user, signed);
    }

    async fn signature(
        &self,
        identity: &Rc<Identity>,
        request: &SignRequest<'_>,
    ) -> Result<Vec<u8>, Reason> {
        let algorithm = SignatureAlgorithm::choose(identity.key_type, request.flags);
        let now = clock::unix_seconds();
        let listed_host = policy::listed_host(identity, request.data);
        match policy::sign(identity, request, &self.bindings, &self.agent.rules, now) {
            Decision::Allow => {}
            Decision::Deny(reason) => return Err(reason),
            Decision::Confirm(question) => {
                match self.agent.prompter.confirm(&question).await {
                    prompt::Answer::Allow => {}
                    prompt::Answer::Deny => return Err(Reason::Refused),
                    prompt::Answer::NoOne => return Err(Reason::NobodyToAsk),
                }
                self.still_usable(identity)?;
            }
        }
        let signed = self
            .agent
            .signature(identity, algorithm, request.data, listed_host)
            .await?;
        // A touch or a PIN takes as long as a question does.
        if matches!(identity.signer, Signer::Token(_)) {
            self.still_usable(identity)?;
        }
        Ok(signed)
    }

    /// Looks again after a person was waited for: meanwhile the agent may have been locked or the
    /// identity taken away.
    fn still_usable(&self, identity: &Rc<Identity>) -> Result<(), Reason> {
        if self.agent.is_locked() {
            return Err(Reason::Locked);
        }
        match self.agent.ring(|ring| ring.find(&identity.blob)) {
            Some(found) if Rc::ptr_eq(&found, identity) => Ok(()),
            _ => Err(Reason::Changed),
        }
    }

    async fn add(&self, request: AddIdentity<'_>) -> Response {
        let blob: Rc<[u8]> = request.key.blob().into();
        let added = self.put(request, Rc::clone(&blob)).await;
        let identity = self.agent.ring(|ring| ring.find(&blob));
        self.record(Event::Add, identity.as_deref(), None, &added);
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
        if let Some(replaced) = self.agent.ring(|ring| ring.put(identity)) {
            self.agent.wipe(&replaced.signer).await;
        }
        Ok(())
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

    async fn remove(&self, blob: &[u8]) -> Response {
        let found = self.agent.ring(|ring| ring.find(blob));
        let Some(identity) = found.filter(|identity| self.sees(identity)) else {
            self.record(Event::Remove, None, None, &Err::<(), _>(Reason::NoSuchKey));
            return Response::Failure;
        };
        self.agent.remove(&identity).await;
        self.record(Event::Remove, Some(&identity), None, &Ok(()));
        Response::Success
    }

    async fn remove_all(&self) -> Response {
        self.agent.clear().await;
        self.record(Event::RemoveAll, None, None, &Ok(()));
        Response::Success
    }

    async fn lock(&self, passphrase: &[u8]) -> Response {
        let locked = self.agent.lock(passphrase).await;
        self.record(Event::Lock, None, None, &locked);
        answer(&locked)
    }

    async fn unlock(&self, passphrase: &[u8]) -> Response {
        let unlocked = self.agent.unlock(passphrase).await;
        self.record(Event::Unlock, None, None, &unlocked);
        answer(&unlocked)
    }

    fn bind(&mut self, bind: Result<SessionBind<'_>, WireError>) -> Response {
        match self.bindings.bind(bind) {
            Ok(()) => {
                self.record(Event::BindSession, None, None, &Ok(()));
                Response::Success
            }
            Err(reason) => {
                self.record(Event::BindSession, None, None, &Err::<(), _>(reason.into()));
                Response::ExtensionFailure
            }
        }
    }

    /// Says whether an identity is there that this connection may not know of, and so not replace.
    fn is_hidden(&self, blob: &[u8]) -> bool {
        let held = self.agent.ring(|ring| ring.find(blob));
        held.is_some_and(|held| !self.sees(&held))
    }

    fn sees(&self, identity: &Identity) -> bool {
        let now = clock::unix_seconds();
        destination::permitted(&identity.destinations, &self.bindings, None, now).is_ok()
    }

    fn record<T>(
        &self,
        event: Event,
        identity: Option<&Identity>,
        user: Option<&[u8]>,
        outcome: &Result<T, Reason>,
    ) {
        let reason = outcome.as_ref().err().map(ToString::to_string);
        if let Some(reason) = &reason {
            tracing::info!(?event, reason, "refused");
        }
        let host_key = self
            .bindings
            .last()
            .map(|last| last.host_key().fingerprint().to_string());
        self.agent.record(&Record {
            reason: reason.as_deref(),
            fingerprint: identity.map(|identity| &*identity.fingerprint),
            key_type: identity.map(|identity| identity.key_type.name()),
            comment: identity.map(|identity| &*identity.comment),
            peer: Some(PeerRecord::of(&self.peer)),
            origin: Some(self.bindings.origin()),
            host_key: host_key.as_deref(),
            user,
            ..Record::new(
                clock::wall_time(),
                event,
                outcome
                    .as_ref()
                    .map_or_else(Reason::outcome, |_| Outcome::Allow),
            )
        });
    }
}

fn answer<T>(outcome: &Result<T, Reason>) -> Response {
    if outcome.is_ok() {
        Response::Success
    } else {
        Response::Failure
    }
}

/// Lists the extensions as the answer to a query does: one string each.
fn supported_extensions() -> Vec<u8> {
    let mut body = Vec::new();
    for name in Extension::SUPPORTED {
        body.put_string(name.as_bytes());
    }
    body
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
