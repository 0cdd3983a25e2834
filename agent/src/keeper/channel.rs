//! What the front and the keeper say to each other over two pipes, one for each direction.
//!
//! A message is `uint32 length`, `uint64 tag`, `byte kind` and a body; the length counts what
//! follows it. Every request has one answer with the same tag; answers come in any order.

use thiserror::Error;

use super::sandbox::Confinement;
use crate::key::error::KeyError;
use crate::protocol::algorithm::SignatureAlgorithm;
use crate::protocol::frame::FRAME_MAX;
use crate::protocol::wire::{Reader, WireError, Writer};
use crate::secret_memory::region::Protection;

/// Names a key between front and keeper; never used twice in the life of a keeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u64);

/// Bytes of length, tag and kind.
pub const HEADER: usize = 4 + 8 + 1;

/// The longest message in bytes: one agent message and the few fields around it.
pub const MESSAGE_MAX: usize = FRAME_MAX + 64;

/// What [`Ask::Cover`] carries: more than the two pages that Linux keeps for a pipe once they were read.
static COVER: [u8; 12 << 10] = [0; 12 << 10];

/// What the front asks of the keeper.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// Check a private key (the key fields of an add message) and keep it under this name.
    Add(KeyId, &'a [u8]),
    /// Forget one key. Not knowing it is no error.
    Remove(KeyId),
    /// Forget every key.
    Clear,
    /// Sign these bytes.
    Sign(KeyId, SignatureAlgorithm, &'a [u8]),
    /// Seal every key under this passphrase.
    Lock(&'a [u8]),
    /// Open the sealed keys.
    Unlock(&'a [u8]),
    /// Report how memory and process are protected.
    Report,
    /// Nothing, at length: takes the place of a secret in the kernel's memory, which a pipe keeps as long as it lives.
    Cover,
}

/// What the keeper answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// It was not done.
    Refused(Refusal),
    /// The signature, as RFC 4253 section 6.6 encodes it.
    Signature(Vec<u8>),
    /// The state of the keeper.
    Report(Report),
}

/// Why the keeper did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The bytes are not a private key of a known type.
    #[error("the private key cannot be read")]
    Unreadable,
    /// The public part does not belong to the private part, or the RSA factors to the modulus.
    #[error("the private key is not consistent in itself")]
    Inconsistent,
    /// No key has this name.
    #[error("the key is gone")]
    UnknownKey,
    /// The key cannot sign with this algorithm.
    #[error("the key cannot sign with this algorithm")]
    Algorithm,
    /// The keys are sealed already, or not sealed.
    #[error("the agent is not in the state for this")]
    State,
    /// The passphrase does not open the sealed keys.
    #[error("the passphrase is wrong")]
    Passphrase,
    /// There is not enough protected or ordinary memory.
    #[error("there is not enough memory for secrets (ulimit -l)")]
    Memory,
    /// The message is not one of this version.
    #[error("the request is malformed")]
    Malformed,
}

/// How the keeper protects what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Number of keys held.
    pub keys: u32,
    /// The protection of the memory of secrets, or what it will be with the first key.
    pub protection: Protection,
    /// Whether that memory is mapped now.
    pub mapped: bool,
    /// Bytes of the heap of secrets in use.
    pub used: u64,
    /// Bytes of the heap of secrets in all.
    pub size: u64,
    /// What the process has given up.
    pub confinement: Confinement,
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Algorithm => Self::Algorithm,
            KeyError::Inconsistent => Self::Inconsistent,
            KeyError::Memory => Self::Memory,
            KeyError::Unreadable => Self::Unreadable,
        }
    }
}

const REFUSALS: [Refusal; 8] = [
    Refusal::Unreadable,
    Refusal::Inconsistent,
    Refusal::UnknownKey,
    Refusal::Algorithm,
    Refusal::State,
    Refusal::Passphrase,
    Refusal::Memory,
    Refusal::Malformed,
];

/// What the keeper signs with; a token's signatures are not its business.
const ALGORITHMS: [SignatureAlgorithm; 6] = [
    SignatureAlgorithm::Ed25519,
    SignatureAlgorithm::EcdsaP256,
    SignatureAlgorithm::EcdsaP384,
    SignatureAlgorithm::EcdsaP521,
    SignatureAlgorithm::RsaSha256,
    SignatureAlgorithm::RsaSha512,
];

impl<'a> Ask<'a> {
    /// Says whether the body is a secret, so that both sides wipe what held it.
    pub const fn carries_secret(&self) -> bool {
        matches!(self, Self::Add(..) | Self::Lock(_) | Self::Unlock(_))
    }

