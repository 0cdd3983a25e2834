//! What a person reads above the question for the passphrase.

use core::fmt;

use crate::front::escape::Escaped;

/// The longest part of a comment that is shown, in characters.
const COMMENT_MAX: usize = 128;

/// The longest part of a user name that is shown, in characters.
const USER_MAX: usize = 64;

/// Tells who wants the vault opened and what for.
#[derive(Debug, Clone)]
pub struct UnlockQuestion<'a> {
    /// The program that asks, fit to be shown; empty where it is not known.
    pub program: &'a str,
    /// The program's process id.
    pub pid: Option<i32>,
    /// The comment of the key, as it came.
    pub comment: &'a [u8],
    /// The login that is to be signed.
    pub login: Option<Login<'a>>,
    /// Whether the request came from another host.
    pub forwarded: bool,
}

/// A login on a host that proved who it is.
#[derive(Debug, Clone)]
pub struct Login<'a> {
    /// The user name in the request, as it came.
    pub user: &'a [u8],
    /// The fingerprint of the host's key.
    pub host_key: String,
}

impl fmt::Display for UnlockQuestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.program {
            "" => f.write_str("a program")?,
            program => f.write_str(program)?,
        }
        if let Some(pid) = self.pid {
            write!(f, " (pid {pid})")?;
        }
        let comment = Escaped::shortened(self.comment, COMMENT_MAX);
        write!(f, " asks for the key \"{comment}\"")?;
        if let Some(Login { user, host_key }) = &self.login {
            let user = Escaped::shortened(user, USER_MAX);
            write!(
                f,
                " to log in as \"{user}\" to the host with the key {host_key}"
            )?;
        }
        if self.forwarded {
            f.write_str(", through a forwarded connection")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_who_and_what_for() {
        let mut question = UnlockQuestion {
            program: "/usr/bin/ssh",
            pid: Some(42),
            comment: b"work",
            login: None,
            forwarded: false,
        };
        assert_eq!(
            question.to_string(),
            "/usr/bin/ssh (pid 42) asks for the key \"work\""
        );
        question.login = Some(Login {
            user: b"git",
            host_key: "SHA256:abc".to_owned(),
        });
        question.forwarded = true;
        assert_eq!(
            question.to_string(),
            "/usr/bin/ssh (pid 42) asks for the key \"work\" to log in as \"git\" to the host with \
             the key SHA256:abc, through a forwarded connection"
        );
    }

    #[test]
    fn strangers_cannot_add_a_line_or_hide_what_follows() {
        let question = UnlockQuestion {
            program: "",
            pid: None,
            comment: &[&b"a\n\x1b[2J"[..], &[b'a'; 9000]].concat(),
            login: Some(Login {
                user: "\u{202e}x".as_bytes(),
                host_key: "SHA256:abc".to_owned(),
            }),
            forwarded: false,
        };
        let text = question.to_string();
        assert!(
            text.starts_with("a program asks for the key \"a\\u{a}\\u{1b}[2Jaaa"),
            "{text}"
        );
        assert!(
            text.ends_with("as \"\\u{202e}x\" to the host with the key SHA256:abc"),
            "{text}"
        );
        assert!(text.len() < 400);
    }
}
