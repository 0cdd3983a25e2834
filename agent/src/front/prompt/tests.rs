use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::*;
use crate::front::test_runtime::run;

const QUESTION: Question<'_> = Question {
    comment: b"me@laptop",
    fingerprint: "SHA256:abc",
    destination: None,
};

/// An askpass program made of a shell script, in a folder of its own.
struct Script {
    folder: tempfile::TempDir,
    prompter: Prompter,
}

impl Script {
    fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("askpass");
        let text = format!("#!/bin/sh\ncd {:?}\n{body}\n", folder.path());
        // Written by another process: one that this one forks meanwhile would keep the file open
        // for writing, and such a file cannot be executed.
        let written = Command::new("/bin/sh")
            .args([
                "-c",
                r#"printf %s "$TEXT" > "$PROGRAM" && chmod 700 "$PROGRAM""#,
            ])
            .env("TEXT", text)
            .env("PROGRAM", &program)
            .status();
        assert!(written.unwrap().success());
        let prompter = Prompter::from_environment(&forced(program));
        Self { folder, prompter }
    }

    fn said(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.path().join(file)).ok()
    }

    async fn wait_for(&self, file: &str) -> String {
        wait(|| self.said(file).filter(|text| text.ends_with('\n'))).await
    }
}

fn forced(program: PathBuf) -> Environment {
    Environment::from_variables(|name| match name {
        "SSH_ASKPASS" => Some(program.clone().into()),
        "SSH_ASKPASS_REQUIRE" => Some(OsString::from("force")),
        _ => None,
    })
}

async fn wait<T>(mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "never came");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn wait_for_end(process: &str) {
    let process = PathBuf::from(format!("/proc/{}/stat", process.trim()));
    wait(|| {
        let status = fs::read_to_string(&process).unwrap_or_default();
        (status.is_empty() || status.contains(") Z ")).then_some(())
    })
    .await;
}

fn answer(body: &str) -> Answer {
    run(async { Script::new(body).prompter.confirm(&QUESTION).await })
}

#[test]
fn silence_and_yes_with_success_allow() {
    assert_eq!(answer("exit 0"), Answer::Allow);
    assert_eq!(answer("echo"), Answer::Allow);
    assert_eq!(answer("echo yes"), Answer::Allow);
    assert_eq!(answer("echo YES"), Answer::Allow);
}

#[test]
fn any_other_word_denies() {
    assert_eq!(answer("echo no"), Answer::Deny);
    assert_eq!(answer("echo ' yes'"), Answer::Deny);
    assert_eq!(answer("echo yes please"), Answer::Deny);
}

#[test]
fn failure_denies_whatever_was_said() {
    assert_eq!(answer("echo yes; exit 1"), Answer::Deny);
    assert_eq!(answer("kill -9 $$"), Answer::Deny);
}

#[test]
fn endless_output_denies() {
    assert_eq!(answer("while :; do echo; done"), Answer::Deny);
}

#[test]
fn without_display_there_is_no_one() {
    let prompter = Prompter::from_environment(&Environment::default());
    assert_eq!(run(prompter.confirm(&QUESTION)), Answer::NoOne);
    assert!(!prompter.is_available());
}

#[test]
fn program_that_does_not_start_is_no_one() {
    let prompter = Prompter::from_environment(&forced("/nonexistent/askpass".into()));
    assert_eq!(run(prompter.confirm(&QUESTION)), Answer::NoOne);
}

#[test]
fn program_gets_the_question_and_the_hint() {
    run(async {
        let script = Script::new(r#"printf '%s|%s|%s\n' "$#" "$1" "$SSH_ASKPASS_PROMPT" > said"#);
        assert_eq!(script.prompter.confirm(&QUESTION).await, Answer::Allow);
        assert_eq!(
            script.said("said").unwrap(),
            "1|Allow use of key me@laptop?\nKey fingerprint SHA256:abc.|confirm\n"
        );
    });
}

#[test]
fn dropped_question_ends_the_dialogue() {
    run(async {
        let script = Script::new("echo $$ > running; sleep 100");
        let process = tokio::select! {
            answer = script.prompter.confirm(&QUESTION) => panic!("answered {answer:?}"),
            process = script.wait_for("running") => process,
        };
        wait_for_end(&process).await;
    });
}

#[test]
fn question_on_the_screen_has_the_turn() {
    run(async {
        let script = Script::new("echo $$ > running; sleep 100");
        let turns_left = async {
            script.wait_for("running").await;
            script.prompter.turn.available_permits()
        };
        tokio::select! {
            answer = script.prompter.confirm(&QUESTION) => panic!("answered {answer:?}"),
            turns_left = turns_left => assert_eq!(turns_left, 0),
        }
    });
}

#[test]
fn dropped_question_gives_its_turn_away() {
    run(async {
        let script = Script::new("[ -e running ] && exit 0; echo $$ > running; sleep 100");
        tokio::select! {
            answer = script.prompter.confirm(&QUESTION) => panic!("answered {answer:?}"),
            _ = script.wait_for("running") => {}
        }
        assert_eq!(script.prompter.confirm(&QUESTION).await, Answer::Allow);
    });
}

#[test]
fn pin_is_the_first_line() {
    run(async {
        let script = Script::new(r#"echo 1234; echo "$1|$SSH_ASKPASS_PROMPT" > said"#);
        let pin = script.prompter.pin("Enter PIN: ").await.unwrap();
        assert_eq!(pin.expose(), b"1234");
        assert_eq!(script.said("said").unwrap(), "Enter PIN: |\n");
    });
}

#[test]
fn cancelled_and_empty_pins_are_none() {
    run(async {
        for body in ["exit 1", "echo", "echo 1234; exit 1"] {
            let script = Script::new(body);
            assert!(script.prompter.pin("Enter PIN: ").await.is_none(), "{body}");
        }
    });
}

#[test]
fn notice_is_shown_until_it_is_dropped() {
    run(async {
        let script = Script::new(
            r#"trap 'echo term > ended; exit' TERM
               echo "$$|$1|$SSH_ASKPASS_PROMPT" > said
               while :; do sleep 0.01; done"#,
        );
        let notice = script.prompter.notify("touch it");
        let said = script.wait_for("said").await;
        let (process, rest) = said.split_once('|').unwrap();
        assert_eq!(rest, "touch it|none\n");
        drop(notice);
        wait_for_end(process).await;
        assert_eq!(script.said("ended").as_deref(), Some("term\n"));
    });
}

#[test]
fn notice_without_display_is_silent() {
    let prompter = Prompter::from_environment(&Environment::default());
    drop(run(async { prompter.notify("touch it") }));
}
