//! Handing a vault to the agent (`PROTOCOL.md`, Vault).

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Client, ClientError};
use crate::front::agent::Committed;
use crate::front::control::message;
use crate::front::vault::message::{Begin, Id, Instead, Key};
use crate::protocol::frame::FRAME_MAX;

/// The first byte of a request that carries a secret.
const SECRET: u8 = 0;

/// Time that a commit may take: the keeper checks every key before, and large RSA keys take it long.
const COMMIT: Duration = Duration::from_secs(120);

/// Time that any other answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest list of a vault, in bytes.
const LIST_MAX: usize = 34 << 20;

/// What the agent knows of its vault.
#[derive(Debug, Deserialize)]
pub struct VaultList {
    /// The vault's id; none where the agent has no vault.
    pub vault: Option<Id>,
    /// The path of its file.
    pub path: Option<String>,
    /// The generation of the file; none too where only public keys are known, after a restart.
    pub generation: Option<u64>,
    /// `open`, `closed`, `locked` (with the agent) or `none`.
    pub state: String,
    /// What was said of each record, with the time of its last use by this agent.
    pub keys: Vec<Box<RawValue>>,
    /// The fingerprints of the keys that the agent holds, as it found them.
    #[serde(default)]
    pub held: Vec<String>,
}

#[derive(Deserialize)]
struct Failure {
    error: String,
}

#[derive(Deserialize)]
struct Done {}

#[derive(Deserialize)]
struct Locked {
    keys: usize,
}

impl Client {
    /// Begins to hand over a whole new catalogue of a vault.
    ///
    /// # Errors
    /// [`ClientError::Foreign`]; [`ClientError::Refused`] when the agent is locked; otherwise as [`Client::exchange`].
    pub fn vault_begin(&mut self, begin: &Begin) -> Result<(), ClientError> {
        self.check_owner()?;
        self.send(&message::begin(begin), &[])?;
        self.answer::<Done>(PATIENCE, super::ANSWER_MAX).map(|_| ())
    }

    /// Hands over a private key: `secret` is the body of an add message with constraints, which is its
    /// key fields, comment and constraints (RFC 9987 section 5.2.7). No copy of it is made here.
    ///
    /// It has no answer; [`Client::vault_commit`] tells whether the agent took it.
    ///
    /// # Errors
    /// [`ClientError::TooLong`], or that the connection failed.
    pub fn vault_private_key(&mut self, key: &Key, secret: &[u8]) -> Result<(), ClientError> {
        let json = bounded(message::key(key, None))?;
        let length = u32::try_from(json.len()).map_err(|_| ClientError::TooLong(json.len()))?;
        let head = [&[SECRET][..], &length.to_be_bytes(), &json].concat();
        let whole = head.len().saturating_add(secret.len());
        if whole > FRAME_MAX {
            return Err(ClientError::TooLong(whole));
        }
        self.send(&head, secret)
    }

    /// Tells of a key what comes instead of its private part.
    ///
    /// It has no answer, as [`Client::vault_private_key`].
    ///
    /// # Errors
    /// [`ClientError::TooLong`], or that the connection failed.
    pub fn vault_key_without(&mut self, key: &Key, instead: &Instead) -> Result<(), ClientError> {
        self.send(&bounded(message::key(key, Some(instead)))?, &[])
    }

    /// Makes what was handed over count, all at once, and tells what the agent did not take.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when nothing has changed; otherwise as [`Client::exchange`].
    pub fn vault_commit(&mut self) -> Result<Committed, ClientError> {
        self.send(&message::commit(), &[])?;
        self.answer(COMMIT, LIST_MAX)
    }

    /// Has the agent wipe the vault's private keys; returns how many identities of it remain listed.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when it has no vault; otherwise as [`Client::exchange`].
    pub fn vault_lock(&mut self) -> Result<usize, ClientError> {
        self.check_owner()?;
        self.send(&message::lock(), &[])?;
        let locked: Locked = self.answer(PATIENCE, super::ANSWER_MAX)?;
        Ok(locked.keys)
    }

    /// Asks what is in the vault.
    ///
    /// # Errors
    /// [`ClientError::Foreign`]; otherwise as [`Client::exchange`].
    pub fn vault_list(&mut self) -> Result<VaultList, ClientError> {
        self.check_owner()?;
        self.send(&message::list(), &[])?;
        self.answer(PATIENCE, LIST_MAX)
    }

    fn answer<T: DeserializeOwned>(
        &mut self,
        patience: Duration,
        limit: usize,
    ) -> Result<T, ClientError> {
        let answer = self.receive(patience, limit)?;
        if let Ok(Failure { error }) = serde_json::from_slice(&answer) {
            return Err(ClientError::Refused(error));
        }
        Ok(serde_json::from_slice(&answer)?)
    }
}

/// An agent closes the connection at JSON that is too long, with all that was handed over.
fn bounded(json: Vec<u8>) -> Result<Vec<u8>, ClientError> {
    match json.len() {
        length if length > message::JSON_MAX => Err(ClientError::TooLong(length)),
        _ => Ok(json),
    }
}

#[cfg(test)]
mod tests;
