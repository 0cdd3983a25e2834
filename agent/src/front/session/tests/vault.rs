//! Keys of a vault: in the ring, and out of it.

mod handing_over;
mod listing;
mod opening;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::constraints::{CONFIRM, lifetime};
use super::*;
use crate::front::agent::{Committed, Part, Transaction};
use crate::front::vault::message::{Begin, Id, Instead, Key, Public, Purpose, State};

/// Says that it asks, and waits to be told its exit code.
const ASKS: &str = "echo >> asked; while [ ! -s answer ]; do sleep 0.01; done; exit $(cat answer)";

impl World {
    /// Makes an agent whose unlocker is a script, run by `sh` in the folder.
    fn unlocking(script: &str) -> Self {
        Self::unlocking_with(script, |_| {})
    }

    fn unlocking_with(script: &str, change: impl FnOnce(&mut Parts)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = super::script(folder.path(), "unlocker", script);
        Self::in_folder(folder, |parts| {
            parts.unlocker.program = program;
            change(parts);
        })
    }

    /// Answers the unlocker with an exit code.
    fn answer(&self, code: u8) {
        // All at once: what is there is read.
        let file = self.folder.path().join("answer.new");
        fs::write(&file, code.to_string()).unwrap();
        fs::rename(file, self.folder.path().join("answer")).unwrap();
    }

    /// Returns how many unlockers asked.
    fn asked(&self) -> usize {
        let text = fs::read_to_string(self.folder.path().join("asked"));
        text.unwrap_or_default().lines().count()
    }

    fn transaction(&self, state: State, purpose: Purpose) -> Transaction {
        Transaction::begin(&self.agent, begin(state, purpose), &peer()).unwrap()
    }

    async fn commit(&self, transaction: Transaction) -> Committed {
        let committed = transaction.commit(&peer()).await;
        committed.unwrap()
    }

    /// Opens a vault with these keys and constraints.
    async fn open(&self, keys: &[(&str, &[u8])]) -> Committed {
        let mut transaction = self.transaction(State::Open, Purpose::Unlock);
        for (name, constraints) in keys {
            transaction
                .stage(key(name, 1), Part::Private(&add(name, constraints)))
                .await;
        }
        self.commit(transaction).await
    }

    /// Tells that the open vault has changed and has these versions of keys.
    async fn update(&self, keys: &[(&str, u64, &[u8])]) -> Committed {
        let mut transaction = self.transaction(State::Open, Purpose::Update);
        for (name, version, constraints) in keys {
            let message = add(name, constraints);
            transaction
                .stage(key(name, *version), Part::Private(&message))
                .await;
        }
        self.commit(transaction).await
    }

    /// Tells that the vault has changed, or is known, with these keys, and is closed.
    async fn closed(&self, names: &[&str]) {
        let mut transaction = self.transaction(State::Closed, Purpose::Update);
        for name in names {
            let public = Part::Instead(Instead::Public(public(name)));
            transaction.stage(key(name, 1), public).await;
        }
        self.commit(transaction).await;
    }

    fn listed(&self) -> Value {
        serde_json::to_value(self.agent.list_vault()).unwrap()
    }

    async fn lock_vault(&self) {
        self.agent.lock_vault(&peer()).await.unwrap();
    }

    fn state(&self) -> String {
        let status = serde_json::to_value(self.agent.vault_status()).unwrap();
        status["state"].as_str().unwrap_or("none").to_owned()
    }
}

fn peer() -> Peer {
    Peer::new(None, 1000)
}

fn id(name: &str) -> Id {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    Id::try_from(format!("{digits:0>32}")).unwrap()
}

fn begin(state: State, purpose: Purpose) -> Begin {
    Begin {
        vault: id("vault"),
        path: "/home/me/vault".to_owned(),
        generation: 1,
        state,
        purpose,
    }
}

