use super::*;

/// Runs a shell script in the place of the program and tells its end.
fn ended(script: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("unlocker");
    // Written by another process, as for askpass: a file that is open for writing cannot be executed.
    let written = std::process::Command::new("/bin/sh")
        .args([
            "-c",
            r#"printf %s "$TEXT" > "$PROGRAM" && chmod 700 "$PROGRAM""#,
        ])
        .env("TEXT", format!("#!/bin/sh\n{script}\n"))
        .env("PROGRAM", &program)
        .status();
    assert!(written.unwrap().success());
    let unlocker = Unlocker {
        program,
        control_socket: Some("/c".into()),
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let running = unlocker.start("/v", Some("/dev/pts/9".as_ref()), "why");
            running.unwrap().ended().await
        })
}

fn failed(text: &str) -> Ended {
    Ended::Failed(text.to_owned())
}

#[test]
fn exit_code_tells_what_became_of_it() {
    assert_eq!(ended("exit 0"), Ended::Done);
    assert_eq!(ended("exit 4"), Ended::Cancelled);
    assert_eq!(ended("exit 5"), Ended::NoOne);
    assert_eq!(ended("exit 1"), failed("exit status: 1"));
    assert!(matches!(ended("kill -9 $$"), Ended::Failed(text) if text.starts_with("signal: 9")));
}

#[test]
fn is_told_where_and_why() {
    let script = r#"echo "$0 $* $KEYWARD_UNLOCK_VAULT $KEYWARD_UNLOCK_REASON" >&2; exit 1"#;
    let Ended::Failed(text) = ended(script) else {
        panic!("no failure");
    };
    assert!(text.ends_with(" /c --tty /dev/pts/9 /v why"), "{text}");
}

#[test]
fn last_line_is_the_reason_and_cannot_harm() {
    assert_eq!(
        ended("echo first >&2; printf 'error: no \\033[2Jvault\\n\\n' >&2; exit 1"),
        failed("no \\u{1b}[2Jvault")
    );
}

#[test]
fn much_talk_neither_stops_it_nor_is_kept() {
    let script = "i=0; while [ $i -lt 20000 ]; do echo xxxxxxxxxxxxxxxxxxxx >&2; i=$((i+1)); done; \
                  echo last >&2; exit 1";
    assert_eq!(ended(script), failed("last"));
}

#[test]
fn what_it_left_behind_holds_nobody_up() {
    let start = std::time::Instant::now();
    assert_eq!(ended("sleep 60 & exit 4"), Ended::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn without_a_control_socket_it_is_not_started() {
    let unlocker = Unlocker {
        program: "/bin/true".into(),
        control_socket: None,
    };
    let failure = unlocker.start("/v", None, "why").unwrap_err();
    assert_eq!(failure, failed("no control socket"));
}
