//! Everything the program says, on standard output and standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes `bytes` to standard output.
///
/// # Errors
/// What the system said; a reader that went away is none.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a fact that stops the program, and what to type next.
pub(crate) fn failure(fact: &dyn Display, hint: Option<&str>) {
    let mut text = format!("error: {fact}\n");
    if let Some(hint) = hint {
        text.push_str("hint: ");
        text.push_str(hint);
        text.push('\n');
    }
    say(&text);
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
