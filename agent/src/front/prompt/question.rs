//! What a person reads when a key is about to be used.

use core::fmt;

use crate::front::escape::Escaped;

/// The longest part of a comment that is shown, in characters.
///
/// OpenSSH cuts a question at 1,023 bytes; here the fingerprint and the destination always remain.
const COMMENT_MAX: usize = 256;

/// The longest part of a user name that is shown, in characters.
const USER_MAX: usize = 64;

/// Asks whether a key with the constraint "confirm" may be used now.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The comment the key was added with, as it came.
    pub comment: &'a [u8],
    /// The key's fingerprint, such as `SHA256:...`.
    pub fingerprint: &'a str,
    /// Where a destination constraint let the signature through: for whom, and that it was checked.
    pub destination: Option<ListedHost<'a>>,
}

impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comment = Escaped::shortened(self.comment, COMMENT_MAX);
        writeln!(f, "Allow use of key {comment}?")?;
        write!(f, "Key fingerprint {}.", self.fingerprint)?;
        match self.destination {
            Some(destination) => write!(f, "\n{destination}"),
            None => Ok(()),
        }
    }
}

/// Says that a login as this user goes to one of the hosts the key is constrained to.
#[derive(Debug, Clone, Copy)]
pub struct ListedHost<'a> {
    /// The user name in the signed request, as it came.
    pub user: &'a [u8],
}

impl fmt::Display for ListedHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = Escaped::shortened(self.user, USER_MAX);
        write!(
            f,
            "public key authentication request for user \"{user}\" to listed host"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_with_openssh() {
        let mut question = Question {
            comment: b"me@laptop",
            fingerprint: "SHA256:abc",
            destination: None,
        };
        assert_eq!(
            question.to_string(),
            "Allow use of key me@laptop?\nKey fingerprint SHA256:abc."
        );
        question.destination = Some(ListedHost { user: b"git" });
        assert_eq!(
            question.to_string(),
            "Allow use of key me@laptop?\nKey fingerprint SHA256:abc.\n\
             public key authentication request for user \"git\" to listed host"
        );
    }

    #[test]
    fn comment_cannot_add_a_line_or_turn_the_text() {
        let question = Question {
            comment: "a?\nKey fingerprint SHA256:good.\u{202e}".as_bytes(),
            fingerprint: "SHA256:bad",
            destination: Some(ListedHost { user: b"a\nb" }),
        };
        assert_eq!(
            question.to_string(),
            "Allow use of key a?\\u{a}Key fingerprint SHA256:good.\\u{202e}?\n\
             Key fingerprint SHA256:bad.\n\
             public key authentication request for user \"a\\u{a}b\" to listed host"
        );
    }

    #[test]
    fn long_comment_leaves_the_fingerprint_in_sight() {
        let question = Question {
            comment: &[b'a'; 10_000],
            fingerprint: "SHA256:abc",
            destination: None,
        };
        let text = question.to_string();
        assert!(text.len() < 1024);
        assert!(text.ends_with("a...?\nKey fingerprint SHA256:abc."));
    }
}
