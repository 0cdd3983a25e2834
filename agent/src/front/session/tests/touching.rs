//! Keys in tokens that wait for a touch: what happens meanwhile counts.

use super::*;

/// Stands in for `ssh-sk-helper`: says that it waits, and signs when it is touched. What the signature
/// is, nobody judges here.
const HELPER: &str = r"cat > /dev/null &
echo > waits; while [ ! -e touch ]; do sleep 0.01; done; cat answer";

/// Makes an agent whose token signs when the file `touch` is there.
fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let mut signature = Vec::new();
    signature.put_string(b"sk-ssh-ed25519@openssh.com");
    signature.put_string(&[7; 64]);
    // Version, and type of an answer that is a signature.
    let mut answer = vec![5, 0, 0, 0, 1];
    answer.put_string(&signature);
    let mut framed = Vec::new();
    framed.put_string(&answer);
    fs::write(folder.path().join("answer"), framed).unwrap();
    let helper = script(folder.path(), "helper", HELPER);
    World::in_folder(folder, |parts| {
        parts.tokens = security_key::Signer::new(Some(helper.into()));
    })
}

fn token() -> (Vec<u8>, Vec<u8>) {
    let message = test_key::recorded("sk-ed25519");
    (test_key::blob_and_fields(&message).0, message)
}

/// Asks for a signature, does `meanwhile` in another session, has the token touched, and returns the
/// answer and the reason on record.
async fn asked_while(meanwhile: impl AsyncFnOnce(&mut Session)) -> (Response, Value) {
    let world = world();
    let (blob, added) = token();
    let mut owner = world.session();
    succeeds(&mut owner, &added).await;
    let mut asking = world.session();
    let message = sign(&blob, DATA, 0);
    let answer = tokio::task::spawn_local(async move { asking.asked(&message).await });
    until("the token to wait", || world.exists("waits")).await;
    meanwhile(&mut owner).await;
    world.touch("touch");
    let answer = answer.await.unwrap();
    let mut records = world.records();
    let signing = records.iter_mut().find(|line| line["event"] == "sign");
    (answer, signing.unwrap()["reason"].take())
}

#[test]
fn signs_when_nothing_happens_meanwhile() {
    run(async {
        let (answer, reason) = asked_while(async |_: &mut Session| {}).await;
        assert!(matches!(answer, Response::SignResponse(_)), "{answer:?}");
        assert!(reason.is_null());
    });
}

#[test]
fn does_not_sign_when_the_agent_was_locked_meanwhile() {
    run(async {
        let locking = async |owner: &mut Session| succeeds(owner, &lock("phrase")).await;
        let (answer, reason) = asked_while(locking).await;
        assert_eq!(answer, Response::Failure);
        assert_eq!(reason, "agent is locked");
    });
}

#[test]
fn does_not_sign_with_a_key_that_was_removed_or_replaced_meanwhile() {
    run(async {
        for message in [remove(&token().0), REMOVE_ALL.to_vec(), token().1] {
            let changing = async |owner: &mut Session| succeeds(owner, &message).await;
            let (answer, reason) = asked_while(changing).await;
            assert_eq!(answer, Response::Failure);
            assert_eq!(reason, "key went away meanwhile");
        }
    });
}
