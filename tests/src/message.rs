//! Agent messages, written byte by byte after RFC 9987 and OpenSSH's `PROTOCOL.agent`.
//!
//! They are without their frame's length, which [`crate::Connection`] writes.

use ssh_agent_lib::ssh_key::private::Ed25519Keypair;

/// The answer to a request that was refused.
pub const FAILURE: [u8; 1] = [5];
/// The answer to a request that was carried out.
pub const SUCCESS: [u8; 1] = [6];
/// The longest message OpenSSH takes (`AGENT_MAX_LEN`), in bytes.
pub const MESSAGE_MAX: usize = 256 * 1024;
/// The most identities OpenSSH's clients take in one list (`MAX_AGENT_IDENTITIES`).
pub const IDENTITIES_MAX: usize = 2048;

/// `SSH_AGENTC_REQUEST_IDENTITIES`.
pub const LIST: [u8; 1] = [11];
/// `SSH_AGENTC_REMOVE_ALL_IDENTITIES`.
pub const REMOVE_ALL: [u8; 1] = [19];

/// A string of RFC 4251: its length, then its bytes.
#[must_use]
pub fn string(bytes: &[u8]) -> Vec<u8> {
    let mut encoded = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    encoded.extend(bytes);
    encoded
}

/// `SSH_AGENTC_SIGN_REQUEST`.
#[must_use]
pub fn sign(blob: &[u8], data: &[u8], flags: u32) -> Vec<u8> {
    [
        vec![13],
        string(blob),
        string(data),
        flags.to_be_bytes().to_vec(),
    ]
    .concat()
}

/// `SSH_AGENTC_ADD_IDENTITY` of the Ed25519 key with this seed.
#[must_use]
pub fn add(seed: &[u8; 32], comment: &str) -> Vec<u8> {
    [vec![17], ed25519(seed, comment)].concat()
}

/// `SSH_AGENTC_ADD_ID_CONSTRAINED` of the Ed25519 key with this seed.
#[must_use]
pub fn add_constrained(seed: &[u8; 32], comment: &str, constraints: &[u8]) -> Vec<u8> {
    [vec![25], ed25519(seed, comment), constraints.to_vec()].concat()
}

/// `SSH_AGENTC_REMOVE_IDENTITY`.
#[must_use]
pub fn remove(blob: &[u8]) -> Vec<u8> {
    [vec![18], string(blob)].concat()
}

/// `SSH_AGENTC_LOCK`.
#[must_use]
pub fn lock(phrase: &str) -> Vec<u8> {
    [vec![22], string(phrase.as_bytes())].concat()
}

/// `SSH_AGENTC_UNLOCK`.
#[must_use]
pub fn unlock(phrase: &str) -> Vec<u8> {
    [vec![23], string(phrase.as_bytes())].concat()
}

/// `SSH_AGENTC_EXTENSION`.
#[must_use]
pub fn extension(name: &str, body: &[u8]) -> Vec<u8> {
    [vec![27], string(name.as_bytes()), body.to_vec()].concat()
}

/// The public key blob of the Ed25519 key with this seed.
#[must_use]
pub fn ed25519_blob(seed: &[u8; 32]) -> Vec<u8> {
    let pair = Ed25519Keypair::from_seed(seed);
    [string(b"ssh-ed25519"), string(&pair.public.0)].concat()
}

/// How many identities an `SSH_AGENT_IDENTITIES_ANSWER` announces.
///
/// # Panics
///
/// When the answer is another message.
#[must_use]
#[track_caller]
pub fn identities(answer: &[u8]) -> usize {
    assert_eq!(
        answer.first(),
        Some(&12),
        "not a list of identities: {answer:?}"
    );
    usize::try_from(u32::from_be_bytes(answer[1..5].try_into().unwrap())).unwrap()
}

/// The signature blob of an `SSH_AGENT_SIGN_RESPONSE`.
///
/// # Panics
///
/// When the answer is another message.
#[track_caller]
pub fn signature(answer: &[u8]) -> &[u8] {
    assert_eq!(answer.first(), Some(&14), "not a signature: {answer:?}");
    &answer[5..]
}

fn ed25519(seed: &[u8; 32], comment: &str) -> Vec<u8> {
    let pair = Ed25519Keypair::from_seed(seed);
    let fields = [
        &b"ssh-ed25519"[..],
        &pair.public.0,
        &pair.to_bytes(),
        comment.as_bytes(),
    ];
    fields.into_iter().flat_map(string).collect()
}
