//! The names of key types and curves (RFC 8709, RFC 5656, RFC 8332, OpenSSH's `PROTOCOL.certkeys` and `PROTOCOL.u2f`).

use core::fmt;

/// The type of a key. The table of them is [`KeyType::ALL`].
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

    /// Returns the short name, as `ssh-keygen -l` prints it.
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ED25519",
            Self::EcdsaP256 | Self::EcdsaP384 | Self::EcdsaP521 => "ECDSA",
            Self::Rsa => "RSA",
            Self::SkEd25519 => "ED25519-SK",
            Self::SkEcdsaP256 => "ECDSA-SK",
        }
    }

    /// Says whether the key is in a FIDO token, and the file holds only a handle for it.
    pub const fn is_security_key(self) -> bool {
        matches!(self, Self::SkEd25519 | Self::SkEcdsaP256)
    }

    /// Finds the type of a key that has no certificate with it.
    pub(crate) fn from_plain_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.name().as_bytes() == name)
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

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short_name())
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
        self.bits().div_ceil(8)
    }

    /// Returns the type of a key on this curve that is in no token.
    pub const fn key_type(self) -> KeyType {
        match self {
            Self::P256 => KeyType::EcdsaP256,
            Self::P384 => KeyType::EcdsaP384,
            Self::P521 => KeyType::EcdsaP521,
        }
    }

    /// Returns the order of the field in bits, the usual size of the key.
    pub(crate) const fn bits(self) -> usize {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Says whether this is the form of a point with both coordinates (SEC 1 section 2.3.3).
    pub(crate) fn is_point(self, bytes: &[u8]) -> bool {
        bytes.first() == Some(&4) && bytes.len() == 1 + 2 * self.field_length()
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
    fn a_curve_and_its_key_type_name_each_other() {
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            assert_eq!(curve.key_type().curve(), Some(curve));
            assert!(curve.key_type().name().ends_with(curve.name()));
        }
    }
}
