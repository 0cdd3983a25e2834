//! The key ring: the identities that the agent holds now.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use md5::{Digest, Md5};
use sha2::Sha256;
use thiserror::Error;

use super::clock::BootTime;
use super::provider::Provider;
use crate::keeper::channel::KeyId;
use crate::protocol::algorithm::KeyType;
use crate::protocol::extension::restrict_destination::{DestinationConstraint, Hop, HopKey};

/// What all identities together may take, in bytes: a thousand times what people have, and no more
/// than a machine can spare for a host that adds keys without end through a forwarded agent.
pub const BYTES_MAX: usize = 32 << 20;

/// A public key that the agent can sign for, with its comment and constraints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The blob by which clients name it: a public key or a certificate.
    pub blob: Rc<[u8]>,
    /// The type of the key, with or without certificate.
    pub key_type: KeyType,
    /// What its owner calls it: any bytes.
    pub comment: Vec<u8>,
    /// SHA-256 of the plain public key, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// The fingerprint as prompts show it (`-E`).
    pub shown_fingerprint: String,
    /// Who makes its signatures.
    pub signer: Signer,
    /// When it is to be forgotten.
    pub expires: Option<BootTime>,
    /// Whether a person has to agree to each use.
    pub confirm: bool,
    /// Where it may be used; anywhere when empty.
    pub destinations: Vec<DestinationConstraint>,
    /// Whether it is there because the vault has it, and not because a client added it.
    pub from_vault: bool,
}

impl Identity {
    fn is_kept(&self) -> bool {
        matches!(self.signer, Signer::Keeper(_))
    }

    /// Returns about how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        let hop = |hop: &Hop| {
            let keys = hop
                .keys
                .iter()
                .map(|key| size_of::<HopKey>() + key.blob.len());
            size_of::<Hop>() + hop.user.len() + hop.host.len() + keys.sum::<usize>()
        };
        let destinations = self.destinations.iter();
        let token = match &self.signer {
            Signer::Token(token) => token.key_bytes.len() + token.application.len(),
            Signer::Keeper(_) | Signer::Closed => 0,
        };
        let steps = destinations.map(|step| hop(&step.from) + hop(&step.to));
        size_of::<Self>() + self.blob.len() + self.comment.len() + token + steps.sum::<usize>()
    }
}

/// Who makes the signatures of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The keeper, which knows the private key by this name.
    Keeper(KeyId),
    /// A token behind the middleware at this path.
    Token(Rc<Token>),
    /// Nobody before a person has opened the vault.
    Closed,
}

/// What OpenSSH's `ssh-sk-helper` needs to sign with a token. None of it is a private key.
#[derive(Debug, PartialEq, Eq)]
pub struct Token {
    /// The key fields of the add message, as `sshkey_private_serialize` writes them.
    pub key_bytes: Vec<u8>,
    /// The middleware that talks to the token.
    pub provider: Provider,
    /// The relying party, usually `ssh:`.
    pub application: Vec<u8>,
    /// Whether a person has to touch the token (`SSH_SK_USER_PRESENCE_REQD`).
    pub presence: bool,
}

/// The identities in the order in which they were added, found by their blob in constant time.
#[derive(Debug, Default)]
pub struct Ring {
    places: HashMap<Rc<[u8]>, u64>,
    identities: BTreeMap<u64, Rc<Identity>>,
    last_place: u64,
    /// No identity expires before this moment.
    first_expiry: Option<BootTime>,
    /// Changes with every change of the ring.
    version: u64,
    /// What the identities take in memory.
    bytes: usize,
    /// How many keys of the keeper there are.
    kept: usize,
}

/// Says that the identities take [`BYTES_MAX`] already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("there are too many keys, or too much is said of them")]
pub struct Full;

impl Ring {
    /// Returns the number of identities.
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// Says whether there is no identity.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Says whether the keeper signs for any identity.
    pub const fn is_kept(&self) -> bool {
        self.kept > 0
    }

    /// Returns the number of identities that the vault has.
    pub fn of_vault(&self) -> usize {
        self.iter().filter(|identity| identity.from_vault).count()
    }

    /// Returns the fingerprints of the vault's keys that somebody can sign for.
    pub fn held_of_vault(&mut self) -> Vec<String> {
        let held = self
            .iter()
            .filter(|held| held.from_vault && held.signer != Signer::Closed);
        let mut held: Vec<String> = held.map(|held| held.fingerprint.clone()).collect();
        // A key and its certificate are one.
        held.dedup();
        held
    }