fn key(name: &str, version: u64) -> Key {
    let listing =
        format!(r#"{{"name":"record {name}","fingerprint":"SHA256:{name}","notes":"of {name}"}}"#);
    Key {
        record: id(name),
        version,
        listing: RawValue::from_string(listing).unwrap(),
    }
}

fn public(name: &str) -> Public {
    Public {
        blob: blob(name),
        comment: name.to_owned(),
        constraints: Vec::new(),
    }
}

/// The reasons of all lines about signatures.
fn reasons(world: &World) -> Vec<String> {
    let lines = world.records().into_iter();
    let signs = lines.filter(|line| line["event"] == "sign");
    signs
        .map(|line| line["reason"].as_str().unwrap_or("-").to_owned())
        .collect()
}

#[test]
fn keys_of_an_open_vault_are_listed_and_sign() {
    run(async {
        let world = World::new();
        let committed = world.open(&[("a", b""), ("b", b"")]).await;
        assert_eq!((committed.keys, committed.refused), (2, vec![]));
        let mut session = world.session();
        assert_eq!(names(&mut session).await, ["a", "b"]);
        assert!(signs(&mut session, &blob("a")).await);
        assert_eq!(world.state(), "open");
    });
}

#[test]
fn locking_the_vault_wipes_its_keys_and_keeps_the_list() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("own", b"")).await;
        world.open(&[("a", b""), ("b", b"")]).await;
        assert_eq!(world.kept().await, 3);
        world.lock_vault().await;
        assert_eq!(world.kept().await, 1);
        assert_eq!(names(&mut session).await, ["own", "a", "b"]);
        assert!(signs(&mut session, &blob("own")).await);
        assert_eq!(world.state(), "closed");
    });
}

#[test]
fn keeper_is_replaced_when_the_vault_is_closed() {
    run(async {
        let world = World::new();
        let agent = Rc::clone(&world.agent);
        tokio::task::spawn_local(async move { agent.keep_fresh().await });
        world.open(&[("a", b"")]).await;
        assert!(world.agent.supervisor.is_used());
        world.lock_vault().await;
        until("a fresh keeper", || !world.agent.supervisor.is_used()).await;
    });
}

#[test]
fn key_that_a_client_added_outlasts_the_vault() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        world.open(&[("later", b""), ("earlier", b"")]).await;
        world.lock_vault().await;
        for (name, added_first) in [("earlier", true), ("later", false)] {
            if added_first {
                succeeds(&mut session, &add(name, b"")).await;
            }
            world.open(&[("later", b""), ("earlier", b"")]).await;
            if !added_first {
                succeeds(&mut session, &add(name, b"")).await;
            }
            assert_eq!(list(&mut session).await.len(), 2);
            world.lock_vault().await;
            assert!(signs(&mut session, &blob(name)).await);
            world.closed(&["later", "earlier"]).await;
            assert!(signs(&mut session, &blob(name)).await);
        }
        assert_eq!(world.kept().await, 2);
        world.closed(&[]).await;
        assert_eq!(list(&mut session).await.len(), 2);
    });
}

#[test]
fn removed_keys_stay_out_until_the_vault_is_opened_again() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        world.open(&[("a", b""), ("b", b""), ("c", b"")]).await;
        succeeds(&mut session, &remove(&blob("a"))).await;
        assert_eq!(world.kept().await, 2);
        world
            .update(&[("a", 1, b""), ("b", 1, b""), ("c", 1, b"")])
            .await;
        assert_eq!(names(&mut session).await, ["b", "c"]);
        assert!(signs(&mut session, &blob("b")).await);
        world.lock_vault().await;
        succeeds(&mut session, &remove(&blob("b"))).await;
        world.closed(&["a", "b", "c"]).await;
        assert_eq!(names(&mut session).await, ["c"]);
        world.open(&[("a", b""), ("b", b""), ("c", b"")]).await;
        let mut listed = names(&mut session).await;
        listed.sort();
        assert_eq!(listed, ["a", "b", "c"]);
    });
}

#[test]
fn removing_all_takes_the_vaults_keys_until_it_is_opened_again() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("own", b"")).await;
        world.open(&[("a", b"")]).await;
        succeeds(&mut session, REMOVE_ALL).await;
        assert_eq!(world.kept().await, 0);
        assert!(list(&mut session).await.is_empty());
        world.update(&[("a", 1, b"")]).await;
        assert!(list(&mut session).await.is_empty());
        world.open(&[("a", b"")]).await;
        assert_eq!(names(&mut session).await, ["a"]);
    });
}

#[test]
fn dropping_keys_closes_the_vault() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("own", b"")).await;
        world.open(&[("a", b"")]).await;
        world.agent.drop_keys().await;
        assert_eq!(world.kept().await, 0);
        assert_eq!(names(&mut session).await, ["a"]);
        assert_eq!(world.state(), "closed");
    });
}

