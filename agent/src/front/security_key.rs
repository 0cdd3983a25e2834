//! Signing with keys that live on a FIDO authenticator (OpenSSH's `PROTOCOL.u2f`).
//!
//! The authenticator is reached by OpenSSH's `ssh-sk-helper`, one short-lived process for each
//! signature, so that no provider library is ever loaded beside anything worth stealing.

mod helper;

use core::fmt;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitStatus;

use thiserror::Error;
use tokio::sync::Semaphore;

use crate::front::prompt::{ListedHost, Prompter};
use crate::front::provider::Provider;
use crate::protocol::algorithm::KeyType;
use crate::protocol::wire::{Reader, WireError};

use self::helper::Request;

/// Where systems keep the helper if `SSH_SK_HELPER` does not name it.
const PLACES: [&str; 5] = [
    "/usr/lib/openssh/ssh-sk-helper",
    "/usr/libexec/openssh/ssh-sk-helper",
    "/usr/lib/ssh/ssh-sk-helper",
    "/usr/libexec/ssh/ssh-sk-helper",
    "/usr/libexec/ssh-sk-helper",
];

/// Says why there is no signature.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SecurityKeyError {
    /// The key's type is none that an authenticator holds.
    #[error("key is not held by an authenticator")]
    KeyType,
    /// OpenSSH's helper is in none of the known places.
    #[error("ssh-sk-helper is not installed")]
    NoHelper,
    /// The authenticator wants a PIN, and nobody gave one.
    #[error("authenticator wants a PIN and none was given")]
    NoPin,
    /// The authenticator did not accept the PIN, or wants one.
    #[error("authenticator refused the PIN")]
    WrongPin,
    /// The helper gave up; the number is OpenSSH's own (`ssherr.h`, without its sign).
    #[error("ssh-sk-helper reports error {0}")]
    Refused(u32),
    /// The helper could not be started or talked to.
    #[error("ssh-sk-helper cannot be talked to")]
    Io(#[from] io::Error),
    /// The helper answered with something that is not an answer.
    #[error("answer of ssh-sk-helper is malformed")]
    Malformed(#[from] WireError),
    /// The helper answered and then failed.
    #[error("ssh-sk-helper ended with {0}")]
    Ended(ExitStatus),
    /// Nothing was heard for longer than any authenticator waits for a touch.
    #[error("ssh-sk-helper took too long")]
    TimedOut,
}

/// A key on an authenticator, and what a person is told when it is used.
#[derive(Clone, Copy)]
pub struct SecurityKey<'a> {
    /// The key as it was added, from the name of its type up to the comment.
    pub key_bytes: &'a [u8],
    /// What talks to the authenticator.
    pub provider: &'a Provider,
    /// The key's fingerprint, such as `SHA256:...`.
    pub fingerprint: &'a str,
    /// Whether the key wants a touch (`SSH_SK_USER_PRESENCE_REQD` of its flags).
    pub presence: bool,
    /// Where a destination constraint let the signature through: for whom.
    pub destination: Option<ListedHost<'a>>,
}

impl fmt::Debug for SecurityKey<'_> {
    // The key handle is not shown: with it, a key without a touch or PIN could be used by whoever
    // reaches the authenticator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecurityKey({})", self.fingerprint)
    }
}

/// Signs with security keys, one signature at a time.
///
/// A touch does not say what it is for: were two requests waiting, it would go to either. So further
/// requests wait until the one on the screen is done; nothing else waits for it.
#[derive(Debug)]
pub struct Signer {
    helper: Option<OsString>,
    turn: Semaphore,
}

impl Signer {
    /// Takes the helper from the value of `SSH_SK_HELPER`, or from where systems keep it.
    pub fn new(ssh_sk_helper: Option<OsString>) -> Self {
        let named = ssh_sk_helper.filter(|path| !path.is_empty());
        let known = || PLACES.into_iter().find(|place| Path::new(place).exists());
        Self {
            helper: named.or_else(|| known().map(OsString::from)),
            turn: Semaphore::new(1),
        }
    }

    /// Signs `data` and returns the signature blob (`PROTOCOL.u2f`, SSH U2F Signatures).
    ///
    /// While the authenticator waits for a touch, a notice says so. An authenticator that wants a PIN
    /// gets one, asked for once. Dropping the future ends the helper, the notice and the question.
    ///
    /// # Errors
    /// Every [`SecurityKeyError`].
    pub async fn sign(
        &self,
        key: &SecurityKey<'_>,
        data: &[u8],
        prompter: &Prompter,
    ) -> Result<Vec<u8>, SecurityKeyError> {
        let kind = Kind::of(key.key_bytes).ok_or(SecurityKeyError::KeyType)?;
        let helper = self.helper.as_ref().ok_or(SecurityKeyError::NoHelper)?;
        let turn = self.turn.acquire().await;
        let _turn = turn.map_err(|_| SecurityKeyError::NoHelper)?;

        let notice = key.presence.then(|| prompter.notify(&touch(kind, key)));
        let first = Request::new(key, data, &[]).send(helper, kind).await;
        drop(notice);
        match first {
            Err(SecurityKeyError::WrongPin) => {
                let pin = prompter.pin(&pin(kind, key)).await;
                let pin = pin.ok_or(SecurityKeyError::NoPin)?;
                let second = Request::new(key, data, pin.expose());
                second.send(helper, kind).await
            }
            signed_or_not => signed_or_not,
        }
    }
}

/// What of a key's type matters here.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// How OpenSSH names the type to people.
    shown: &'static str,
    /// The name its signatures carry.
    signature: &'static str,
}

impl Kind {
    fn of(key_bytes: &[u8]) -> Option<Self> {
        let name = Reader::new(key_bytes).text("key type").ok()?;
        let (key_type, is_certificate) = KeyType::from_name(name)?;
        let shown = match (key_type, is_certificate) {
            (KeyType::SkEd25519, false) => "ED25519-SK",
            (KeyType::SkEd25519, true) => "ED25519-SK-CERT",
            (KeyType::SkEcdsaP256, false) => "ECDSA-SK",
            (KeyType::SkEcdsaP256, true) => "ECDSA-SK-CERT",
            _ => return None,
        };
        Some(Self {
            shown,
            signature: key_type.name(),
        })
    }
}

fn touch(kind: Kind, key: &SecurityKey<'_>) -> String {
    let text = format!(
        "Confirm user presence for key {} {}",
        kind.shown, key.fingerprint
    );
    match key.destination {
        Some(destination) => format!("{text}\n{destination}"),
        None => text,
    }
}

fn pin(kind: Kind, key: &SecurityKey<'_>) -> String {
    let presence = if key.presence {
        " and confirm user presence "
    } else {
        " "
    };
    format!(
        "Enter PIN{presence}for {} key {}: ",
        kind.shown, key.fingerprint
    )
}

#[cfg(test)]
mod tests;
