//! A new catalogue, from its beginning to its commit.

use super::*;
use crate::front::vault::cache::FILE_NAME;

#[test]
fn nothing_counts_before_the_commit_and_then_all_does() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        world.open(&[("a", b""), ("b", b"")]).await;
        let mut transaction = world.transaction(State::Open, Purpose::Unlock);
        for name in ["b", "c"] {
            transaction
                .stage(key(name, 1), Part::Private(&add(name, b"")))
                .await;
        }
        assert_eq!(names(&mut session).await, ["a", "b"]);
        assert!(!signs(&mut session, &blob("c")).await);
        world.commit(transaction).await;
        assert_eq!(names(&mut session).await, ["b", "c"]);
        for name in ["b", "c"] {
            assert!(signs(&mut session, &blob(name)).await);
        }
        assert_eq!(world.kept().await, 2);
    });
}

#[test]
fn what_is_not_committed_is_wiped() {
    run(async {
        let world = World::new();
        world.open(&[("a", b"")]).await;
        let mut transaction = world.transaction(State::Open, Purpose::Unlock);
        transaction
            .stage(key("b", 1), Part::Private(&add("b", b"")))
            .await;
        assert_eq!(world.kept().await, 2);
        drop(transaction);
        assert_eq!(world.kept().await, 1);
        assert_eq!(names(&mut world.session()).await, ["a"]);
    });
}

#[test]
fn keeper_is_not_replaced_while_keys_are_handed_over() {
    run(async {
        let world = World::new();
        let agent = Rc::clone(&world.agent);
        tokio::task::spawn_local(async move { agent.keep_fresh().await });
        tokio::time::pause();
        let mut transaction = world.transaction(State::Open, Purpose::Unlock);
        transaction
            .stage(key("a", 1), Part::Private(&add("a", b"")))
            .await;
        fails(&mut world.session(), &remove(&blob("a"))).await;
        succeeds(&mut world.session(), REMOVE_ALL).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(world.agent.supervisor.is_used());
        drop(transaction);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(!world.agent.supervisor.is_used());
    });
}

#[test]
fn change_of_a_key_leaves_the_others_as_they_are_held() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let bound = [CONFIRM, &lifetime(60)].concat();
        world.open(&[("a", b""), ("b", &bound), ("c", b"")]).await;
        let held = |name: &str| world.agent.ring(|ring| ring.find(&blob(name)).unwrap());
        let before = ["a", "b", "c"].map(held);
        world
            .update(&[("a", 1, b""), ("b", 1, &bound), ("c", 2, CONFIRM)])
            .await;
        assert!(Rc::ptr_eq(&held("a"), &before[0]));
        assert!(Rc::ptr_eq(&held("b"), &before[1]));
        assert!(held("c").confirm);
        assert_eq!(world.kept().await, 3);
        assert!(signs(&mut session, &blob("a")).await);
    });
}

#[test]
fn who_knows_the_public_parts_only_takes_no_constraint_off_a_key() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let bound = [CONFIRM, &lifetime(60)].concat();
        for purpose in [Purpose::Update, Purpose::Unlock] {
            world.open(&[("a", &bound)]).await;
            let mut transaction = world.transaction(State::Open, purpose);
            let stripped = Part::Instead(Instead::Public(public("a")));
            transaction.stage(key("a", 1), stripped).await;
            world.commit(transaction).await;
            assert_eq!(world.kept().await, 0);
            assert!(!signs(&mut session, &blob("a")).await);
        }
    });
}

#[test]
fn question_about_a_key_outlasts_a_change_of_others() {
    run(async {
        for (constraints, expected) in [(CONFIRM, true), (b"".as_slice(), false)] {
            let slow = "echo > asked; while [ ! -e answer ]; do sleep 0.01; done";
            let world = World::asking(slow);
            world.open(&[("a", CONFIRM)]).await;
            let mut session = world.session();
            let signed =
                tokio::task::spawn_local(async move { signs(&mut session, &blob("a")).await });
            until("a question", || world.exists("asked")).await;
            let mut transaction = world.transaction(State::Open, Purpose::Update);
            let message = add("a", constraints);
            transaction
                .stage(key("a", 1), Part::Private(&message))
                .await;
            transaction
                .stage(key("b", 1), Part::Private(&add("b", b"")))
                .await;
            assert_eq!(world.commit(transaction).await.keys, 2);
            world.touch("answer");
            assert_eq!(signed.await.unwrap(), expected);
        }
    });
}

