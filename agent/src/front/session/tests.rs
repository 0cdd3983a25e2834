//! Sessions without sockets, before a keeper that runs in a thread.

mod confirming;
mod constraints;
mod keys;
mod locking;
mod races;
mod records;
mod tokens;
mod touching;
mod vault;

use crate::front::clock::BootTime;
use crate::keeper::channel::Ask;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use super::*;
use crate::front::agent::Parts;
use crate::front::audit::Audit;
use crate::front::binding::test_host::{TestBind, TestHost};
use crate::front::policy::Rules;
use crate::front::prompt::{Environment, Prompter};
use crate::front::provider::AllowedProviders;
use crate::front::ring::FingerprintHash;
use crate::front::security_key;
use crate::front::supervisor::{Origin, Supervisor};
use crate::front::test_runtime::run;
use crate::front::unlocker::Unlocker;
use crate::key::test_key;

const LIST: &[u8] = &[11];
const REMOVE_ALL: &[u8] = &[19];
const DATA: &[u8] = b"signed data";

/// An agent, and the folder with its log and its askpass.
struct World {
    agent: Rc<Agent>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Parts)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::in_folder(folder, change)
    }

    /// Makes an agent that asks people through a script, run by `sh` in the folder.
    fn asking(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = self::script(folder.path(), "askpass", script);
        let environment = Environment::from_variables(|name| match name {
            "SSH_ASKPASS" => Some(program.clone().into()),
            "SSH_ASKPASS_REQUIRE" => Some(OsString::from("force")),
            _ => None,
        });
        Self::in_folder(folder, |parts| {
            parts.prompter = Prompter::from_environment(&environment);
        })
    }

    fn in_folder(folder: tempfile::TempDir, change: impl FnOnce(&mut Parts)) -> Self {
        let supervisor = Supervisor::new(Origin::Thread);
        let mut parts = Parts {
            supervisor,
            prompter: Prompter::from_environment(&Environment::default()),
            tokens: security_key::Signer::new(Some("/nonexistent".into())),
            rules: Rules {
                providers: AllowedProviders::default(),
                web_origins: "ssh:*".to_owned(),
                restrict_web_origins: true,
                allow_remote_providers: false,
            },
            lifetime: None,
            fingerprint_hash: FingerprintHash::Sha256,
            audit: Audit::open(&folder.path().join("audit.jsonl")).unwrap(),
            unlocker: Unlocker {
                program: "/nonexistent/unlocker".into(),
                control_socket: Some("/nonexistent/control".into()),
            },
            vault_idle: None,
        };
        change(&mut parts);
        Self {
            agent: Agent::new(parts),
            folder,
        }
    }

    fn session(&self) -> Session {
        Session::new(Rc::clone(&self.agent), Rc::new(Peer::new(None, 1000)))
    }

    /// Makes a session bound to the host `name`.
    async fn bound(&self, name: &str, forwarding: bool) -> Session {
        let mut session = self.session();
        let bind = bind(&TestHost::new(name).bind(b"session", forwarding));
        assert_eq!(session.asked(&bind).await, Response::Success);
        session
    }

    /// Ends the log and returns its lines.
    fn records(&self) -> Vec<Value> {
        self.agent.close_audit();
        let text = fs::read_to_string(self.folder.path().join("audit.jsonl")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    fn exists(&self, file: &str) -> bool {
        self.folder.path().join(file).exists()
    }

    fn touch(&self, file: &str) {
        fs::write(self.folder.path().join(file), "").unwrap();
    }

    /// Returns the number of keys that the keeper holds.
    async fn kept(&self) -> u32 {
        match self.agent.ask(Ask::Report).await.unwrap() {
            crate::keeper::channel::Answer::Report(report) => report.keys,
            other => panic!("{other:?}"),
        }
    }
}

/// Writes a shell script that runs in `folder`.
fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    let program = folder.join(name);
    // Written by another process: one that this one forks meanwhile would keep the file open
    // for writing, and such a file cannot be executed.
    let written = Command::new("/bin/sh")
        .args([
            "-c",
            r#"printf %s "$TEXT" > "$PROGRAM" && chmod 700 "$PROGRAM""#,
        ])
        .env("TEXT", format!("#!/bin/sh\ncd {folder:?}\n{body}\n"))
        .env("PROGRAM", &program)
        .status();
    assert!(written.unwrap().success());
    program
}

/// Lets others go on until `done`.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn text(number: u8, text: &[u8]) -> Vec<u8> {
    let mut message = vec![number];
    message.put_string(text);
    message
}

fn lock(passphrase: &str) -> Vec<u8> {
    text(22, passphrase.as_bytes())
}

fn unlock(passphrase: &str) -> Vec<u8> {
    text(23, passphrase.as_bytes())
}

fn remove(blob: &[u8]) -> Vec<u8> {
    text(18, blob)
}

fn query() -> Vec<u8> {
    text(27, b"query")
}

fn sign(blob: &[u8], data: &[u8], flags: u32) -> Vec<u8> {
    let mut message = text(13, blob);
    message.put_string(data);
    message.put_uint32(flags);
    message
}

fn bind(bind: &TestBind) -> Vec<u8> {
    let bind = bind.message();
    let mut message = text(27, b"session-bind@openssh.com");
    message.put_string(bind.host_key);
    message.put_string(bind.session_id);
    message.put_string(bind.signature);
    message.push(u8::from(bind.forwarding));
    message
}

/// Makes an add message for the Ed25519 key `name`, which is its comment too.
fn add(name: &str, constraints: &[u8]) -> Vec<u8> {
    test_key::add(&test_key::ed25519(name), name.as_bytes(), constraints)
}

/// Returns the blob of the Ed25519 key `name`.
fn blob(name: &str) -> Vec<u8> {
    test_key::blob_and_fields(&add(name, b"")).0
}

/// Returns blobs and comments in the order of the list.
async fn list(session: &mut Session) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Response::IdentitiesAnswer(body) = session.asked(LIST).await else {
        panic!("no list");
    };
    let mut reader = crate::protocol::wire::Reader::new(&body);
    let count = reader.uint32().unwrap();
    let mut identity = || {
        let blob = reader.string().unwrap().to_vec();
        (blob, reader.string().unwrap().to_vec())
    };
    let identities = (0..count).map(|_| identity()).collect();
    reader.finish().unwrap();
    identities
}

/// Returns the comments of the list.
async fn names(session: &mut Session) -> Vec<String> {
    let names = list(session).await.into_iter();
    names
        .map(|(_, comment)| String::from_utf8(comment).unwrap())
        .collect()
}

async fn succeeds(session: &mut Session, message: &[u8]) {
    assert_eq!(session.asked(message).await, Response::Success);
}

async fn fails(session: &mut Session, message: &[u8]) {
    assert_eq!(session.asked(message).await, Response::Failure);
}

/// Says whether the session gets a signature that fits.
async fn signs(session: &mut Session, blob: &[u8]) -> bool {
    match session.asked(&sign(blob, DATA, 0)).await {
        Response::SignResponse(signature) => {
            crate::front::verify::verify(blob, &signature, DATA).unwrap();
            true
        }
        Response::Failure => false,
        other => panic!("{other:?}"),
    }
}

impl Session {
    /// Has a message answered and put on record, as a connection does.
    async fn asked(&mut self, message: &[u8]) -> Response {
        self.prepare(message).await;
        let response = self.handle(message).await;
        self.atone().await;
        self.record();
        response
    }
}
