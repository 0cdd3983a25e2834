//! What a request did, on its way to the audit log.

use std::rc::Rc;

use crate::front::agent::Agent;
use crate::front::audit::{Event, Outcome, PeerRecord, Record};
use crate::front::binding::Bindings;
use crate::front::clock;
use crate::front::peer::Peer;
use crate::front::policy::Reason;
use crate::front::ring::Identity;

/// What a request did and how it ended.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) event: Event,
    pub(super) identity: Option<Rc<Identity>>,
    /// The user name in a signed login.
    pub(super) user: Option<Vec<u8>>,
    pub(super) outcome: Result<(), Reason>,
}

impl Done {
    /// Writes the line for a request of this peer on a connection with these bindings.
    pub(super) fn record(&self, agent: &Agent, peer: &Peer, bindings: &Bindings) {
        let reason = self.outcome.as_ref().err().map(ToString::to_string);
        if let Some(reason) = &reason {
            tracing::info!(event = ?self.event, reason, "refused");
        }
        let outcome = self.outcome.as_ref();
        let outcome = outcome.map_or_else(Reason::outcome, |()| Outcome::Allow);
        let identity = self.identity.as_ref();
        let host_key = bindings.last().map(|last| last.host_key().fingerprint());
        let host_key = host_key.map(|fingerprint| fingerprint.to_string());
        agent.record(&Record {
            reason: reason.as_deref(),
            fingerprint: identity.map(|identity| &*identity.fingerprint),
            key_type: identity.map(|identity| identity.key_type.name()),
            comment: identity.map(|identity| &*identity.comment),
            peer: Some(PeerRecord::of(peer)),
            origin: Some(bindings.origin()),
            host_key: host_key.as_deref(),
            user: self.user.as_deref(),
            ..Record::new(clock::wall_time(), self.event, outcome)
        });
    }
}
