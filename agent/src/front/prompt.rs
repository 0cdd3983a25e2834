//! Asking a person, through the program in `SSH_ASKPASS` as OpenSSH does (ssh-agent(1), ssh(1)).

mod askpass;
mod question;

use keyward_vault::Secret;
use tokio::sync::Semaphore;

use crate::front::child::Child;

pub use self::askpass::{Askpass, Environment};
use self::askpass::{Hint, Reply};
pub use self::question::{ListedHost, Question};

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A person agreed.
    Allow,
    /// A person refused, or the program failed while it asked.
    Deny,
    /// There is nobody to ask: no askpass program, or no display for it.
    NoOne,
}

/// Asks a person, one question at a time.
///
/// Askpass programs seize the keyboard, and two dialogues at once would have a person answer the
/// wrong one; so further questions wait for their turn. Nothing but questions waits for it. There is
/// no time limit (OpenSSH has none): whoever drops the future takes the question back.
#[derive(Debug)]
pub struct Prompter {
    askpass: Option<Askpass>,
    turn: Semaphore,
}

impl Prompter {
    /// Decides from the environment of the agent whether and how a person can be asked.
    pub fn from_environment(environment: &Environment) -> Self {
        Self {
            askpass: Askpass::choose(environment),
            turn: Semaphore::new(1),
        }
    }

    /// Says whether there is a program that could ask.
    pub const fn is_available(&self) -> bool {
        self.askpass.is_some()
    }

    /// Asks whether a key may be used; only a clear yes is [`Answer::Allow`].
    ///
    /// Dropping the future ends the dialogue. What the caller knew before may have changed when the
    /// answer comes: locks and lifetimes have to be looked at again.
    pub async fn confirm(&self, question: &Question<'_>) -> Answer {
        match self.ask(&question.to_string(), Hint::Confirm).await {
            Reply::Line(line) if is_yes(line.expose()) => Answer::Allow,
            Reply::Line(_) | Reply::Refused => Answer::Deny,
            Reply::NoOne => Answer::NoOne,
        }
    }

    /// Asks for a PIN with `prompt`, text that holds nothing unescaped from a stranger.
    ///
    /// `None` where nobody could be asked or where nothing was typed.
    pub async fn pin(&self, prompt: &str) -> Option<Secret<Vec<u8>>> {
        match self.ask(prompt, Hint::Passphrase).await {
            Reply::Line(line) if !line.expose().is_empty() => Some(line),
            Reply::Line(_) | Reply::Refused | Reply::NoOne => None,
        }
    }

    /// Shows `text` until the notice is dropped; nothing happens where there is no display.
    ///
    /// The text must hold nothing unescaped from a stranger.
    pub fn notify(&self, text: &str) -> Notice {
        let shown = self
            .askpass
            .as_ref()
            .and_then(|askpass| askpass.show(text).ok());
        Notice { _shown: shown }
    }

    async fn ask(&self, text: &str, hint: Hint) -> Reply {
        match (&self.askpass, self.turn.acquire().await) {
            (Some(askpass), Ok(_turn)) => askpass.ask(text, hint).await,
            _ => Reply::NoOne,
        }
    }
}

/// A text on the screen, such as that a security key waits for a touch; dropping it takes it away.
#[derive(Debug)]
#[must_use]
pub struct Notice {
    _shown: Option<Child>,
}

/// Says whether a line from askpass agrees: nothing at all, as a press on "OK" gives, or "yes".
fn is_yes(line: &[u8]) -> bool {
    line.is_empty() || line.eq_ignore_ascii_case(b"yes")
}

#[cfg(test)]
mod tests;
