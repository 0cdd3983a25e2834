//! What may be done: decisions as values. Acting on them happens in the session.

use thiserror::Error;

use super::audit::Outcome;
use super::binding::{BindError, Bindings};
use super::destination;
use super::pattern;
use super::prompt::{ListedHost, Question};
use super::provider::AllowedProviders;
use super::ring::{self, Identity, Signer};
use crate::keeper::channel;
use crate::protocol::message::SignRequest;
use crate::protocol::signed_data::SignedData;
use crate::protocol::wire::WireError;

/// The answer to whether something may be done.
#[derive(Debug)]
pub enum Decision<'a> {
    /// It may.
    Allow,
    /// It may if a person says so.
    Confirm(Question<'a>),
    /// It may not.
    Deny(Reason),
}

/// What the person who started the agent allows.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The paths from which token middleware may be loaded (`-P`).
    pub providers: AllowedProviders,
    /// Patterns of relying parties whose keys may sign anything (`-O websafe-allow`).
    pub web_origins: String,
    /// Whether keys of other relying parties may sign what looks like SSH only.
    pub restrict_web_origins: bool,
    /// Whether connections from other hosts may have middleware loaded (`-O allow-remote-pkcs11`).
    pub allow_remote_providers: bool,
}

/// Why a request fails. The client sees a failure only; the reason is for the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The message cannot be read.
    #[error("malformed request: {0}")]
    Malformed(#[from] WireError),
    /// The agent is locked.
    #[error("agent is locked")]
    Locked,
    /// The agent is not locked.
    #[error("agent is not locked")]
    NotLocked,
    /// A lock passphrase must not be empty.
    #[error("lock passphrase is empty")]
    EmptyPassphrase,
    /// No identity has this blob, or it is not to be seen on this connection.
    #[error("no such key")]
    NoSuchKey,
    /// The key went away while a person was asked, or before it was in the ring.
    #[error("key went away meanwhile")]
    Changed,
    /// The destination constraints of the key are not met.
    #[error("{0}")]
    Destination(#[from] destination::Refusal),
    /// A session bind is not to be believed.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// A key of a web origin may only sign what is of SSH.
    #[error("data is not of ssh, and the key belongs to a web origin")]
    WebOrigin,
    /// Only a token's key has middleware.
    #[error("provider given for a key that is in no token")]
    ProviderWithoutToken,
    /// The middleware may not be loaded.
    #[error("{0}")]
    Provider(String),
    /// A connection from another host may not have middleware loaded.
    #[error("provider asked for by a remote client")]
    RemoteProvider,
    /// Smartcard messages are not supported.
    #[error("smartcard keys are not supported")]
    Smartcard,
    /// A person said no.
    #[error("refused at the prompt")]
    Refused,
    /// There is nobody to ask: no askpass program or no display.
    #[error("nobody can be asked: no askpass program or no display")]
    NobodyToAsk,
    /// The vault is closed again, or it was opened without this key.
    #[error("vault is closed")]
    VaultClosed,
    /// A person would not open the vault.
    #[error("opening the vault was cancelled")]
    UnlockCancelled,
    /// There is nobody to ask for the passphrase of the vault.
    #[error(
        "nobody can be asked for the vault's passphrase: no terminal, pinentry or askpass program"
    )]
    NobodyToUnlock,
    /// The vault could not be opened.
    #[error("vault was not opened: {0}")]
    UnlockFailed(String),
    /// No vault was named, or keys were not handed over as they have to be.
    #[error("{0}")]
    Vault(&'static str),
    /// The client closed its connection before it had an answer.
    #[error("client went away before it was answered")]
    ClientGone,
    /// The identities take all the memory they may.
    #[error("{0}")]
    Full(#[from] ring::Full),
    /// The keeper did not do it.
    #[error("{0}")]
    Keeper(#[from] channel::Refusal),
    /// The keeper ended.
    #[error("keeper is gone")]
    KeeperGone,
    /// The token did not sign.
    #[error("{0}")]
    Token(String),
}

impl Reason {
    /// Says whether a rule or a person refused, or whether what was allowed could not be done.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Keeper(channel::Refusal::Passphrase) => Outcome::Deny,
            Self::Keeper(_) | Self::KeeperGone | Self::Token(_) | Self::ClientGone => Outcome::Fail,
            Self::UnlockFailed(_) => Outcome::Fail,
            _ => Outcome::Deny,
        }
    }
}

/// Decides on a sign request for an identity, at `now` in seconds of Unix time.
pub fn sign<'a>(
    identity: &'a Identity,
    request: &SignRequest<'a>,
    bindings: &Bindings,
    rules: &Rules,
    now: u64,
) -> Decision<'a> {
    let permitted = destination::permitted_to_sign(
        &identity.destinations,
        bindings,
        request.key_blob,
        request.data,
        now,
    );
    if let Err(refusal) = permitted {
        return Decision::Deny(refusal.into());
    }
    if let Signer::Token(token) = &identity.signer {
        let anything = !rules.restrict_web_origins
            || pattern::list_allows(&token.application, rules.web_origins.as_bytes());
        if !anything && !SignedData::allowed_for_web_origin_key(request.key_blob, request.data) {
            return Decision::Deny(Reason::WebOrigin);
        }
    }
    if !identity.confirm {
        return Decision::Allow;
    }
    Decision::Confirm(Question {
        comment: &identity.comment,
        fingerprint: &identity.shown_fingerprint,
        destination: listed_host(identity, request.data),
    })
}

/// Decides whether a connection may have a library loaded that it names.
///
/// # Errors
/// [`Reason::RemoteProvider`]: a server that the agent was forwarded to could otherwise have any
/// library run that it knows of on this machine (CVE-2023-38408).
pub const fn load_provider(bindings: &Bindings, rules: &Rules) -> Result<(), Reason> {
    if bindings.attempted() && !rules.allow_remote_providers {
        return Err(Reason::RemoteProvider);
    }
    Ok(())
}

/// Tells of a login with a key that has destination constraints, for whom it is.
pub fn listed_host<'a>(identity: &Identity, data: &'a [u8]) -> Option<ListedHost<'a>> {
    match SignedData::classify(data) {
        SignedData::UserAuth(request) if !identity.destinations.is_empty() => {
            Some(ListedHost { user: request.user })
        }
        _ => None,
    }
}