    /// Says whether it is done by the threads for long signatures.
    pub const fn takes_long(&self) -> bool {
        use SignatureAlgorithm::{RsaSha256, RsaSha512};
        matches!(self, Self::Sign(_, RsaSha256 | RsaSha512, _))
    }

    /// Splits the message into a head of its own and the borrowed tail, which may be a secret and
    /// goes to the pipe from where it lies.
    pub fn encode(&self, tag: u64) -> (Vec<u8>, &'a [u8]) {
        let mut head = Vec::with_capacity(HEADER + 9);
        head.put_uint32(0);
        head.extend_from_slice(&tag.to_be_bytes());
        let tail = match *self {
            Self::Add(key, bytes) => put(&mut head, 1, Some(key), bytes),
            Self::Remove(key) => put(&mut head, 2, Some(key), &[]),
            Self::Clear => put(&mut head, 3, None, &[]),
            Self::Sign(key, algorithm, data) => {
                put(&mut head, 4, Some(key), &[]);
                head.push(code_of(algorithm));
                data
            }
            Self::Lock(passphrase) => put(&mut head, 5, None, passphrase),
            Self::Unlock(passphrase) => put(&mut head, 6, None, passphrase),
            Self::Report => put(&mut head, 7, None, &[]),
            Self::Cover => put(&mut head, 8, None, &COVER),
        };
        set_length(&mut head, tail.len());
        (head, tail)
    }

    /// Reads a message that [`split`] found: the tag and, where it makes sense, the request.
    ///
    /// # Errors
    /// [`WireError`] when there is not even a tag to answer to.
    pub fn decode(message: &'a [u8]) -> Result<(u64, Option<Self>), WireError> {
        let mut reader = Reader::new(message);
        let tag = reader.uint64()?;
        let kind = reader.byte()?;
        Ok((tag, Self::decode_body(kind, reader).ok()))
    }

    fn decode_body(kind: u8, mut reader: Reader<'a>) -> Result<Self, WireError> {
        Ok(match kind {
            1 => Self::Add(KeyId(reader.uint64()?), reader.rest()),
            2 => Self::Remove(KeyId(reader.uint64()?)),
            3 => Self::Clear,
            4 => {
                let key = KeyId(reader.uint64()?);
                let algorithm = ALGORITHMS.get(usize::from(reader.byte()?));
                let algorithm = *algorithm.ok_or(WireError::Invalid("signature algorithm"))?;
                Self::Sign(key, algorithm, reader.rest())
            }
            5 => Self::Lock(reader.rest()),
            6 => Self::Unlock(reader.rest()),
            7 => Self::Report,
            8 => Self::Cover,
            _ => return Err(WireError::Invalid("kind of request")),
        })
    }
}

impl Answer {
    /// Appends the whole message to `out`.
    pub fn encode(&self, tag: u64, out: &mut Vec<u8>) {
        let mut message = Vec::with_capacity(HEADER + 128);
        message.put_uint32(0);
        message.extend_from_slice(&tag.to_be_bytes());
        match self {
            Self::Done => message.push(0),
            Self::Refused(refusal) => {
                message.push(1);
                let code = REFUSALS.iter().position(|known| known == refusal);
                message.push(
                    code.and_then(|code| u8::try_from(code).ok())
                        .unwrap_or(u8::MAX),
                );
            }
            Self::Signature(signature) => {
                message.push(2);
                message.extend_from_slice(signature);
            }
            Self::Report(report) => {
                message.push(3);
                report.encode(&mut message);
            }
        }
        set_length(&mut message, 0);
        out.extend_from_slice(&message);
    }

    /// Reads a message that [`split`] found.
    ///
    /// # Errors
    /// [`WireError`] when it is not an answer.
    pub fn decode(message: &[u8]) -> Result<(u64, Self), WireError> {
        let mut reader = Reader::new(message);
        let tag = reader.uint64()?;
        let answer = match reader.byte()? {
            0 => Self::Done,
            1 => {
                let refusal = REFUSALS.get(usize::from(reader.byte()?));
                Self::Refused(*refusal.ok_or(WireError::Invalid("refusal"))?)
            }
            2 => Self::Signature(reader.bytes(reader.rest().len())?.to_vec()),
            3 => Self::Report(Report::decode(&mut reader)?),
            _ => return Err(WireError::Invalid("kind of answer")),
        };
        reader.finish()?;
        Ok((tag, answer))
    }
}

