//! Getting a secret from a person: a file they name, their terminal, or an askpass program.
//!
//! Never from arguments or the environment, which other processes and shell histories see. Call it inside
//! `secret_memory::allocator::run`: what is read then lies in secret memory.

mod askpass;
mod file;
mod pinentry;
mod terminal;

use std::io;
use std::path::{Path, PathBuf};

use keyward_vault::Secret;
use thiserror::Error;

use self::askpass::Askpass;
use crate::output;

/// The longest secret that is read, in bytes.
const SECRET_MAX: usize = 64 << 10;

/// Says why there is no secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum AskError {
    #[error("cancelled")]
    Cancelled,
    #[error("cannot read {}: {}", path.display(), output::reason(source))]
    File { path: PathBuf, source: io::Error },
    #[error("interrupted")]
    Interrupted,
    #[error("there is nobody to ask: no terminal, and no askpass program")]
    NobodyToAsk,
    #[error("there is nobody to ask for the new one: no terminal, and no askpass program")]
    NobodyToAskNew,
    #[error("there is no terminal to type it at")]
    NoTerminal,
    #[error("cannot use the terminal: {}", output::reason(.0))]
    Terminal(io::Error),
    #[error("{} is longer than {SECRET_MAX} bytes", .0.display())]
    TooLong(PathBuf),
    #[error("the two are not the same")]
    TypedDifferently,
}

/// Returns the secret in `file`, or asks a person for it with `prompt`, which ends in a blank.
///
/// A file may end in one line end, which is not part of the secret. `-` is standard input.
///
/// # Errors
/// [`AskError`].
pub(crate) fn secret(file: Option<&Path>, prompt: &str) -> Result<Secret<Vec<u8>>, AskError> {
    match file {
        Some(path) => file::read(path),
        None => person(prompt),
    }
}

/// Returns a new secret from `file`, or asks a person for it, once.
///
/// # Errors
/// [`AskError`]. Without a person it is [`AskError::NobodyToAskNew`].
pub(crate) fn new_secret(file: Option<&Path>, prompt: &str) -> Result<Secret<Vec<u8>>, AskError> {
    secret(file, prompt).map_err(|error| match error {
        AskError::NobodyToAsk => AskError::NobodyToAskNew,
        error => error,
    })
}

/// Asks a person for a new secret once more.
///
/// # Errors
/// [`AskError`], [`AskError::TypedDifferently`] too.
pub(crate) fn again(first: &Secret<Vec<u8>>) -> Result<(), AskError> {
    let second = person("Again: ")?;
    match first.expose() == second.expose() {
        true => Ok(()),
        false => Err(AskError::TypedDifferently),
    }
}

/// Asks a person for a line that is no secret and is shown while it is typed.
///
/// # Errors
/// [`AskError::NoTerminal`].
pub(crate) fn line(prompt: &str) -> Result<String, AskError> {
    terminal::line(prompt)
}

/// Asks a person on behalf of an agent, which has no terminal of its own: at `terminal`, that of the program that
/// wants a signature, where it has one; otherwise with pinentry, or the askpass program. `SSH_ASKPASS_REQUIRE` puts
/// that first.
///
/// # Errors
/// [`AskError::NobodyToAsk`] where there is none of them.
pub(crate) fn elsewhere(terminal: Option<&Path>, text: &str) -> Result<Secret<Vec<u8>>, AskError> {
    let askpass = Askpass::from_environment();
    let question = format!("{text}\nPassphrase: ");
    if let Some(askpass) = askpass.as_ref().filter(|askpass| askpass.is_preferred()) {
        return askpass.secret(&question);
    }
    // One that somebody else reads letter by letter, as an ssh to another host does, is not ours to read.
    if let Some(terminal) = terminal.filter(|terminal| terminal::is_free(terminal)) {
        return terminal::secret_at(terminal, &format!("\n{question}"));
    }
    match pinentry::secret(text)? {
        Some(secret) => Ok(secret),
        None => askpass.ok_or(AskError::NobodyToAsk)?.secret(&question),
    }
}

/// Tells a person what [`elsewhere`] came to, where they were asked at a terminal.
pub(crate) fn tell_elsewhere(terminal: Option<&Path>, text: &str) {
    if let Some(terminal) = terminal.filter(|terminal| terminal::is_free(terminal)) {
        terminal::tell(terminal, text);
    }
}

/// Keeps what is typed from being shown, and from being taken for an answer to what is asked next, until it is dropped:
/// while a vault opens, somebody may type the passphrase again.
///
/// # Errors
/// There is no terminal.
pub(crate) fn hush(terminal: &Path) -> io::Result<impl Drop + use<>> {
    terminal::Hush::begin(terminal)
}

/// As [`hush`], at the person's own terminal, where there is one.
pub(crate) fn hush_own() -> Option<impl Drop> {
    terminal::Hush::begin(Path::new(terminal::TERMINAL)).ok()
}

/// Says whether there is a terminal to ask at.
pub(crate) fn has_terminal() -> bool {
    terminal::is_there()
}

/// Asks at the terminal, or where there is none with the askpass program, as `ssh-add` does:
/// `SSH_ASKPASS_REQUIRE` turns that round.
fn person(prompt: &str) -> Result<Secret<Vec<u8>>, AskError> {
    let askpass = Askpass::from_environment();
    let terminal_first = !askpass.as_ref().is_some_and(Askpass::is_preferred);
    if terminal_first && terminal::is_there() {
        return terminal::secret(prompt);
    }
    match askpass {
        Some(askpass) => askpass.secret(prompt),
        None if terminal::is_there() => terminal::secret(prompt),
        None => Err(AskError::NobodyToAsk),
    }
}
