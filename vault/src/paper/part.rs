//! The text of a QR code: which part of which paper it is, and the bytes of the part.

use super::error::PaperError;
use super::{BYTES_MAX, DIGEST, Paper, base32};

/// What every part begins with.
pub(super) const START: &str = "KWP1.";

/// The most bytes of a part, in a code that is read at the size that three have on a page: version 23 with error
/// correction M. A multiple of five, so that a part ends with a symbol.
const BYTES: usize = 730;

/// How much of the digest tells papers apart, in bytes.
const TAG: usize = 5;

/// The most parts of a paper.
const PARTS_MAX: usize = BYTES_MAX.div_ceil(BYTES);

/// One part of a paper, as its QR code has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    number: usize,
    count: usize,
    tag: [u8; TAG],
    bytes: Vec<u8>,
}

/// Writes all parts, of about the same length.
pub(super) fn write(bytes: &[u8]) -> Vec<String> {
    let count = bytes.len().div_ceil(BYTES).max(1);
    let length = bytes.len().div_ceil(count).next_multiple_of(5);
    let tag = base32::encode(&tag(bytes));
    let numbered = (1..).zip(bytes.chunks(length));
    let part = |(number, bytes)| format!("{START}{number}.{count}.{tag}.{}", base32::encode(bytes));
    numbered.map(part).collect()
}

impl Part {
    /// Reads the text of a QR code.
    ///
    /// # Errors
    /// [`PaperError::NoPart`].
    pub fn parse(text: &str) -> Result<Self, PaperError> {
        Self::fields(text.trim()).ok_or(PaperError::NoPart)
    }

    fn fields(text: &str) -> Option<Self> {
        let (start, rest) = text.split_at_checked(START.len())?;
        if !start.eq_ignore_ascii_case(START) || rest.len() > 2 * BYTES {
            return None;
        }
        let mut fields = rest.split('.');
        let mut digit = || {
            let [digit @ b'1'..=b'9'] = fields.next()?.as_bytes() else {
                return None;
            };
            Some(usize::from(digit - b'0'))
        };
        let (number, count) = (digit()?, digit()?);
        let tag = base32::decode(fields.next()?)?.try_into().ok()?;
        let bytes = base32::decode(fields.next()?)?;
        let is_one = number <= count && count <= PARTS_MAX && bytes.len() <= BYTES;
        (is_one && fields.next().is_none()).then_some(Self {
            number,
            count,
            tag,
            bytes,
        })
    }

    /// Says whether two parts are of one paper.
    pub fn is_of_the_same(&self, other: &Self) -> bool {
        self.tag == other.tag && self.count == other.count
    }
}

/// Puts a paper together of its parts, in any order, each once or more.
///
/// # Errors
/// [`PaperError::PartsMissing`], [`PaperError::PartsMixed`], or what is wrong with the whole.
pub fn assemble(parts: &[Part]) -> Result<Paper, PaperError> {
    let first = parts.first().ok_or(PaperError::NoPart)?;
    let mut bytes = Vec::with_capacity(BYTES_MAX);
    let mut missing = Vec::new();
    for number in 1..=first.count {
        let mut of_number = parts.iter().filter(|part| part.number == number);
        let Some(part) = of_number.next() else {
            missing.push(number);
            continue;
        };
        if of_number.any(|other| other != part) {
            return Err(PaperError::PartsMixed);
        }
        bytes.extend(&part.bytes);
    }
    if !parts.iter().all(|part| part.is_of_the_same(first)) {
        return Err(PaperError::PartsMixed);
    }
    if !missing.is_empty() {
        let count = first.count;
        return Err(PaperError::PartsMissing { missing, count });
    }
    let paper = Paper::read(bytes)?;
    match tag(paper.bytes()) == first.tag {
        true => Ok(paper),
        false => Err(PaperError::PartsMixed),
    }
}

fn tag(bytes: &[u8]) -> [u8; TAG] {
    let digest = bytes.last_chunk::<DIGEST>();
    let tag = digest.and_then(|digest| digest.first_chunk().copied());
    tag.unwrap_or_default()
}
