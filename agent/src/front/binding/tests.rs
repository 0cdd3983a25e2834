use super::test_host::{TestCertificate, TestHost};
use super::*;
use crate::protocol::extension::Extension;
use crate::protocol::wire::Reader;

fn bind(
    bindings: &mut Bindings,
    host: &TestHost,
    session_id: &[u8],
    forwarding: bool,
) -> Result<(), BindError> {
    bindings.bind(Ok(host.bind(session_id, forwarding).message()))
}

#[test]
fn new_connection_is_unbound() {
    let bindings = Bindings::new();
    assert_eq!(bindings.origin(), Origin::Unbound);
    assert!(!bindings.attempted());
    assert!(bindings.last().is_none());
}

#[test]
fn bind_for_authentication_is_local() {
    let mut bindings = Bindings::new();
    let host = TestHost::new("a");
    bind(&mut bindings, &host, b"1", false).unwrap();
    assert_eq!(bindings.origin(), Origin::Local);
    assert!(bindings.attempted());
    let last = bindings.last().unwrap();
    assert_eq!(last.host_key().blob(), host.shown());
    assert_eq!(last.session_id(), b"1");
    assert!(!last.forwarding());
}

#[test]
fn bind_for_forwarding_is_forwarded_and_stays_so() {
    let mut bindings = Bindings::new();
    bind(&mut bindings, &TestHost::new("a"), b"1", true).unwrap();
    assert_eq!(bindings.origin(), Origin::Forwarded);
    bind(&mut bindings, &TestHost::new("b"), b"2", false).unwrap();
    assert_eq!(bindings.origin(), Origin::Forwarded);
    assert_eq!(bindings.hops().len(), 2);
    assert_eq!(bindings.last().unwrap().session_id(), b"2");
}

#[test]
fn refuses_any_bind_after_one_for_authentication() {
    let mut bindings = Bindings::new();
    let host = TestHost::new("a");
    bind(&mut bindings, &host, b"1", false).unwrap();
    for (session_id, forwarding) in [(b"1", false), (b"1", true), (b"2", false), (b"2", true)] {
        assert_eq!(
            bind(&mut bindings, &host, session_id, forwarding),
            Err(BindError::Closed)
        );
    }
    assert_eq!(bindings.hops().len(), 1);
    assert_eq!(bindings.origin(), Origin::Local);
}

#[test]
fn same_bind_twice_is_one_binding() {
    let mut bindings = Bindings::new();
    let host = TestHost::new("a");
    bind(&mut bindings, &host, b"1", true).unwrap();
    bind(&mut bindings, &host, b"1", true).unwrap();
    bind(&mut bindings, &host, b"1", false).unwrap();
    assert_eq!(bindings.hops().len(), 1);
    assert!(bindings.last().unwrap().forwarding());
}

#[test]
fn same_bind_twice_needs_its_signature_again() {
    let mut bindings = Bindings::new();
    let host = TestHost::new("a");
    bind(&mut bindings, &host, b"1", true).unwrap();
    let message = host.bind(b"1", true);
    let other = host.bind(b"2", true);
    let forged = SessionBind {
        signature: other.message().signature,
        ..message.message()
    };
    assert_eq!(
        bindings.bind(Ok(forged)),
        Err(BindError::Unproven(VerifyError::Mismatch))
    );
    assert_eq!(bindings.bind(Ok(message.message())), Ok(()));
}

#[test]
fn refuses_a_session_with_another_host_key() {
    let mut bindings = Bindings::new();
    bind(&mut bindings, &TestHost::new("a"), b"1", true).unwrap();
    assert_eq!(
        bind(&mut bindings, &TestHost::new("b"), b"1", true),
        Err(BindError::OtherHostKey)
    );
}

#[test]
fn same_host_may_appear_with_another_session() {
    let mut bindings = Bindings::new();
    let host = TestHost::new("a");
    bind(&mut bindings, &host, b"1", true).unwrap();
    bind(&mut bindings, &host, b"2", false).unwrap();
    assert_eq!(bindings.hops().len(), 2);
}

#[test]
fn refuses_the_seventeenth_binding() {
    let mut bindings = Bindings::new();
    let host = TestHost::new("a");
    for session in 0..16 {
        bind(&mut bindings, &host, &[session], true).unwrap();
    }
    assert_eq!(
        bind(&mut bindings, &host, &[16], true),
        Err(BindError::TooMany)
    );
    assert_eq!(bindings.hops().len(), 16);
    assert_eq!(bind(&mut bindings, &host, &[3], true), Ok(()));
}

#[test]
fn refuses_session_ids_that_are_empty_or_above_128_bytes() {
    let host = TestHost::new("a");
    for length in [0, 129] {
        let mut bindings = Bindings::new();
        assert_eq!(
            bind(&mut bindings, &host, &vec![1; length], true),
            Err(BindError::SessionIdLength(length))
        );
    }
    bind(&mut Bindings::new(), &host, &[1; 128], true).unwrap();
}

#[test]
fn refuses_a_host_key_above_32_kib() {
    let host_key = vec![0; HOST_KEY_MAX + 1];
    let message = SessionBind {
        host_key: &host_key,
        session_id: b"1",
        signature: b"",
        forwarding: true,
    };
    assert_eq!(
        Bindings::new().bind(Ok(message)),
        Err(BindError::HostKeyLength(HOST_KEY_MAX + 1))
    );
}

