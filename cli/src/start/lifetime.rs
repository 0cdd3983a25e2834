//! Reads lifetimes as OpenSSH's `convtime` does: `90`, `1h30m`, `2w`.

use std::time::Duration;

/// Longest lifetime in seconds: OpenSSH keeps it in an `int`.
const SECONDS_MAX: u64 = 2_147_483_647;

/// Reads a lifetime; `None` inside means that identities stay for ever.
///
/// Numbers are followed by `s`, `m`, `h`, `d` or `w` in either case, or nothing for seconds,
/// which come once at most and may have decimals that are cut off. Where OpenSSH cuts half a
/// second down to 0, which means for ever, it becomes one second here.
///
/// The outer `None` says that `text` is no lifetime.
pub(crate) fn parse(text: &str) -> Option<Option<Duration>> {
    let mut rest = text.as_bytes();
    let mut sum = Sum::default();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let length = rest.iter().take_while(|byte| is_numeric(**byte)).count();
        let (number, tail) = rest.split_at_checked(length)?;
        let (unit, tail) = tail
            .split_first()
            .map_or((b's', tail), |(unit, tail)| (*unit, tail));
        sum.add(number, unit)?;
        rest = tail;
    }
    sum.finish()
}

#[derive(Default)]
struct Sum {
    seconds: u64,
    has_seconds: bool,
    has_fraction: bool,
}

impl Sum {
    fn add(&mut self, number: &[u8], unit: u8) -> Option<()> {
        let number = core::str::from_utf8(number).ok()?;
        let whole = match number.split_once('.') {
            Some((whole, fraction)) => {
                self.add_fraction(fraction, unit)?;
                if whole.is_empty() { "0" } else { whole }
            }
            None => number,
        };
        let unit_seconds = match unit.to_ascii_lowercase() {
            b's' if self.has_seconds => return None,
            b's' => {
                self.has_seconds = true;
                1
            }
            b'm' => 60,
            b'h' => 60 * 60,
            b'd' => 24 * 60 * 60,
            b'w' => 7 * 24 * 60 * 60,
            _ => return None,
        };
        let seconds = whole.parse::<u64>().ok()?.checked_mul(unit_seconds)?;
        self.seconds = self.seconds.checked_add(seconds)?;
        Some(())
    }

    fn add_fraction(&mut self, fraction: &str, unit: u8) -> Option<()> {
        let is_number = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || !unit.eq_ignore_ascii_case(&b's') {
            return None;
        }
        self.has_fraction |= fraction.bytes().any(|byte| byte != b'0');
        Some(())
    }

    fn finish(self) -> Option<Option<Duration>> {
        let seconds = match self.seconds {
            0 if self.has_fraction => 1,
            seconds if seconds > SECONDS_MAX => return None,
            seconds => seconds,
        };
        Some((seconds > 0).then(|| Duration::from_secs(seconds)))
    }
}

const fn is_numeric(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        parse(text)?.map(|lifetime| lifetime.as_secs())
    }

    #[test]
    fn reads_units_in_either_case() {
        for (text, expected) in [
            ("90", 90),
            ("90s", 90),
            ("5m", 300),
            ("1h30m", 5_400),
            ("1H30M10", 5_410),
            ("2d", 172_800),
            ("2w", 1_209_600),
            ("1h1h", 7_200),
            ("007", 7),
            ("2147483647", 2_147_483_647),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn cuts_decimals_of_seconds() {
        assert_eq!(seconds("1.9s"), Some(1));
        assert_eq!(seconds("1m.5"), Some(60));
    }

    #[test]
    fn half_a_second_is_not_for_ever() {
        assert_eq!(seconds("0.5"), Some(1));
    }

    #[test]
    fn zero_is_for_ever() {
        assert_eq!(parse("0"), Some(None));
        assert_eq!(parse("0.0"), Some(None));
    }

    #[test]
    fn refuses_what_openssh_refuses() {
        for text in [
            "",
            " 1",
            "1 ",
            "-1",
            "+1",
            "1x",
            "m",
            "1.5m",
            "1.",
            "1..5",
            "1.5.5",
            ".",
            "1s1s",
            "1s1",
            "1e5",
            "0x10",
            "2147483648",
            "4000w",
            "99999999999999999999",
            "18446744073709551615w",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
