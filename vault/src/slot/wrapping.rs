//! How a slot keeps the vault key.
//!
//! Whoever has opened a vault can wrap a new vault key for every slot, and yet cannot open what
//! others wrap later: the way in takes the secret half of an X25519 key, which only the slot's own
//! secret gives, and the way to wrap takes the public one. The public half is kept as secret as the
//! symmetric key beside it, so that breaking X25519 alone opens nothing.

use curve25519_dalek::MontgomeryPoint;
use subtle::ConstantTimeEq;

use super::Slot;
use crate::Secret;
use crate::cipher::{Cipher, NONCE, TAG};
use crate::error::Error;
use crate::id::{SlotId, VaultId};
use crate::random::{self, Entropy};
use crate::subkey::{Key, Prk};
use crate::wire::Reader;

pub(super) const LABEL: &[u8] = b"keyward.slot.v1";

const COMMITMENT_LABEL: &[u8] = b"keyward.commitment.v1";

/// The bytes of a vault key with its tag.
const WRAPPED: usize = 32 + TAG;

/// The vault that a slot belongs to.
pub(crate) struct Context<'a> {
    pub(crate) vault: VaultId,
    pub(crate) commitment: &'a [u8; 32],
}

/// What the secret of a slot gives.
pub(crate) struct SlotKeys {
    key: Key,
    secret: Key,
    pub(super) commitment: [u8; 32],
}

/// What it takes to wrap for a slot. It opens nothing.
///
/// It is the symmetric key and the public key, as a record of the slot holds them.
pub(crate) struct WrapKey(pub(crate) Secret<[u8; 64]>);

/// A vault key as it stands in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrapped {
    pub(super) ephemeral: [u8; 32],
    nonce: [u8; NONCE],
    key: [u8; WRAPPED],
}

impl SlotKeys {
    pub(super) fn derive(context: &Context<'_>, slot: SlotId, input: &[u8]) -> Result<Self, Error> {
        let prk = Prk::extract(&[LABEL, &context.vault.0, &slot.0], input)?;
        let mut keys = Self {
            key: prk.expand(&[b"wrap"]),
            secret: prk.expand(&[b"x25519"]),
            commitment: [0; 32],
        };
        keys.commitment = keys.wrap_key().commitment(context.vault, slot)?;
        Ok(keys)
    }

    /// Returns what wraps for the slot, without what opens it.
    pub(crate) fn wrap_key(&self) -> WrapKey {
        let public = MontgomeryPoint::mul_base_clamped(*self.secret.expose());
        let mut keys = Secret::new([0; 64]);
        let (key, other) = keys.expose_mut().split_at_mut(32);
        key.copy_from_slice(self.key.expose());
        other.copy_from_slice(&public.0);
        WrapKey(keys)
    }
}

impl Slot {
    /// Opens the vault key with the keys that a secret gave: `None` when it was not the right one.
    pub(crate) fn unwrap(&self, keys: &SlotKeys, context: &Context<'_>) -> Option<Key> {
        // The cipher alone does not commit to its key: without this, one slot could be made that
        // opens under many passphrases, and would tell which of them a person has.
        if !bool::from(self.commitment.ct_eq(&keys.commitment)) {
            return None;
        }
        let wrapped = &self.wrapped;
        let shared = shared(&keys.secret, &wrapped.ephemeral);
        // An ephemeral key of low order, after which the secret of the slot plays no part (RFC 7748 section 6.1).
        if bool::from(shared.expose().ct_eq(&[0; 32])) {
            return None;
        }
        let public = MontgomeryPoint::mul_base_clamped(*keys.secret.expose());
        let key = wrap_key(keys.key.expose(), &shared, &wrapped.ephemeral, &public.0).ok()?;
        let mut bytes = Secret::new(wrapped.key);
        let cipher = Cipher {
            key: &key,
            nonce: &wrapped.nonce,
        };
        let opened = cipher.open(&self.associated(context), bytes.expose_mut())?;
        let mut vault_key = Secret::new([0; 32]);
        vault_key.expose_mut().copy_from_slice(opened);
        Some(vault_key)
    }

