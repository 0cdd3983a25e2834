//! `ssh-add`: every flag that talks to an agent.

use std::fs;

use keyward_tests::{Agent, Home, Key, KeyKind, Run, askpass::Askpass, run::Outcome};

use crate::every_key::with_every_key;

const EMPTY: &str = "The agent has no identities.\n";

with_every_key!(adds_lists_tests_and_removes);
fn adds_lists_tests_and_removes(kind: KeyKind) {
    let agent = Agent::start(&[]);
    let key = Key::plain(kind);
    let added = agent.ssh_add(&[]).arg(&key.path).succeeds();
    assert_eq!(added.stdout, "");
    assert!(
        added
            .stderr
            .contains(&format!("Identity added: {} (", key.path.display())),
        "{}",
        added.stderr
    );
    assert!(agent.lists(&key));
    agent.ssh_add(&["-T"]).arg(key.public_path()).succeeds();
    let removed = agent.ssh_add(&["-d"]).arg(key.public_path()).succeeds();
    assert!(
        removed.stderr.contains("Identity removed"),
        "{}",
        removed.stderr
    );
    let empty = agent.ssh_add(&["-L"]).exits(1);
    assert_eq!(empty.stdout, EMPTY);
}

with_every_key!(adds_the_certificate_beside_the_key);
fn adds_the_certificate_beside_the_key(kind: KeyKind) {
    let agent = Agent::start(&[]);
    let key = Key::certified(kind);
    agent.add(&key);
    let certificate = fs::read_to_string(key.certificate_path()).unwrap();
    let fields = certificate.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let list = agent.list();
    assert!(list.contains(&key.public_fields()), "{list}");
    assert!(list.contains(&fields), "{list}");
    agent
        .ssh_add(&["-T"])
        .arg(key.certificate_path())
        .succeeds();
}

#[test]
fn an_empty_agent_is_listed_with_exit_status_1() {
    let agent = Agent::start(&[]);
    for flag in ["-l", "-L"] {
        let Outcome { stdout, .. } = agent.ssh_add(&[flag]).exits(1);
        assert_eq!(stdout, EMPTY);
    }
}

#[test]
fn a_socket_without_an_agent_gives_exit_status_2() {
    let home = Home::new();
    home.command("ssh-add").arg("-l").exits(2);
    let dead = home.path("no-such-socket");
    home.command("ssh-add")
        .arg("-l")
        .env("SSH_AUTH_SOCK", dead)
        .exits(2);
}

#[test]
fn the_short_list_has_bits_fingerprint_comment_and_type() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::EcdsaP384);
    agent.add(&key);
    let line = format!("384 {} ecdsa384 (ECDSA)\n", key.fingerprint());
    assert_eq!(agent.ssh_add(&["-l"]).succeeds().stdout, line);
}

#[test]
fn the_long_list_is_the_public_key_file() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    assert_eq!(agent.list(), key.public_line() + "\n");
}

#[test]
fn lists_in_the_order_of_adding() {
    let agent = Agent::start_with_every_key();
    let expected: Vec<String> = KeyKind::ALL
        .map(|kind| Key::plain(kind).public_fields())
        .to_vec();
    let listed: Vec<String> = agent
        .list()
        .lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn adding_again_replaces_the_comment_and_keeps_the_place() {
    let agent = Agent::start(&[]);
    let first = Key::fresh(agent.home(), KeyKind::Ed25519, "first", "");
    agent.add(&first);
    agent.add(&Key::plain(KeyKind::EcdsaP256));
    agent
        .home()
        .command("ssh-keygen")
        .args(["-q", "-c", "-C", "renamed", "-f"])
        .arg(&first.path)
        .succeeds();
    agent.add(&first);
    let list = agent.list();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2, "{list}");
    assert!(lines[0].ends_with(" renamed"), "{list}");
}

#[test]
fn removes_all_at_once() {
    let agent = Agent::start_with_every_key();
    let removed = agent.ssh_add(&["-D"]).succeeds();
    assert_eq!(removed.stderr, "All identities removed.\n");
    agent.ssh_add(&["-l"]).exits(1);
}

