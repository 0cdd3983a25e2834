//! Askpass programs that answer as told and write down what they were asked.

use std::{fs, path::PathBuf};

use crate::Home;

/// A script that takes the place of the person before the screen.
#[derive(Debug)]
pub struct Askpass {
    program: PathBuf,
    log: PathBuf,
}

impl Askpass {
    /// One that prints `answer` and exits with `code`.
    #[must_use]
    pub fn answering(home: &Home, name: &str, answer: &str, code: i32) -> Self {
        let answer_file = home.write(&format!("{name}.answer"), format!("{answer}\n"));
        Self::running(
            home,
            name,
            &format!("cat {}\nexit {code}", answer_file.display()),
        )
    }

    /// One that says nothing and exits with `code`: 0 presses "yes", 1 presses "no".
    #[must_use]
    pub fn pressing(home: &Home, name: &str, code: i32) -> Self {
        Self::running(home, name, &format!("exit {code}"))
    }

    /// One that writes the question down and then runs `body`.
    #[must_use]
    pub fn running(home: &Home, name: &str, body: &str) -> Self {
        let log = home.path(&format!("{name}.log"));
        let note = format!(
            "printf '%s|%s\\n' \"$SSH_ASKPASS_PROMPT\" \"$1\" >> {}",
            log.display()
        );
        Self {
            program: home.script(name, &format!("{note}\n{body}")),
            log,
        }
    }

    /// The environment that makes OpenSSH's programs, and ours, ask it.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 3] {
        let program = self.program.display().to_string();
        [
            ("SSH_ASKPASS", program),
            ("SSH_ASKPASS_REQUIRE", "force".into()),
            ("DISPLAY", ":none".into()),
        ]
    }

    /// The questions so far: the kind (`SSH_ASKPASS_PROMPT`), a bar, the text.
    #[must_use]
    pub fn questions(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}
