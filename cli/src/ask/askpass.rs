//! The askpass program (ssh(1), ENVIRONMENT).

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use keyward_vault::Secret;

use super::{AskError, SECRET_MAX};
use crate::environment;

/// Where systems keep the program if `SSH_ASKPASS` does not name one.
const PLACES: [&str; 3] = [
    "/usr/bin/ssh-askpass",
    "/usr/libexec/openssh/ssh-askpass",
    "/usr/lib/ssh/ssh-askpass",
];

/// A program that shows a prompt on the person's display and prints what they type.
#[derive(Debug)]
pub(super) struct Askpass {
    program: OsString,
    preferred: bool,
}

impl Askpass {
    /// Finds the program; `None` where there is none, or no display it could use.
    pub(super) fn from_environment() -> Option<Self> {
        let require = environment::filled("SSH_ASKPASS_REQUIRE");
        let is = |word: &str| {
            require
                .as_ref()
                .is_some_and(|require| require.eq_ignore_ascii_case(word))
        };
        let display = ["DISPLAY", "WAYLAND_DISPLAY"];
        let has_display = display
            .iter()
            .any(|name| environment::filled(name).is_some());
        if is("never") || !(is("force") || has_display) {
            return None;
        }
        let installed = || PLACES.into_iter().find(|place| Path::new(place).exists());
        let program =
            environment::filled("SSH_ASKPASS").or_else(|| installed().map(OsString::from))?;
        let preferred = is("force") || is("prefer");
        Some(Self { program, preferred })
    }

    /// Says whether it is to be asked even where there is a terminal.
    pub(super) const fn is_preferred(&self) -> bool {
        self.preferred
    }

    /// Asks; what is typed is the first line of the program's output.
    pub(super) fn secret(&self, prompt: &str) -> Result<Secret<Vec<u8>>, AskError> {
        let mut child = Command::new(&self.program)
            .arg(prompt)
            // Left over from an agent's prompt, it would turn a passphrase into a yes or no.
            .env_remove("SSH_ASKPASS_PROMPT")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|_| AskError::NobodyToAsk)?;
        let mut answer = Secret::new(Vec::with_capacity(SECRET_MAX));
        if let Some(stdout) = child.stdout.take() {
            let limit = u64::try_from(SECRET_MAX).unwrap_or(u64::MAX);
            stdout
                .take(limit)
                .read_to_end(answer.expose_mut())
                .map_err(AskError::Terminal)?;
        }
        let ended = child.wait().map_err(AskError::Terminal)?;
        if !ended.success() {
            return Err(AskError::Cancelled);
        }
        let bytes = answer.expose_mut();
        let end = bytes
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .unwrap_or(bytes.len());
        bytes.truncate(end);
        Ok(answer)
    }
}
