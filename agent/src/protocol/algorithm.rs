//! The signature algorithms, and which one a key signs with (RFC 8709, RFC 5656, RFC 8332, OpenSSH's `PROTOCOL.u2f`).

pub use keyward_vault::{Curve, KeyType};

/// A way to sign that an agent can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// Ed25519 (RFC 8709).
    Ed25519,
    /// ECDSA on the curve P-256 with SHA-256 (RFC 5656).
    EcdsaP256,
    /// ECDSA on the curve P-384 with SHA-384 (RFC 5656).
    EcdsaP384,
    /// ECDSA on the curve P-521 with SHA-512 (RFC 5656).
    EcdsaP521,
    /// RSA with SHA-256 (RFC 8332).
    RsaSha256,
    /// RSA with SHA-512 (RFC 8332).
    RsaSha512,
    /// Ed25519 in a FIDO token (`PROTOCOL.u2f`).
    SkEd25519,
    /// ECDSA on the curve P-256 in a FIDO token (`PROTOCOL.u2f`).
    SkEcdsaP256,
}

impl SignatureAlgorithm {
    /// Returns the name that starts a signature blob. A certificate's signature has the plain name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => KeyType::Ed25519.name(),
            Self::EcdsaP256 => KeyType::EcdsaP256.name(),
            Self::EcdsaP384 => KeyType::EcdsaP384.name(),
            Self::EcdsaP521 => KeyType::EcdsaP521.name(),
            Self::RsaSha256 => "rsa-sha2-256",
            Self::RsaSha512 => "rsa-sha2-512",
            Self::SkEd25519 => KeyType::SkEd25519.name(),
            Self::SkEcdsaP256 => KeyType::SkEcdsaP256.name(),
        }
    }

    /// Chooses the algorithm for a key and the flags of a sign request (RFC 9987 section 5.6.1).
    ///
    /// For RSA, SHA-256 wins when both flags are set, as in OpenSSH. Without a flag the protocol
    /// means SHA-1, for which collisions are for sale; such a signature is never made. SHA-256
    /// stands in for it: the signature names its own algorithm, so a client that insists on SHA-1
    /// refuses it, and one that does not care, such as `ssh-add -T` before OpenSSH 10, goes on
    /// working. Flags say nothing to other key types.
    pub const fn choose(key_type: KeyType, flags: SignFlags) -> Self {
        match key_type {
            KeyType::Ed25519 => Self::Ed25519,
            KeyType::EcdsaP256 => Self::EcdsaP256,
            KeyType::EcdsaP384 => Self::EcdsaP384,
            KeyType::EcdsaP521 => Self::EcdsaP521,
            KeyType::Rsa if flags.contains(SignFlags::RSA_SHA2_256) => Self::RsaSha256,
            KeyType::Rsa if flags.contains(SignFlags::RSA_SHA2_512) => Self::RsaSha512,
            KeyType::Rsa => Self::RsaSha256,
            KeyType::SkEd25519 => Self::SkEd25519,
            KeyType::SkEcdsaP256 => Self::SkEcdsaP256,
        }
    }
}

/// The flags of a sign request (RFC 9987 section 5.6.1); unknown ones are kept and mean nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignFlags(pub u32);

impl SignFlags {
    /// Signs with SHA-256 when the key is RSA (`SSH_AGENT_RSA_SHA2_256`).
    pub const RSA_SHA2_256: Self = Self(2);
    /// Signs with SHA-512 when the key is RSA (`SSH_AGENT_RSA_SHA2_512`).
    pub const RSA_SHA2_512: Self = Self(4);

    /// Says whether every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsa_takes_sha256_when_both_flags_are_set() {
        let choose = |bits| SignatureAlgorithm::choose(KeyType::Rsa, SignFlags(bits));
        assert_eq!(choose(2), SignatureAlgorithm::RsaSha256);
        assert_eq!(choose(4), SignatureAlgorithm::RsaSha512);
        assert_eq!(choose(6), SignatureAlgorithm::RsaSha256);
    }

    #[test]
    fn never_signs_with_sha1() {
        for bits in [0, 1, 8] {
            let flags = SignFlags(bits);
            let chosen = SignatureAlgorithm::choose(KeyType::Rsa, flags);
            assert_eq!(chosen, SignatureAlgorithm::RsaSha256);
        }
    }

    #[test]
    fn other_key_types_ignore_the_flags() {
        for key_type in KeyType::ALL {
            if key_type != KeyType::Rsa {
                for bits in [0, 2, 4, u32::MAX] {
                    let chosen = SignatureAlgorithm::choose(key_type, SignFlags(bits));
                    assert_eq!(chosen.name(), key_type.name());
                }
            }
        }
    }
}
