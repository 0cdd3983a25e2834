//! The table "While locked" of `PROTOCOL.md`.

use super::*;
use tokio::time::Instant;

/// How long something may take that has nothing to wait for.
const PATIENCE: Duration = Duration::from_secs(20);

async fn locked(world: &World) -> Session {
    let mut session = world.session();
    succeeds(&mut session, &add("a", b"")).await;
    succeeds(&mut session, &lock("phrase")).await;
    session
}

#[test]
fn locked_agent_lists_nothing_and_refuses_everything_else() {
    run(async {
        let world = World::new();
        let mut session = locked(&world).await;
        assert!(list(&mut session).await.is_empty());
        assert!(!signs(&mut session, &blob("a")).await);
        for message in [
            add("b", b""),
            add("a", b""),
            remove(&blob("a")),
            REMOVE_ALL.to_vec(),
            vec![9],
            lock("phrase"),
            lock("other"),
            query(),
            text(27, b"unknown@example.org"),
        ] {
            fails(&mut session, &message).await;
        }
        succeeds(&mut session, &unlock("phrase")).await;
        assert_eq!(names(&mut session).await, ["a"]);
        assert!(signs(&mut session, &blob("a")).await);
    });
}

#[test]
fn locked_agent_still_binds_sessions() {
    run(async {
        let world = World::new();
        let mut session = locked(&world).await;
        let good = TestHost::new("host").bind(b"session", true);
        succeeds(&mut session, &bind(&good)).await;
        let answer = session.asked(&text(27, b"session-bind@openssh.com")).await;
        assert_eq!(answer, Response::ExtensionFailure);
    });
}

#[test]
fn lock_concerns_every_connection() {
    run(async {
        let world = World::new();
        let mut earlier = world.session();
        locked(&world).await;
        assert!(list(&mut earlier).await.is_empty());
        assert!(!signs(&mut earlier, &blob("a")).await);
        assert!(!signs(&mut world.session(), &blob("a")).await);
    });
}

#[test]
fn empty_passphrase_neither_locks_nor_unlocks() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", b"")).await;
        fails(&mut session, &lock("")).await;
        assert!(signs(&mut session, &blob("a")).await);
        succeeds(&mut session, &lock("phrase")).await;
        fails(&mut session, &unlock("")).await;
        assert!(!signs(&mut session, &blob("a")).await);
    });
}

#[test]
fn unlocking_what_is_not_locked_fails() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        fails(&mut session, &unlock("phrase")).await;
        succeeds(&mut session, &lock("phrase")).await;
        succeeds(&mut session, &unlock("phrase")).await;
        fails(&mut session, &unlock("phrase")).await;
    });
}

#[test]
fn wrong_passphrases_cost_more_each_time_and_a_right_one_nothing() {
    run(async {
        let world = World::new();
        let mut session = locked(&world).await;
        tokio::time::pause();
        for milliseconds in [100, 200, 300] {
            let start = Instant::now();
            fails(&mut session, &unlock("wrong")).await;
            let delay = start.elapsed().as_millis();
            assert!(
                (milliseconds..milliseconds + 20).contains(&delay),
                "{delay}"
            );
        }
        let start = Instant::now();
        succeeds(&mut session, &unlock("phrase")).await;
        assert!(start.elapsed().is_zero());
        succeeds(&mut session, &lock("phrase")).await;
        let start = Instant::now();
        fails(&mut session, &unlock("wrong")).await;
        assert!(start.elapsed() < Duration::from_millis(120));
    });
}

/// Tries a passphrase that is wrong and leaves its penalty open.
async fn guess(world: &World) -> Session {
    let mut session = world.session();
    let message = unlock("wrong");
    let prepared = tokio::time::timeout(PATIENCE, session.prepare(&message)).await;
    prepared.expect("a turn to try a passphrase");
    assert_eq!(session.handle(&message).await, Response::Failure);
    session
}

#[test]
fn right_passphrase_unlocks_while_wrong_ones_cost_time() {
    run(async {
        let world = World::new();
        let mut owner = locked(&world).await;
        let _guessing = [guess(&world).await, guess(&world).await];
        let message = unlock("phrase");
        let unlocked = tokio::time::timeout(PATIENCE, succeeds(&mut owner, &message)).await;
        unlocked.expect("the penalties of others are not waited for");
        assert!(signs(&mut owner, &blob("a")).await);
    });
}

#[test]
fn only_four_wrong_passphrases_cost_time_at_once() {
    run(async {
        let world = World::new();
        locked(&world).await;
        let mut guessing = vec![];
        for _ in 0..4 {
            guessing.push(guess(&world).await);
        }
        tokio::time::pause();
        let mut fifth = world.session();
        let message = unlock("wrong");
        let waited = tokio::time::timeout(Duration::from_secs(60), fifth.prepare(&message)).await;
        assert!(waited.is_err(), "a fifth is tried");
        // The fourth costs four times as much as the first.
        let start = Instant::now();
        guessing.pop().unwrap().atone().await;
        assert_eq!(start.elapsed().as_millis() / 100, 4);
        fifth.prepare(&message).await;
    });
}

#[test]
fn others_are_answered_while_a_wrong_passphrase_costs_time() {
    run(async {
        let world = World::new();
        let mut other = locked(&world).await;
        let mut guessing = world.session();
        let guess = tokio::task::spawn_local(async move {
            fails(&mut guessing, &unlock("wrong")).await;
        });
        let mut answered = 0;
        while !guess.is_finished() {
            assert!(list(&mut other).await.is_empty());
            succeeds(
                &mut other,
                &bind(&TestHost::new("host").bind(b"session", true)),
            )
            .await;
            answered += 1;
            tokio::task::yield_now().await;
        }
        assert!(answered > 10, "{answered}");
    });
}

#[test]
fn session_bound_while_locked_is_bound_afterwards() {
    run(async {
        let world = World::new();
        let mut owner = world.session();
        let library = constraints::provider("/usr/lib/nonexistent.so");
        succeeds(&mut owner, &lock("phrase")).await;
        let mut session = world.bound("host", true).await;
        succeeds(&mut owner, &unlock("phrase")).await;
        assert_eq!(
            session.bindings.origin(),
            crate::front::binding::Origin::Forwarded
        );
        let token = test_key::recorded("sk-ed25519");
        let (_, fields) = test_key::blob_and_fields(&token);
        fails(&mut session, &test_key::add(&fields, b"", &library)).await;
    });
}
