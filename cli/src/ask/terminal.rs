//! The terminal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::thread;

use keyward_vault::Secret;
use nix::sys::signal::{SigSet, Signal};
use rpassword::ConfigBuilder;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::AskError;

/// The person's own terminal, whatever the standard streams are.
pub(super) const TERMINAL: &str = "/dev/tty";

/// Says whether there is a terminal.
pub(super) fn is_there() -> bool {
    File::open(TERMINAL).is_ok()
}

/// Says whether a terminal reads line by line, as it does for a shell's command.
pub(super) fn is_free(path: &Path) -> bool {
    let terminal = File::options().read(true).write(true).open(path);
    let modes = terminal.and_then(|terminal| Ok(tcgetattr(&terminal)?));
    modes.is_ok_and(|modes| {
        modes
            .local_modes
            .contains(LocalModes::ICANON | LocalModes::ECHO)
    })
}

/// Asks for a secret, which is not shown while it is typed.
pub(super) fn secret(prompt: &str) -> Result<Secret<Vec<u8>>, AskError> {
    read(Path::new(TERMINAL), prompt, |_| {})
}

/// Asks for a secret at the terminal `path`, which is another program's: a Ctrl-C typed there says no to us and does
/// not end us.
pub(super) fn secret_at(path: &Path, prompt: &str) -> Result<Secret<Vec<u8>>, AskError> {
    read(path, prompt, Guard::forget_interrupt)
}

fn read(
    path: &Path,
    prompt: &str,
    interrupted: impl FnOnce(&Guard),
) -> Result<Secret<Vec<u8>>, AskError> {
    let guard = Guard::new(path).map_err(AskError::Terminal)?;
    let config = ConfigBuilder::new()
        .input_file_path(path.to_string_lossy())
        .output_file_path(path.to_string_lossy())
        .build();
    let typed = rpassword::prompt_password_with_config(prompt, config);
    if matches!(&typed, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
        interrupted(&guard);
    }
    drop(guard);
    match typed {
        Ok(typed) => Ok(Secret::new(typed.into_bytes())),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(AskError::Interrupted),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(AskError::Cancelled),
        Err(error) => Err(AskError::Terminal(error)),
    }
}

/// Writes a line on the terminal `path`, as far as it takes one.
pub(super) fn tell(path: &Path, text: &str) {
    if let Ok(mut terminal) = File::options().write(true).open(path) {
        // Whoever has gone is not told.
        let _ = terminal.write_all(format!("{text}\n").as_bytes());
    }
}

/// Asks for a line, which is shown while it is typed.
pub(super) fn line(prompt: &str) -> Result<String, AskError> {
    let terminal = File::options().read(true).write(true).open(TERMINAL);
    let terminal = terminal.map_err(|_| AskError::NoTerminal)?;
    (&terminal)
        .write_all(prompt.as_bytes())
        .map_err(AskError::Terminal)?;
    let mut line = String::new();
    let read = BufReader::new(terminal)
        .read_line(&mut line)
        .map_err(AskError::Terminal)?;
    if read == 0 {
        return Err(AskError::Cancelled);
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A terminal without echo.
pub(super) struct Hush {
    terminal: File,
    before: Termios,
}

impl Hush {
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open(path)?;
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO;
        tcsetattr(&terminal, OptionalActions::Now, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hush {
    fn drop(&mut self) {
        // What was typed meanwhile is dropped with the same call. A terminal that is gone needs nothing.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// Puts the terminal back as it was when a signal ends the program while echo is off: a shell without echo
/// looks broken.
struct Guard {
    held: SigSet,
}

impl Guard {
    fn new(path: &Path) -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open(path)?;
        let before = tcgetattr(&terminal)?;
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        thread::spawn(move || {
            for signal in signals.forever() {
                // A terminal that is gone needs nothing.
                let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
                // What comes next does not begin behind the prompt.
                let _ = (&terminal).write_all(b"\n");
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
        // The prompt sends itself the signal for a typed Ctrl-C before it puts the terminal back: it is to come
        // after that.
        let held = SigSet::from(Signal::SIGINT);
        held.thread_block()?;
        Ok(Self { held })
    }

    /// Takes back the signal that the prompt sent itself.
    fn forget_interrupt(&self) {
        // It is held, so that this does not wait.
        let _ = self.held.wait();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // It fails for a set that is no set only.
        let _ = self.held.thread_unblock();
    }
}
