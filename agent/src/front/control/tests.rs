//! Connections to the control socket, before an agent whose keeper runs in a thread.

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::task::{JoinHandle, LocalSet};

use super::*;
use crate::front::agent::Parts;
use crate::front::audit::Audit;
use crate::front::clock::BootTime;
use crate::front::policy::Rules;
use crate::front::prompt::{Environment, Prompter};
use crate::front::provider::AllowedProviders;
use crate::front::ring::FingerprintHash;
use crate::front::security_key;
use crate::front::supervisor::{Origin, Supervisor};
use crate::front::unlocker::Unlocker;
use crate::keeper::channel::{Answer, Ask};
use crate::key::test_key;

const ID: &str = "0123456789abcdef0123456789abcdef";

/// A connection, and the agent behind it.
struct Line {
    agent: Rc<Agent>,
    stream: UnixStream,
    served: JoinHandle<io::Result<()>>,
}

impl Line {
    fn new() -> Self {
        let supervisor = Supervisor::new(Origin::Thread);
        supervisor.start().unwrap();
        let agent = Agent::new(Parts {
            supervisor,
            prompter: Prompter::from_environment(&Environment::default()),
            tokens: security_key::Signer::new(None),
            rules: Rules {
                providers: AllowedProviders::default(),
                web_origins: String::new(),
                restrict_web_origins: true,
                allow_remote_providers: false,
            },
            lifetime: None,
            fingerprint_hash: FingerprintHash::Sha256,
            audit: Audit::off(),
            unlocker: Unlocker {
                program: "/nonexistent".into(),
                control_socket: None,
            },
            vault_idle: Some(Duration::from_secs(900)),
        });
        let about = About {
            socket: "/s".to_owned(),
            control_socket: None,
            audit_log: None,
            started: BootTime::now(),
        };
        let (stream, theirs) = UnixStream::pair().unwrap();
        let caller = Caller {
            peer: Peer::new(None, 1000),
            memory: Protection::MemfdSecret,
        };
        let served = serve(Rc::clone(&agent), Rc::new(about), theirs, caller);
        Self {
            agent,
            stream,
            served: tokio::task::spawn_local(served),
        }
    }

    async fn send(&mut self, message: &[u8]) {
        let length = u32::try_from(message.len()).unwrap();
        self.stream.write_all(&length.to_be_bytes()).await.unwrap();
        self.stream.write_all(message).await.unwrap();
    }

    async fn receive(&mut self) -> Value {
        let mut answer = vec![0; usize::try_from(self.stream.read_u32().await.unwrap()).unwrap()];
        self.stream.read_exact(&mut answer).await.unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    async fn ask(&mut self, request: Value) -> Value {
        self.send(request.to_string().as_bytes()).await;
        self.receive().await
    }

    async fn begin(&mut self) {
        let begin = json!({
            "request": "vault begin", "vault": ID, "path": "/v", "generation": 4,
            "state": "open", "purpose": "unlock",
        });
        assert_eq!(self.ask(begin).await, json!({}));
    }

    /// Hands over the Ed25519 key `name`.
    async fn key(&mut self, name: &str) {
        let json = json!({
            "request": "vault key", "record": ID, "version": 1, "listing": {"name": name},
        });
        let json = json.to_string();
        let message = test_key::add(&test_key::ed25519(name), name.as_bytes(), &[2]);
        let length = u32::try_from(json.len()).unwrap().to_be_bytes();
        let frame = [&[0], &length[..], json.as_bytes(), &message[1..]].concat();
        self.send(&frame).await;
    }

    async fn kept(&self) -> u32 {
        match self.agent.ask(Ask::Report).await.unwrap() {
            Answer::Report(report) => report.keys,
            other => panic!("{other:?}"),
        }
    }

    /// Says why the connection was closed.
    async fn end(mut self) -> io::ErrorKind {
        let end = self.stream.read(&mut [0]).await;
        assert!(end.is_err() || end.is_ok_and(|count| count == 0));
        self.served.await.unwrap().unwrap_err().kind()
    }
}

fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test)
}

