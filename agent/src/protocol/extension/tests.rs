use proptest::prelude::*;

use super::*;
use crate::protocol::wire::Writer as _;

fn body(fields: &[&[u8]], forwarding: u8) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_string(b"session-bind@openssh.com");
    for field in fields {
        body.put_string(field);
    }
    body.push(forwarding);
    body
}

#[test]
fn decodes_a_session_bind() {
    let body = body(&[b"key", b"id", b"signature"], 1);
    assert_eq!(
        Extension::decode(Reader::new(&body)),
        Ok(Extension::SessionBind(Ok(SessionBind {
            host_key: b"key",
            session_id: b"id",
            signature: b"signature",
            forwarding: true,
        })))
    );
}

#[test]
fn malformed_session_bind_stays_a_session_bind() {
    let cut = body(&[b"key", b"id"], 0);
    let long = [body(&[b"key", b"id", b"signature"], 0), vec![0]].concat();
    assert_eq!(
        Extension::decode(Reader::new(&cut)),
        Ok(Extension::SessionBind(Err(WireError::Truncated)))
    );
    assert_eq!(
        Extension::decode(Reader::new(&long)),
        Ok(Extension::SessionBind(Err(WireError::Trailing(1))))
    );
}

#[test]
fn decodes_a_query() {
    let mut body = Vec::new();
    body.put_string(b"query");
    assert_eq!(Extension::decode(Reader::new(&body)), Ok(Extension::Query));
    body.push(0);
    assert_eq!(
        Extension::decode(Reader::new(&body)),
        Err(WireError::Trailing(1))
    );
}

#[test]
fn other_names_are_unsupported_whatever_follows() {
    for name in [b"session-bind".as_slice(), b"query\0", b"", b"\xff"] {
        let mut body = Vec::new();
        body.put_string(name);
        body.extend_from_slice(b"anything");
        assert_eq!(
            Extension::decode(Reader::new(&body)),
            Ok(Extension::Unsupported(name))
        );
    }
}

#[test]
fn refuses_a_request_without_a_name() {
    assert_eq!(
        Extension::decode(Reader::new(&[0, 0, 0])),
        Err(WireError::Truncated)
    );
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..128)) {
        let _ = Extension::decode(Reader::new(&bytes));
        let _ = Extension::decode(Reader::new(&[body(&[], 0), bytes].concat()));
    }
}
