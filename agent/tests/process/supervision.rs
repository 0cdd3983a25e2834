//! The front's side: a keeper that dies, and one that is replaced because it holds no key any more.

use std::rc::Rc;
use std::time::{Duration, Instant};

use keyward_agent::front::agent::{Agent, Parts};
use keyward_agent::front::audit::Audit;
use keyward_agent::front::link::Gone;
use keyward_agent::front::peer::Peer;
use keyward_agent::front::policy::Rules;
use keyward_agent::front::prompt::{Environment, Prompter};
use keyward_agent::front::provider::AllowedProviders;
use keyward_agent::front::ring::FingerprintHash;
use keyward_agent::front::security_key;
use keyward_agent::front::session::Session;
use keyward_agent::front::supervisor::{Origin, Supervisor};
use keyward_agent::front::unlocker::Unlocker;
use keyward_agent::keeper::channel::{Answer, Ask, KeyId, Report};
use keyward_agent::protocol::message::Response;
use keyward_agent::protocol::wire::Writer;
use keyward_agent::secret_memory::region::Protection;
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::{LocalSet, spawn_local};

use super::keeper::{PATIENCE, PROGRAM, ed25519};

fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test)
}

fn supervisor() -> Rc<Supervisor> {
    let supervisor = Supervisor::new(Origin::Process {
        program: PROGRAM.into(),
        memory: Protection::MemfdSecret,
    });
    supervisor.start().unwrap();
    supervisor
}

/// An agent that does what goes on in the background.
fn agent() -> Rc<Agent> {
    let agent = Agent::new(Parts {
        supervisor: supervisor(),
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
        vault_idle: None,
    });
    let background = Rc::clone(&agent);
    spawn_local(async move { background.keep_fresh().await });
    let background = Rc::clone(&agent);
    spawn_local(async move {
        loop {
            background.supervisor.ended().await;
            background.note_lost_keeper();
            background.supervisor.restart().await;
        }
    });
    agent
}

async fn handle(agent: &Rc<Agent>, message: &[u8]) -> Response {
    let peer = Rc::new(Peer::new(None, 0));
    let mut session = Session::new(Rc::clone(agent), peer);
    session.prepare(message).await;
    session.handle(message).await
}

async fn succeeds(agent: &Rc<Agent>, message: &[u8]) {
    assert_eq!(handle(agent, message).await, Response::Success);
}

fn add(name: &str) -> Vec<u8> {
    let mut message = vec![17];
    message.extend(ed25519(name));
    message.put_string(name.as_bytes());
    message
}

/// Blob of a key as [`add`] makes it: the name of its type and its public half.
fn blob(name: &str) -> Vec<u8> {
    ed25519(name)[..4 + 11 + 4 + 32].to_vec()
}

fn text(number: u8, text: &[u8]) -> Vec<u8> {
    let mut message = vec![number];
    message.put_string(text);
    message
}

fn sign(name: &str) -> Vec<u8> {
    let mut message = text(13, &blob(name));
    message.put_string(b"data");
    message.put_uint32(0);
    message
}

async fn report(agent: &Agent) -> Report {
    match agent.ask(Ask::Report).await {
        Ok(Answer::Report(report)) => report,
        other => panic!("{other:?}"),
    }
}

fn signal(supervisor: &Supervisor, signal: Signal) {
    let pid = i32::try_from(supervisor.keeper_pid().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[test]
fn one_keeper_is_started_by_the_first_who_asks() {
    run(async {
        let supervisor = Supervisor::new(Origin::Process {
            program: PROGRAM.into(),
            memory: Protection::MemfdSecret,
        });
        assert_eq!(supervisor.keeper_pid(), None);
        let key = ed25519("a");
        let (added, report) = tokio::join!(
            supervisor.ask(Ask::Add(KeyId(1), &key)),
            supervisor.ask(Ask::Report)
        );
        assert_eq!(added, Ok(Answer::Done));
        assert!(matches!(report, Ok(Answer::Report(Report { keys: 1, .. }))));
        let keeper = supervisor.keeper_pid();
        supervisor.start().unwrap();
        assert_eq!(supervisor.keeper_pid(), keeper);
    });
}

#[test]
fn no_keeper_is_no_start() {
    run(async {
        let supervisor = Supervisor::new(Origin::Process {
            program: "/nonexistent".into(),
            memory: Protection::MemfdSecret,
        });
        assert_eq!(supervisor.ask(Ask::Report).await, Err(Gone));
        supervisor.start().unwrap_err();
    });
}

#[test]
fn requests_fail_at_once_when_the_keeper_dies() {
    run(async {
        let supervisor = supervisor();
        signal(&supervisor, Signal::STOP);
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let supervisor = Rc::clone(&supervisor);
                spawn_local(async move { supervisor.ask(Ask::Report).await })
            })
            .collect();
        let adding = Rc::clone(&supervisor);
        let adding = spawn_local(async move { adding.ask(Ask::Add(KeyId(1), b"key")).await });
        tokio::task::yield_now().await;
        assert!(!supervisor.is_idle());
        signal(&supervisor, Signal::KILL);
        for asked in waiting.into_iter().chain([adding]) {
            asked.await.unwrap().unwrap_err();
        }
        supervisor.ended().await;
        supervisor.ask(Ask::Report).await.unwrap_err();
        assert_eq!(supervisor.keeper_pid(), None);
    });
}

