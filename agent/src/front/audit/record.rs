//! What one line of the audit log says.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::front::binding::Origin;
use crate::front::escape::Escaped;
use crate::front::peer::Peer;
use crate::protocol::message::number;

/// The longest text of strangers that is kept in one field, in characters.
const TEXT_MAX: usize = 1024;

/// Room for a usual line, in bytes.
const LINE_USUAL: usize = 512;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// The agent began to serve.
    Start,
    /// The agent ended.
    Stop,
    /// A signature was asked for.
    Sign,
    /// An identity was added or replaced.
    Add,
    /// An identity was removed.
    Remove,
    /// All identities were removed.
    RemoveAll,
    /// An identity reached the end of its lifetime.
    Expire,
    /// The agent was locked.
    Lock,
    /// The agent was unlocked.
    Unlock,
    /// A connection was bound to a session (`session-bind@openssh.com`).
    BindSession,
    /// A connection was not accepted.
    RefuseConnection,
    /// The process that holds the keys had ended and was started anew, without keys.
    KeeperRestart,
    /// A person opened the vault.
    VaultOpen,
    /// The vault was changed.
    VaultUpdate,
    /// The vault was closed.
    VaultLock,
    /// The vault was closed because none of its keys signed for long.
    VaultIdleLock,
    /// Records were dropped.
    Lost,
}

impl Event {
    /// Names what a message of this type is to do; nothing where it leaves no record.
    pub const fn of_message(message_type: u8) -> Option<Self> {
        Some(match message_type {
            number::SIGN_REQUEST => Self::Sign,
            number::ADD_IDENTITY
            | number::ADD_ID_CONSTRAINED
            | number::ADD_SMARTCARD_KEY
            | number::ADD_SMARTCARD_KEY_CONSTRAINED => Self::Add,
            number::REMOVE_IDENTITY | number::REMOVE_SMARTCARD_KEY => Self::Remove,
            number::REMOVE_ALL_IDENTITIES => Self::RemoveAll,
            number::LOCK => Self::Lock,
            number::UNLOCK => Self::Unlock,
            _ => return None,
        })
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done.
    Allow,
    /// It was refused, by a rule or a person.
    Deny,
    /// It was allowed and could not be done.
    Fail,
}

/// The process that asked.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PeerRecord<'a> {
    pid: Option<i32>,
    uid: u32,
    program: &'a str,
    parents: &'a [String],
}

impl<'a> PeerRecord<'a> {
    /// Tells about `peer`; the first time its entries in `/proc` are read.
    pub fn of(peer: &'a Peer) -> Self {
        let process = peer.process();
        Self {
            pid: peer.pid,
            uid: peer.uid,
            program: &process.program,
            parents: &process.parents,
        }
    }
}

/// One line of the log.
///
/// Fields take text as it came; it is escaped on the way into the line. None may hold a secret.
#[derive(Debug, Clone, Serialize)]
pub struct Record<'a> {
    /// When it happened.
    #[serde(serialize_with = "milliseconds")]
    pub time: Timestamp,
    /// What happened.
    pub event: Event,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where it was not simply allowed.
    #[serde(serialize_with = "escaped", skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// The fingerprint of the identity's key, such as `SHA256:...`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<&'a str>,
    /// The type of the identity's key by its name in the protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_type: Option<&'a str>,
    /// The identity's comment.
    #[serde(serialize_with = "escaped", skip_serializing_if = "Option::is_none")]
    pub comment: Option<&'a [u8]>,
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<PeerRecord<'a>>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The fingerprint of the host key the connection is bound to last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_key: Option<&'a str>,
    /// The user to log in as, where the signed data say so.
    #[serde(serialize_with = "escaped", skip_serializing_if = "Option::is_none")]
    pub user: Option<&'a [u8]>,
    /// The path of the vault.
    #[serde(serialize_with = "escaped", skip_serializing_if = "Option::is_none")]
    pub vault: Option<&'a str>,
    /// How many records were dropped ([`Event::Lost`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
}

