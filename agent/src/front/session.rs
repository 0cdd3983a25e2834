//! One connection: requests in, responses out, without a socket.

mod add;
mod done;
mod vault;

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::Notify;
use tokio::task;

use self::done::Done;
use super::agent::Agent;
use super::audit::Event;
use super::binding::Bindings;
use super::clock;
use super::destination;
use super::peer::Peer;
use super::policy::{self, Decision, Reason};
use super::prompt;
use super::ring::{Identity, Signer};
use super::unlocking::TurnToUnlock;
use crate::protocol::algorithm::{KeyType, SignatureAlgorithm};
use crate::protocol::extension::Extension;
use crate::protocol::extension::session_bind::SessionBind;
use crate::protocol::message::{IdentitiesAnswer, Request, Response, SignRequest};
use crate::protocol::signed_data::SignedData;
use crate::protocol::wire::{WireError, Writer};

/// The state of one connection: who is there, and where its requests come from.
#[derive(Debug)]
pub struct Session {
    agent: Rc<Agent>,
    peer: Rc<Peer>,
    bindings: Bindings,
    /// Told whenever a request begins to wait for a person.
    waits: Rc<Notify>,
    /// What the last request did, while it is not on record.
    done: RefCell<Option<Done>>,
    turn: Option<TurnToUnlock>,
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
            turn: None,
        }
    }

    /// Waits for what has to be waited for before `message` may be handled. Dropping the future is
    /// harmless, unlike that of [`Session::handle`].
    pub async fn prepare(&mut self, message: &[u8]) {
        if self.agent.is_locked() && matches!(Request::decode(message), Ok(Request::Unlock(_))) {
            self.turn = Some(self.agent.unlocking.turn().await);
        }
    }

    /// Serves the penalty for the message that was handled, which should be wiped by now: a wrong
    /// passphrase is often nearly the right one.
    pub async fn atone(&mut self) {
        if let Some(turn) = self.turn.take() {
            turn.penalty().await;
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
                return self.refuse(message, error.into());
            }
        };
        tracing::debug!(request = request.name(), "request");
        match request {
            Request::RequestIdentities => self.list(),
            Request::Unlock(passphrase) => self.unlock(passphrase).await,
            // A bind that was lost while locked would make a forwarded connection look local later.
            Request::Extension(Extension::SessionBind(bind)) => self.bind(bind).await,
            _ if self.agent.is_locked() => self.refuse_locked(&request, message),
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
            Request::SmartcardKey => self.refuse(message, Reason::Smartcard),
            Request::Extension(_) => Response::Failure,
        }
    }

    fn refuse_locked(&self, request: &Request<'_>, message: &[u8]) -> Response {
        let Request::SignRequest(request) = request else {
            return self.refuse(message, Reason::Locked);
        };
        let identity = self.agent.ring(|ring| ring.find(request.key_blob));
        self.note_signing(request, identity.as_ref(), &Err(Reason::Locked));
        Response::Failure
    }

    /// Refuses a message as a whole. Its client is told nothing but that it failed: the reason is
    /// in the audit log or nowhere.
    fn refuse(&self, message: &[u8], reason: Reason) -> Response {
        let event = message
            .first()
            .and_then(|number| Event::of_message(*number));
        if let Some(event) = event {
            self.note(event, None, None, &Err::<(), _>(reason));
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
        let mut identity = self.agent.ring(|ring| ring.find(request.key_blob));
        let signed = match self.openable(identity.as_ref(), request).await {
            Ok(open) => {
                let open = identity.insert(open);
                self.signature(open, request).await
            }
            Err(reason) => Err(reason),
        };
        self.note_signing(request, identity.as_ref(), &signed);
        signed.map_or(Response::Failure, Response::SignResponse)
    }

    fn note_signing(
        &self,
        request: &SignRequest<'_>,
        identity: Option<&Rc<Identity>>,
        signed: &Result<Vec<u8>, Reason>,
    ) {
        let user = match SignedData::classify(request.data) {
            SignedData::UserAuth(login) => Some(login.user),
            _ => None,
        };
        self.note(Event::Sign, identity, user, signed);
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
        // A touch or a PIN takes as long as a question does, and RSA signatures wait for each other:
        // one that nobody waits for any more must not be made.
        let is_token = matches!(identity.signer, Signer::Token(_));
        if is_token || identity.key_type == KeyType::Rsa {
            self.waits.notify_one();
        }
        let signed = self
            .agent
            .signature(identity, algorithm, request.data, listed_host)
            .await?;
        if is_token {
            self.still_usable(identity)?;
        }
        self.agent.note_use(identity);
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

    async fn unlock(&mut self, passphrase: &[u8]) -> Response {
        let unlocked = match &mut self.turn {
            Some(turn) => self.agent.unlock(passphrase, turn).await,
            None => Err(Reason::NotLocked),
        };
        self.note(Event::Unlock, None, None, &unlocked);
        answer(&unlocked)
    }

    async fn bind(&mut self, bind: Result<SessionBind<'_>, WireError>) -> Response {
        // A host's signature takes long to verify: between two, everyone else has a turn.
        task::yield_now().await;
        match self.bindings.bind(bind) {
            Ok(()) => {
                self.note(Event::BindSession, None, None, &Ok(()));
                Response::Success
            }
            Err(reason) => {
                self.note(Event::BindSession, None, None, &Err::<(), _>(reason.into()));
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
            self.note_signing(&request, identity.as_ref(), &Err(Reason::ClientGone));
        }
    }

    /// Puts on record what the last request did, unless that has been done.
    pub fn record(&self) {
        if let Some(done) = self.done.take() {
            done.record(&self.agent, &self.peer, &self.bindings);
        }
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

#[cfg(test)]
mod tests;
