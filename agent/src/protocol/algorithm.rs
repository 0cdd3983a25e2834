//! The names of key types, curves and signature algorithms (RFC 8709, RFC 5656, RFC 8332,
//! OpenSSH's `PROTOCOL.certkeys` and `PROTOCOL.u2f`).

/// A type of key that an agent can hold.
///
/// DSA is missing because OpenSSH dropped it and its signatures are broken at 160 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// Ed25519 (RFC 8709).
    Ed25519,
    /// ECDSA on the curve P-256 (RFC 5656).
    EcdsaP256,
    /// ECDSA on the curve P-384 (RFC 5656).
    EcdsaP384,
    /// ECDSA on the curve P-521 (RFC 5656).
    EcdsaP521,
    /// RSA (RFC 4253 section 6.6).
    Rsa,
    /// Ed25519 in a FIDO token (`PROTOCOL.u2f`).
    SkEd25519,
    /// ECDSA on the curve P-256 in a FIDO token (`PROTOCOL.u2f`).
    SkEcdsaP256,
}

impl KeyType {
    /// Every key type, in the order in which OpenSSH prefers them.
    pub const ALL: [Self; 7] = [
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa,
        Self::SkEd25519,
        Self::SkEcdsaP256,
    ];

    /// Returns the name that starts a plain key blob.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521",
            Self::Rsa => "ssh-rsa",
            Self::SkEd25519 => "sk-ssh-ed25519@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    /// Returns the name that starts a certificate for a key of this type (`PROTOCOL.certkeys`).
    pub const fn certificate_name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519-cert-v01@openssh.com",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256-cert-v01@openssh.com",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384-cert-v01@openssh.com",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521-cert-v01@openssh.com",
            Self::Rsa => "ssh-rsa-cert-v01@openssh.com",
            Self::SkEd25519 => "sk-ssh-ed25519-cert-v01@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
        }
    }

    /// Finds the key type that `name` stands for, and says whether it names its certificate.
    pub fn from_name(name: &str) -> Option<(Self, bool)> {
        Self::ALL.into_iter().find_map(|key_type| {
            if name == key_type.name() {
                Some((key_type, false))
            } else if name == key_type.certificate_name() {
                Some((key_type, true))
            } else {
                None
            }
        })
    }

    /// Returns the curve of an ECDSA key, in a token or not.
    pub const fn curve(self) -> Option<Curve> {
        match self {
            Self::EcdsaP256 | Self::SkEcdsaP256 => Some(Curve::P256),
            Self::EcdsaP384 => Some(Curve::P384),
            Self::EcdsaP521 => Some(Curve::P521),
            Self::Ed25519 | Self::Rsa | Self::SkEd25519 => None,
        }
    }
}

/// A curve of ECDSA keys (RFC 5656 section 10.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl Curve {
    /// Returns the curve's name in key blobs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
            Self::P521 => "nistp521",
        }
    }

    /// Returns the length of one coordinate and of the longest scalar, in bytes.
    pub const fn field_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Returns the type of a key on this curve that is in no token.
    pub const fn key_type(self) -> KeyType {
        match self {
            Self::P256 => KeyType::EcdsaP256,
            Self::P384 => KeyType::EcdsaP384,
            Self::P521 => KeyType::EcdsaP521,
        }
    }
}

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
    fn finds_every_key_type_by_both_names() {
        for key_type in KeyType::ALL {
            assert_eq!(KeyType::from_name(key_type.name()), Some((key_type, false)));
            assert_eq!(
                KeyType::from_name(key_type.certificate_name()),
                Some((key_type, true))
            );
        }
    }

    #[test]
    fn knows_no_dsa_and_no_signature_name_as_key_type() {
        for name in ["ssh-dss", "rsa-sha2-256", "ssh-mldsa-44", "SSH-RSA", ""] {
            assert_eq!(KeyType::from_name(name), None, "{name}");
        }
    }

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

    #[test]
    fn a_curve_and_its_key_type_name_each_other() {
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            assert_eq!(curve.key_type().curve(), Some(curve));
            assert!(curve.key_type().name().ends_with(curve.name()));
        }
    }
}
