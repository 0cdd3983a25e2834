//! Where a key may be used: destination constraints against the bindings of a connection
//! (`PROTOCOL.agent` section 2).

use thiserror::Error;

use super::binding::{Bindings, HostKey, Origin};
use super::pattern;
use crate::protocol::extension::restrict_destination::{DestinationConstraint, Hop};
use crate::protocol::signed_data::{SignedData, UserAuth};

/// Bytes of a user name that is held against patterns, so that matching stays short.
const USER_MAX: usize = 256;

/// Tells which constraints permitted a use, by the hosts' names in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permission<'a> {
    /// The host that the agent is forwarded to first, when there are several hops.
    pub forwarded_to: Option<&'a str>,
    /// The host of the newest binding.
    pub destination: Option<&'a str>,
}

/// Says why destination constraints keep a key from being used or seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Signing needs a binding, which clients before OpenSSH 8.9 do not make.
    #[error("connection is not bound to a session")]
    Unbound,
    /// A bind failed, so the path is not known.
    #[error("a session bind failed on this connection")]
    Unverified,
    /// What is to be signed is no login.
    #[error("data to be signed is not a user-auth request")]
    NotUserAuth,
    /// The login names another key than the one that is to sign.
    #[error("user-auth request is for another key")]
    OtherKey,
    /// The user name is longer than 256 bytes.
    #[error("user name has {0} bytes, expected at most 256")]
    UserLength(usize),
    /// The newest binding forwards the agent, nobody authenticates there.
    #[error("newest binding is for forwarding")]
    Forwarding,
    /// No constraint permits the step to the host of this binding, counted from 0.
    #[error("no constraint permits the step to hop {0}")]
    Hop(usize),
    /// The key may be used to log in to the host but not from there.
    #[error("no constraint permits a step beyond the last hop")]
    Beyond,
    /// The login is for another session than the newest binding.
    #[error("user-auth request is for another session")]
    OtherSession,
    /// A login on a forwarded connection does not name the host it is for.
    #[error("user-auth request of a forwarded connection names no host key")]
    NoHostKey,
    /// The login is for another host than the newest binding.
    #[error("user-auth request is for another host key")]
    OtherHostKey,
}

/// Says whether a key with `constraints` may be used on the connection: for a login as `user`, or to
/// be listed, removed or replaced when there is none.
///
/// `now` is in seconds of Unix time and judges host certificates. The rules are those of
/// `identity_permitted` in OpenSSH, but a failed bind is also final when others succeeded.
///
/// # Errors
/// [`Refusal`] says which rule keeps the key.
pub fn permitted<'a>(
    constraints: &'a [DestinationConstraint],
    bindings: &Bindings,
    user: Option<&[u8]>,
    now: u64,
) -> Result<Permission<'a>, Refusal> {
    if constraints.is_empty() {
        return Ok(Permission::default());
    }
    match bindings.origin() {
        Origin::Unverified => return Err(Refusal::Unverified),
        Origin::Unbound => return Ok(Permission::default()),
        Origin::Local | Origin::Forwarded => {}
    }
    if let Some(user) = user.filter(|user| user.len() > USER_MAX) {
        return Err(Refusal::UserLength(user.len()));
    }
    Rules { constraints, now }.permit_path(bindings, user)
}

/// Says whether a key with `constraints` may sign `data`; `key_blob` is the key's own.
///
/// The rules are those of `process_sign_request2` in OpenSSH: the data are a login with this key,
/// for the session of the newest binding, and on a forwarded connection the login names the host.
///
/// # Errors
/// [`Refusal`] says which rule keeps the key.
pub fn permitted_to_sign<'a>(
    constraints: &'a [DestinationConstraint],
    bindings: &Bindings,
    key_blob: &[u8],
    data: &[u8],
    now: u64,
) -> Result<Permission<'a>, Refusal> {
    if constraints.is_empty() {
        return Ok(Permission::default());
    }
    let last = bindings.last().ok_or(Refusal::Unbound)?;
    let SignedData::UserAuth(request) = SignedData::classify(data) else {
        return Err(Refusal::NotUserAuth);
    };
    if request.key_blob != key_blob {
        return Err(Refusal::OtherKey);
    }
    let permission = permitted(constraints, bindings, Some(request.user), now)?;
    if request.session_id != last.session_id() {
        return Err(Refusal::OtherSession);
    }
    check_host_key(&request, bindings, last.host_key())?;
    Ok(permission)
}

