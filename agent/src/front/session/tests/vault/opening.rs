//! Signatures that wait for a person to open the vault.

use super::*;
use tokio::task::JoinHandle;

/// Asks until it is told to end. What the shell says of its children would end it at once: by then
/// nobody reads that.
const STAYS: &str = "exec 2>/dev/null; trap 'echo > ended; exit 1' TERM; echo >> asked; \
                     while :; do sleep 0.01; done";

/// Asks for a signature in a session of its own.
fn signing(world: &World, name: &str) -> JoinHandle<bool> {
    let (mut session, blob) = (world.session(), blob(name));
    tokio::task::spawn_local(async move { signs(&mut session, &blob).await })
}

async fn asked(world: &World, times: usize) {
    until("a question", || world.asked() == times).await;
}

/// What becomes of a signature when the unlocker ends so.
async fn outcome(script: &str) -> (World, String) {
    let world = World::unlocking(script);
    world.closed(&["a"]).await;
    assert!(!signs(&mut world.session(), &blob("a")).await);
    let reason = reasons(&world).pop().unwrap();
    (world, reason)
}

#[test]
fn ten_who_wait_ask_once_and_sign() {
    run(async {
        let world = World::unlocking(ASKS);
        world.closed(&["a", "b"]).await;
        assert_eq!(names(&mut world.session()).await, ["a", "b"]);
        let waiting: Vec<_> = (0..10)
            .map(|number| signing(&world, if number % 2 == 0 { "a" } else { "b" }))
            .collect();
        asked(&world, 1).await;
        assert_eq!(names(&mut world.session()).await, ["a", "b"]);
        world.open(&[("a", b""), ("b", b"")]).await;
        world.answer(0);
        for each in waiting {
            assert!(each.await.unwrap());
        }
        assert_eq!(world.asked(), 1);
        assert!(signs(&mut world.session(), &blob("a")).await);
        assert_eq!(world.asked(), 1);
    });
}

#[test]
fn cancelling_fails_all_who_wait_and_brings_peace_for_a_while() {
    run(async {
        let world = World::unlocking(ASKS);
        world.closed(&["a", "b"]).await;
        let waiting = [signing(&world, "a"), signing(&world, "b")];
        asked(&world, 1).await;
        world.answer(4);
        for each in waiting {
            assert!(!each.await.unwrap());
        }
        assert!(!signs(&mut world.session(), &blob("b")).await);
        assert_eq!(world.asked(), 1);
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(3)).await;
        tokio::time::resume();
        assert!(!signs(&mut world.session(), &blob("b")).await);
        assert_eq!(world.asked(), 2);
        let reasons = reasons(&world);
        assert!(!reasons.is_empty());
        assert!(
            reasons
                .iter()
                .all(|reason| reason == "opening the vault was cancelled")
        );
    });
}

#[test]
fn failure_says_why() {
    run(async {
        let script = "echo 'error: no vault at /x' >&2; exit 1";
        let (_, reason) = outcome(script).await;
        assert_eq!(reason, "vault was not opened: no vault at /x");
    });
}

#[test]
fn nobody_to_ask_fails_at_once_and_nobody_is_looked_for_again_and_again() {
    run(async {
        let script = "echo >> asked; exit 5";
        let world = World::unlocking(script);
        world.closed(&["a"]).await;
        for _ in 0..5 {
            assert!(!signs(&mut world.session(), &blob("a")).await);
        }
        assert_eq!(world.asked(), 1);
        // Who has a terminal is not kept from being asked there.
        let terminal = Some("/dev/pts/9".into());
        let opened = world.agent.open_vault(terminal, "why").await;
        assert_eq!(opened, Err(Reason::NobodyToUnlock));
        assert_eq!(world.asked(), 2);
        let reason = reasons(&world).pop().unwrap();
        assert!(
            reason.starts_with("nobody can be asked for the vault's passphrase"),
            "{reason}"
        );
    });
}

#[test]
fn unlocker_that_opens_nothing_is_a_failure() {
    run(async {
        let (_, reason) = outcome("exit 0").await;
        assert_eq!(reason, "vault is closed");
    });
}

