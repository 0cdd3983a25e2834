//! Handing a vault over on one connection.

use std::rc::Rc;

use serde::Serialize;

use super::message::{MessageError, VaultRequest, decode_private};
use super::{failure, written};
use crate::front::agent::{Agent, Part, Transaction};
use crate::front::peer::Peer;
use crate::front::policy::Reason;
use crate::front::vault::message::{Begin, Key};

/// What a connection has handed over and not committed.
pub(super) struct Handover {
    agent: Rc<Agent>,
    peer: Peer,
    transaction: Option<Transaction>,
}

#[derive(Serialize)]
struct Done {}

#[derive(Serialize)]
struct Locked {
    keys: usize,
}

impl Handover {
    pub(super) const fn new(agent: Rc<Agent>, peer: Peer) -> Self {
        Self {
            agent,
            peer,
            transaction: None,
        }
    }

    /// Takes a private key.
    pub(super) async fn private_key(&mut self, json: &[u8], message: &[u8]) {
        self.stage(decode_private(json), Part::Private(message))
            .await;
    }

    /// Answers a request; keys have no answer.
    pub(super) async fn answer(&mut self, request: VaultRequest) -> Option<String> {
        Some(match request {
            VaultRequest::Begin(begin) => self.begin(begin),
            VaultRequest::Key(Ok((key, instead))) => {
                self.stage(Ok(key), Part::Instead(instead)).await;
                return None;
            }
            VaultRequest::Key(Err(error)) => {
                self.stage(Err(error), Part::Private(&[])).await;
                return None;
            }
            VaultRequest::Commit => self.commit().await,
            VaultRequest::Lock => match self.agent.lock_vault(&self.peer).await {
                Ok(keys) => written(&Locked { keys }),
                Err(reason) => failure(reason.to_string()),
            },
            VaultRequest::List => written(&self.agent.list_vault()),
        })
    }

    fn begin(&mut self, begin: Begin) -> String {
        // A second one starts anew.
        self.transaction = None;
        match Transaction::begin(&self.agent, begin, &self.peer) {
            Ok(transaction) => {
                self.transaction = Some(transaction);
                written(&Done {})
            }
            Err(reason) => failure(reason.to_string()),
        }
    }

    /// Where no catalogue was begun, there is nobody to tell.
    async fn stage(&mut self, key: Result<Key, MessageError>, part: Part<'_>) {
        let Some(transaction) = &mut self.transaction else {
            return;
        };
        match key {
            Ok(key) => transaction.stage(key, part).await,
            Err(error) => transaction.refuse(String::new(), error.to_string()),
        }
    }

    async fn commit(&mut self) -> String {
        let Some(transaction) = self.transaction.take() else {
            return failure(Reason::Vault("no catalogue was begun").to_string());
        };
        match transaction.commit(&self.peer).await {
            Ok(committed) => written(&committed),
            Err(reason) => failure(reason.to_string()),
        }
    }
}