#[test]
fn another_keeper_takes_the_place_of_one_that_died() {
    run(async {
        let supervisor = supervisor();
        let first = supervisor.keeper_pid();
        let key = ed25519("a");
        supervisor.ask(Ask::Add(KeyId(1), &key)).await.unwrap();
        signal(&supervisor, Signal::KILL);
        supervisor.ended().await;
        supervisor.restart().await;
        assert_ne!(supervisor.keeper_pid(), first);
        let Ok(Answer::Report(report)) = supervisor.ask(Ask::Report).await else {
            panic!("no report");
        };
        assert_eq!((report.keys, report.mapped), (0, false));
    });
}

#[test]
fn ring_is_empty_when_the_keeper_has_died_and_works_again_then() {
    run(async {
        let agent = agent();
        succeeds(&agent, &add("a")).await;
        signal(&agent.supervisor, Signal::KILL);
        until("an empty ring", || agent.identities() == 0).await;
        assert_eq!(handle(&agent, &sign("a")).await, Response::Failure);
        until("a new keeper", || agent.supervisor.keeper_pid().is_some()).await;
        succeeds(&agent, &add("a")).await;
        let answer = handle(&agent, &sign("a")).await;
        assert!(matches!(answer, Response::SignResponse(_)));
    });
}

#[test]
fn locked_agent_whose_keeper_died_is_unlocked_and_holds_nothing() {
    run(async {
        let agent = agent();
        succeeds(&agent, &add("a")).await;
        succeeds(&agent, &text(22, b"phrase")).await;
        signal(&agent.supervisor, Signal::KILL);
        until("an unlocked agent", || !agent.is_locked()).await;
        assert_eq!(agent.identities(), 0);
    });
}

/// Does `act` on an agent with the key `a`, and waits for a fresh keeper without secret memory.
async fn is_replaced_after(act: impl AsyncFnOnce(&Rc<Agent>)) {
    let agent = agent();
    let first = agent.supervisor.keeper_pid();
    succeeds(&agent, &add("a")).await;
    assert!(report(&agent).await.mapped);
    act(&agent).await;
    until("another keeper", || agent.supervisor.keeper_pid() != first).await;
    assert!(!report(&agent).await.mapped);
    succeeds(&agent, &add("a")).await;
}

#[test]
fn keeper_is_replaced_when_the_last_key_is_removed() {
    run(is_replaced_after(async |agent| {
        succeeds(agent, &text(18, &blob("a"))).await;
    }));
}

#[test]
fn keeper_is_replaced_when_all_keys_are_removed() {
    run(is_replaced_after(async |agent| {
        succeeds(agent, &[19]).await;
    }));
}

#[test]
fn keeper_is_replaced_when_the_last_key_expires() {
    run(is_replaced_after(async |agent| {
        let mut message = add("a");
        message[0] = 25;
        message.extend([1, 0, 0, 0, 0]);
        succeeds(agent, &message).await;
        assert_eq!(agent.identities(), 0);
    }));
}

#[test]
fn keeper_is_replaced_after_a_lock_without_any_key() {
    run(async {
        let agent = agent();
        let first = agent.supervisor.keeper_pid();
        succeeds(&agent, &text(22, b"phrase")).await;
        assert!(report(&agent).await.mapped);
        succeeds(&agent, &text(23, b"phrase")).await;
        until("another keeper", || agent.supervisor.keeper_pid() != first).await;
        assert!(!report(&agent).await.mapped);
    });
}

#[test]
fn keeper_of_a_locked_agent_stays() {
    run(async {
        let agent = agent();
        succeeds(&agent, &text(22, b"phrase")).await;
        let first = agent.supervisor.keeper_pid();
        tokio::time::pause();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(agent.supervisor.keeper_pid(), first);
        succeeds(&agent, &text(23, b"phrase")).await;
    });
}

#[test]
fn keeper_that_holds_a_key_stays() {
    run(async {
        let agent = agent();
        for name in ["a", "b"] {
            succeeds(&agent, &add(name)).await;
        }
        succeeds(&agent, &text(18, &blob("a"))).await;
        let first = agent.supervisor.keeper_pid();
        tokio::time::pause();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(agent.supervisor.keeper_pid(), first);
    });
}

#[test]
fn keeper_is_not_replaced_while_it_is_asked() {
    run(async {
        let agent = agent();
        let first = agent.supervisor.keeper_pid();
        succeeds(&agent, &add("a")).await;
        succeeds(&agent, &[19]).await;
        signal(&agent.supervisor, Signal::STOP);
        let asking = Rc::clone(&agent);
        let asked = spawn_local(async move { asking.ask(Ask::Report).await });
        tokio::task::yield_now().await;
        tokio::time::pause();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(agent.supervisor.keeper_pid(), first);
        tokio::time::resume();
        signal(&agent.supervisor, Signal::CONT);
        assert!(matches!(asked.await.unwrap(), Ok(Answer::Report(_))));
        until("another keeper", || agent.supervisor.keeper_pid() != first).await;
    });
}