#[test]
fn unlocker_that_is_not_there_is_a_failure() {
    run(async {
        let world = World::new();
        world.closed(&["a"]).await;
        assert!(!signs(&mut world.session(), &blob("a")).await);
        let reason = reasons(&world).pop().unwrap();
        assert!(reason.starts_with("vault was not opened: "), "{reason}");
    });
}

#[test]
fn unlocker_ends_with_the_last_who_waits() {
    run(async {
        let world = World::unlocking(STAYS);
        world.closed(&["a"]).await;
        let waiting = [signing(&world, "a"), signing(&world, "a")];
        asked(&world, 1).await;
        let [one, other] = waiting;
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
        other.abort();
        until("the end of the unlocker", || world.exists("ended")).await;
        drop(signing(&world, "a"));
        asked(&world, 2).await;
    });
}

#[test]
fn unlocker_goes_on_for_those_who_still_wait() {
    run(async {
        let world = World::unlocking(ASKS);
        world.closed(&["a"]).await;
        let [one, other] = [signing(&world, "a"), signing(&world, "a")];
        asked(&world, 1).await;
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
        world.answer(4);
        assert!(!other.await.unwrap());
        // One that was ended would have failed by a signal.
        assert_eq!(reasons(&world), ["opening the vault was cancelled"]);
    });
}

#[test]
fn vault_opened_from_elsewhere_ends_the_waiting() {
    run(async {
        let world = World::unlocking(STAYS);
        world.closed(&["a"]).await;
        let waiting = signing(&world, "a");
        asked(&world, 1).await;
        world.open(&[("a", b"")]).await;
        assert!(waiting.await.unwrap());
        until("the end of the unlocker", || world.exists("ended")).await;
    });
}

#[test]
fn everything_is_looked_at_again_once_the_vault_is_open() {
    run(async {
        let restricted = constraints::destinations(&["web"]);
        for (constraints, expected) in [
            (CONFIRM, "nobody can be asked: "),
            (&*restricted, ""),
            (&*lifetime(0), "key went away meanwhile"),
        ] {
            let world = World::unlocking(ASKS);
            world.closed(&["a"]).await;
            let waiting = signing(&world, "a");
            asked(&world, 1).await;
            world.open(&[("a", constraints)]).await;
            world.answer(0);
            assert!(!waiting.await.unwrap());
            let reason = reasons(&world).pop().unwrap();
            assert!(reason.starts_with(expected) && reason != "-", "{reason}");
        }
    });
}

#[test]
fn nothing_is_signed_when_the_agent_was_locked_meanwhile() {
    run(async {
        let world = World::unlocking(ASKS);
        world.closed(&["a"]).await;
        let waiting = signing(&world, "a");
        asked(&world, 1).await;
        world.open(&[("a", b"")]).await;
        succeeds(&mut world.session(), &lock("phrase")).await;
        world.answer(0);
        assert!(!waiting.await.unwrap());
    });
}

#[test]
fn key_that_is_confirmed_is_confirmed_after_the_opening() {
    run(async {
        let askpass = World::asking("echo >> confirmed");
        let program = askpass.folder.path().join("askpass");
        let environment = Environment::from_variables(|name| match name {
            "SSH_ASKPASS" => Some(program.clone().into()),
            "SSH_ASKPASS_REQUIRE" => Some(OsString::from("force")),
            _ => None,
        });
        let world = World::unlocking_with(ASKS, |parts| {
            parts.prompter = Prompter::from_environment(&environment);
        });
        world.open(&[("a", CONFIRM)]).await;
        world.lock_vault().await;
        let waiting = signing(&world, "a");
        asked(&world, 1).await;
        assert!(!askpass.exists("confirmed"));
        world.open(&[("a", CONFIRM)]).await;
        world.answer(0);
        assert!(waiting.await.unwrap());
        assert!(askpass.exists("confirmed"));
    });
}

#[test]
fn unlocker_is_told_which_vault_and_who_asks() {
    run(async {
        let world = World::unlocking(
            "echo \"$* $KEYWARD_UNLOCK_VAULT $KEYWARD_UNLOCK_REASON\" >&2; exit 1",
        );
        world.closed(&["a"]).await;
        assert!(!signs(&mut world.session(), &blob("a")).await);
        let reason = reasons(&world).pop().unwrap();
        let told = "/nonexistent/control /home/me/vault a program asks for the key \"a\"";
        assert!(reason.ends_with(told), "{reason}");
    });
}
