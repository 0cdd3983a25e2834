//! The key of a host that has proven a session.

use aws_lc_rs::digest::{SHA256, digest};
use ssh_key::Fingerprint;

use crate::front::pattern;
use crate::front::verify::{VerifyError, verify_with};
use crate::protocol::public_key::{Certificate, CertificateKind, PublicKey};

/// A host key, plain or a certificate, whose owner signed a session id.
///
/// There is no way to make one without that signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    blob: Vec<u8>,
    fingerprint: [u8; 32],
    certificate: Option<HostCertificate>,
}

/// What a host certificate says, for the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HostCertificate {
    authority: Vec<u8>,
    principals: Vec<Vec<u8>>,
    valid_after: u64,
    valid_before: u64,
    /// It is for hosts and asks for nothing this program would have to understand.
    usable: bool,
}

impl HostKey {
    /// Verifies the signature and, of a certificate, that of its authority.
    ///
    /// # Errors
    /// [`VerifyError`] when either does not fit.
    pub fn proven(blob: &[u8], signature: &[u8], session_id: &[u8]) -> Result<Self, VerifyError> {
        let key = PublicKey::decode(blob).map_err(VerifyError::Key)?;
        verify_with(&key, signature, session_id)?;
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, &key.plain_blob()).as_ref());
        Ok(Self {
            blob: blob.to_vec(),
            fingerprint,
            certificate: key.certificate().map(HostCertificate::new),
        })
    }

    /// Returns the public key blob as the host showed it.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// Returns the SHA-256 fingerprint of the key, for a certificate that of the key it certifies.
    pub const fn fingerprint(&self) -> Fingerprint {
        Fingerprint::Sha256(self.fingerprint)
    }

    /// Returns the blob of the authority that certified the key, if any did.
    pub fn authority(&self) -> Option<&[u8]> {
        self.certificate
            .as_ref()
            .map(|certificate| certificate.authority.as_slice())
    }

    /// Says whether the certificate is good for `host` at `now`, in seconds of Unix time.
    ///
    /// The rules are those of `sshkey_cert_check_host` in OpenSSH: a host certificate, valid at that
    /// time, without critical options, and one of its principals is a pattern that matches `host`.
    /// A plain key is good for no host.
    pub fn certified_for(&self, host: &str, now: u64) -> bool {
        self.certificate.as_ref().is_some_and(|certificate| {
            certificate.usable
                && (certificate.valid_after..certificate.valid_before).contains(&now)
                && certificate
                    .principals
                    .iter()
                    .any(|principal| pattern::matches(host.as_bytes(), principal))
        })
    }
}

impl HostCertificate {
    fn new(certificate: &Certificate<'_>) -> Self {
        Self {
            authority: certificate.authority.to_vec(),
            principals: certificate.principals().map(<[u8]>::to_vec).collect(),
            valid_after: certificate.valid_after,
            valid_before: certificate.valid_before,
            usable: certificate.kind == CertificateKind::Host
                && certificate.critical_options.is_empty(),
        }
    }
}
