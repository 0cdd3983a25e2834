//! Keys that ask before every use (`ssh-add -c`).

use std::time::Duration;

use keyward_tests::{
    Agent, Home, Key, KeyKind, Run, agent::Launch, askpass::Askpass, deadline, message,
};

/// An agent that asks `askpass`, and holds a key that has to be confirmed.
fn agent_asking(home: Home, askpass: &Askpass) -> (Agent, Key) {
    let agent = Launch::new(home).environment(askpass.environment()).start();
    let key = add_confirmed(&agent);
    (agent, key)
}

fn add_confirmed(agent: &Agent) -> Key {
    let key = Key::plain(KeyKind::Ed25519);
    let added = agent.ssh_add(&["-c"]).arg(&key.path).succeeds();
    assert!(
        added
            .stderr
            .contains("The user must confirm each use of the key"),
        "{}",
        added.stderr
    );
    key
}

fn sign_request(key: &Key) -> Vec<u8> {
    message::sign(&key.blob(), b"data", 0)
}

#[test]
fn a_person_who_agrees_gets_a_signature() {
    let home = Home::new();
    let askpass = Askpass::pressing(&home, "askpass", 0);
    let (agent, key) = agent_asking(home, &askpass);
    message::signature(&agent.connect().ask(&sign_request(&key)));
    let questions = askpass.questions();
    assert!(questions.starts_with("confirm|"), "{questions}");
    assert!(
        questions.contains("ed25519") && questions.contains(&key.fingerprint()),
        "{questions}"
    );
}

#[test]
fn the_answer_yes_agrees() {
    let home = Home::new();
    let askpass = Askpass::answering(&home, "askpass", "yes", 0);
    let (agent, key) = agent_asking(home, &askpass);
    message::signature(&agent.connect().ask(&sign_request(&key)));
}

#[test]
fn another_answer_does_not_agree() {
    let home = Home::new();
    let askpass = Askpass::answering(&home, "askpass", "no", 0);
    let (agent, key) = agent_asking(home, &askpass);
    assert_eq!(agent.connect().ask(&sign_request(&key)), message::FAILURE);
}

#[test]
fn a_person_who_declines_is_obeyed() {
    let home = Home::new();
    let askpass = Askpass::pressing(&home, "askpass", 1);
    let (agent, key) = agent_asking(home, &askpass);
    assert_eq!(agent.connect().ask(&sign_request(&key)), message::FAILURE);
    assert!(
        askpass.questions().starts_with("confirm|"),
        "{}",
        askpass.questions()
    );
}

#[test]
fn without_anybody_to_ask_the_signature_is_refused() {
    let agent = Agent::start(&[]);
    let key = add_confirmed(&agent);
    assert_eq!(agent.connect().ask(&sign_request(&key)), message::FAILURE);
}

#[test]
fn an_askpass_that_is_not_there_refuses_the_signature() {
    let home = Home::new();
    let askpass = Askpass::pressing(&home, "askpass", 0);
    let missing = askpass
        .environment()
        .map(|(name, value)| (name, value.replace("askpass", "missing")));
    let agent = Launch::new(home).environment(missing).start();
    let key = add_confirmed(&agent);
    assert_eq!(agent.connect().ask(&sign_request(&key)), message::FAILURE);
}

#[test]
fn every_use_is_asked_for() {
    let home = Home::new();
    let askpass = Askpass::pressing(&home, "askpass", 0);
    let (agent, key) = agent_asking(home, &askpass);
    let mut connection = agent.connect();
    for _ in 0..3 {
        message::signature(&connection.ask(&sign_request(&key)));
    }
    assert_eq!(
        askpass.questions().matches("confirm|").count(),
        3,
        "{}",
        askpass.questions()
    );
}

#[test]
fn adding_without_confirmation_takes_the_constraint_away() {
    let home = Home::new();
    let askpass = Askpass::pressing(&home, "askpass", 1);
    let (agent, key) = agent_asking(home, &askpass);
    agent.add(&key);
    message::signature(&agent.connect().ask(&sign_request(&key)));
    assert_eq!(askpass.questions(), "");
}

/// OpenSSH's agent serves nobody while it asks.
#[test]
fn others_are_served_while_a_question_is_open() {
    let home = Home::new();
    let askpass = Askpass::running(
        &home,
        "askpass",
        "while [ ! -e \"$HOME/answer\" ]; do sleep 0.05; done",
    );
    let (agent, key) = agent_asking(home, &askpass);
    let other = Key::plain(KeyKind::EcdsaP256);
    agent.add(&other);
    let mut waiting = agent.connect();
    waiting.send(&sign_request(&key));
    deadline::until("the question", Duration::from_secs(20), || {
        !askpass.questions().is_empty()
    });
    message::signature(
        &agent
            .connect()
            .ask(&message::sign(&other.blob(), b"data", 0)),
    );
    assert!(agent.lists(&key));
    agent.home().write("answer", "");
    message::signature(&waiting.receive().expect("an answer"));
}

/// The state is looked at again after the answer, which can take long.
#[test]
fn a_key_removed_while_the_question_is_open_does_not_sign() {
    let home = Home::new();
    let askpass = Askpass::running(
        &home,
        "askpass",
        "while [ ! -e \"$HOME/answer\" ]; do sleep 0.05; done",
    );
    let (agent, key) = agent_asking(home, &askpass);
    let mut waiting = agent.connect();
    waiting.send(&sign_request(&key));
    deadline::until("the question", Duration::from_secs(20), || {
        !askpass.questions().is_empty()
    });
    assert_eq!(agent.connect().ask(&message::REMOVE_ALL), message::SUCCESS);
    agent.home().write("answer", "");
    assert_eq!(waiting.receive().expect("an answer"), message::FAILURE);
}

#[test]
fn an_agent_locked_while_the_question_is_open_does_not_sign() {
    let home = Home::new();
    let askpass = Askpass::running(
        &home,
        "askpass",
        "while [ ! -e \"$HOME/answer\" ]; do sleep 0.05; done",
    );
    let (agent, key) = agent_asking(home, &askpass);
    let mut waiting = agent.connect();
    waiting.send(&sign_request(&key));
    deadline::until("the question", Duration::from_secs(20), || {
        !askpass.questions().is_empty()
    });
    assert_eq!(
        agent.connect().ask(&message::lock("phrase")),
        message::SUCCESS
    );
    agent.home().write("answer", "");
    assert_eq!(waiting.receive().expect("an answer"), message::FAILURE);
}
