//! What the tests save: a number, and filler that only fits this number.

/// Returns the bytes for a number; their length depends on it too.
pub(crate) fn bytes(number: u64) -> Vec<u8> {
    let lines = 20 + number % 7 * 150;
    let mut bytes = format!("{number}\n").into_bytes();
    for line in 0..lines {
        let word = (number + line).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bytes.extend(format!("{word:016x}\n").bytes());
    }
    bytes
}

/// Returns the number, or `None` if the bytes are not whole.
pub(crate) fn number(whole: &[u8]) -> Option<u64> {
    let line = whole.split(|byte| *byte == b'\n').next()?;
    let number = std::str::from_utf8(line).ok()?.parse().ok()?;
    (bytes(number) == whole).then_some(number)
}
