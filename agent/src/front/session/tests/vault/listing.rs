//! What is told of a vault, and how long its keys are there.

use super::*;

#[test]
fn lifetime_goes_on_through_changes_of_other_keys() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        world
            .open(&[("short", &lifetime(1)), ("long", &lifetime(3600))])
            .await;
        let end = |name| {
            world
                .agent
                .ring(|ring| ring.find(&blob(name)).unwrap().expires)
        };
        let before = end("long");
        let keys: [(_, _, &[u8]); 2] = [("short", 1, &lifetime(1)), ("long", 1, &lifetime(3600))];
        world.update(&keys).await;
        assert_eq!(end("long"), before);
        until("an expired key", || world.agent.identities() == 1).await;
        assert_eq!(names(&mut session).await, ["long"]);
        world.update(&keys).await;
        assert_eq!(names(&mut session).await, ["long"]);
        assert_eq!(world.kept().await, 1);
        // A person who changes a key begins its lifetime anew.
        world.update(&[("long", 2, &lifetime(3600))]).await;
        assert!(end("long") > before);
        world.open(&[("short", &lifetime(3600))]).await;
        assert_eq!(names(&mut session).await, ["short"]);
    });
}

#[test]
fn key_that_is_not_served_is_listed() {
    run(async {
        let world = World::new();
        let mut transaction = world.transaction(State::Open, Purpose::Unlock);
        let reason = Part::Instead(Instead::Reason("no host".to_owned()));
        transaction.stage(key("a", 1), reason).await;
        let unreadable = Part::Private(b"no key");
        transaction.stage(key("b", 1), unreadable).await;
        let none = Part::Instead(Instead::Public(public("c")));
        transaction.stage(key("c", 1), none).await;
        let committed = world.commit(transaction).await;
        assert_eq!(committed.keys, 0);
        let reasons = committed.refused.iter().map(|refused| &*refused.reason);
        let expected = [
            "no host",
            "private key cannot be read",
            "no private key for an open vault",
        ];
        assert_eq!(reasons.collect::<Vec<_>>(), expected);
        assert_eq!(world.listed()["keys"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn closed_vault_tells_what_the_ring_tells_and_a_locked_agent_nothing() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        world.open(&[("a", b""), ("b", b"")]).await;
        assert_eq!(world.listed()["keys"][0]["notes"], "of a");
        assert!(signs(&mut session, &blob("a")).await);
        succeeds(&mut session, &lock("phrase")).await;
        assert_eq!(world.listed()["state"], "locked");
        assert_eq!(world.listed()["keys"], json!([]));
        succeeds(&mut session, &unlock("phrase")).await;
        assert_eq!(world.listed()["keys"][0]["notes"], "of a");
        world.lock_vault().await;
        let used = world.listed()["keys"][0]["last_used"].clone();
        assert!(used.is_u64());
        let expected = json!([
            {"name": "record a", "fingerprint": "SHA256:a", "last_used": used},
            {"name": "record b", "fingerprint": "SHA256:b"},
        ]);
        assert_eq!(world.listed()["keys"], expected);
        world.closed(&["a", "b"]).await;
        assert_eq!(world.listed()["keys"], expected);
    });
}

#[test]
fn lifetime_of_the_agent_holds_for_the_vault_too() {
    run(async {
        let world = World::with(|parts| parts.lifetime = Some(Duration::ZERO));
        world.open(&[("a", b"")]).await;
        assert!(list(&mut world.session()).await.is_empty());
    });
}

#[test]
fn last_use_is_told() {
    run(async {
        let world = World::new();
        world.open(&[("a", b""), ("b", b"")]).await;
        assert!(signs(&mut world.session(), &blob("a")).await);
        world.update(&[("a", 1, b""), ("b", 1, b"")]).await;
        let listed = world.listed();
        let used = listed["keys"][0]["last_used"].as_u64().unwrap();
        assert!(clock::unix_seconds() - used < 600);
        assert_eq!(listed["keys"][1]["last_used"], Value::Null);
        assert_eq!(listed["state"], "open");
        assert_eq!(listed["generation"], 1);
    });
}

#[test]
fn without_a_vault_there_is_nothing_to_lock_or_list() {
    run(async {
        let world = World::new();
        assert!(world.agent.lock_vault(&peer()).await.is_err());
        assert_eq!(world.agent.vault_status(), None);
        assert_eq!(world.listed()["state"], "none");
    });
}

#[test]
fn what_happens_to_the_vault_is_told() {
    run(async {
        let world = World::new();
        world.closed(&["a"]).await;
        world.open(&[("a", b"")]).await;
        world.update(&[("a", 1, b"")]).await;
        world.lock_vault().await;
        let lines = world.records();
        let told: Vec<_> = lines
            .iter()
            .map(|line| line["event"].as_str().unwrap())
            .collect();
        assert_eq!(
            told,
            ["vault-update", "vault-open", "vault-update", "vault-lock"]
        );
        assert!(lines.iter().all(|line| line["vault"] == "/home/me/vault"));
        assert!(lines.iter().all(|line| line["peer"]["uid"] == 1000));
    });
}