    /// Puts a vault key into the slot, in place of the one that is there.
    pub(crate) fn wrap(
        &mut self,
        vault_key: &Key,
        with: &WrapKey,
        context: &Context<'_>,
        entropy: &mut dyn Entropy,
    ) -> Result<(), Error> {
        let mut secret = Secret::new([0; 32]);
        entropy.fill(secret.expose_mut())?;
        let (key, public) = with.halves()?;
        let ephemeral = MontgomeryPoint::mul_base_clamped(*secret.expose()).0;
        let wrap = wrap_key(key, &shared(&secret, public), &ephemeral, public)?;
        let nonce = random::array(entropy)?;
        self.wrapped.ephemeral = ephemeral;
        let associated = self.associated(context);
        let mut bytes = Secret::new(*vault_key.expose());
        let tag = Cipher {
            key: &wrap,
            nonce: &nonce,
        }
        .seal(&associated, bytes.expose_mut())?;
        let (text, end) = self.wrapped.key.split_at_mut(32);
        text.copy_from_slice(bytes.expose());
        end.copy_from_slice(&tag);
        self.wrapped.nonce = nonce;
        Ok(())
    }
}

impl Slot {
    /// Says whether these are the keys that wrap for this slot. With others in its record, planted by who could open the
    /// vault once, the next vault key would be wrapped for him.
    pub(crate) fn is_of(&self, keys: &WrapKey, vault: VaultId) -> Result<bool, Error> {
        let commitment = keys.commitment(vault, self.id)?;
        Ok(bool::from(self.commitment.ct_eq(&commitment)))
    }
}

impl WrapKey {
    /// Returns what the header says of these keys: whoever has opened the vault can tell whether it has them for the slot.
    fn commitment(&self, vault: VaultId, slot: SlotId) -> Result<[u8; 32], Error> {
        let prk = Prk::extract(&[COMMITMENT_LABEL, &vault.0, &slot.0], self.0.expose())?;
        Ok(*prk.expand(&[b"commitment"]).expose())
    }

    /// Returns the best that can be tried with these keys in place of a slot's secret.
    #[cfg(test)]
    pub(crate) fn as_if_it_opened(&self, slot: &Slot) -> SlotKeys {
        let (key, public) = self.halves().unwrap();
        SlotKeys {
            key: Secret::new(*key),
            secret: Secret::new(*public),
            commitment: slot.commitment,
        }
    }

    fn halves(&self) -> Result<(&[u8; 32], &[u8; 32]), Error> {
        let keys = self.0.expose();
        let halves = keys.first_chunk().zip(keys.last_chunk());
        halves.ok_or(Error::Contradiction("64 bytes have two halves"))
    }
}

impl Wrapped {
    pub(super) const LENGTH: usize = 32 + NONCE + WRAPPED;

    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            ephemeral: reader.array()?,
            nonce: reader.array()?,
            key: reader.array()?,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.ephemeral);
        out.extend(self.nonce);
        out.extend(self.key);
    }
}

impl Default for Wrapped {
    fn default() -> Self {
        Self {
            ephemeral: [0; 32],
            nonce: [0; NONCE],
            key: [0; WRAPPED],
        }
    }
}

/// X25519 (RFC 7748).
fn shared(secret: &Key, public: &[u8; 32]) -> Key {
    Secret::new(MontgomeryPoint(*public).mul_clamped(*secret.expose()).0)
}

fn wrap_key(
    key: &[u8; 32],
    shared: &Key,
    ephemeral: &[u8; 32],
    public: &[u8; 32],
) -> Result<Key, Error> {
    let prk = Prk::extract(&[key], shared.expose())?;
    Ok(prk.expand(&[b"wrap", ephemeral, public]))
}
