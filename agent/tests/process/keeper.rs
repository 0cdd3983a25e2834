//! A keeper process on a socket pair, and keys to give it.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use keyward_agent::front::supervisor::KEEPER_NAME;
use keyward_agent::keeper::channel::{self, Answer, Ask, Report};
use keyward_agent::protocol::wire::Writer;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keyward-keeper-alone");

/// How long anything may take before it counts as hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A keeper, and the front's end of its channel.
pub(crate) struct Keeper {
    pub(crate) stream: UnixStream,
    pub(crate) child: Child,
    came: Vec<u8>,
}

impl Keeper {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg0(KEEPER_NAME);
        Self::run(command)
    }

    /// Starts a process that starts the keeper.
    pub(crate) fn start_with_parent() -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("parent");
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        let (stream, theirs) = UnixStream::pair().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        command
            .env_clear()
            .stdin(OwnedFd::from(theirs.try_clone().unwrap()))
            .stdout(OwnedFd::from(theirs))
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        // The command still holds the other end of the channel.
        drop(command);
        Self {
            stream,
            child,
            came: Vec::new(),
        }
    }

    pub(crate) fn ask(&mut self, ask: Ask<'_>) -> Answer {
        let (head, tail) = ask.encode(1);
        self.stream.write_all(&head).unwrap();
        self.stream.write_all(tail).unwrap();
        loop {
            if let Some((message, consumed)) = channel::split(&self.came).unwrap() {
                let (_, answer) = Answer::decode(message).unwrap();
                self.came.drain(..consumed);
                return answer;
            }
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).unwrap();
            assert!(count > 0, "the keeper closed the channel");
            self.came.extend_from_slice(&bytes[..count]);
        }
    }

    pub(crate) fn report(&mut self) -> Report {
        match self.ask(Ask::Report) {
            Answer::Report(report) => report,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the other side has closed the channel.
    pub(crate) fn wait_for_end(&mut self) {
        let count = self.stream.read(&mut [0; 16]).unwrap();
        assert_eq!(count, 0, "an answer nobody asked for");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the key fields of the Ed25519 key `name`; the same name is the same key.
pub(crate) fn ed25519(name: &str) -> Vec<u8> {
    let seed = digest(&SHA256, name.as_bytes());
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).unwrap();
    let public = pair.public_key().as_ref();
    let mut fields = Vec::new();
    fields.put_string(b"ssh-ed25519");
    fields.put_string(public);
    fields.put_string(&[seed.as_ref(), public].concat());
    fields
}

pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
}
