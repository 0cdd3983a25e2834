//! Keys of a closed vault: having a person open it before the signature.

use std::rc::Rc;

use super::Session;
use crate::front::binding::Origin;
use crate::front::clock;
use crate::front::policy::{self, Decision, Reason};
use crate::front::ring::{Identity, Signer};
use crate::front::unlocker::{self, Login, UnlockQuestion};
use crate::front::vault::cache;
use crate::protocol::message::SignRequest;
use crate::protocol::signed_data::SignedData;

impl Session {
    /// Returns the identity that a request is for, once somebody can sign for it.
    ///
    /// What is denied anyway opens nothing, and asks nobody for a passphrase.
    ///
    /// # Errors
    /// The [`Reason`] why there is none, or why its vault stays closed.
    pub(super) async fn openable(
        &self,
        found: Option<&Rc<Identity>>,
        request: &SignRequest<'_>,
    ) -> Result<Rc<Identity>, Reason> {
        let find = || self.agent.ring(|ring| ring.find(request.key_blob));
        let mut identity = found.cloned().ok_or(Reason::NoSuchKey)?;
        if identity.from_vault {
            // The machine may have slept since the vault ought to have been closed.
            self.agent.lock_idle_vault().await;
            identity = find().ok_or(Reason::Changed)?;
        }
        if identity.signer != Signer::Closed {
            return Ok(identity);
        }
        let (rules, now) = (&self.agent.rules, clock::unix_seconds());
        let decision = policy::sign(&identity, request, &self.bindings, rules, now);
        if let Decision::Deny(reason) = decision {
            return Err(reason);
        }
        self.waits.notify_one();
        let question = self.unlock_question(&identity, request).to_string();
        self.agent.open_vault(self.terminal(), &question).await?;
        if self.agent.is_locked() {
            return Err(Reason::Locked);
        }
        let opened = find().ok_or(Reason::Changed)?;
        match opened.signer {
            Signer::Closed => Err(Reason::VaultClosed),
            _ => Ok(opened),
        }
    }

    /// Returns the terminal on which the person before this client can be asked. A client that forwards
    /// another host's requests has its terminal in use for that host.
    fn terminal(&self) -> Option<std::path::PathBuf> {
        match self.bindings.origin() {
            Origin::Unbound | Origin::Local => unlocker::of_foreground(self.peer.pid?),
            Origin::Forwarded | Origin::Unverified => None,
        }
    }

    fn unlock_question<'a>(
        &'a self,
        identity: &'a Identity,
        request: &SignRequest<'a>,
    ) -> UnlockQuestion<'a> {
        let host = self.bindings.last();
        let host = host.map(|last| last.host_key().fingerprint().to_string());
        let login = match (SignedData::classify(request.data), host) {
            (SignedData::UserAuth(login), Some(host_key)) => Some(Login {
                user: login.user,
                host_key,
            }),
            _ => None,
        };
        let origin = self.bindings.origin();
        UnlockQuestion {
            program: &self.peer.process().program,
            pid: self.peer.pid,
            // After a restart every key of the vault is called the same.
            comment: match &*identity.comment {
                cache::COMMENT => identity.shown_fingerprint.as_bytes(),
                comment => comment,
            },
            login,
            forwarded: matches!(origin, Origin::Forwarded | Origin::Unverified),
        }
    }
}