#[test]
fn key_in_a_token_is_known_while_the_vault_is_open() {
    run(async {
        let world = World::new();
        let message = test_key::recorded("sk-ed25519");
        let (blob, _) = test_key::blob_and_fields(&message);
        let mut transaction = world.transaction(State::Open, Purpose::Unlock);
        transaction
            .stage(key("a", 1), Part::Private(&message))
            .await;
        assert_eq!(world.commit(transaction).await.refused, []);
        let signer = || {
            world
                .agent
                .ring(|ring| ring.find(&blob))
                .unwrap()
                .signer
                .clone()
        };
        assert!(matches!(signer(), Signer::Token(_)));
        world.lock_vault().await;
        assert_eq!(signer(), Signer::Closed);
        assert_eq!(list(&mut world.session()).await.len(), 1);
    });
}

#[test]
fn same_key_twice_is_held_once() {
    run(async {
        let world = World::new();
        world.open(&[("a", b"")]).await;
        world.update(&[("a", 1, b""), ("a", 1, CONFIRM)]).await;
        assert_eq!((world.agent.identities(), world.kept().await), (1, 1));
    });
}

#[test]
fn another_vault_replaces_the_first() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        world.open(&[("a", b"")]).await;
        succeeds(&mut session, &remove(&blob("a"))).await;
        let mut other = begin(State::Open, Purpose::Update);
        other.vault = id("other");
        let mut transaction = Transaction::begin(&world.agent, other, &peer()).unwrap();
        for name in ["a", "b"] {
            transaction
                .stage(key(name, 1), Part::Private(&add(name, b"")))
                .await;
        }
        world.commit(transaction).await;
        assert_eq!(names(&mut session).await, ["a", "b"]);
        world.open(&[]).await;
        assert!(list(&mut session).await.is_empty());
        assert_eq!(world.kept().await, 0);
    });
}

#[test]
fn what_is_not_taken_is_told_and_the_rest_counts() {
    run(async {
        let world = World::new();
        let mut transaction = world.transaction(State::Open, Purpose::Unlock);
        let mut rsa = crate::key::test_key::TestRsa::of_bits(2048);
        rsa.d[8] ^= 1;
        let message = test_key::add(&rsa.fields(), b"rsa", b"");
        let parts = [
            ("a", Part::Private(&add("a", b""))),
            ("b", Part::Private(b"\x19nonsense")),
            ("c", Part::Private(&lock("x"))),
            ("d", Part::Private(&message)),
            ("e", Part::Instead(Instead::Public(Public::default()))),
        ];
        for (name, part) in parts {
            transaction.stage(key(name, 1), part).await;
        }
        let mut nameless = key("f", 1);
        nameless.listing = RawValue::from_string("{}".to_owned()).unwrap();
        transaction
            .stage(nameless, Part::Private(&add("f", b"")))
            .await;
        transaction
            .stage(key("g", 1), Part::Private(&add("g", &[99])))
            .await;
        let committed = world.commit(transaction).await;
        assert_eq!(committed.keys, 1);
        let told: Vec<_> = committed
            .refused
            .iter()
            .map(|refused| &*refused.name)
            .collect();
        assert_eq!(
            told,
            [
                "record b", "record c", "record d", "record e", "", "record g"
            ]
        );
        assert_eq!(
            committed.refused[2].reason,
            "the private key is not consistent in itself"
        );
        assert_eq!(world.kept().await, 1);
    });
}

#[test]
fn closed_catalogue_takes_no_private_key() {
    run(async {
        let world = World::new();
        world.open(&[("a", b"")]).await;
        let mut transaction = world.transaction(State::Closed, Purpose::Update);
        transaction
            .stage(key("a", 1), Part::Instead(Instead::Public(public("a"))))
            .await;
        transaction
            .stage(key("b", 1), Part::Private(&add("b", b"")))
            .await;
        let committed = world.commit(transaction).await;
        assert_eq!((committed.keys, committed.refused.len()), (1, 1));
        assert_eq!(world.kept().await, 0);
        assert_eq!(world.state(), "closed");
    });
}

