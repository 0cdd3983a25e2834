//! A line for typing: its number, 15 bytes, and two symbols that check both.

use super::error::{LineError, WrongLine};
use super::{BYTES_MAX, base32};
use crate::symbols::{complete, holds, is_passed_over, letter, value};

/// The bytes of a line.
pub(super) const BYTES: usize = 15;

/// The symbols of a line: three digits, 24 symbols for the bytes, and two that check. That is no more than the 31 of
/// which every two errors are found.
pub(super) const SYMBOLS: usize = NUMBER + DATA + 2;

const NUMBER: usize = 3;

const DATA: usize = 24;

/// The symbols between two blanks.
const GROUP: usize = 4;

/// The most lines of a paper.
pub(super) const LINES_MAX: usize = BYTES_MAX.div_ceil(BYTES);

/// Writes all lines. The last is filled with zeros.
pub(super) fn write(bytes: &[u8]) -> Vec<String> {
    let numbered = (1..).zip(bytes.chunks(BYTES));
    numbered.map(|(number, data)| one(number, data)).collect()
}

fn one(number: usize, data: &[u8]) -> String {
    let mut symbols = [0; SYMBOLS];
    let digits = [number / 100, number / 10 % 10, number % 10];
    let digits = digits.map(|digit| u8::try_from(digit).unwrap_or_default());
    let values = digits.into_iter().chain(base32::values(data));
    for (symbol, value) in symbols.iter_mut().zip(values) {
        *symbol = value;
    }
    complete(&mut symbols);
    let mut line = String::with_capacity(SYMBOLS + SYMBOLS / GROUP + 1);
    for (index, symbol) in symbols.into_iter().enumerate() {
        if index % GROUP == NUMBER {
            line.push(' ');
        }
        line.push(letter(symbol));
    }
    line
}

/// Reads the line at a place of a text: its number and its bytes.
pub(super) fn read(place: usize, text: &str) -> Result<(usize, [u8; BYTES]), WrongLine> {
    let mut symbols = [0; SYMBOLS];
    let mut found = 0;
    let mut unknown = None;
    for letter in text.chars().filter(|letter| !is_passed_over(*letter)) {
        found += 1;
        match (value(letter), symbols.get_mut(found - 1)) {
            (Some(value), Some(symbol)) => *symbol = value,
            (Some(_), None) => {}
            (None, _) => unknown = unknown.or(Some((found, letter))),
        }
    }
    let number = number(&symbols).filter(|_| found >= NUMBER);
    let number = number.filter(|_| unknown.is_none_or(|(place, _)| place > NUMBER));
    let wrong = |error| WrongLine {
        place,
        number,
        error,
    };
    if let Some((place, found)) = unknown {
        return Err(wrong(LineError::Symbol { place, found }));
    }
    if found != SYMBOLS {
        return Err(wrong(LineError::Length { found }));
    }
    let number = number.ok_or_else(|| wrong(LineError::Number))?;
    if !holds(&symbols) {
        return Err(wrong(LineError::Check));
    }
    let data = symbols.get(NUMBER..NUMBER + DATA).and_then(base32::bytes);
    let data = data.and_then(|data| data.first_chunk().copied());
    data.map(|data| (number, data))
        .ok_or_else(|| wrong(LineError::Check))
}

/// Returns the number of a line, if a paper can have so many.
fn number(symbols: &[u8; SYMBOLS]) -> Option<usize> {
    let digits = symbols.iter().take(NUMBER);
    let number = digits
        .map(|digit| usize::from(*digit))
        .try_fold(0, |number, digit| {
            (digit < 10).then_some(10 * number + digit)
        });
    number.filter(|number| (1..=LINES_MAX).contains(number))
}