    /// Returns a number that changes with every change of the ring, to keep answers by.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Returns the identities, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Rc<Identity>> {
        self.identities.values()
    }

    /// Finds the identity with this blob.
    pub fn find(&self, blob: &[u8]) -> Option<Rc<Identity>> {
        self.identities.get(self.places.get(blob)?).cloned()
    }

    /// Adds an identity, or puts it in the place of the one with the same blob, which it returns.
    ///
    /// # Errors
    /// [`Full`]; then the ring is as it was.
    pub fn put(&mut self, identity: Identity) -> Result<Option<Rc<Identity>>, Full> {
        let replaced = self.find(&identity.blob);
        let freed = replaced.as_ref().map_or(0, |replaced| replaced.bytes());
        let bytes = self.bytes.saturating_sub(freed) + identity.bytes();
        if bytes > BYTES_MAX {
            return Err(Full);
        }
        self.bytes = bytes;
        self.kept += usize::from(identity.is_kept());
        self.kept -= usize::from(replaced.is_some_and(|replaced| replaced.is_kept()));
        self.version += 1;
        self.first_expiry = match (self.first_expiry, identity.expires) {
            (Some(first), Some(expires)) => Some(first.min(expires)),
            (first, expires) => first.or(expires),
        };
        let place = *self
            .places
            .entry(Rc::clone(&identity.blob))
            .or_insert_with(|| {
                self.last_place += 1;
                self.last_place
            });
        Ok(self.identities.insert(place, Rc::new(identity)))
    }

    /// Takes the identity with this blob out.
    pub fn remove(&mut self, blob: &[u8]) -> Option<Rc<Identity>> {
        let place = self.places.remove(blob)?;
        self.version += 1;
        let removed = self.identities.remove(&place)?;
        self.bytes = self.bytes.saturating_sub(removed.bytes());
        self.kept -= usize::from(removed.is_kept());
        Some(removed)
    }

    /// Takes from the identities of the vault whatever signs for them, and returns it.
    ///
    /// They keep their places and have no end: a lifetime counts from when the vault is opened.
    pub fn close(&mut self) -> Vec<Signer> {
        let open =
            |identity: &&Rc<Identity>| identity.from_vault && identity.signer != Signer::Closed;
        let open: Vec<_> = self.iter().filter(open).cloned().collect();
        let mut signers = Vec::with_capacity(open.len());
        for identity in open {
            let closed = Identity {
                signer: Signer::Closed,
                expires: None,
                ..(*identity).clone()
            };
            // It takes no more room than the one it replaces.
            if self.put(closed).is_ok() {
                signers.push(identity.signer.clone());
            }
        }
        signers
    }

    /// Takes out every identity for which `goes` holds.
    pub fn remove_where(&mut self, goes: impl Fn(&Identity) -> bool) -> Vec<Rc<Identity>> {
        let gone: Vec<_> = self
            .iter()
            .filter(|identity| goes(identity))
            .cloned()
            .collect();
        for identity in &gone {
            self.remove(&identity.blob);
        }
        gone
    }

    /// Takes out what has expired by `now`; cheap when there is nothing.
    pub fn expire(&mut self, now: BootTime) -> Vec<Rc<Identity>> {
        if self.first_expiry.is_none_or(|first| now < first) {
            return Vec::new();
        }
        let gone = self.remove_where(|identity| identity.expires.is_some_and(|end| end <= now));
        self.first_expiry = self.iter().filter_map(|identity| identity.expires).min();
        gone
    }

    /// Returns a moment before which no identity expires.
    pub const fn first_expiry(&self) -> Option<BootTime> {
        self.first_expiry
    }
}

/// How fingerprints are written in prompts (`-E`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FingerprintHash {
    /// `MD5:` and hexadecimal pairs, as before OpenSSH 6.8.
    Md5,
    /// `SHA256:` and base64 without padding.
    #[default]
    Sha256,
}