#[test]
fn a_key_that_is_not_held_is_not_removed() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let refused = agent
        .ssh_add(&["-d"])
        .arg(Key::plain(KeyKind::Rsa2048).public_path())
        .exits(1);
    assert!(
        refused.stderr.contains("agent refused operation"),
        "{}",
        refused.stderr
    );
    assert!(agent.lists(&Key::plain(KeyKind::Ed25519)));
}

#[test]
fn takes_a_key_from_standard_input() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    let added = agent
        .ssh_add(&["-"])
        .outcome_with_input(&fs::read(&key.path).unwrap());
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(agent.lists(&key));
}

#[test]
fn removes_a_key_named_on_standard_input() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let removed = agent
        .ssh_add(&["-d", "-"])
        .outcome_with_input(&fs::read(key.public_path()).unwrap());
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert!(!agent.lists(&key));
}

#[test]
fn dash_k_adds_the_plain_key_only() {
    let agent = Agent::start(&[]);
    let key = Key::certified(KeyKind::Ed25519);
    agent.ssh_add(&["-q", "-k"]).arg(&key.path).succeeds();
    let list = agent.list();
    assert!(
        list.contains("ssh-ed25519 ") && !list.contains("cert-v01"),
        "{list}"
    );
}

#[test]
fn dash_k_removes_the_plain_key_only() {
    let agent = Agent::start(&[]);
    let key = Key::certified(KeyKind::Ed25519);
    agent.add(&key);
    agent.ssh_add(&["-q", "-d", "-k"]).arg(&key.path).succeeds();
    let list = agent.list();
    assert!(
        list.contains("ssh-ed25519-cert-v01@openssh.com ") && !list.contains("ssh-ed25519 "),
        "{list}"
    );
}

#[test]
fn a_certificate_with_its_key_can_stand_alone() {
    let agent = Agent::start(&[]);
    let key = Key::certified(KeyKind::EcdsaP256);
    agent.add(&key);
    agent.ssh_add(&["-q", "-d", "-k"]).arg(&key.path).succeeds();
    agent
        .ssh_add(&["-T"])
        .arg(key.certificate_path())
        .succeeds();
    agent.ssh_add(&["-T"]).arg(key.public_path()).exits(1);
}

#[test]
fn takes_a_key_sealed_with_a_passphrase() {
    let agent = Agent::start(&[]);
    let key = Key::fresh(agent.home(), KeyKind::Ed25519, "sealed", "open sesame");
    let askpass = Askpass::answering(agent.home(), "askpass", "open sesame", 0);
    agent
        .ssh_add(&["-q"])
        .arg(&key.path)
        .envs(askpass.environment())
        .succeeds();
    assert!(agent.lists(&key));
}

#[test]
fn quiet_adding_says_nothing() {
    let agent = Agent::start(&[]);
    let added = agent
        .ssh_add(&["-q"])
        .arg(Key::plain(KeyKind::Ed25519).path)
        .succeeds();
    assert_eq!(added.both(), "");
}

#[test]
fn testing_a_key_that_is_not_held_gives_exit_status_1() {
    let agent = Agent::start(&[]);
    agent
        .ssh_add(&["-T"])
        .arg(Key::plain(KeyKind::Rsa2048).public_path())
        .exits(1);
}

#[test]
fn names_the_extensions_it_knows() {
    let agent = Agent::start(&[]);
    let answer = agent
        .connect()
        .ask(&keyward_tests::message::extension("query", b""));
    assert_eq!(answer.first(), Some(&29), "{answer:?}");
    let text = String::from_utf8_lossy(&answer);
    assert!(text.contains("session-bind@openssh.com"), "{text}");
}

/// Half of the P-521 keys have a scalar that is shorter than the others.
#[test]
fn takes_every_ecdsa_key_whatever_its_scalar_begins_with() {
    let agent = Agent::start(&[]);
    for number in 0..12 {
        let key = Key::fresh(
            agent.home(),
            KeyKind::EcdsaP521,
            &format!("key{number}"),
            "",
        );
        agent.add(&key);
        agent.ssh_add(&["-T"]).arg(key.public_path()).succeeds();
    }
}
