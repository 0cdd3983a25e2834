//! Short names of public keys.

use core::fmt;

use base64ct::{Base64Unpadded, Encoding};
use sha2::{Digest, Sha256};

/// The SHA-256 of a public key blob, shown as OpenSSH shows it: `SHA256:…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Computes the fingerprint of a public key blob (RFC 4253 section 6.6).
    pub fn of(blob: &[u8]) -> Self {
        Self(Sha256::digest(blob).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 43];
        let text = Base64Unpadded::encode(&self.0, &mut text).map_err(|_| fmt::Error)?;
        write!(f, "SHA256:{text}")
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_as_openssh_shows_it() {
        // printf '' | openssl dgst -sha256 -binary | base64
        let shown = Fingerprint::of(b"").to_string();
        assert_eq!(shown, "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}
