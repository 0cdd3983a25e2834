//! What can be wrong with shares. Nothing is shown of their words.

use core::fmt;

use thiserror::Error;

use super::{SHARES_MAX, WORK_MAX};

/// Says why a text is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShareError {
    /// A word is in no share.
    #[error("word {place} is in no share")]
    Word {
        /// Its place, counted from 1.
        place: usize,
    },
    /// There are too few words or too many.
    #[error("it has {found} words, and a share of a recovery code has 20")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// One word or more is not what it was when the share was made.
    #[error("its words do not agree with its last three, which are a checksum")]
    Check,
    /// More groups are needed than there are.
    #[error("it needs more groups than there are")]
    Groups,
    /// Bits are set that are always zero.
    #[error("bits are set that are always zero")]
    Padding,
}

/// Says why shares do not give a recovery code. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SharesError {
    /// Some lines are no shares.
    #[error("{}", Listed(.0))]
    Lines(Vec<(usize, ShareError)>),
    /// There are more lines than one code has shares.
    #[error("there are more than {SHARES_MAX} shares")]
    TooMany,
    /// There is none.
    #[error("there are no shares")]
    None,
    /// Two shares are of different splittings.
    #[error(
        "line {line} is not of the same recovery code, or not of the same splitting, as line {other}"
    )]
    Mixed {
        /// The later one.
        line: usize,
        /// The first share.
        other: usize,
    },
    /// The same share is there twice.
    #[error("line {line} is the same share as line {other}")]
    Same {
        /// The second time.
        line: usize,
        /// The first time.
        other: usize,
    },
    /// There are not enough shares.
    #[error("it takes {needed} shares, and there {} {found}", if *found == 1 { "is" } else { "are" })]
    TooFew {
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: u8,
    },
    /// There are not enough groups.
    #[error("there are shares of {found} groups, and it takes {needed}")]
    TooFewGroups {
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: u8,
    },
    /// The digest of the secret is not what the shares say.
    #[error("the shares do not fit together: one of them is not as it was made")]
    Disagree,
    /// What the shares give is not as long as a recovery code.
    #[error("the shares are of {bytes} bytes, and a recovery code has 16")]
    Size {
        /// How long it is.
        bytes: usize,
    },
    /// The shares ask for more work than any program asks for.
    #[error(
        "the shares ask for 10,000 iterations doubled {exponent} times, more than {WORK_MAX} times"
    )]
    Work {
        /// How often they are doubled.
        exponent: u8,
    },
    /// A computation failed that cannot fail.
    #[error("computation of shares contradicts itself")]
    Contradiction,
}

/// Says why a code cannot be split so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SplitError {
    /// It is not of the form `3-of-5`.
    #[error("shares are written as 3-of-5: how many it takes, and how many there are")]
    Form,
    /// One share would be enough.
    #[error("if one share were enough, each would be the whole code: it takes 2 at least")]
    One,
    /// It takes more shares than there are.
    #[error("it cannot take more shares than there are")]
    Order,
    /// There are too many.
    #[error("there are at most {SHARES_MAX} shares")]
    TooMany,
}

struct Listed<'a>(&'a [(usize, ShareError)]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (line, error)) in self.0.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}line {line} is no share: {error}")?;
        }
        Ok(())
    }
}
