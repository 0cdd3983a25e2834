use proptest::prelude::*;

use super::*;

const KEY: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/testdata/hostkeys/ed25519.blob"
));

fn hop(user: &[u8], host: &[u8], keys: &[(&[u8], u8)]) -> Vec<u8> {
    let mut hop = Vec::new();
    hop.put_string(user);
    hop.put_string(host);
    hop.put_string(b"");
    for (blob, is_ca) in keys {
        hop.put_string(blob);
        hop.push(*is_ca);
    }
    hop
}

fn origin() -> Vec<u8> {
    hop(b"", b"", &[])
}

fn target() -> Vec<u8> {
    hop(b"", b"b", &[(KEY, 0)])
}

fn list(constraints: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for (from, to) in constraints {
        let mut body = Vec::new();
        body.put_string(from);
        body.put_string(to);
        body.put_string(b"");
        list.put_string(&body);
    }
    list
}

fn decode(from: Vec<u8>, to: Vec<u8>) -> Result<DestinationConstraint, WireError> {
    DestinationConstraint::decode_list(&list(&[(from, to)])).map(|mut list| list.remove(0))
}

#[test]
fn decodes_a_step_from_the_origin() {
    let constraint = decode(origin(), hop(b"alice", b"b", &[(KEY, 0), (KEY, 7)])).unwrap();
    assert_eq!(constraint.from.host, "");
    assert!(constraint.from.keys.is_empty());
    assert_eq!(constraint.to.user, "alice");
    assert_eq!(constraint.to.host, "b");
    let is_ca: Vec<_> = constraint.to.keys.iter().map(|key| key.is_ca).collect();
    assert_eq!(is_ca, [false, true]);
    assert_eq!(constraint.to.keys[0].blob, KEY);
}

#[test]
fn decodes_a_step_between_hosts() {
    let constraint = decode(hop(b"", b"a", &[(KEY, 0)]), target()).unwrap();
    assert_eq!(constraint.from.host, "a");
    assert_eq!(constraint.from.keys.len(), 1);
}

#[test]
fn refuses_a_source_user() {
    assert_eq!(
        decode(hop(b"u", b"a", &[(KEY, 0)]), target()),
        Err(WireError::Invalid("source of a destination constraint"))
    );
}

#[test]
fn refuses_a_source_with_keys_or_a_name_alone() {
    for from in [hop(b"", b"a", &[]), hop(b"", b"", &[(KEY, 0)])] {
        assert_eq!(
            decode(from, target()),
            Err(WireError::Invalid("source of a destination constraint"))
        );
    }
}

#[test]
fn refuses_a_target_without_name_or_keys() {
    for to in [
        hop(b"", b"", &[]),
        hop(b"", b"b", &[]),
        hop(b"", b"", &[(KEY, 0)]),
    ] {
        assert_eq!(
            decode(origin(), to),
            Err(WireError::Invalid("target of a destination constraint"))
        );
    }
}

#[test]
fn refuses_a_user_pattern_above_256_bytes() {
    assert!(decode(origin(), hop(&[b'u'; 256], b"b", &[(KEY, 0)])).is_ok());
    assert_eq!(
        decode(origin(), hop(&[b'u'; 257], b"b", &[(KEY, 0)])),
        Err(WireError::TooLarge("user of a destination constraint"))
    );
}

#[test]
fn refuses_names_with_a_nul_or_not_utf8() {
    for name in [b"b\0".as_slice(), b"\0b", b"\xff"] {
        assert!(decode(origin(), hop(name, b"b", &[(KEY, 0)])).is_err());
        assert!(decode(origin(), hop(b"", name, &[(KEY, 0)])).is_err());
    }
}

#[test]
fn refuses_a_key_that_is_none() {
    let mut unknown = Vec::new();
    unknown.put_string(b"ssh-unknown");
    for blob in [b"".as_slice(), &unknown, &KEY[..50]] {
        assert!(decode(origin(), hop(b"", b"b", &[(blob, 0)])).is_err());
    }
}

#[test]
fn refuses_content_in_reserved_fields() {
    let mut from = Vec::new();
    from.put_string(b"");
    from.put_string(b"");
    from.put_string(b"x");
    assert_eq!(
        decode(from, target()),
        Err(WireError::Invalid("reserved field"))
    );

    let mut body = Vec::new();
    body.put_string(&origin());
    body.put_string(&target());
    body.put_string(b"x");
    let mut details = Vec::new();
    details.put_string(&body);
    assert_eq!(
        DestinationConstraint::decode_list(&details),
        Err(WireError::Invalid("reserved field"))
    );
}

#[test]
fn refuses_trailing_bytes() {
    let mut body = Vec::new();
    body.put_string(&origin());
    body.put_string(&target());
    body.put_string(b"");
    body.push(0);
    let mut details = Vec::new();
    details.put_string(&body);
    assert_eq!(
        DestinationConstraint::decode_list(&details),
        Err(WireError::Trailing(1))
    );
    let mut details = list(&[(origin(), target())]);
    details.push(0);
    assert_eq!(
        DestinationConstraint::decode_list(&details),
        Err(WireError::Truncated)
    );
}

#[test]
fn refuses_an_empty_list() {
    assert_eq!(
        DestinationConstraint::decode_list(b""),
        Err(WireError::Invalid("empty list of destination constraints"))
    );
}

#[test]
fn refuses_more_than_1024_constraints() {
    let most = vec![(origin(), target()); 1024];
    let decoded = DestinationConstraint::decode_list(&list(&most)).unwrap();
    assert_eq!(decoded.len(), 1024);
    let more = vec![(origin(), target()); 1025];
    assert_eq!(
        DestinationConstraint::decode_list(&list(&more)),
        Err(WireError::TooLarge("number of destination constraints"))
    );
}

proptest! {
    #[test]
    fn never_panics(
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..16),
    ) {
        let mut details = list(&[(origin(), target()), (target(), target())]);
        let at = at.index(details.len());
        details.splice(at.., bytes);
        let _ = DestinationConstraint::decode_list(&details);
    }
}
