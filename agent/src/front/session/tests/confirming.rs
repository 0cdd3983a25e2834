//! Keys whose use a person confirms.

use super::constraints::{CONFIRM, lifetime};
use super::*;

/// Says that it asks, and waits to be told.
const SLOW: &str = "echo > asked; while [ ! -e answer ]; do sleep 0.01; done";

async fn answer(script: &str) -> (World, bool) {
    let world = World::asking(script);
    let mut session = world.session();
    succeeds(&mut session, &add("a", CONFIRM)).await;
    let signed = signs(&mut session, &blob("a")).await;
    (world, signed)
}

#[test]
fn signs_when_a_person_agrees() {
    run(async {
        assert!(answer("exit 0").await.1);
        assert!(answer("echo yes").await.1);
    });
}

#[test]
fn fails_when_a_person_refuses() {
    run(async {
        assert!(!answer("exit 1").await.1);
        assert!(!answer("echo no").await.1);
    });
}

#[test]
fn fails_when_nobody_can_be_asked() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", CONFIRM)).await;
        assert!(!signs(&mut session, &blob("a")).await);
    });
}

#[test]
fn asks_for_each_use_and_names_the_key() {
    run(async {
        let world = World::asking("echo \"$1\" >> questions");
        let mut session = world.session();
        succeeds(&mut session, &add("laptop key", CONFIRM)).await;
        for _ in 0..2 {
            assert!(signs(&mut session, &blob("laptop key")).await);
        }
        let questions = fs::read_to_string(world.folder.path().join("questions")).unwrap();
        assert_eq!(questions.matches("laptop key").count(), 2, "{questions}");
    });
}

/// Opens a question, does `meanwhile` in another session, has the question answered with yes, and
/// says whether there was a signature.
async fn signs_although(
    constraints: &[u8],
    meanwhile: impl AsyncFnOnce(&World, &mut Session),
) -> bool {
    let world = World::asking(SLOW);
    let mut owner = world.session();
    succeeds(&mut owner, &add("a", constraints)).await;
    let mut asking = world.session();
    let signed = tokio::task::spawn_local(async move { signs(&mut asking, &blob("a")).await });
    until("a question", || world.exists("asked")).await;
    meanwhile(&world, &mut owner).await;
    world.touch("answer");
    signed.await.unwrap()
}

#[test]
fn signs_when_nothing_happens_meanwhile() {
    run(async {
        let signed = signs_although(CONFIRM, async |world, owner| {
            assert_eq!(names(owner).await, ["a"]);
            assert!(!world.exists("answer"));
        });
        assert!(signed.await);
    });
}

#[test]
fn does_not_sign_with_a_key_that_was_removed_meanwhile() {
    run(async {
        let signed = signs_although(CONFIRM, async |_, owner| {
            succeeds(owner, &remove(&blob("a"))).await;
        });
        assert!(!signed.await);
    });
}

#[test]
fn does_not_sign_when_all_keys_were_removed_meanwhile() {
    run(async {
        let signed = signs_although(CONFIRM, async |_, owner| {
            succeeds(owner, REMOVE_ALL).await;
        });
        assert!(!signed.await);
    });
}

#[test]
fn does_not_sign_with_a_key_that_was_replaced_meanwhile() {
    run(async {
        let signed = signs_although(CONFIRM, async |_, owner| {
            succeeds(owner, &add("a", &[CONFIRM, &lifetime(3600)].concat())).await;
        });
        assert!(!signed.await);
    });
}

#[test]
fn does_not_sign_when_the_agent_was_locked_meanwhile() {
    run(async {
        let signed = signs_although(CONFIRM, async |_, owner| {
            succeeds(owner, &lock("phrase")).await;
        });
        assert!(!signed.await);
    });
}

#[test]
fn does_not_sign_with_a_key_that_expired_meanwhile() {
    run(async {
        let constraints = [CONFIRM, &lifetime(1)].concat();
        let signed = signs_although(&constraints, async |world, _| {
            until("an empty ring", || world.agent.identities() == 0).await;
        });
        assert!(!signed.await);
    });
}

#[test]
fn others_are_served_while_a_question_is_open() {
    run(async {
        let signed = signs_although(CONFIRM, async |_, owner| {
            succeeds(owner, &add("b", b"")).await;
            assert!(signs(owner, &blob("b")).await);
            assert_eq!(names(owner).await, ["a", "b"]);
        });
        assert!(signed.await);
    });
}
