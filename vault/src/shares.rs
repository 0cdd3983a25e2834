//! A recovery code in shares (SLIP-0039, <https://github.com/satoshilabs/slips/blob/master/slip-0039.md>): some of them
//! give it back, and one fewer tells nothing of it.
//!
//! What is split is the code of a slot and never the vault key, so that shares are taken out of use as a code is, by removing
//! the slot. [`split`] makes one group of shares without a passphrase; [`read`] takes those of one code and says which line is
//! wrong.

mod field;
mod checksum;
mod words;
mod encryption;
mod error;
mod polynomial;
mod share;

use core::str::FromStr;

pub use error::{ShareError, SharesError, SplitError};
pub use share::Share;

use encryption::Parameters;
use polynomial::Point;
use share::Common;

use crate::random::{self, Entropy};
use crate::{Error, RecoveryCode, Secret};

/// The most shares of one code: their numbers have four bits.
pub const SHARES_MAX: usize = 16;

/// How often the iterations of shares are doubled at most, when they are read: that takes some seconds.
const WORK_MAX: u8 = 10;

/// How often they are doubled in new shares: what the authors' own program writes. There is no passphrase that it would protect.
const EXPONENT: u8 = 1;

/// How many words a line has at least that is meant as a share: a recovery code has seven groups of symbols.
const WORDS_OF_SHARES: usize = 8;

/// The shortest word of a share, in letters.
const WORD_MIN: usize = 4;

/// How a code is split: how many shares there are, and how many it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    threshold: u8,
    count: u8,
}

impl Split {
    /// Takes 2 ≤ threshold ≤ count ≤ 16.
    ///
    /// # Errors
    /// [`SplitError`] says why it cannot be so.
    pub fn new(threshold: u8, count: u8) -> Result<Self, SplitError> {
        if usize::from(count) > SHARES_MAX {
            return Err(SplitError::TooMany);
        }
        if threshold < 2 {
            return Err(SplitError::One);
        }
        match threshold <= count {
            true => Ok(Self { threshold, count }),
            false => Err(SplitError::Order),
        }
    }

    /// Returns how many shares it takes.
    pub fn threshold(self) -> u8 {
        self.threshold
    }

    /// Returns how many shares there are.
    pub fn count(self) -> u8 {
        self.count
    }
}

impl FromStr for Split {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        let (threshold, count) = text.split_once("-of-").ok_or(SplitError::Form)?;
        let number = |text: &str| {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_number)
        };
        let numbers = number(threshold).zip(number(count));
        let (threshold, count) = numbers.ok_or(SplitError::Form)?;
        Self::new(threshold, count)
    }
}

/// Splits a code. Two splittings of one code do not mix.
///
/// # Errors
/// [`Error::Entropy`] without randomness.
pub fn split(
    code: &RecoveryCode,
    split: Split,
    entropy: &mut dyn Entropy,
) -> Result<Vec<Share>, Error> {
    let identifier = u16::from_be_bytes(random::array(entropy)?) >> 1;
    let parameters = Parameters {
        identifier,
        is_extendable: true,
        exponent: EXPONENT,
    };
    let mut secret = Secret::new(code.bytes().to_vec());
    encryption::encrypt(secret.expose_mut(), parameters, b"");
    let points = polynomial::split(secret.expose(), split.threshold, split.count, entropy)?;
    let share = |point: Point| Share {
        common: Common {
            parameters,
            group_threshold: 1,
            groups: 1,
        },
        threshold: split.threshold,
        group_index: 0,
        member_index: point.at,
        value: point.value,
    };
    Ok(points.into_iter().map(share).collect())
}

/// Says whether a text is meant as shares rather than as a recovery code.
pub fn are_meant(text: &str) -> bool {
    let is_word =
        |word: &&str| word.len() >= WORD_MIN && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let words = |line: &str| line.split_whitespace().filter(is_word).count();
    text.lines().any(|line| words(line) >= WORDS_OF_SHARES)
}

/// Reads the shares of a code, one a line, in any order; blank lines and such that begin with `#` are passed over. More shares
/// than it takes must fit as well.
///
/// # Errors
/// [`SharesError`] says which lines are wrong, or how the shares are not those of one code.
pub fn read(text: &str) -> Result<RecoveryCode, SharesError> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let shares = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut read = Vec::with_capacity(SHARES_MAX);
    let mut wrong = Vec::new();
    for (index, (number, line)) in shares.enumerate() {
        if index == SHARES_MAX {
            return Err(SharesError::TooMany);
        }
        match Share::parse(line) {
            Ok(share) => read.push((number, share)),
            Err(error) => wrong.push((number, error)),
        }
    }
    if !wrong.is_empty() {
        return Err(SharesError::Lines(wrong));
    }
    let secret = combine(read, b"")?;
    let bytes = secret.expose().len();
    let code = secret.expose().first_chunk().filter(|_| bytes == 16);
    code.map(RecoveryCode::from_bytes)
        .ok_or(SharesError::Size { bytes })
}

/// Returns the master secret of shares, each with the number of its line.
fn combine(shares: Vec<(usize, Share)>, passphrase: &[u8]) -> Result<Secret<Vec<u8>>, SharesError> {
    check(&shares)?;
    let common = shares.first().ok_or(SharesError::None)?.1.common;
    let exponent = common.parameters.exponent;
    if exponent > WORK_MAX {
        return Err(SharesError::Work { exponent });
    }
    let mut groups: Vec<(u8, u8, Vec<Point>)> = Vec::new();
    for (_, share) in shares {
        let point = Point {
            at: share.member_index,
            value: share.value,
        };
        match groups.iter_mut().find(|(at, ..)| *at == share.group_index) {
            Some((.., points)) => points.push(point),
            None => groups.push((share.group_index, share.threshold, vec![point])),
        }
    }
    let found = groups.len();
    let needed = common.group_threshold;
    if found < usize::from(needed) {
        return Err(SharesError::TooFewGroups { found, needed });
    }
    let points = groups.into_iter().map(|(at, needed, points)| {
        let found = points.len();
        if found < usize::from(needed) {
            return Err(SharesError::TooFew { found, needed });
        }
        let value = recover(&points, needed)?;
        Ok(Point { at, value })
    });
    let points: Vec<Point> = points.collect::<Result<_, _>>()?;
    let mut secret = recover(&points, common.group_threshold)?;
    encryption::decrypt(secret.expose_mut(), common.parameters, passphrase);
    Ok(secret)
}

/// Checks that the shares can be of one splitting, and that none is there twice.
fn check(shares: &[(usize, Share)]) -> Result<(), SharesError> {
    for (index, (line, share)) in shares.iter().enumerate() {
        let before = shares.iter().take(index);
        for (other, earlier) in before {
            let (line, other) = (*line, *other);
            let is_same_group = earlier.group_index == share.group_index;
            let fits = earlier.common == share.common
                && earlier.value.expose().len() == share.value.expose().len()
                && (!is_same_group || earlier.threshold == share.threshold);
            if !fits {
                return Err(SharesError::Mixed { line, other });
            }
            if is_same_group && earlier.member_index == share.member_index {
                return match earlier.format().expose() == share.format().expose() {
                    true => Err(SharesError::Same { line, other }),
                    false => Err(SharesError::Disagree),
                };
            }
        }
    }
    Ok(())
}

fn recover(points: &[Point], threshold: u8) -> Result<Secret<Vec<u8>>, SharesError> {
    let recovered = polynomial::recover(points, threshold);
    let recovered = recovered.map_err(|_| SharesError::Contradiction)?;
    recovered.ok_or(SharesError::Disagree)
}

#[cfg(test)]
mod tests;
