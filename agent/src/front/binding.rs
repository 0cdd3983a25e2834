//! The chain of verified session binds of one connection: where its requests come from and go to
//! (`PROTOCOL.agent` section 1).
//!
//! A local `ssh` that logs in binds its connection once, for authentication. A local `ssh` that
//! forwards the agent binds the connection for forwarding before it passes on any byte; the `ssh` on
//! the other host adds its own bind, and so on. The chain is thus the path of a request, nearest
//! host first, and each of its hops is proven by a signature of the host's key.

mod host_key;
#[cfg(test)]
pub(crate) mod test_host;

pub use self::host_key::HostKey;

use serde::Serialize;
use thiserror::Error;

use super::verify::VerifyError;
use crate::protocol::extension::session_bind::SessionBind;
use crate::protocol::wire::WireError;

/// Binds of one connection, as in OpenSSH (`AGENT_MAX_SESSION_IDS`).
pub const BINDINGS_MAX: usize = 16;
/// Bytes of a session id, as in OpenSSH (`AGENT_MAX_SID_LEN`).
pub const SESSION_ID_MAX: usize = 128;
/// Bytes of a host key, so that the chains of many connections cannot fill the memory; a certificate
/// of an RSA key of 16,384 bits with 256 principals of 64 bytes fits.
pub const HOST_KEY_MAX: usize = 32 * 1024;

/// The binds of one connection, oldest and nearest first.
///
/// What was bound stays for the life of the connection; nothing takes a binding back.
#[derive(Debug, Default)]
pub struct Bindings {
    hops: Vec<Binding>,
    attempted: bool,
    broken: bool,
}

/// One verified bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    host_key: HostKey,
    session_id: Vec<u8>,
    forwarding: bool,
}

/// Where the requests of a connection come from, as far as its binds tell.
///
/// Only OpenSSH from version 8.9 binds: a program that forwards the agent without binding, such as an
/// old `ssh`, cannot be told from a local one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Nobody tried to bind the connection.
    Unbound,
    /// A program on this machine logs in to the host of the only binding.
    Local,
    /// A remote host, that of the first binding, or one behind it.
    Forwarded,
    /// A bind failed while the chain could still grow, so a host is missing from it.
    Unverified,
}

/// Says why a bind is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BindError {
    /// The message is not a session bind.
    #[error("session bind is malformed")]
    Malformed(#[from] WireError),
    /// The session id is empty or longer than 128 bytes.
    #[error("session id has {0} bytes, expected 1 to 128")]
    SessionIdLength(usize),
    /// The host key is longer than 32 KiB.
    #[error("host key has {0} bytes, expected at most 32768")]
    HostKeyLength(usize),
    /// The connection is bound for authentication, after which nothing may follow.
    #[error("connection is already bound for authentication")]
    Closed,
    /// The session is recorded with another host key, which cannot both be true.
    #[error("session is already bound with another host key")]
    OtherHostKey,
    /// The chain has 16 bindings.
    #[error("connection already has 16 bindings")]
    TooMany,
    /// The host did not sign the session id.
    #[error("host did not prove the session")]
    Unproven(#[from] VerifyError),
}

impl Bindings {
    /// Starts with a connection that nobody tried to bind.
    pub const fn new() -> Self {
        Self {
            hops: Vec::new(),
            attempted: false,
            broken: false,
        }
    }

    /// Records a session bind, or that one failed.
    ///
    /// It takes the outcome of decoding because a malformed bind counts as an attempt too. The same
    /// bind twice is one binding, and not an error.
    ///
    /// # Errors
    /// [`BindError`]; the connection has then been [attempted](Self::attempted), and a chain that
    /// could still grow is [`Origin::Unverified`] for ever.
    pub fn bind(&mut self, request: Result<SessionBind<'_>, WireError>) -> Result<(), BindError> {
        self.attempted = true;
        let outcome = request
            .map_err(BindError::Malformed)
            .and_then(|bind| self.check(&bind));
        match outcome {
            Ok(None) => Ok(()),
            Ok(Some(binding)) => {
                self.hops.push(binding);
                Ok(())
            }
            Err(reason) => {
                // Whoever sits behind an unproven host could go on to bind hosts of their choice, and
                // the path would look shorter than it is. A closed chain cannot be lengthened.
                self.broken |= !self.is_closed();
                Err(reason)
            }
        }
    }

    /// Says where the requests come from.
    pub fn origin(&self) -> Origin {
        match self.hops.first() {
            _ if self.broken => Origin::Unverified,
            None => Origin::Unbound,
            Some(first) if first.forwarding => Origin::Forwarded,
            Some(_) => Origin::Local,
        }
    }

    /// Says whether anyone tried to bind the connection, with or without success.
    ///
    /// Such a connection must not load provider libraries: its other end may be on a remote host
    /// (CVE-2023-38408).
    pub const fn attempted(&self) -> bool {
        self.attempted
    }

    /// Returns the bindings, oldest and nearest first.
    pub fn hops(&self) -> &[Binding] {
        &self.hops
    }

    /// Returns the newest binding: the session that the next request is for.
    pub fn last(&self) -> Option<&Binding> {
        self.hops.last()
    }

    fn is_closed(&self) -> bool {
        self.last().is_some_and(|last| !last.forwarding)
    }

    /// Checks a bind against the chain; returns the binding to be added, if it is new.
    ///
    /// The rules come before the signature, which costs a thousand times as much. Only the answer to
    /// a repeated bind depends on the signature then, and there it is verified too.
    fn check(&self, bind: &SessionBind<'_>) -> Result<Option<Binding>, BindError> {
        if bind.session_id.is_empty() || bind.session_id.len() > SESSION_ID_MAX {
            return Err(BindError::SessionIdLength(bind.session_id.len()));
        }
        if bind.host_key.len() > HOST_KEY_MAX {
            return Err(BindError::HostKeyLength(bind.host_key.len()));
        }
        let is_new = self.is_new(bind)?;
        if is_new && self.hops.len() >= BINDINGS_MAX {
            return Err(BindError::TooMany);
        }
        let host_key = HostKey::proven(bind.host_key, bind.signature, bind.session_id)?;
        Ok(is_new.then(|| Binding {
            host_key,
            session_id: bind.session_id.to_vec(),
            forwarding: bind.forwarding,
        }))
    }

    /// A host may appear again with a new session: several connections to it are usual.
    fn is_new(&self, bind: &SessionBind<'_>) -> Result<bool, BindError> {
        for hop in &self.hops {
            if !hop.forwarding {
                return Err(BindError::Closed);
            }
            if hop.session_id != bind.session_id {
                continue;
            }
            if hop.host_key.blob() != bind.host_key {
                return Err(BindError::OtherHostKey);
            }
            return Ok(false);
        }
        Ok(true)
    }
}

impl Binding {
    /// Returns the key with which the host proved the session.
    pub const fn host_key(&self) -> &HostKey {
        &self.host_key
    }

    /// Returns the session id, 1 to 128 bytes.
    pub fn session_id(&self) -> &[u8] {
        &self.session_id
    }

    /// Says whether the session forwards the agent; otherwise it authenticates.
    pub const fn forwarding(&self) -> bool {
        self.forwarding
    }
}

#[cfg(test)]
mod tests;
