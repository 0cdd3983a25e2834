//! What can go wrong with a vault.

use core::fmt;

use thiserror::Error as ThisError;

use crate::id::{RecordId, SlotId};

/// Says which rule of `FORMAT.md` a content breaks, in the words of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[error("{0}")]
pub struct Broken(pub(crate) &'static str);

/// The part of a file that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The file as a whole: its length, or what stands at its end.
    File,
    /// The header at the start.
    Header,
    /// The copy of the header at the end.
    Twin,
    /// A slot of the header, counted from 1.
    Slot(usize),
    /// The extensions of the header.
    Extensions,
    /// The manifest.
    Manifest,
    /// A record, by its place in the file, counted from 1.
    Block(usize),
}

/// Everything that the vault refuses, and why.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The file has neither the magic at its start nor the one at its end.
    #[error("not a keyward vault")]
    NotAVault,
    /// The file is of another major version.
    #[error("vault has format version {found}, and only version 1 is known")]
    MajorVersion {
        /// The version the header names.
        found: u16,
    },
    /// The file uses other algorithms.
    #[error("vault uses suite {found}, and only suite 1 is known")]
    Suite {
        /// The suite the header names.
        found: u16,
    },
    /// The header has flags that must be understood, and are not.
    #[error("vault has critical flags {unknown:#010x}, which are not known")]
    CriticalFlags {
        /// The unknown bits.
        unknown: u32,
    },
    /// The header has an extension that must be understood, and is not.
    #[error("vault has critical extension {kind}, which is not known")]
    CriticalExtension {
        /// The kind of the extension.
        kind: u16,
    },
    /// The costs of a passphrase slot are out of bounds.
    #[error("costs of {memory_kib} KiB, {passes} passes and {lanes} lanes are out of bounds")]
    Cost {
        /// The memory in KiB.
        memory_kib: u32,
        /// The passes over it.
        passes: u32,
        /// The lanes.
        lanes: u32,
    },
    /// The costs of all passphrase slots are too much in sum.
    #[error("passphrase slots take {work} KiB times passes in all, more than {limit}")]
    Work {
        /// The sum of memory times passes.
        work: u64,
        /// The most there may be.
        limit: u64,
    },
    /// A slot asks for more memory than the caller allows.
    #[error(
        "slot {slot} takes {needed_kib} KiB of memory, more than the {allowed_kib} KiB allowed"
    )]
    MemoryCeiling {
        /// The slot.
        slot: SlotId,
        /// The memory the slot asks for, in KiB.
        needed_kib: u32,
        /// The caller's ceiling, in KiB.
        allowed_kib: u32,
    },
    /// The system has not the memory that a derivation takes.
    #[error("no memory for a derivation of {kib} KiB")]
    OutOfMemory {
        /// The memory asked for, in KiB.
        kib: u32,
    },
    /// The file is not as it was written.
    #[error("vault is damaged: {part}: {rule}")]
    Damaged {
        /// Where.
        part: Part,
        /// What does not hold.
        rule: &'static str,
    },
    /// No slot opens with the secret. It is one error whatever did not match, so that it tells
    /// nothing of the secret.
    #[error("no slot opens with this secret")]
    Locked,
    /// A part is not from whoever knows the vault key, although the file is whole.
    #[error("vault is forged: {part}")]
    Forged {
        /// Which part.
        part: Part,
    },
    /// The manifest or a record opens, and its content breaks a rule.
    #[error("{part} is invalid: {rule}")]
    Invalid {
        /// Which part.
        part: Part,
        /// The rule.
        rule: Broken,
    },
    /// A value of the caller breaks a rule of the format.
    #[error("{0}")]
    Refused(#[from] Broken),
    /// A passphrase cannot be one.
    #[error(transparent)]
    Passphrase(#[from] crate::passphrase::PassphraseError),
    /// A recovery code cannot be one.
    #[error(transparent)]
    RecoveryCode(#[from] crate::recovery_code::RecoveryCodeError),
    /// Another key has the name.
    #[error("name \"{name}\" is taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The key is stored already.
    #[error("key {fingerprint} is already stored as \"{name}\"")]
    KeyStored {
        /// The fingerprint of the key.
        fingerprint: crate::fingerprint::Fingerprint,
        /// The name it is stored under.
        name: String,
    },
    /// The vault holds no key of that id.
    #[error("no key {0}")]
    NoSuchKey(RecordId),
    /// The vault has no slot of that id.
    #[error("no slot {0}")]
    NoSuchSlot(SlotId),
    /// The slot is the only one that is left.
    #[error("the last slot is not removed")]
    LastSlot,
    /// The vault has as many slots, records or bytes as it may have.
    #[error("vault is full: {what} are at most {limit}")]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// The vault to compare with is another one.
    #[error("not another state of the same vault")]
    AnotherVault,
    /// Both sides changed the same things differently.
    #[error("changed on both sides: {}", .0.join(", "))]
    Conflict(
        /// The names of what was changed, `slots` for the ways in.
        Vec<String>,
    ),
    /// The source of randomness has none to give.
    #[error(transparent)]
    Entropy(#[from] crate::random::EntropyError),
    /// The vault's own state cannot be worked on: a slot's record is not there, or a computation
    /// failed that cannot fail.
    #[error("vault contradicts itself: {0}")]
    Contradiction(&'static str),
}

/// The classes of refusal of `FORMAT.md` section 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// `not-a-vault`
    NotAVault,
    /// `unsupported`
    Unsupported,
    /// `cost`
    Cost,
    /// `damaged`
    Damaged,
    /// `locked`
    Locked,
    /// `forged`
    Forged,
    /// `invalid`
    Invalid,
}

impl Error {
    /// Returns the class of `FORMAT.md` section 6 that a refusal to read belongs to, or `None` for
    /// an error of use.
    pub fn class(&self) -> Option<Class> {
        Some(match self {
            Self::NotAVault => Class::NotAVault,
            Self::MajorVersion { .. }
            | Self::Suite { .. }
            | Self::CriticalFlags { .. }
            | Self::CriticalExtension { .. } => Class::Unsupported,
            Self::Cost { .. }
            | Self::Work { .. }
            | Self::MemoryCeiling { .. }
            | Self::OutOfMemory { .. } => Class::Cost,
            Self::Damaged { .. } => Class::Damaged,
            Self::Locked | Self::Passphrase(_) | Self::RecoveryCode(_) => Class::Locked,
            Self::Forged { .. } => Class::Forged,
            Self::Invalid { .. } => Class::Invalid,
            _ => return None,
        })
    }
}

impl Class {
    /// Returns the word that `FORMAT.md` has for the class.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAVault => "not-a-vault",
            Self::Unsupported => "unsupported",
            Self::Cost => "cost",
            Self::Damaged => "damaged",
            Self::Locked => "locked",
            Self::Forged => "forged",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Header => f.write_str("header"),
            Self::Twin => f.write_str("twin of the header"),
            Self::Slot(number) => write!(f, "slot {number}"),
            Self::Extensions => f.write_str("extensions"),
            Self::Manifest => f.write_str("manifest"),
            Self::Block(number) => write!(f, "record {number}"),
        }
    }
}

/// Turns an absent value into [`Error::Damaged`].
pub(crate) fn damaged<T>(value: Option<T>, part: Part, rule: &'static str) -> Result<T, Error> {
    value.ok_or(Error::Damaged { part, rule })
}