impl Record<'_> {
    /// Begins a record; the fields that are known are set on it.
    pub const fn new(time: Timestamp, event: Event, outcome: Outcome) -> Self {
        Self {
            time,
            event,
            outcome,
            reason: None,
            fingerprint: None,
            key_type: None,
            comment: None,
            peer: None,
            origin: None,
            host_key: None,
            user: None,
            vault: None,
            lost: None,
        }
    }

    /// Tells that `count` records were dropped.
    pub(super) const fn lost(time: Timestamp, count: u64) -> Self {
        let mut record = Self::new(time, Event::Lost, Outcome::Fail);
        record.lost = Some(count);
        record
    }

    /// Writes the record as one line of JSON with its end.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(LINE_USUAL);
        // It fails only for maps whose keys are no strings and for writers that fail: unreachable.
        if serde_json::to_writer(&mut line, self).is_err() {
            line.clear();
        }
        line.push(b'\n');
        line
    }
}

fn milliseconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

fn escaped<T, S>(text: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: AsRef<[u8]>,
    S: Serializer,
{
    text.as_ref()
        .map(|text| Escaped::shortened(text.as_ref(), TEXT_MAX))
        .serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(record: &Record<'_>) -> String {
        String::from_utf8(record.line()).unwrap()
    }

    #[test]
    fn unknown_fields_are_left_out() {
        let time = Timestamp::from_millisecond(1_234_567_890_120).unwrap();
        let record = Record::new(time, Event::RemoveAll, Outcome::Allow);
        assert_eq!(
            text(&record),
            "{\"time\":\"2009-02-13T23:31:30.120Z\",\"event\":\"remove-all\",\"outcome\":\"allow\"}\n"
        );
    }

    #[test]
    fn signature_is_told_with_all_that_is_known() {
        let parents = ["git".to_owned(), "bash".to_owned()];
        let record = Record {
            reason: Some("user refused"),
            fingerprint: Some("SHA256:abc"),
            key_type: Some("ssh-ed25519"),
            comment: Some(b"me@laptop"),
            peer: Some(PeerRecord {
                pid: Some(42),
                uid: 1000,
                program: "/usr/bin/ssh",
                parents: &parents,
            }),
            origin: Some(Origin::Local),
            host_key: Some("SHA256:host"),
            user: Some(b"git"),
            ..Record::new(Timestamp::UNIX_EPOCH, Event::Sign, Outcome::Deny)
        };
        let expected = serde_json::json!({
            "time": "1970-01-01T00:00:00.000Z", "event": "sign", "outcome": "deny",
            "reason": "user refused", "fingerprint": "SHA256:abc", "key_type": "ssh-ed25519",
            "comment": "me@laptop", "origin": "local", "host_key": "SHA256:host", "user": "git",
            "peer": {"pid": 42, "uid": 1000, "program": "/usr/bin/ssh", "parents": ["git", "bash"]},
        });
        let line: serde_json::Value = serde_json::from_str(&text(&record)).unwrap();
        assert_eq!(line, expected);
    }

    #[test]
    fn text_of_strangers_stays_one_short_line_of_plain_characters() {
        let comment = [
            &b"\n{\"event\":\"sign\"}\x1b[2J\xff\xe2\x80\xae"[..],
            &[b'a'; 9000],
        ]
        .concat();
        let record = Record {
            comment: Some(&comment),
            ..Record::new(Timestamp::UNIX_EPOCH, Event::Add, Outcome::Allow)
        };
        let line = text(&record);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')));
        assert!(line.len() < 2 * TEXT_MAX);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let shown = line["comment"].as_str().unwrap();
        assert!(shown.starts_with(r#"\u{a}{"event":"sign"}\u{1b}[2J\xff\u{202e}aaa"#));
    }
}
