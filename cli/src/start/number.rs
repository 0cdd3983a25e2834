//! Reads process ids as OpenSSH's `strtonum` does, and says the same of bad ones.

/// Reads a decimal number of at least `min` that fits an `int`.
///
/// # Errors
/// `invalid`, `too small` or `too large`.
pub(super) fn parse(text: &str, min: i32) -> Result<i32, &'static str> {
    let digits = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("invalid");
    }
    match digits.parse::<i32>() {
        Ok(number) if negative => (-number >= min).then_some(-number).ok_or("too small"),
        Ok(number) => (number >= min).then_some(number).ok_or("too small"),
        Err(_) if negative => Err("too small"),
        Err(_) => Err("too large"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_in_range() {
        assert_eq!(parse("2", 2), Ok(2));
        assert_eq!(parse(" +2147483647", 2), Ok(i32::MAX));
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(parse("1", 2), Err("too small"));
        assert_eq!(parse("-5", 2), Err("too small"));
        assert_eq!(parse("-99999999999", 2), Err("too small"));
        assert_eq!(parse("2147483648", 2), Err("too large"));
        assert_eq!(parse("", 2), Err("invalid"));
        assert_eq!(parse("12a", 2), Err("invalid"));
        assert_eq!(parse("12 ", 2), Err("invalid"));
    }
}