impl FingerprintHash {
    /// Returns the fingerprint of a public key blob as `ssh-keygen -l -E` prints it.
    pub fn of(self, blob: &[u8]) -> String {
        match self {
            Self::Md5 => {
                let pairs = Md5::digest(blob)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<Vec<_>>();
                format!("MD5:{}", pairs.join(":"))
            }
            Self::Sha256 => ssh_key::Fingerprint::Sha256(Sha256::digest(blob).into()).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn identity(name: u8, expires: Option<u64>) -> Identity {
        Identity {
            blob: Rc::from([name]),
            key_type: KeyType::Ed25519,
            comment: vec![name],
            fingerprint: FingerprintHash::Sha256.of(&[name]),
            shown_fingerprint: FingerprintHash::Md5.of(&[name]),
            signer: Signer::Keeper(KeyId(u64::from(name))),
            expires: expires.map(|seconds| BootTime::since_boot(Duration::from_secs(seconds))),
            confirm: false,
            destinations: Vec::new(),
            from_vault: false,
        }
    }

    fn order(ring: &Ring) -> Vec<u8> {
        ring.iter().map(|identity| identity.comment[0]).collect()
    }

    #[test]
    fn keeps_the_order_of_adding_and_the_place_of_what_is_replaced() {
        let mut ring = Ring::default();
        for name in [3, 1, 2] {
            assert!(ring.put(identity(name, None)).unwrap().is_none());
        }
        assert!(ring.put(identity(1, None)).unwrap().is_some());
        assert_eq!(order(&ring), [3, 1, 2]);
        assert!(ring.remove(&[3]).is_some());
        assert!(ring.remove(&[3]).is_none());
        ring.put(identity(3, None)).unwrap();
        assert_eq!(order(&ring), [1, 2, 3]);
    }

    #[test]
    fn forgets_exactly_what_has_expired() {
        let mut ring = Ring::default();
        ring.put(identity(1, Some(10))).unwrap();
        ring.put(identity(2, None)).unwrap();
        ring.put(identity(3, Some(20))).unwrap();
        let at = |seconds| BootTime::since_boot(Duration::from_secs(seconds));
        assert!(ring.expire(at(9)).is_empty());
        assert_eq!(ring.expire(at(10)).len(), 1);
        assert_eq!(order(&ring), [2, 3]);
        assert_eq!(ring.first_expiry(), Some(at(20)));
        assert_eq!(ring.expire(at(1000)).len(), 1);
        assert_eq!(ring.first_expiry(), None);
    }

    #[test]
    fn a_key_added_again_without_lifetime_does_not_expire() {
        let mut ring = Ring::default();
        ring.put(identity(1, Some(10))).unwrap();
        ring.put(identity(1, None)).unwrap();
        assert!(
            ring.expire(BootTime::since_boot(Duration::from_secs(100)))
                .is_empty()
        );
        assert_eq!(ring.len(), 1);
    }

    #[test]
    fn takes_no_more_than_it_may_and_counts_what_is_gone() {
        let large = |name| Identity {
            comment: vec![0; BYTES_MAX / 2],
            ..identity(name, None)
        };
        let mut ring = Ring::default();
        ring.put(large(1)).unwrap();
        assert!(ring.put(large(2)).is_err());
        assert!(ring.put(large(1)).unwrap().is_some());
        assert!(ring.remove(&[1]).is_some());
        assert!(ring.put(large(2)).unwrap().is_none());
        assert_eq!(ring.len(), 1);
    }

    #[test]
    fn closing_takes_signers_and_ends_from_keys_of_the_vault_alone() {
        let mut ring = Ring::default();
        ring.put(identity(1, Some(10))).unwrap();
        for name in [2, 3] {
            let from_vault = true;
            ring.put(Identity {
                from_vault,
                ..identity(name, Some(10))
            })
            .unwrap();
        }
        assert_eq!(ring.close().len(), 2);
        assert_eq!(ring.close(), []);
        assert_eq!(order(&ring), [1, 2, 3]);
        assert!(ring.is_kept());
        let end = BootTime::since_boot(Duration::from_secs(10));
        assert_eq!(ring.expire(end).len(), 1);
        assert!(!ring.is_kept());
        assert_eq!((ring.len(), ring.of_vault()), (2, 2));
    }

    #[test]
    fn fingerprints_are_written_as_ssh_keygen_does() {
        assert_eq!(
            FingerprintHash::Md5.of(b""),
            "MD5:d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e"
        );
        assert_eq!(
            FingerprintHash::Sha256.of(b""),
            "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
        );
    }
}