#[test]
fn commit_fails_when_the_agent_was_locked_or_emptied_meanwhile() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        for message in [REMOVE_ALL.to_vec(), lock("phrase")] {
            let mut transaction = world.transaction(State::Open, Purpose::Unlock);
            transaction
                .stage(key("a", 1), Part::Private(&add("a", b"")))
                .await;
            succeeds(&mut session, &message).await;
            let committed = transaction.commit(&peer()).await;
            assert!(matches!(committed, Err(Reason::Changed | Reason::Locked)));
            assert_eq!(world.kept().await, 0);
        }
        succeeds(&mut session, &unlock("phrase")).await;
        assert!(list(&mut session).await.is_empty());
        assert_eq!(world.state(), "none");
        let lines = world.records();
        let refused = lines.iter().filter(|line| line["event"] == "vault-open");
        let refused: Vec<_> = refused
            .map(|line| (&line["outcome"], &line["vault"]))
            .collect();
        assert_eq!(refused, [(&json!("deny"), &json!("/home/me/vault")); 2]);
    });
}

#[test]
fn change_that_is_told_of_does_not_open_a_vault_that_was_locked_meanwhile() {
    run(async {
        let world = World::new();
        for purpose in [Purpose::Unlock, Purpose::Update] {
            let mut transaction = world.transaction(State::Open, purpose);
            transaction
                .stage(key("a", 1), Part::Private(&add("a", b"")))
                .await;
            if purpose == Purpose::Unlock {
                world.commit(transaction).await;
                continue;
            }
            world.lock_vault().await;
            let committed = transaction.commit(&peer()).await;
            assert!(matches!(committed, Err(Reason::Changed)));
        }
        assert_eq!(world.state(), "closed");
        assert_eq!(world.kept().await, 0);
    });
}

#[test]
fn memory_of_what_is_handed_over_is_bounded() {
    run(async {
        let world = World::new();
        let mut transaction = world.transaction(State::Closed, Purpose::Update);
        let listing = format!(r#"{{"name":"x","note":"{}"}}"#, "x".repeat(60_000));
        let mut large = key("a", 1);
        large.listing = RawValue::from_string(listing).unwrap();
        for _ in 0..1000 {
            transaction
                .stage(large.clone(), Part::Instead(Instead::Public(public("a"))))
                .await;
        }
        // What there is no room for cannot be told either, but for a few.
        let committed = world.commit(transaction).await;
        assert_eq!(committed.keys, 1);
        assert!(
            committed
                .refused
                .iter()
                .all(|refused| refused.reason.starts_with("there are too many"))
        );
        let mut transaction = world.transaction(State::Closed, Purpose::Update);
        transaction
            .stage(large, Part::Instead(Instead::Public(public("a"))))
            .await;
        assert_eq!(world.commit(transaction).await.refused, []);
    });
}

#[test]
fn keys_are_listed_after_a_restart() {
    run(async {
        let world = World::unlocking(ASKS);
        let mut session = world.session();
        let path = world.folder.path().join(FILE_NAME);
        world.agent.remember_vault(&path);
        assert_eq!(world.agent.vault_status(), None);
        let encoded = <base64ct::Base64 as base64ct::Encoding>::encode_string(&blob("a"));
        let text = format!(
            r#"{{"path":"/home/me/vault","vault":"{}","keys":["{encoded}"]}}"#,
            id("vault")
        );
        fs::write(&path, &text).unwrap();
        let chmod = Command::new("chmod").arg("600").arg(&path).status();
        assert!(chmod.unwrap().success());
        world.agent.remember_vault(&path);
        assert_eq!(names(&mut session).await, ["keyward (locked)"]);
        assert_eq!(world.state(), "closed");
        world.open(&[("a", b"")]).await;
        assert_eq!(names(&mut session).await, ["a"]);
        fs::write(&path, text.replace(&encoded, "AQI=")).unwrap();
        let other = World::new();
        other.agent.remember_vault(&path);
        assert_eq!(other.agent.vault_status(), None);
    });
}
