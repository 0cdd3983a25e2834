//! The askpass program: where it is, when it may be used, and what its answer is.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Stdio;

use keyward_vault::Secret;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::front::child::Child;

/// The longest answer that is read, in bytes (the buffer of OpenSSH's `ssh_askpass`).
const LINE_MAX: usize = 1023;

/// Where systems keep the program if `SSH_ASKPASS` does not name one.
const PLACES: [&str; 5] = [
    "/usr/bin/ssh-askpass",
    "/usr/libexec/openssh/ssh-askpass",
    "/usr/lib/ssh/ssh-askpass",
    "/usr/libexec/ssh/ssh-askpass",
    "/usr/X11R6/bin/ssh-askpass",
];

/// The variable that tells the program what kind of dialogue is wanted (ssh(1)).
const HINT: &str = "SSH_ASKPASS_PROMPT";

/// What the environment says about asking a person (ssh(1), ENVIRONMENT).
#[derive(Debug, Clone, Default)]
pub struct Environment {
    askpass: Option<OsString>,
    require: Option<OsString>,
    display: Option<OsString>,
    wayland_display: Option<OsString>,
}

impl Environment {
    /// Takes `SSH_ASKPASS`, `SSH_ASKPASS_REQUIRE`, `DISPLAY` and `WAYLAND_DISPLAY` from `variable`.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        Self {
            askpass: variable("SSH_ASKPASS"),
            require: variable("SSH_ASKPASS_REQUIRE"),
            display: variable("DISPLAY"),
            wayland_display: variable("WAYLAND_DISPLAY"),
        }
    }

    fn allows_askpass(&self) -> bool {
        let is_set = |value: &Option<OsString>| value.as_ref().is_some_and(|text| !text.is_empty());
        match &self.require {
            Some(require) if require.eq_ignore_ascii_case("force") => true,
            Some(require) if require.eq_ignore_ascii_case("never") => false,
            _ => is_set(&self.display) || is_set(&self.wayland_display),
        }
    }
}

/// The kind of answer that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// Yes or no, by two buttons.
    Confirm,
    /// A text that is not shown while it is typed.
    Passphrase,
}

/// What came back.
#[derive(Debug)]
pub(super) enum Reply {
    /// The program ended well with this first line, without its end.
    Line(Secret<Vec<u8>>),
    /// The person cancelled, or the program failed.
    Refused,
    /// The program could not be started.
    NoOne,
}

/// An askpass program that may be used.
#[derive(Debug, Clone)]
pub struct Askpass {
    program: OsString,
}

impl Askpass {
    /// Finds the program; `None` where there is none or no display it could use.
    pub fn choose(environment: &Environment) -> Option<Self> {
        if !environment.allows_askpass() {
            return None;
        }
        let program = match &environment.askpass {
            Some(program) => program.clone(),
            None => OsString::from(PLACES.into_iter().find(|place| Path::new(place).exists())?),
        };
        (!program.is_empty()).then_some(Self { program })
    }

    /// Shows `text` without asking for an answer, until the child is dropped.
    pub(super) fn show(&self, text: &str) -> io::Result<Child> {
        let mut command = self.command(text);
        Child::start(command.env(HINT, "none").stdout(Stdio::null()))
    }

    /// Asks and waits for the first line of the answer.
    pub(super) async fn ask(&self, text: &str, hint: Hint) -> Reply {
        let mut command = self.command(text);
        match hint {
            Hint::Confirm => command.env(HINT, "confirm"),
            // Left over from the agent's own start it would turn a PIN into a visible text.
            Hint::Passphrase => command.env_remove(HINT),
        };
        let mut child = match Child::start(command.stdout(Stdio::piped())) {
            Ok(child) => child,
            Err(error) => {
                tracing::warn!(program = ?self.program, %error, "askpass does not start");
                return Reply::NoOne;
            }
        };
        let Some(mut output) = child.output() else {
            return Reply::Refused;
        };
        let Ok(Some(line)) = read_line(&mut output).await else {
            return Reply::Refused;
        };
        match child.ended().await {
            Ok(status) if status.success() => Reply::Line(line),
            Ok(_) | Err(_) => Reply::Refused,
        }
    }

