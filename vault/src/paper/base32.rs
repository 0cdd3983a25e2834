//! Bytes as symbols of five bits, the highest bit first.

use crate::symbols::{letter, value};

/// Writes bytes, and zero bits to the end of the last symbol.
pub(super) fn encode(bytes: &[u8]) -> String {
    values(bytes).into_iter().map(letter).collect()
}

/// Returns the values of the symbols.
pub(super) fn values(bytes: &[u8]) -> Vec<u8> {
    let mut values = Vec::with_capacity((8 * bytes.len()).div_ceil(5));
    let (mut gathered, mut held) = (0_u16, 0);
    for byte in bytes {
        gathered = gathered << 8 | u16::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            values.push(u8::try_from(gathered >> held & 31).unwrap_or_default());
            gathered &= (1 << held) - 1;
        }
    }
    if held > 0 {
        values.push(u8::try_from(gathered << (5 - held) & 31).unwrap_or_default());
    }
    values
}

/// Reads what [`encode`] wrote; `None` for other characters, a symbol too many, and bits that are not zero.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let values: Option<Vec<u8>> = text.chars().map(value).collect();
    bytes(&values?)
}

/// Gathers the bytes of symbols.
pub(super) fn bytes(values: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(5 * values.len() / 8);
    let (mut gathered, mut held) = (0_u16, 0);
    for value in values {
        gathered = gathered << 5 | u16::from(*value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(gathered >> held & 255).ok()?);
            gathered &= (1 << held) - 1;
        }
    }
    (held < 5 && gathered == 0).then_some(bytes)
}
