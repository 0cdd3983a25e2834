//! One connection: requests in, responses out, without a socket.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

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
    /// Told whenever a person is going to be waited for.
    waits: Rc<Notify>,
    /// What the last request did, while it is not on record.
    done: RefCell<Option<Done>>,
}

/// What a request did, for the audit log.
#[derive(Debug)]
struct Done {
    event: Event,
    identity: Option<Rc<Identity>>,
    user: Option<Vec<u8>>,
    outcome: Result<(), Reason>,
}

impl Session {
    /// Starts with a connection that nobody has bound.
    pub fn new(agent: Rc<Agent>, peer: Rc<Peer>) -> Self {
        Self {
            agent,
            peer,
            bindings: Bindings::new(),
            waits: Rc::default(),
            done: RefCell::new(None),
        }
    }

    /// Returns what is told whenever a request begins to wait for a person.
    pub fn waits(&self) -> Rc<Notify> {
        Rc::clone(&self.waits)
    }

    /// Answers one message. Whatever the message is, there is an answer.
    ///
    /// [`Session::record`] is to be called once the answer is on its way: finding out who asked
    /// and waking the thread that writes the log takes longer than a signature.
    pub async fn handle(&mut self, message: &[u8]) -> Response {
        self.record();
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
            _ if self.agent.is_locked() => Response::Failure,
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
        let Some(identity) = self.agent.ring(|ring| ring.find(request.key_blob)) else {
            self.note(Event::Sign, None, None, &Err::<(), _>(Reason::NoSuchKey));
            return Response::Failure;
        };
        let signed = self.signature(&identity, request).await;
        let user = match SignedData::classify(request.data) {
            SignedData::UserAuth(login) => Some(login.user),
            _ => None,
        };
        self.note(Event::Sign, Some(&identity), user, &signed);
        signed.map_or(Response::Failure, Response::SignResponse)
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
                self.waits.notify_one();
                match self.agent.prompter.confirm(&question).await {
                    prompt::Answer::Allow => {}
                    prompt::Answer::Deny => return Err(Reason::Refused),
                    prompt::Answer::NoOne => return Err(Reason::NobodyToAsk),
                }
                self.still_usable(identity)?;
            }
        }
        // A touch or a PIN takes as long as a question does.
        let is_token = matches!(identity.signer, Signer::Token(_));
        if is_token {
            self.waits.notify_one();
        }
        let signed = self
            .agent
            .signature(identity, algorithm, request.data, listed_host)
            .await?;
        if is_token {
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
        if let Some(hidden) = self.agent.ring(|ring| ring.find(&blob))
            && !self.sees(&hidden)
        {
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
    /// since it was asked for: the agent was locked, or its key was dropped with all others.
    async fn settle(&self, identity: Identity, clearings: u64) -> Result<(), Reason> {
        let refused = if self.agent.is_locked() {
            Some(Reason::Locked)
        } else if self.agent.clearings() != clearings {
            Some(Reason::Changed)
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
            self.note(Event::Remove, None, None, &Err::<(), _>(Reason::NoSuchKey));
            return Response::Failure;
        };
        self.agent.remove(&identity).await;
        self.note(Event::Remove, Some(&identity), None, &Ok(()));
        Response::Success
    }

    async fn remove_all(&self) -> Response {
        self.agent.clear().await;
        self.note(Event::RemoveAll, None, None, &Ok(()));
        Response::Success
    }

    async fn lock(&self, passphrase: &[u8]) -> Response {
        let locked = self.agent.lock(passphrase).await;
        self.note(Event::Lock, None, None, &locked);
        answer(&locked)
    }

    async fn unlock(&self, passphrase: &[u8]) -> Response {
        let unlocked = self.agent.unlock(passphrase).await;
        self.note(Event::Unlock, None, None, &unlocked);
        answer(&unlocked)
    }

    fn bind(&mut self, bind: Result<SessionBind<'_>, WireError>) -> Response {
        match self.bindings.bind(bind) {
            Ok(()) => Response::Success,
            Err(reason) => {
                self.note(Event::BindSession, None, None, &Err::<(), _>(reason.into()));
                Response::ExtensionFailure
            }
        }
    }

    fn sees(&self, identity: &Identity) -> bool {
        let now = clock::unix_seconds();
        destination::permitted(&identity.destinations, &self.bindings, None, now).is_ok()
    }

    fn note<T>(
        &self,
        event: Event,
        identity: Option<&Rc<Identity>>,
        user: Option<&[u8]>,
        outcome: &Result<T, Reason>,
    ) {
        // While the client waits it is there to be looked at; with its answer it may be gone.
        self.peer.process();
        self.done.replace(Some(Done {
            event,
            identity: identity.cloned(),
            user: user.map(<[u8]>::to_vec),
            outcome: outcome.as_ref().map(|_| ()).map_err(Clone::clone),
        }));
    }

    /// Notes that the client of a request has gone before its answer.
    pub fn note_gone(&self, message: &[u8]) {
        if let Ok(Request::SignRequest(request)) = Request::decode(message) {
            let identity = self.agent.ring(|ring| ring.find(request.key_blob));
            let gone = Err::<(), _>(Reason::ClientGone);
            self.note(Event::Sign, identity.as_ref(), None, &gone);
        }
    }

    /// Puts on record what the last request did, unless that has been done.
    pub fn record(&self) {
        let Some(done) = self.done.take() else {
            return;
        };
        let reason = done.outcome.as_ref().err().map(ToString::to_string);
        if let Some(reason) = &reason {
            tracing::info!(event = ?done.event, reason, "refused");
        }
        let host_key = self
            .bindings
            .last()
            .map(|last| last.host_key().fingerprint().to_string());
        let identity = done.identity.as_ref();
        self.agent.record(&Record {
            reason: reason.as_deref(),
            fingerprint: identity.map(|identity| &*identity.fingerprint),
            key_type: identity.map(|identity| identity.key_type.name()),
            comment: identity.map(|identity| &*identity.comment),
            peer: Some(PeerRecord::of(&self.peer)),
            origin: Some(self.bindings.origin()),
            host_key: host_key.as_deref(),
            user: done.user.as_deref(),
            ..Record::new(
                clock::wall_time(),
                done.event,
                done.outcome
                    .as_ref()
                    .map_or_else(Reason::outcome, |()| Outcome::Allow),
            )
        });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A client that does not wait for its answer is on record all the same.
        self.record();
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

#[cfg(test)]
mod tests;
