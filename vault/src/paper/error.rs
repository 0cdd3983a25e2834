//! What can be wrong with a paper.

use core::fmt;

use thiserror::Error;

use crate::error::{Broken, Error as VaultError};

/// Says what is wrong with a line that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LineError {
    /// There is a symbol that no line has.
    #[error("symbol {place}, {found:?}, is in no line")]
    Symbol {
        /// Its place among the symbols, counted from 1, without blanks and hyphens.
        place: usize,
        /// The character that stands there.
        found: char,
    },
    /// There are too few symbols or too many.
    #[error("it has {found} symbols, not 29")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// It does not begin with three digits, or with those of a line that no paper has.
    #[error("it does not begin with the number of a line")]
    Number,
    /// One symbol or more is not as it was printed.
    #[error("a symbol is wrong, or two changed places: its last two symbols do not agree")]
    Check,
    /// There is another line of the same number.
    #[error("there is another line with its number")]
    Twice,
    /// The paper has fewer lines.
    #[error("the paper has only {lines} lines")]
    Beyond {
        /// How many it has.
        lines: usize,
    },
}

/// A line that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongLine {
    /// Its place in the text, counted from 1.
    pub place: usize,
    /// The number that it begins with, if that can be read.
    pub number: Option<usize>,
    /// What is wrong.
    pub error: LineError,
}

/// Says why a key was not read from paper.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PaperError {
    /// It is something else.
    #[error("not a key on paper")]
    NotPaper,
    /// It is of another version.
    #[error("paper has format version {found}, and only version 1 is known")]
    Version {
        /// The version it names.
        found: u8,
    },
    /// It is not as long as it says.
    #[error("paper of {found} bytes is not as long as it says")]
    Length {
        /// How many bytes there are.
        found: usize,
    },
    /// It is not as it was written.
    #[error("paper is damaged: its digest does not hold; are all lines of the same page?")]
    Digest,
    /// It opens with something that this version does not know.
    #[error("paper opens with a secret of kind {found}, which is not known")]
    Slot {
        /// The kind.
        found: u8,
    },
    /// Lines are wrong or missing.
    #[error("{}", Listed(wrong, missing))]
    Text {
        /// The wrong ones.
        wrong: Vec<WrongLine>,
        /// The numbers of those that are not there.
        missing: Vec<usize>,
    },
    /// The text of a QR code is no part of a paper.
    #[error("QR code is no part of a key on paper")]
    NoPart,
    /// Some parts are not there.
    #[error("QR codes {} of {count} are missing", joined(missing, 1))]
    PartsMissing {
        /// Their numbers.
        missing: Vec<usize>,
        /// How many there are.
        count: usize,
    },
    /// Parts with one number are not the same, or of different papers.
    #[error("QR codes are of different papers")]
    PartsMixed,
    /// The secret does not open it.
    #[error("this secret does not open the paper")]
    Locked,
    /// The secret is right, and the content is not from whoever knew it.
    #[error("paper is forged")]
    Forged,
    /// It opens, and holds no key.
    #[error("paper holds no key")]
    NoKey,
    /// It opens, and its content breaks a rule.
    #[error("content of the paper is invalid: {0}")]
    Invalid(Broken),
    /// A derivation cannot be done, or asks for too much.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

struct Listed<'a>(&'a [WrongLine], &'a [usize]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(wrong, missing) = self;
        for (index, line) in wrong.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{line}")?;
        }
        let separator = if wrong.is_empty() { "" } else { "; " };
        match missing.len() {
            0 => Ok(()),
            1 => write!(f, "{separator}line {} is missing", joined(missing, 3)),
            _ => write!(f, "{separator}lines {} are missing", joined(missing, 3)),
        }
    }
}

impl fmt::Display for WrongLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "line {number:03}")?,
            None => write!(f, "line at place {} of the text", self.place)?,
        }
        write!(f, ": {}", self.error)
    }
}

fn joined(numbers: &[usize], width: usize) -> String {
    let numbers: Vec<String> = numbers
        .iter()
        .map(|number| format!("{number:0width$}"))
        .collect();
    numbers.join(", ")
}
