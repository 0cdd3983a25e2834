//! Messages as OpenSSH's programs send them, and the keys in them.

use keyward_agent::protocol::message::Request;

/// Add messages, by the name of the type of their key.
pub(crate) const ADD: [(&str, &[u8]); 5] = [
    (
        "ed25519",
        include_bytes!("../testdata/messages/add-ed25519.bin"),
    ),
    (
        "ecdsa-p256",
        include_bytes!("../testdata/messages/add-ecdsa-p256.bin"),
    ),
    (
        "ecdsa-p384",
        include_bytes!("../testdata/messages/add-ecdsa-p384.bin"),
    ),
    (
        "ecdsa-p521",
        include_bytes!("../testdata/messages/add-ecdsa-p521.bin"),
    ),
    ("rsa", include_bytes!("../testdata/messages/add-rsa.bin")),
];

/// A request to sign what a client signs to log in.
pub(crate) const SIGN: &[u8] = include_bytes!("../testdata/messages/sign-userauth.bin");

/// A request for the list of identities.
pub(crate) const LIST: &[u8] = include_bytes!("../testdata/messages/request-identities.bin");

/// Takes the key fields out of an add message.
pub(crate) fn key_bytes(message: &[u8]) -> &[u8] {
    match Request::decode(message).unwrap() {
        Request::AddIdentity(add) => add.key_bytes,
        other => unreachable!("{}", other.name()),
    }
}
