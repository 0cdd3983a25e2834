//! Requests of several connections in the same moment.

use super::*;

/// Polls both requests in turn, the first one first.
async fn both(world: &World, first: &[u8], second: &[u8]) -> (Response, Response) {
    let (mut one, mut other) = (world.session(), world.session());
    tokio::join!(one.asked(first), other.asked(second))
}

/// What is listed can sign, and nothing else is kept.
async fn assert_whole(world: &World) {
    let mut session = world.session();
    let listed = list(&mut session).await;
    for (blob, _) in &listed {
        assert!(signs(&mut session, blob).await, "a listed key cannot sign");
    }
    assert_eq!(usize::try_from(world.kept().await), Ok(listed.len()));
}

#[test]
fn key_added_while_all_are_removed_is_whole_or_not_there() {
    run(async {
        for _ in 0..50 {
            let world = World::new();
            let (added, removed) = both(&world, &add("a", b""), REMOVE_ALL).await;
            assert_eq!(removed, Response::Success);
            assert_whole(&world).await;
            let there = list(&mut world.session()).await.len() == 1;
            assert_eq!(there, added == Response::Success);
        }
    });
}

#[test]
fn key_added_while_the_agent_is_locked_is_whole_or_not_there() {
    run(async {
        for (first, second) in [
            (add("a", b""), lock("phrase")),
            (lock("phrase"), add("a", b"")),
        ] {
            let world = World::new();
            both(&world, &first, &second).await;
            assert!(world.agent.is_locked());
            succeeds(&mut world.session(), &unlock("phrase")).await;
            assert_whole(&world).await;
        }
    });
}

#[test]
fn key_added_twice_at_once_is_kept_once() {
    run(async {
        let world = World::new();
        let message = add("a", b"");
        let (one, other) = both(&world, &message, &message).await;
        assert_eq!((one, other), (Response::Success, Response::Success));
        assert_whole(&world).await;
        assert_eq!(world.kept().await, 1);
    });
}

#[test]
fn key_removed_while_it_is_replaced_is_whole_or_not_there() {
    run(async {
        let world = World::new();
        succeeds(&mut world.session(), &add("a", b"")).await;
        both(&world, &add("a", b""), &remove(&blob("a"))).await;
        assert_whole(&world).await;
        both(&world, &remove(&blob("a")), &add("a", b"")).await;
        assert_whole(&world).await;
    });
}

#[test]
fn two_locks_at_once_are_one() {
    run(async {
        let world = World::new();
        succeeds(&mut world.session(), &add("a", b"")).await;
        let answers = both(&world, &lock("one"), &lock("other")).await;
        assert_eq!(answers, (Response::Success, Response::Failure));
        succeeds(&mut world.session(), &unlock("one")).await;
        assert_whole(&world).await;
    });
}

#[test]
fn two_unlocks_at_once_are_one() {
    run(async {
        let world = World::new();
        succeeds(&mut world.session(), &add("a", b"")).await;
        succeeds(&mut world.session(), &lock("phrase")).await;
        let answers = both(&world, &unlock("phrase"), &unlock("phrase")).await;
        assert_eq!(answers, (Response::Success, Response::Failure));
        assert_whole(&world).await;
    });
}

#[test]
fn key_added_while_the_keeper_is_lost_is_not_listed() {
    run(async {
        let world = World::new();
        let agent = Rc::clone(&world.agent);
        let mut session = world.session();
        let message = add("a", b"");
        let lost = async {
            agent.note_lost_keeper();
        };
        let (added, ()) = tokio::join!(session.asked(&message), lost);
        assert_eq!(added, Response::Failure);
        assert!(list(&mut session).await.is_empty());
    });
}