#[test]
fn death_of_the_keeper_closes_the_vault() {
    for locked in [false, true] {
        run(async move {
            let world = World::new();
            let mut session = world.session();
            succeeds(&mut session, &add("own", b"")).await;
            world.open(&[("a", b"")]).await;
            if locked {
                succeeds(&mut session, &lock("phrase")).await;
            }
            world.agent.note_lost_keeper();
            world.agent.supervisor.renew().unwrap();
            assert_eq!(names(&mut session).await, ["a"]);
            assert_eq!(world.state(), "closed");
            world.open(&[("a", b"")]).await;
            assert!(signs(&mut session, &blob("a")).await);
        });
    }
}

#[test]
fn idle_vault_is_closed_and_one_in_use_is_not() {
    run(async {
        let idle = Duration::from_millis(300);
        let world = World::with(|parts| parts.vault_idle = Some(idle));
        let agent = Rc::clone(&world.agent);
        let alarm = crate::front::clock::Alarm::new().unwrap();
        tokio::task::spawn_local(async move { agent.keep_vault(alarm).await });
        let mut session = world.session();
        world.open(&[("a", b"")]).await;
        let opened = Instant::now();
        let mut last = Instant::now();
        while opened.elapsed() < 2 * idle {
            // On a machine that hangs for so long it may well be closed.
            assert!(signs(&mut session, &blob("a")).await || last.elapsed() >= idle);
            last = Instant::now();
            tokio::time::sleep(idle / 10).await;
        }
        until("a closed vault", || world.state() == "closed").await;
        assert!(last.elapsed() >= idle);
        assert_eq!(world.kept().await, 0);
        assert_eq!(names(&mut session).await, ["a"]);
        let lines = world.records();
        assert_eq!(lines.last().unwrap()["event"], "vault-idle-lock");
        assert_eq!(lines.last().unwrap()["vault"], "/home/me/vault");
    });
}

#[test]
fn vault_that_ought_to_be_closed_signs_nothing_even_before_the_timer() {
    run(async {
        let world = World::with(|parts| parts.vault_idle = Some(Duration::ZERO));
        world.open(&[("a", b"")]).await;
        assert!(!signs(&mut world.session(), &blob("a")).await);
        assert_eq!(world.state(), "closed");
    });
}

#[test]
fn restricted_keys_are_hidden_from_other_hosts_while_closed_too() {
    run(async {
        let world = World::unlocking(ASKS);
        let restricted = constraints::destinations(&["web"]);
        world.open(&[("a", &restricted), ("b", b"")]).await;
        world.lock_vault().await;
        let mut elsewhere = world.bound("other", true).await;
        assert_eq!(names(&mut elsewhere).await, ["b"]);
        assert!(!signs(&mut elsewhere, &blob("a")).await);
        fails(&mut elsewhere, &remove(&blob("a"))).await;
        fails(&mut elsewhere, &add("a", b"")).await;
        assert_eq!(names(&mut world.session()).await, ["a", "b"]);
        // What is refused anyway brings no question.
        assert!(!signs(&mut world.session(), &blob("a")).await);
        assert_eq!(world.asked(), 0);
    });
}

#[test]
fn locked_agent_hides_the_vault_and_opens_none() {
    run(async {
        let world = World::unlocking(ASKS);
        let mut session = world.session();
        world.open(&[("a", b"")]).await;
        succeeds(&mut session, &lock("phrase")).await;
        assert!(list(&mut session).await.is_empty());
        assert!(!signs(&mut session, &blob("a")).await);
        let begun = Transaction::begin(&world.agent, begin(State::Open, Purpose::Unlock), &peer());
        assert_eq!(begun.unwrap_err(), Reason::Locked);
        succeeds(&mut session, &unlock("phrase")).await;
        assert!(signs(&mut session, &blob("a")).await);
        succeeds(&mut session, &lock("phrase")).await;
        world.lock_vault().await;
        assert_eq!(world.kept().await, 0);
        succeeds(&mut session, &unlock("phrase")).await;
        assert_eq!(names(&mut session).await, ["a"]);
        assert_eq!(world.asked(), 0);
    });
}
