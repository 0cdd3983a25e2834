//! Running a command to its end and judging what it said.

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(300);
/// How long its output may stay open after its end.
const OUTPUT_LIMIT: Duration = Duration::from_secs(10);

/// How a command ended and what it wrote.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The exit status; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

impl Outcome {
    /// Both outputs, standard output first.
    #[must_use]
    pub fn both(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs a [`Command`] to its end.
///
/// The command gets no input unless [`Run::outcome_with_input`] gives it some. It must end, and let go of its outputs, before a
/// generous deadline: a process it leaves behind with its standard output in hand fails the test.
pub trait Run {
    /// Runs it, whatever its exit status.
    fn outcome(&mut self) -> Outcome;
    /// Runs it with `input` as its standard input.
    fn outcome_with_input(&mut self, input: &[u8]) -> Outcome;
    /// Runs it and requires exit status 0.
    fn succeeds(&mut self) -> Outcome;
    /// Runs it and requires the exit status `code`.
    fn exits(&mut self, code: i32) -> Outcome;
}

impl Run for Command {
    #[track_caller]
    fn outcome(&mut self) -> Outcome {
        run(self, None)
    }

    #[track_caller]
    fn outcome_with_input(&mut self, input: &[u8]) -> Outcome {
        run(self, Some(input))
    }

    #[track_caller]
    fn succeeds(&mut self) -> Outcome {
        self.exits(0)
    }

    #[track_caller]
    fn exits(&mut self, code: i32) -> Outcome {
        let outcome = run(self, None);
        assert_eq!(
            outcome.code,
            Some(code),
            "{self:?}\n{}\n{}",
            outcome.stdout,
            outcome.stderr
        );
        outcome
    }
}

#[track_caller]
fn run(command: &mut Command, input: Option<&[u8]>) -> Outcome {
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    if let Some(input) = input {
        // A command that ends without reading its input is no fault of the harness.
        let _ = child.stdin.take().unwrap().write_all(input);
    }
    let code = wait(&mut child, command);
    let text = |output: Receiver<Vec<u8>>| {
        let bytes = output
            .recv_timeout(OUTPUT_LIMIT)
            .unwrap_or_else(|_| panic!("{command:?} left its output open"));
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Outcome {
        code,
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

/// Waits for the end of the command; one that takes too long is killed before the test fails.
#[track_caller]
fn wait(child: &mut Child, command: &Command) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{command:?} has not ended after {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn collect(mut output: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = output.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}