impl Report {
    fn encode(self, message: &mut Vec<u8>) {
        message.put_uint32(self.keys);
        message.push(self.protection.code());
        message.push(u8::from(self.mapped));
        message.extend_from_slice(&self.used.to_be_bytes());
        message.extend_from_slice(&self.size.to_be_bytes());
        let Confinement {
            seccomp,
            landlock,
            no_new_privs,
            dumpable,
            dumpable_at_start,
        } = self.confinement;
        let given_up = [seccomp, landlock, no_new_privs, dumpable, dumpable_at_start];
        message.extend(given_up.map(u8::from));
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self {
            keys: reader.uint32()?,
            protection: Protection::from_code(reader.byte()?)
                .ok_or(WireError::Invalid("protection"))?,
            mapped: reader.boolean()?,
            used: reader.uint64()?,
            size: reader.uint64()?,
            confinement: Confinement {
                seccomp: reader.boolean()?,
                landlock: reader.boolean()?,
                no_new_privs: reader.boolean()?,
                dumpable: reader.boolean()?,
                dumpable_at_start: reader.boolean()?,
            },
        })
    }
}

/// Takes the first whole message off `buffer`: what follows its length, and the bytes it takes up.
///
/// # Errors
/// [`WireError::TooLarge`] when a length above [`MESSAGE_MAX`] is announced.
pub fn split(buffer: &[u8]) -> Result<Option<(&[u8], usize)>, WireError> {
    let mut reader = Reader::new(buffer);
    let Ok(length) = reader.uint32() else {
        return Ok(None);
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MESSAGE_MAX {
        return Err(WireError::TooLarge("keeper message"));
    }
    Ok(reader
        .bytes(length)
        .ok()
        .map(|message| (message, length + 4)))
}

fn code_of(algorithm: SignatureAlgorithm) -> u8 {
    let code = ALGORITHMS.iter().position(|known| *known == algorithm);
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

fn put<'a>(head: &mut Vec<u8>, kind: u8, key: Option<KeyId>, tail: &'a [u8]) -> &'a [u8] {
    head.push(kind);
    if let Some(KeyId(key)) = key {
        head.extend_from_slice(&key.to_be_bytes());
    }
    tail
}

fn set_length(head: &mut [u8], tail: usize) {
    let length = u32::try_from(head.len() - 4 + tail).unwrap_or(u32::MAX);
    if let Some(field) = head.first_chunk_mut() {
        *field = length.to_be_bytes();
    }
}

impl core::fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Add(key, _) => write!(f, "Add({key:?}, ..)"),
            Self::Remove(key) => write!(f, "Remove({key:?})"),
            Self::Clear => f.write_str("Clear"),
            Self::Sign(key, algorithm, data) => {
                write!(f, "Sign({key:?}, {algorithm:?}, {} bytes)", data.len())
            }
            Self::Lock(_) => f.write_str("Lock(..)"),
            Self::Unlock(_) => f.write_str("Unlock(..)"),
            Self::Report => f.write_str("Report"),
            Self::Cover => f.write_str("Cover"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(ask: &Ask<'_>, tag: u64) -> Vec<u8> {
        let (mut head, tail) = ask.encode(tag);
        head.extend_from_slice(tail);
        head
    }

    #[test]
    fn requests_come_back_as_they_were() {
        let asks = [
            Ask::Add(KeyId(7), b"key"),
            Ask::Remove(KeyId(8)),
            Ask::Clear,
            Ask::Sign(KeyId(9), SignatureAlgorithm::RsaSha512, b"data"),
            Ask::Lock(b"phrase"),
            Ask::Unlock(b""),
            Ask::Report,
            Ask::Cover,
        ];
        for ask in asks {
            let bytes = joined(&ask, 42);
            let (message, consumed) = split(&bytes).unwrap().unwrap();
            assert_eq!(consumed, bytes.len());
            assert_eq!(Ask::decode(message).unwrap(), (42, Some(ask)));
            assert!(split(&bytes[..bytes.len() - 1]).unwrap().is_none());
        }
    }

    #[test]
    fn answers_come_back_as_they_were() {
        let confinement = Confinement {
            seccomp: true,
            ..Confinement::default()
        };
        let report = Report {
            keys: 3,
            used: 4,
            size: 5,
            confinement,
            ..Report::default()
        };
        let mut answers = vec![
            Answer::Done,
            Answer::Signature(vec![1, 2]),
            Answer::Report(report),
        ];
        answers.extend(REFUSALS.map(Answer::Refused));
        for answer in answers {
            let mut bytes = Vec::new();
            answer.encode(1, &mut bytes);
            let (message, _) = split(&bytes).unwrap().unwrap();
            assert_eq!(Answer::decode(message).unwrap(), (1, answer));
        }
    }

    #[test]
    fn refuses_message_longer_than_limit() {
        assert!(split(&u32::MAX.to_be_bytes()).is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = format!(
            "{:?} {:?}",
            Ask::Lock(b"hunter2"),
            Ask::Add(KeyId(1), b"hunter2")
        );
        assert_eq!(text, "Lock(..) Add(KeyId(1), ..)");
    }
}