/// A host that was forwarded to could otherwise have a login for one host signed on a path that is
/// permitted for another.
fn check_host_key(
    request: &UserAuth<'_>,
    bindings: &Bindings,
    bound: &HostKey,
) -> Result<(), Refusal> {
    match request.host_key {
        None if bindings.hops().len() > 1 => Err(Refusal::NoHostKey),
        Some(host_key) if host_key != bound.blob() => Err(Refusal::OtherHostKey),
        _ => Ok(()),
    }
}

/// The constraints of one key at one time.
#[derive(Clone, Copy)]
struct Rules<'a> {
    constraints: &'a [DestinationConstraint],
    now: u64,
}

impl<'a> Rules<'a> {
    /// Walks the hops; each step needs a constraint, and the user belongs to the last one.
    fn permit_path(
        self,
        bindings: &Bindings,
        user: Option<&[u8]>,
    ) -> Result<Permission<'a>, Refusal> {
        let Some((last, before)) = bindings.hops().split_last() else {
            return Err(Refusal::Unbound);
        };
        if last.forwarding() && user.is_some() {
            return Err(Refusal::Forwarding);
        }
        let mut permission = Permission::default();
        let mut from = None;
        // Each of these forwards: nothing can be bound after a hop that authenticates.
        for (index, hop) in before.iter().enumerate() {
            let to = hop.host_key();
            let constraint = self.step(from, Some(to), None).ok_or(Refusal::Hop(index))?;
            if index == 0 {
                permission.forwarded_to = Some(&constraint.to.host);
            }
            from = Some(to);
        }
        let constraint = self
            .step(from, Some(last.host_key()), user)
            .ok_or(Refusal::Hop(before.len()))?;
        permission.destination = Some(&constraint.to.host);
        // A key that may log in to this host but not be used from there stays hidden from it.
        if last.forwarding() && self.step(Some(last.host_key()), None, None).is_none() {
            return Err(Refusal::Beyond);
        }
        Ok(permission)
    }

    /// Returns the first constraint that permits a step; without `from` it starts here, without
    /// `to` it may lead anywhere.
    fn step(
        self,
        from: Option<&HostKey>,
        to: Option<&HostKey>,
        user: Option<&[u8]>,
    ) -> Option<&'a DestinationConstraint> {
        self.constraints.iter().find(|constraint| {
            let starts = match from {
                None => constraint.from.host.is_empty() && constraint.from.keys.is_empty(),
                Some(key) => self.is_at(key, &constraint.from),
            };
            starts
                && to.is_none_or(|key| self.is_at(key, &constraint.to))
                && user.is_none_or(|user| permits_user(&constraint.to.user, user))
        })
    }

    /// Says whether a host is the one of a hop: by its own key, or by a certificate for the hop's name
    /// from one of the hop's authorities.
    fn is_at(self, key: &HostKey, hop: &Hop) -> bool {
        hop.keys.iter().any(|expected| match key.authority() {
            None => !expected.is_ca && key.blob() == expected.blob,
            Some(authority) => {
                expected.is_ca
                    && authority == expected.blob
                    && key.certified_for(&hop.host, self.now)
            }
        })
    }
}

fn permits_user(wanted: &str, user: &[u8]) -> bool {
    wanted.is_empty() || pattern::matches(user, wanted.as_bytes())
}

#[cfg(test)]
mod tests;
