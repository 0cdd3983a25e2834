//! Everything the program says, on standard output and standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::Path;

use keyward_agent::front::escape::Escaped;

/// How much is written to standard output at a time, in bytes: what a pipe holds.
const PIECE: usize = 64 << 10;

/// Writes `bytes` to standard output.
///
/// # Errors
/// What the system said; a reader that went away is none.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    // It may be a secret that was asked for: no buffer gets a copy.
    let mut stdout = io::stdout().lock();
    unless_gone(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// Writes to standard output what `write` makes, a piece at a time; nothing of it may be secret.
///
/// # Errors
/// What the system said; a reader that went away is none.
pub(crate) fn stream(
    write: impl FnOnce(&mut BufWriter<StdoutLock<'_>>) -> io::Result<()>,
) -> io::Result<()> {
    let mut stdout = BufWriter::with_capacity(PIECE, io::stdout().lock());
    unless_gone(write(&mut stdout).and_then(|()| stdout.flush()))
}

fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a fact that stops the program, and what to type next.
pub(crate) fn failure(fact: &dyn Display, hint: Option<&str>) {
    let fact = fact.to_string();
    // Names of files and keys may be a stranger's: none of them steers the terminal or adds a line.
    let fact = Escaped::new(fact.as_bytes()).to_string();
    let mut text = format!("error: {}\n", without_number(&fact));
    if let Some(hint) = hint {
        text.push_str("hint: ");
        text.push_str(hint);
        text.push('\n');
    }
    say(&text);
}

/// Writes a fact that stops nothing.
pub(crate) fn warn(fact: &dyn Display) {
    let fact = fact.to_string();
    let fact = Escaped::new(fact.as_bytes()).to_string();
    say(&format!("warning: {}\n", without_number(&fact)));
}

/// Writes a path so that it can be shown.
pub(crate) fn shown(path: &Path) -> Escaped<'_> {
    Escaped::new(path.as_os_str().as_encoded_bytes())
}

/// Returns the system's words for `error`, as `strerror` has them.
pub(crate) fn reason(error: &io::Error) -> String {
    without_number(&error.to_string()).to_owned()
}

/// Cuts the number off that follows the system's words: it says nothing to a person.
fn without_number(text: &str) -> &str {
    match text.rsplit_once(" (os error ") {
        Some((words, number)) if number.ends_with(')') => words,
        _ => text,
    }
}

/// Writes `text`, which ends its own lines, to standard error.
pub(crate) fn say(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Starts writing the agent's log to standard error.
pub(crate) fn log_from(level: tracing::Level) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(false)
        .finish();
    // It fails only when a log was set before, which nothing else does.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_has_no_number() {
        assert_eq!(
            reason(&io::Error::from_raw_os_error(2)),
            "No such file or directory"
        );
        assert_eq!(reason(&io::Error::other("odd (os error")), "odd (os error");
    }
}
