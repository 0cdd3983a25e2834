//! The types of keys there are.

use core::fmt;

/// The type of a key. The table of them is [`KeyType::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// RFC 8709.
    Ed25519,
    /// ECDSA on P-256 (RFC 5656).
    EcdsaP256,
    /// ECDSA on P-384 (RFC 5656).
    EcdsaP384,
    /// ECDSA on P-521 (RFC 5656).
    EcdsaP521,
    /// RFC 4253 section 6.6, RFC 8332.
    Rsa,
    /// Ed25519 in a FIDO token (OpenSSH's `PROTOCOL.u2f`).
    SkEd25519,
    /// ECDSA on P-256 in a FIDO token (OpenSSH's `PROTOCOL.u2f`).
    SkEcdsaP256,
}

impl KeyType {
    /// Every type.
    pub const ALL: [Self; 7] = [
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa,
        Self::SkEd25519,
        Self::SkEcdsaP256,
    ];

    /// Returns the name that SSH has for it, as in `authorized_keys`.
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

    /// Finds the type of this name.
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.name().as_bytes() == name)
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short_name())
    }
}

/// A curve of ECDSA (RFC 5656 section 10.1, SEC 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
            Self::P521 => "nistp521",
        }
    }

    pub(crate) const fn key_type(self) -> KeyType {
        match self {
            Self::P256 => KeyType::EcdsaP256,
            Self::P384 => KeyType::EcdsaP384,
            Self::P521 => KeyType::EcdsaP521,
        }
    }

    pub(crate) const fn bits(self) -> usize {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Returns the length of a coordinate or a scalar in bytes.
    pub(crate) const fn field_length(self) -> usize {
        self.bits().div_ceil(8)
    }

    /// Says whether this is the form of a point with both coordinates (SEC 1 section 2.3.3).
    pub(crate) fn is_point(self, bytes: &[u8]) -> bool {
        bytes.first() == Some(&4) && bytes.len() == 1 + 2 * self.field_length()
    }
}
