//! Patterns with `*` and `?`, as OpenSSH's `match_pattern` and `match_pattern_list` read them
//! (ssh_config(5), PATTERNS).

/// The longest pattern of a list, in bytes (the buffer of OpenSSH's `match_pattern_list`).
pub const PATTERN_MAX: usize = 1022;

/// Says whether `pattern` covers the whole of `text`: `*` stands for any bytes, `?` for one byte.
///
/// It takes at most `text.len() * pattern.len()` steps, so that a pattern from a stranger cannot
/// keep the agent busy.
pub fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut text, mut pattern) = (text, pattern);
    // Where to go on if what follows the last star does not fit: the text one byte further.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((b'*', after)), _) => {
                retry = Some((text, after));
                pattern = after;
            }
            (Some((wanted, after)), Some((got, rest))) if *wanted == b'?' || wanted == got => {
                pattern = after;
                text = rest;
            }
            (None, None) => return true,
            _ => {
                let Some(((_, rest), after)) =
                    retry.and_then(|(text, after)| Some((text.split_first()?, after)))
                else {
                    return false;
                };
                retry = Some((rest, after));
                text = rest;
                pattern = after;
            }
        }
    }
}

/// Says whether a list of patterns, parted by commas, lets `text` in.
///
/// A pattern after `!` shuts out what it covers, wherever it stands in the list; something has to
/// let the text in besides. An empty pattern covers nothing. A pattern longer than [`PATTERN_MAX`] makes the whole list let nothing in.
pub fn list_allows(text: &[u8], list: &[u8]) -> bool {
    let mut allowed = false;
    for entry in list.split(|byte| *byte == b',') {
        let (negated, pattern) = match entry.split_first() {
            Some((b'!', pattern)) => (true, pattern),
            _ => (false, entry),
        };
        if pattern.len() > PATTERN_MAX {
            return false;
        }
        if !pattern.is_empty() && matches(text, pattern) {
            if negated {
                return false;
            }
            allowed = true;
        }
    }
    allowed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn covers_the_whole_text() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("a", "", false),
            ("", "*", true),
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("ab", "abc", false),
            ("abc", "a?c", true),
            ("ac", "a?c", false),
            ("abcbc", "a*bc", true),
            ("abcbd", "a*bc", false),
            ("/usr/lib64/a/b.so", "/usr/lib*/*", true),
            ("/usr/local/x.so", "/usr/lib*/*", false),
            ("ssh:", "ssh:*", true),
            ("a", "***a***", true),
            ("a*b", "a*b", true),
        ] {
            let got = matches(text.as_bytes(), pattern.as_bytes());
            assert_eq!(got, expected, "{text} against {pattern}");
        }
    }

    #[test]
    fn many_stars_end_soon() {
        let pattern = b"*a".repeat(500);
        assert!(!matches(&vec![b'b'; 10_000], &pattern));
        assert!(!matches(
            &[b"a".repeat(5_000), b"b".to_vec()].concat(),
            &pattern
        ));
    }

    #[test]
    fn list_needs_one_that_lets_in() {
        assert!(list_allows(b"/usr/lib/x", b"/opt/*,/usr/lib*/*"));
        assert!(!list_allows(b"/home/x", b"/opt/*,/usr/lib*/*"));
        assert!(!list_allows(b"x", b""));
        assert!(!list_allows(b"x", b"!y"));
        assert!(!list_allows(b"", b""));
    }

    #[test]
    fn negated_pattern_shuts_out_in_any_order() {
        assert!(!list_allows(b"/usr/lib/bad", b"/usr/*,!*/bad"));
        assert!(!list_allows(b"/usr/lib/bad", b"!*/bad,/usr/*"));
        assert!(list_allows(b"/usr/lib/good", b"!*/bad,/usr/*"));
    }

    #[test]
    fn list_with_too_long_a_pattern_lets_nothing_in() {
        let list = [vec![b'*'; PATTERN_MAX + 1], b",*".to_vec()].concat();
        assert!(!list_allows(b"x", &list));
        assert!(list_allows(b"x", list.get(1..).unwrap()));
    }

    /// The definition, which is exponential and therefore not the implementation.
    fn defined(text: &[u8], pattern: &[u8]) -> bool {
        match (text, pattern) {
            ([], []) => true,
            (_, [b'*', rest @ ..]) => (0..=text.len()).any(|length| defined(&text[length..], rest)),
            ([_, text @ ..], [b'?', pattern @ ..]) => defined(text, pattern),
            ([byte, text @ ..], [wanted, pattern @ ..]) if wanted == byte => defined(text, pattern),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,8}", text in "[ab*]{0,8}") {
            prop_assert_eq!(
                matches(text.as_bytes(), pattern.as_bytes()),
                defined(text.as_bytes(), pattern.as_bytes())
            );
        }
    }
}
