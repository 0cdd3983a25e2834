//! `ssh-keygen -Y` and `ssh-keygen -s`: signatures with keys which only the agent has.

use std::fs;

use keyward_tests::{Agent, Key, KeyKind, Run, message};
use ssh_agent_lib::ssh_key::{PublicKey, Signature};

use crate::every_key::{with_every_key, with_every_software_key};

const MESSAGE: &[u8] = b"the quick brown fox";

with_every_key!(signs_files_that_verify);
fn signs_files_that_verify(kind: KeyKind) {
    let agent = Agent::start(&[]);
    let home = agent.home();
    let key = Key::plain(kind);
    agent.add(&key);
    let public = key.public_copy(home);
    let file = home.write("message", MESSAGE);
    agent
        .command("ssh-keygen")
        .args(["-Y", "sign", "-n", "file", "-f"])
        .arg(public)
        .arg(&file)
        .succeeds();
    let signers = home.write("signers", format!("someone {}\n", key.public_line()));
    let verify = |text: &[u8]| {
        let mut command = home.command("ssh-keygen");
        command
            .args(["-Y", "verify", "-n", "file", "-I", "someone", "-f"])
            .arg(&signers);
        command
            .arg("-s")
            .arg(home.path("message.sig"))
            .outcome_with_input(text)
            .code
    };
    assert_eq!(verify(MESSAGE), Some(0));
    assert_eq!(verify(b"another message"), Some(255));
}

with_every_key!(signs_certificates_as_an_authority);
fn signs_certificates_as_an_authority(kind: KeyKind) {
    let agent = Agent::start(&[]);
    let authority = Key::plain(kind);
    agent.add(&authority);
    let subject = Key::fresh(agent.home(), KeyKind::Ed25519, "subject", "");
    let public = authority.public_copy(agent.home());
    let mut sign = agent.command("ssh-keygen");
    sign.arg("-Us")
        .arg(public)
        .args(["-I", "subject", "-n", "root"])
        .arg(subject.public_path())
        .succeeds();
    let shown = agent
        .home()
        .command("ssh-keygen")
        .arg("-Lf")
        .arg(subject.certificate_path())
        .succeeds();
    assert!(
        shown.stdout.contains(&authority.fingerprint()),
        "{}",
        shown.stdout
    );
}

with_every_software_key!(signatures_hold_for_other_software);
fn signatures_hold_for_other_software(kind: KeyKind) {
    use signature::Verifier;

    let agent = Agent::start(&[]);
    let key = Key::plain(kind);
    agent.add(&key);
    let public = PublicKey::from_openssh(&key.public_line()).unwrap();
    let mut connection = agent.connect();
    for _ in 0..20 {
        let answer = connection.ask(&message::sign(&key.blob(), MESSAGE, 2));
        let body = &message::signature(&answer);
        let signature = Signature::try_from(*body).unwrap();
        Verifier::verify(public.key_data(), MESSAGE, &signature).unwrap();
    }
}

/// The name of the signature algorithm an RSA key answers with.
fn rsa_algorithm(flags: u32) -> Vec<u8> {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Rsa2048);
    agent.add(&key);
    let answer = agent
        .connect()
        .ask(&message::sign(&key.blob(), MESSAGE, flags));
    let blob = message::signature(&answer);
    blob[4..4 + usize::from(blob[3])].to_vec()
}

#[test]
fn an_rsa_key_signs_with_sha_256_when_asked() {
    assert_eq!(rsa_algorithm(2), b"rsa-sha2-256");
}

#[test]
fn an_rsa_key_signs_with_sha_512_when_asked() {
    assert_eq!(rsa_algorithm(4), b"rsa-sha2-512");
}

#[test]
fn an_rsa_key_prefers_sha_256_when_asked_for_both() {
    assert_eq!(rsa_algorithm(6), b"rsa-sha2-256");
}

/// Flags that name no hash ask for SHA-1, as OpenSSH's agent still signs.
#[test]
fn an_rsa_key_does_not_sign_with_sha_1() {
    assert_eq!(rsa_algorithm(0), b"rsa-sha2-256");
}

#[test]
fn ed25519_signatures_are_the_same_every_time() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let mut connection = agent.connect();
    let request = message::sign(&key.blob(), MESSAGE, 0);
    assert_eq!(connection.ask(&request), connection.ask(&request));
}

#[test]
fn ecdsa_signatures_are_different_every_time() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::EcdsaP256);
    agent.add(&key);
    let mut connection = agent.connect();
    let request = message::sign(&key.blob(), MESSAGE, 0);
    assert_ne!(connection.ask(&request), connection.ask(&request));
}

#[test]
fn a_key_that_is_not_held_does_not_sign() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let other = Key::plain(KeyKind::EcdsaP256).blob();
    let mut connection = agent.connect();
    assert_eq!(
        connection.ask(&message::sign(&other, MESSAGE, 0)),
        message::FAILURE
    );
    let held = Key::plain(KeyKind::Ed25519).blob();
    message::signature(&connection.ask(&message::sign(&held, MESSAGE, 0)));
}

#[test]
fn a_removed_key_does_not_sign() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let mut connection = agent.connect();
    message::signature(&connection.ask(&message::sign(&key.blob(), MESSAGE, 0)));
    assert_eq!(
        connection.ask(&message::remove(&key.blob())),
        message::SUCCESS
    );
    assert_eq!(
        connection.ask(&message::sign(&key.blob(), MESSAGE, 0)),
        message::FAILURE
    );
}

#[test]
fn signs_long_data() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let data = vec![b'x'; 200_000];
    message::signature(&agent.connect().ask(&message::sign(&key.blob(), &data, 0)));
}

#[test]
fn the_agent_writes_no_key_material_to_its_outputs() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let text = fs::read_to_string(&key.path).unwrap();
    let output = agent.output();
    for line in text.lines().filter(|line| !line.starts_with('-')) {
        assert!(!output.contains(line), "{output}");
    }
}