#[test]
fn vault_is_handed_over_listed_told_and_locked() {
    run(async {
        let mut line = Line::new();
        assert_eq!(
            line.ask(json!({"request": "status"})).await["vault"],
            json!(null)
        );
        line.begin().await;
        line.key("a").await;
        let committed = line.ask(json!({"request": "vault commit"})).await;
        assert_eq!(committed, json!({"keys": 1, "refused": []}));
        let expected = json!({
            "vault": ID, "path": "/v", "generation": 4, "state": "open", "keys": [{"name": "a"}],
        });
        let mut listed = line.ask(json!({"request": "vault list"})).await;
        let held = listed.as_object_mut().unwrap().remove("held").unwrap();
        assert_eq!(held.as_array().unwrap().len(), 1);
        assert_eq!(listed, expected);
        let expected = json!({
            "path": "/v", "id": ID, "generation": 4, "state": "open", "keys": 1,
            "idle_seconds": 900,
        });
        let status = line.ask(json!({"request": "status"})).await;
        assert_eq!(status["vault"], expected);
        assert_eq!(status["identities"], 1);
        assert_eq!(
            line.ask(json!({"request": "vault lock"})).await,
            json!({"keys": 1})
        );
        assert_eq!(
            line.ask(json!({"request": "status"})).await["vault"]["state"],
            "closed"
        );
        assert_eq!(line.kept().await, 0);
    });
}

#[test]
fn connection_that_ends_takes_what_it_handed_over_along() {
    run(async {
        let mut line = Line::new();
        line.begin().await;
        line.key("a").await;
        // It is answered after the key was taken.
        line.ask(json!({"request": "status"})).await;
        assert_eq!(line.kept().await, 1);
        let (agent, served) = (Rc::clone(&line.agent), line.served);
        drop(line.stream);
        assert!(served.await.unwrap().is_err());
        let Answer::Report(report) = agent.ask(Ask::Report).await.unwrap() else {
            panic!("no report");
        };
        assert_eq!((report.keys, agent.identities()), (0, 0));
    });
}

#[test]
fn beginning_again_drops_what_was_handed_over() {
    run(async {
        let mut line = Line::new();
        line.begin().await;
        line.key("a").await;
        line.begin().await;
        line.key("b").await;
        let committed = line.ask(json!({"request": "vault commit"})).await;
        assert_eq!(committed["keys"], 1);
        assert_eq!(line.kept().await, 1);
    });
}

#[test]
fn keys_that_are_malformed_are_told_with_the_commit() {
    run(async {
        let mut line = Line::new();
        line.begin().await;
        line.send(b"\0\0\0\0\x02{}key").await;
        line.send(b"\0\0\0\0\x01{").await;
        line.send(br#"{"request":"vault key"}"#).await;
        let committed = line.ask(json!({"request": "vault commit"})).await;
        assert_eq!(committed["keys"], 0);
        assert_eq!(committed["refused"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn without_a_beginning_nothing_is_taken() {
    run(async {
        let mut line = Line::new();
        line.key("a").await;
        let committed = line.ask(json!({"request": "vault commit"})).await;
        assert_eq!(committed["error"], "no catalogue was begun");
        assert_eq!(
            line.ask(json!({"request": "vault lock"})).await["error"],
            "no vault"
        );
        assert_eq!(line.kept().await, 0);
    });
}

#[test]
fn locked_agent_takes_no_open_vault() {
    run(async {
        let mut line = Line::new();
        line.agent.lock(b"phrase").await.unwrap();
        let begin = json!({
            "request": "vault begin", "vault": ID, "path": "/v", "generation": 4,
            "state": "open", "purpose": "unlock",
        });
        assert_eq!(line.ask(begin).await["error"], "agent is locked");
    });
}

#[test]
fn unknown_requests_are_answered_and_the_connection_stays() {
    run(async {
        let mut line = Line::new();
        line.send(b"").await;
        assert!(line.receive().await["error"].is_string());
        let unknown = line.ask(json!({"request": "vault open"})).await;
        assert_eq!(unknown["error"], "unknown request \"vault open\"");
        assert_eq!(
            line.ask(json!({"request": "status"})).await["pid"],
            std::process::id()
        );
    });
}

#[test]
fn too_long_requests_close_the_connection() {
    run(async {
        for header in [
            &b"\0\x01\0\x01{"[..],
            b"\xff\xff\xff\xff\0",
            b"\0\x04\0\x01\0\0\0\0\0",
        ] {
            let mut line = Line::new();
            line.stream.write_all(header).await.unwrap();
            assert_eq!(line.end().await, io::ErrorKind::InvalidData);
        }
    });
}

#[test]
fn silence_closes_the_connection_within_a_request_too() {
    run(async {
        for begun in [
            &b""[..],
            b"\0\0",
            b"\0\0\0\x09{",
            b"\0\0\0\x09\0\0\0\0\x02{}",
        ] {
            let mut line = Line::new();
            line.stream.write_all(begun).await.unwrap();
            tokio::time::pause();
            assert_eq!(line.end().await, io::ErrorKind::TimedOut);
            tokio::time::resume();
        }
    });
}
