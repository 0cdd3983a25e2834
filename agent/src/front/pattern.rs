//! Patterns of user and host names with `*` and `?`, as in `ssh_config(5)`.

/// Says whether `pattern` matches the whole of `text`: `*` stands for any bytes, `?` for any one.
///
/// Case and encoding are not considered. It takes at most `text` times `pattern` steps, so both
/// want a limit where others choose them.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where the last star was and which text it ended before: only the last one needs another try.
    let mut star = None;
    while let Some(byte) = text.get(at_text) {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                star = Some((at_pattern + 1, at_text));
                at_pattern += 1;
                continue;
            }
            Some(wanted) if wanted == byte || *wanted == b'?' => {
                at_pattern += 1;
                at_text += 1;
                continue;
            }
            _ => {}
        }
        let Some((after_star, end)) = star else {
            return false;
        };
        star = Some((after_star, end + 1));
        at_pattern = after_star;
        at_text = end + 1;
    }
    let rest = pattern.get(at_pattern..).unwrap_or_default();
    rest.iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::matches;

    #[test]
    fn matches_itself_only_without_wildcards() {
        assert!(matches(b"alice", b"alice"));
        assert!(!matches(b"alice", b"Alice"));
        assert!(!matches(b"alice", b"alic"));
        assert!(!matches(b"alice", b"alicea"));
    }

    #[test]
    fn empty_pattern_matches_empty_text_only() {
        assert!(matches(b"", b""));
        assert!(!matches(b"", b"a"));
    }

    #[test]
    fn question_mark_is_exactly_one_byte() {
        assert!(matches(b"a?c", b"abc"));
        assert!(!matches(b"a?c", b"ac"));
        assert!(!matches(b"?", b""));
    }

    #[test]
    fn star_takes_as_much_as_it_needs() {
        assert!(matches(b"*", b""));
        assert!(matches(b"a*b*c", b"a-b-b-c"));
        assert!(matches(b"*.example.org", b"a.example.org.example.org"));
        assert!(!matches(b"*.example.org", b"a.example.org.test"));
        assert!(matches(b"**a**", b"bab"));
    }

    #[test]
    fn star_in_the_text_is_no_wildcard() {
        assert!(!matches(b"alice", b"*"));
        assert!(matches(b"*", b"*"));
    }

    /// The definition, which is exponential and therefore not the implementation.
    fn defined(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|length| defined(rest, &text[length..])),
            ([b'?', pattern @ ..], [_, text @ ..]) => defined(pattern, text),
            ([wanted, pattern @ ..], [byte, text @ ..]) if wanted == byte => defined(pattern, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,8}", text in "[ab*]{0,8}") {
            prop_assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                defined(pattern.as_bytes(), text.as_bytes())
            );
        }
    }
}
