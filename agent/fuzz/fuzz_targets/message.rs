//! Decodes requests: what an add request keeps lies in its message, and its blob is a public key.
#![no_main]

use keyward_agent::protocol::message::Request;
use keyward_agent::protocol::public_key::PublicKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &[u8]| {
    let Ok(request) = Request::decode(message) else {
        return;
    };
    let shown = format!("{request:?}");
    assert!(!shown.is_empty());
    let Request::AddIdentity(add) = request else {
        return;
    };
    assert!(message[1..].starts_with(add.key_bytes));
    assert!(!add.comment.contains(&0));
    let (plain, blob) = (add.key.plain_blob(), add.key.blob());
    let named = PublicKey::decode(&blob).expect("a blob the agent lists is a public key");
    assert_eq!(named.plain_blob(), plain);
    assert_eq!(named.certificate().is_some(), add.key.certificate.is_some());
});