#[test]
fn refuses_a_signature_for_another_session() {
    let host = TestHost::new("a");
    let (one, two) = (host.bind(b"1", true), host.bind(b"2", true));
    let forged = SessionBind {
        signature: two.message().signature,
        ..one.message()
    };
    let mut bindings = Bindings::new();
    assert_eq!(
        bindings.bind(Ok(forged)),
        Err(BindError::Unproven(VerifyError::Mismatch))
    );
    assert!(bindings.hops().is_empty());
}

#[test]
fn malformed_bind_counts_as_an_attempt() {
    let mut bindings = Bindings::new();
    assert_eq!(
        bindings.bind(Err(WireError::Truncated)),
        Err(BindError::Malformed(WireError::Truncated))
    );
    assert!(bindings.attempted());
    assert_eq!(bindings.origin(), Origin::Unverified);
}

#[test]
fn later_success_does_not_repair_a_failed_bind() {
    let mut bindings = Bindings::new();
    bindings.bind(Err(WireError::Truncated)).unwrap_err();
    bind(&mut bindings, &TestHost::new("b"), b"2", false).unwrap();
    assert_eq!(bindings.origin(), Origin::Unverified);
}

#[test]
fn failed_bind_behind_a_forwarding_host_is_unverified() {
    let mut bindings = Bindings::new();
    bind(&mut bindings, &TestHost::new("a"), b"1", true).unwrap();
    bindings.bind(Err(WireError::Truncated)).unwrap_err();
    assert_eq!(bindings.origin(), Origin::Unverified);
    assert_eq!(bindings.hops().len(), 1);
}

macro_rules! hostkey {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/hostkeys/",
            $name
        ))
        .as_slice()
    };
}

#[test]
fn accepts_what_ssh_sends() {
    let samples = [
        (hostkey!("ed25519.session-bind"), hostkey!("ed25519.blob")),
        (
            hostkey!("ecdsa-p256.session-bind"),
            hostkey!("ecdsa-p256.blob"),
        ),
        (hostkey!("rsa-3072.session-bind"), hostkey!("rsa-3072.blob")),
    ];
    for (message, host_key) in samples {
        let (_, body) = message.split_first().unwrap();
        let Ok(Extension::SessionBind(request)) = Extension::decode(Reader::new(body)) else {
            panic!("not a session bind");
        };
        let mut bindings = Bindings::new();
        assert_eq!(bindings.bind(request), Ok(()));
        assert_eq!(bindings.origin(), Origin::Local);
        assert_eq!(bindings.last().unwrap().host_key().blob(), host_key);
    }
}

#[test]
fn fingerprint_is_that_of_the_key_without_its_certificate() {
    let blob = hostkey!("ed25519.blob");
    let certificate = hostkey!("ed25519-cert.blob");
    let signature = hostkey!("ed25519.signature");
    let session_id = hostkey!("session_id");
    let expected = ssh_key::PublicKey::from_bytes(blob)
        .unwrap()
        .fingerprint(ssh_key::HashAlg::Sha256);
    for blob in [blob, certificate] {
        let key = HostKey::proven(blob, signature, session_id).unwrap();
        assert_eq!(key.fingerprint(), expected);
        assert!(key.fingerprint().to_string().starts_with("SHA256:"));
    }
}

fn certified(kind: u32, principals: &[&str], critical_option: Option<&str>) -> HostKey {
    let authority = TestHost::new("ca");
    let certificate = TestCertificate {
        authority: &authority,
        kind,
        principals,
        validity: (100, 200),
        critical_option,
    };
    let host = TestHost::certified("a", &certificate);
    let bind = host.bind(b"1", false);
    HostKey::proven(host.shown(), bind.message().signature, b"1").unwrap()
}

#[test]
fn certificate_is_good_for_its_principals() {
    let key = certified(2, &["a.test", "*.example.org"], None);
    assert!(key.certified_for("a.test", 150));
    assert!(key.certified_for("b.example.org", 150));
    assert!(!key.certified_for("b.test", 150));
    assert_eq!(key.authority(), Some(TestHost::new("ca").plain()));
}

#[test]
fn certificate_is_good_in_its_validity_only() {
    let key = certified(2, &["a.test"], None);
    let good: Vec<_> = [99, 100, 199, 200]
        .into_iter()
        .map(|now| key.certified_for("a.test", now))
        .collect();
    assert_eq!(good, [false, true, true, false]);
}

#[test]
fn certificate_for_users_or_nobody_or_with_options_is_good_for_no_host() {
    assert!(!certified(1, &["a.test"], None).certified_for("a.test", 150));
    assert!(!certified(2, &[], None).certified_for("a.test", 150));
    assert!(!certified(2, &["a.test"], Some("x")).certified_for("a.test", 150));
}

#[test]
fn plain_key_is_good_for_no_host() {
    let host = TestHost::new("a");
    let bind = host.bind(b"1", false);
    let key = HostKey::proven(host.shown(), bind.message().signature, b"1").unwrap();
    assert!(!key.certified_for("a", 150));
    assert_eq!(key.authority(), None);
}
