//! Programs the front starts, which never outlive the wait for them.

use core::time::Duration;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long a program may take to end after `SIGTERM` before it is killed.
const GRACE: Duration = Duration::from_secs(1);

/// How long it may take when the agent itself ends.
const LAST_GRACE: Duration = Duration::from_secs(1);

/// How long to wait between two looks at it then.
const PAUSE: Duration = Duration::from_millis(5);

/// A started program together with all that it starts itself.
///
/// It runs in a process group of its own, for askpass is often a script whose dialogue is a further
/// process. Dropping it ends the whole group: with `SIGTERM`, and with `SIGKILL` where that was not
/// heeded within a second.
#[derive(Debug)]
pub struct Child(Option<Group>);

impl Child {
    /// Starts `command`.
    ///
    /// It has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// Those of starting a program, such as that it does not exist.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        // The command would keep its end of a pipe or socket open, and no end of file would be seen.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Self(Some(Group(child))))
    }

    /// Hands out the read end of the program's output, once, where it was started with a pipe.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.0.as_mut()?.0.stdout.take()
    }

    /// Hands out the read end of the program's error output, once, where it was started with a pipe.
    pub fn errors(&mut self) -> Option<ChildStderr> {
        self.0.as_mut()?.0.stderr.take()
    }

    /// Waits for the program to end by itself.
    ///
    /// # Errors
    /// Those of `waitpid`.
    pub async fn ended(mut self) -> io::Result<ExitStatus> {
        match self.0.as_mut() {
            Some(group) => group.0.wait().await,
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let Some(mut group) = self.0.take() else {
            return;
        };
        if !group.signal(Signal::TERM) {
            return;
        }
        // Without a runtime nobody can wait: the group is killed when it goes out of scope.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if timeout(GRACE, group.0.wait()).await.is_err() && group.signal(Signal::KILL) {
                    // Waited for, so that it does not stay in the table of processes.
                    let _status = group.0.wait().await;
                }
            });
        }
    }
}

/// A program that is killed with its group unless its end has been seen.
#[derive(Debug)]
struct Group(tokio::process::Child);

impl Group {
    /// Sends `signal` to the group; false where the program has ended and was waited for.
    ///
    /// Only then can its number belong to somebody else.
    fn signal(&self, signal: Signal) -> bool {
        let leader = self.0.id().and_then(|id| i32::try_from(id).ok());
        match leader.and_then(Pid::from_raw) {
            Some(leader) => {
                // It fails only for a group that is gone already.
                let _gone = kill_process_group(leader, signal);
                true
            }
            None => false,
        }
    }
}

impl Group {
    /// Says whether the program has ended. It is not waited for, so that its number stays the group's.
    fn has_ended(&self) -> bool {
        let leader = self.0.id().and_then(|id| i32::try_from(id).ok());
        let Some(leader) = leader.and_then(Pid::from_raw) else {
            return true;
        };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(leader), look), Ok(None))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Here nobody is left to wait for it but this thread: the agent ends, and one that asks at a terminal has to
        // put it back.
        let mut waited = Duration::ZERO;
        while !self.has_ended() && waited < LAST_GRACE {
            thread::sleep(PAUSE);
            waited += PAUSE;
        }
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;
    use crate::front::test_runtime::run;

    /// Runs a shell script that writes its own number and its child's to `file`, and waits for both.
    async fn start_family(file: &Path, script: &str) -> (Child, Vec<i32>) {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).env("FILE", file);
        let child = Child::start(&mut command).unwrap();
        let family = poll(|| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let family: Vec<i32> = text.lines().map(|line| line.parse().unwrap()).collect();
            (family.len() == 2).then_some(family)
        });
        (child, family.await)
    }

    async fn poll<T>(mut done: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(value) = done() {
                return value;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "never came");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn is_running(process: i32) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    }

    #[test]
    fn dropping_ends_the_program_and_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        run(async {
            let script = r#"sleep 100 & printf '%s\n%s\n' $$ $! > "$FILE"; wait"#;
            let (child, family) = start_family(&folder.path().join("f"), script).await;
            assert!(family.iter().all(|process| is_running(*process)));
            drop(child);
            poll(|| (!family.iter().any(|process| is_running(*process))).then_some(())).await;
        });
    }

    #[test]
    fn program_that_ignores_term_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        run(async {
            let script =
                r#"trap '' TERM; sleep 100 & printf '%s\n%s\n' $$ $! > "$FILE"; wait; wait"#;
            let (child, family) = start_family(&folder.path().join("f"), script).await;
            drop(child);
            poll(|| (!family.iter().any(|process| is_running(*process))).then_some(())).await;
        });
    }

    #[test]
    fn runtime_that_ends_takes_its_programs_along() {
        let folder = tempfile::tempdir().unwrap();
        let family = run(async {
            let script =
                r#"trap '' TERM; sleep 100 & printf '%s\n%s\n' $$ $! > "$FILE"; wait; wait"#;
            start_family(&folder.path().join("f"), script).await.1
        });
        run(poll(|| {
            (!family.iter().any(|process| is_running(*process))).then_some(())
        }));
    }

    #[test]
    fn tells_how_the_program_ended() {
        run(async {
            let mut command = Command::new("/bin/sh");
            let child = Child::start(command.args(["-c", "exit 7"])).unwrap();
            assert_eq!(child.ended().await.unwrap().code(), Some(7));
        });
    }

    #[test]
    fn missing_program_is_an_error() {
        run(async {
            let error = Child::start(&mut Command::new("/nonexistent/askpass")).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        });
    }
}
