//! Text from strangers, made fit to be shown to a person.
//!
//! Comments, user names and program names come from whoever may talk to the agent. Raw, they could
//! add lines to a question, hide or turn round what it says, or steer a terminal that shows the log.

use core::fmt::{self, Write};

use serde::{Serialize, Serializer};

/// Bytes that show themselves with everything dangerous escaped.
///
/// Control characters (C0, DEL, C1), line separators and characters that cannot be seen or that
/// change the direction of writing appear as `\u{9b}`, bytes that are not UTF-8 as `\xff`. All else
/// stays as it is, a backslash too: the text is for eyes, not to be decoded again.
#[derive(Clone, Copy)]
pub struct Escaped<'a> {
    text: &'a [u8],
    characters_max: usize,
}

impl<'a> Escaped<'a> {
    /// Shows all of `text`.
    pub const fn new(text: &'a [u8]) -> Self {
        Self::shortened(text, usize::MAX)
    }

    /// Shows at most `characters_max` characters of `text`, and `...` where that is not all.
    ///
    /// A long text could otherwise push what follows it out of sight.
    pub const fn shortened(text: &'a [u8], characters_max: usize) -> Self {
        Self {
            text,
            characters_max,
        }
    }

    /// Returns the text where it is shown as it is.
    fn plain(&self) -> Option<&str> {
        let is_plain = self.text.len() <= self.characters_max
            && self.text.iter().all(|byte| matches!(byte, b' '..=b'~'));
        core::str::from_utf8(self.text).ok().filter(|_| is_plain)
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nearly every comment is plain ASCII: it goes out as it is.
        if let Some(text) = self.plain() {
            return f.write_str(text);
        }
        let mut left = self.characters_max;
        for chunk in self.text.utf8_chunks() {
            for character in chunk.valid().chars() {
                if left == 0 {
                    return f.write_str("...");
                }
                left -= 1;
                if is_deceptive(character) {
                    write!(f, "\\u{{{:x}}}", u32::from(character))?;
                } else {
                    f.write_char(character)?;
                }
            }
            for byte in chunk.invalid() {
                if left == 0 {
                    return f.write_str("...");
                }
                left -= 1;
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Escaped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.plain() {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_str(self),
        }
    }
}

/// Says whether a character acts on a display instead of appearing on it.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX #9).
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}'
            // Without width or ink: two comments would look the same.
            | '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &[u8]) -> String {
        Escaped::new(text).to_string()
    }

    #[test]
    fn leaves_ordinary_text_alone() {
        assert_eq!(shown(b"me@host C:\\key"), "me@host C:\\key");
        assert_eq!(shown("Jörg 日本 🔑".as_bytes()), "Jörg 日本 🔑");
    }

    #[test]
    fn escapes_control_characters_of_both_sets() {
        assert_eq!(
            shown("a\n\0\x1b[2J\x7f\u{9b}".as_bytes()),
            "a\\u{a}\\u{0}\\u{1b}[2J\\u{7f}\\u{9b}"
        );
    }

    #[test]
    fn escapes_what_turns_or_hides_text() {
        assert_eq!(
            shown("\u{202e}a\u{2066}b\u{200b}c\u{2028}".as_bytes()),
            "\\u{202e}a\\u{2066}b\\u{200b}c\\u{2028}"
        );
    }

    #[test]
    fn escapes_bytes_that_are_not_utf8() {
        assert_eq!(shown(b"a\xff\xc3b\xe2\x80"), "a\\xff\\xc3b\\xe2\\x80");
    }

    #[test]
    fn shortens_and_says_so() {
        assert_eq!(Escaped::shortened(b"abcd", 3).to_string(), "abc...");
        assert_eq!(Escaped::shortened(b"abc", 3).to_string(), "abc");
        assert_eq!(
            Escaped::shortened(b"ab\xff\xff", 3).to_string(),
            "ab\\xff..."
        );
    }

    #[test]
    fn json_holds_the_same_text() {
        let json = |text| serde_json::to_string(&Escaped::new(text)).unwrap();
        assert_eq!(json(b"plain \"quoted\""), r#""plain \"quoted\"""#);
        assert_eq!(json(b"\x1b\xff"), r#""\\u{1b}\\xff""#);
        let short = serde_json::to_string(&Escaped::shortened(b"abcd", 2)).unwrap();
        assert_eq!(short, r#""ab...""#);
    }
}
