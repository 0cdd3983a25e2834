//! pinentry, the dialogue of GnuPG (the Assuan protocol; pinentry's manual, "Protocol").

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use keyward_vault::Secret;

use super::{AskError, SECRET_MAX};
use crate::environment;

/// The program; which of its kinds that is, the system decides.
const PROGRAM: &str = "pinentry";

/// The longest text of a command in bytes, so that with its name the line has no more than the 1,000 that programs take
/// (`ASSUAN_LINELENGTH`).
const TEXT_MAX: usize = 960;

/// Lines the program may say before its answer: greetings, comments, status.
const LINES_MAX: usize = 100;

/// Asks for a secret with a text above the field; `None` where there is no pinentry that can ask.
///
/// # Errors
/// [`AskError::Cancelled`] when the person closed the dialogue.
pub(super) fn secret(text: &str) -> Result<Option<Secret<Vec<u8>>>, AskError> {
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| environment::filled(name).is_some());
    if !has_display {
        return Ok(None);
    }
    let Some(mut dialogue) = Dialogue::start() else {
        return Ok(None);
    };
    let mut commands = vec!["OPTION no-grab".to_owned()];
    let displays = ["DISPLAY", "WAYLAND_DISPLAY"];
    for (name, option) in displays.into_iter().zip(["display", "wayland-display"]) {
        if let Some(value) = environment::filled(name).and_then(|value| value.into_string().ok()) {
            commands.push(format!("OPTION {option}={}", escape(&value)));
        }
    }
    commands.push("SETTITLE keyward".to_owned());
    commands.push(format!("SETDESC {}", escape(text)));
    commands.push("SETPROMPT Passphrase:".to_owned());
    for command in commands {
        // An option that this kind of pinentry does not know is none that it needs.
        if dialogue.say(&command).is_none() {
            return Ok(None);
        }
    }
    match dialogue.say("GETPIN") {
        Some(Said::Data(secret)) => Ok(Some(secret)),
        Some(Said::Done) => Ok(Some(Secret::new(Vec::new()))),
        Some(Said::Error(CANCELLED)) => Err(AskError::Cancelled),
        Some(Said::Error(_)) | None => Ok(None),
    }
}

/// The code of an error by the person, without its source in the upper bytes (`GPG_ERR_CANCELED`).
const CANCELLED: u32 = 99;

/// A running pinentry, ended when dropped.
struct Dialogue {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What the program answered.
enum Said {
    Data(Secret<Vec<u8>>),
    Done,
    Error(u32),
}

impl Dialogue {
    fn start() -> Option<Self> {
        let mut child = Command::new(PROGRAM)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let input = child.stdin.take()?;
        let output = BufReader::new(child.stdout.take()?);
        let mut dialogue = Self {
            child,
            input,
            output,
        };
        dialogue.answer().map(|_| dialogue)
    }

    fn say(&mut self, command: &str) -> Option<Said> {
        self.input.write_all(command.as_bytes()).ok()?;
        self.input.write_all(b"\n").ok()?;
        self.answer()
    }

    /// Reads up to the line that ends an answer; `None` when the program has gone or talks nonsense.
    fn answer(&mut self) -> Option<Said> {
        let mut data = None;
        for _ in 0..LINES_MAX {
            let mut line = Secret::new(Vec::with_capacity(SECRET_MAX));
            let limit = u64::try_from(SECRET_MAX).ok()?;
            let mut bounded = self.output.by_ref().take(limit);
            let read = bounded.read_until(b'\n', line.expose_mut()).ok()?;
            let line = line.expose().strip_suffix(b"\n")?;
            match line {
                _ if read == 0 => return None,
                _ if line == b"OK" || line.starts_with(b"OK ") => {
                    return Some(data.map_or(Said::Done, Said::Data));
                }
                _ => {}
            }
            if let Some(encoded) = line.strip_prefix(b"D ") {
                data = Some(unescape(encoded));
            } else if let Some(error) = line.strip_prefix(b"ERR ") {
                let number = error.split(|byte| *byte == b' ').next()?;
                let number: u32 = core::str::from_utf8(number).ok()?.parse().ok()?;
                return Some(Said::Error(number & 0xffff));
            }
        }
        None
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a text so that it is one line, and not too long a one.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        let before = escaped.len();
        match letter {
            '%' | '\r' | '\n' => escaped += &format!("%{:02X}", u32::from(letter)),
            letter if letter.is_control() => escaped.push('?'),
            letter => escaped.push(letter),
        }
        if escaped.len() > TEXT_MAX {
            escaped.truncate(before);
            escaped.push('…');
            break;
        }
    }
    escaped
}

fn unescape(encoded: &[u8]) -> Secret<Vec<u8>> {
    let mut bytes = Secret::new(Vec::with_capacity(encoded.len()));
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).filter(|_| *first == b'%');
        let code = pair
            .and_then(|pair| core::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.expose_mut().push(code.unwrap_or(*first));
        rest = code.map_or(after, |_| after.get(2..).unwrap_or_default());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_line_and_data_is_what_was_typed() {
        assert_eq!(escape("50 %\nof\x1b it"), "50 %25%0Aof? it");
        assert_eq!(unescape(b"a%25b%0Ac%").expose(), b"a%b\nc%");
        assert_eq!(unescape(b"%zz").expose(), b"%zz");
        let long = escape(&"50 % of ü".repeat(200));
        assert!((950..=964).contains(&long.len()), "{}", long.len());
        assert!(long.ends_with('…') && !long.contains("%…"), "{long}");
    }
}