    fn command(&self, text: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(text).stdin(Stdio::null());
        command
    }
}

/// Reads to the end and keeps the first line; `None` for more than [`LINE_MAX`] bytes.
///
/// The bytes go from the pipe into the one buffer that is wiped: no reader with a buffer of its own
/// and nothing that grows may come between.
async fn read_line(output: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Secret<Vec<u8>>>> {
    let mut line = Secret::new(vec![0; LINE_MAX + 1]);
    let mut filled = 0;
    loop {
        let space = line.expose_mut().get_mut(filled..).unwrap_or_default();
        if space.is_empty() {
            return Ok(None);
        }
        match output.read(space).await? {
            0 => break,
            count => filled += count,
        }
    }
    line.expose_mut().truncate(filled);
    let end = line
        .expose()
        .iter()
        .position(|byte| matches!(byte, b'\r' | b'\n'))
        .unwrap_or(filled);
    line.expose_mut().truncate(end);
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::test_runtime::run;

    fn environment(variables: &'static [(&str, &str)]) -> Environment {
        Environment::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    fn is_chosen(variables: &'static [(&str, &str)]) -> bool {
        Askpass::choose(&environment(variables)).is_some()
    }

    #[test]
    fn needs_a_display_of_either_kind() {
        assert!(!is_chosen(&[("SSH_ASKPASS", "a")]));
        assert!(!is_chosen(&[("SSH_ASKPASS", "a"), ("DISPLAY", "")]));
        assert!(is_chosen(&[("SSH_ASKPASS", "a"), ("DISPLAY", ":0")]));
        assert!(is_chosen(&[("SSH_ASKPASS", "a"), ("WAYLAND_DISPLAY", "w")]));
    }

    #[test]
    fn force_needs_no_display_but_prefer_does() {
        assert!(is_chosen(&[
            ("SSH_ASKPASS", "a"),
            ("SSH_ASKPASS_REQUIRE", "Force")
        ]));
        assert!(!is_chosen(&[
            ("SSH_ASKPASS", "a"),
            ("SSH_ASKPASS_REQUIRE", "prefer")
        ]));
    }

    #[test]
    fn never_wins_over_a_display() {
        assert!(!is_chosen(&[
            ("SSH_ASKPASS", "a"),
            ("DISPLAY", ":0"),
            ("SSH_ASKPASS_REQUIRE", "never"),
        ]));
    }

    #[test]
    fn empty_program_is_none() {
        assert!(!is_chosen(&[("SSH_ASKPASS", ""), ("DISPLAY", ":0")]));
    }

    fn line_of(bytes: &[u8]) -> Option<Vec<u8>> {
        run(async { read_line(&mut &*bytes).await.unwrap() }).map(|line| line.expose().clone())
    }

    #[test]
    fn keeps_only_the_first_line() {
        assert_eq!(line_of(b"").unwrap(), b"");
        assert_eq!(line_of(b"1234").unwrap(), b"1234");
        assert_eq!(line_of(b"1234\r\nmore").unwrap(), b"1234");
        assert_eq!(line_of(b"\nyes").unwrap(), b"");
    }

    #[test]
    fn refuses_more_than_the_limit() {
        assert_eq!(line_of(&[b'1'; LINE_MAX]).unwrap().len(), LINE_MAX);
        assert_eq!(line_of(&[b'1'; LINE_MAX + 1]), None);
    }

    #[test]
    fn reading_never_moves_the_line() {
        run(async {
            let line = read_line(&mut &b"1234\n"[..]).await.unwrap().unwrap();
            assert_eq!(line.expose().capacity(), LINE_MAX + 1);
        });
    }
}
