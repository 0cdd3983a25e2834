//! Typed text: the lines of a paper, or the texts of its QR codes.

use super::error::{LineError, PaperError, WrongLine};
use super::line::{self, BYTES, LINES_MAX};
use super::part::{self, Part};
use super::{Paper, line::SYMBOLS};
use crate::symbols::{is_passed_over, value};

/// Where a paper has its length.
const LENGTH: core::ops::Range<usize> = 6..8;

/// What a text held.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scanned {
    /// A whole paper.
    Whole(Paper),
    /// The texts of QR codes, all or some of those of a paper.
    Parts(Vec<Part>),
}

/// Says whether a text looks like lines of a paper, or like the texts of its QR codes.
pub fn are_meant(text: &str) -> bool {
    content(text).any(|(_, line)| is_part(line) || is_line(line))
}

/// Reads the lines of a paper, in any order, or the texts of its QR codes. Lines that are empty or begin with `#` are
/// passed over.
///
/// # Errors
/// [`PaperError::Text`] with every line that is wrong or missing, or what is wrong with the whole.
pub fn read_text(text: &str) -> Result<Scanned, PaperError> {
    if content(text).any(|(_, line)| is_part(line)) {
        let parts = content(text).map(|(_, line)| Part::parse(line));
        return Ok(Scanned::Parts(
            parts.take(LINES_MAX).collect::<Result<_, _>>()?,
        ));
    }
    let mut lines = [None; LINES_MAX];
    let mut wrong = Vec::new();
    for (place, line) in content(text).take(2 * LINES_MAX) {
        if let Err(error) = take(place, line, &mut lines) {
            wrong.push(error);
        }
    }
    let paper = whole(&lines, wrong)?;
    Ok(Scanned::Whole(Paper::read(paper)?))
}

/// The lines that were read: where each stood, and its bytes.
type Lines = [Option<(usize, [u8; BYTES])>; LINES_MAX];

fn take(place: usize, text: &str, lines: &mut Lines) -> Result<(), WrongLine> {
    let (number, bytes) = line::read(place, text)?;
    let wrong = |error| WrongLine {
        place,
        number: Some(number),
        error,
    };
    let line = lines.get_mut(number - 1);
    let line = line.ok_or_else(|| wrong(LineError::Number))?;
    match line {
        Some((_, other)) if *other != bytes => Err(wrong(LineError::Twice)),
        Some(_) => Ok(()),
        None => {
            *line = Some((place, bytes));
            Ok(())
        }
    }
}

/// Joins the lines, when all are there and none is wrong.
fn whole(lines: &Lines, mut wrong: Vec<WrongLine>) -> Result<Vec<u8>, PaperError> {
    let there = |index: usize| lines.get(index).is_some_and(Option::is_some);
    let last = (0..LINES_MAX).rev().find(|index| there(*index));
    let seen = last.map_or(0, |index| index + 1);
    let first = lines.first().copied().flatten();
    let length = first.and_then(|(_, bytes)| bytes.get(LENGTH)?.try_into().ok());
    let length = length.map(|length| usize::from(u16::from_be_bytes(length)));
    let count = length.map_or(seen, |length| length.div_ceil(BYTES).min(LINES_MAX));
    for (index, line) in lines.iter().enumerate().skip(count) {
        if let Some((place, _)) = line {
            wrong.push(WrongLine {
                place: *place,
                number: Some(index + 1),
                error: LineError::Beyond { lines: count },
            });
        }
    }
    wrong.sort_by_key(|line| line.place);
    let is_wrong = |number| wrong.iter().any(|line| line.number == Some(number));
    let missing: Vec<usize> = (0..count.max(1))
        .filter(|index| !there(*index) && !is_wrong(index + 1))
        .map(|index| index + 1)
        .collect();
    if !wrong.is_empty() || !missing.is_empty() {
        return Err(PaperError::Text { wrong, missing });
    }
    let bytes = lines.iter().flatten().flat_map(|(_, bytes)| *bytes);
    let mut bytes: Vec<u8> = bytes.collect();
    let found = bytes.len();
    let rest = bytes.split_off(length.unwrap_or_default().min(found));
    match rest.iter().all(|byte| *byte == 0) {
        true => Ok(bytes),
        false => Err(PaperError::Length { found }),
    }
}

/// Returns the lines that say something, with their places in the text.
fn content(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn is_part(line: &str) -> bool {
    let start = line.get(..part::START.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(part::START))
}

/// Says whether a line has as many symbols as it should, three digits first.
fn is_line(line: &str) -> bool {
    let symbols = || {
        line.chars()
            .filter(|letter| !is_passed_over(*letter))
            .map(value)
    };
    let is_digit = |value: Option<u8>| value.is_some_and(|value| value < 10);
    symbols().take(SYMBOLS + 1).count() == SYMBOLS
        && symbols().take(3).all(is_digit)
        && symbols().all(|value| value.is_some())
}
