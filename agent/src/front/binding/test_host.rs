//! Hosts for tests: each has a key, perhaps a certificate, and proves sessions with it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use crate::protocol::extension::session_bind::SessionBind;
use crate::protocol::wire::Writer as _;

/// A host, or an authority, with an Ed25519 key.
pub(crate) struct TestHost {
    pair: Ed25519KeyPair,
    plain: Vec<u8>,
    shown: Vec<u8>,
}

/// What a certificate for a test says.
pub(crate) struct TestCertificate<'a> {
    pub(crate) authority: &'a TestHost,
    /// 1 for users, 2 for hosts.
    pub(crate) kind: u32,
    pub(crate) principals: &'a [&'a str],
    pub(crate) validity: (u64, u64),
    pub(crate) critical_option: Option<&'a str>,
}

/// A session bind that owns its bytes.
pub(crate) struct TestBind {
    host_key: Vec<u8>,
    session_id: Vec<u8>,
    signature: Vec<u8>,
    forwarding: bool,
}

impl TestHost {
    /// Makes the host `name`; the same name is the same key.
    pub(crate) fn new(name: &str) -> Self {
        let seed = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).unwrap();
        let mut plain = Vec::new();
        plain.put_string(b"ssh-ed25519");
        plain.put_string(pair.public_key().as_ref());
        Self {
            pair,
            shown: plain.clone(),
            plain,
        }
    }

    /// Makes the host `name`, which shows a certificate.
    pub(crate) fn certified(name: &str, certificate: &TestCertificate<'_>) -> Self {
        let mut host = Self::new(name);
        let mut principals = Vec::new();
        for principal in certificate.principals {
            principals.put_string(principal.as_bytes());
        }
        let mut critical_options = Vec::new();
        if let Some(option) = certificate.critical_option {
            critical_options.put_string(option.as_bytes());
            critical_options.put_string(b"");
        }
        let mut blob = Vec::new();
        blob.put_string(b"ssh-ed25519-cert-v01@openssh.com");
        blob.put_string(&[9; 32]);
        blob.put_string(host.pair.public_key().as_ref());
        blob.extend_from_slice(&1_u64.to_be_bytes());
        blob.put_uint32(certificate.kind);
        blob.put_string(name.as_bytes());
        blob.put_string(&principals);
        blob.extend_from_slice(&certificate.validity.0.to_be_bytes());
        blob.extend_from_slice(&certificate.validity.1.to_be_bytes());
        blob.put_string(&critical_options);
        blob.put_string(b"");
        blob.put_string(b"");
        blob.put_string(&certificate.authority.plain);
        let signature = certificate.authority.sign(&blob);
        blob.put_string(&signature);
        host.shown = blob;
        host
    }

    /// The blob of the plain key.
    pub(crate) fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// The blob that the host shows: its certificate if it has one.
    pub(crate) fn shown(&self) -> &[u8] {
        &self.shown
    }

    /// Proves `session_id`.
    pub(crate) fn bind(&self, session_id: &[u8], forwarding: bool) -> TestBind {
        TestBind {
            host_key: self.shown.clone(),
            session_id: session_id.to_vec(),
            signature: self.sign(session_id),
            forwarding,
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut blob = Vec::new();
        blob.put_string(b"ssh-ed25519");
        blob.put_string(self.pair.sign(message).as_ref());
        blob
    }
}

impl TestBind {
    /// The bind as it is decoded.
    pub(crate) fn message(&self) -> SessionBind<'_> {
        SessionBind {
            host_key: &self.host_key,
            session_id: &self.session_id,
            signature: &self.signature,
            forwarding: self.forwarding,
        }
    }
}
