//! Bytes that are no proper messages.

use std::{
    fs::File,
    io::Read,
    time::{Duration, Instant},
};

use keyward_tests::{Agent, Connection, Key, KeyKind, Run, message, process};

/// An agent with one key, to see afterwards that it still serves.
fn agent_with_key() -> (Agent, Vec<u8>) {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    (agent, key.blob())
}

#[track_caller]
fn still_signs(connection: &mut Connection, blob: &[u8]) {
    message::signature(&connection.ask(&message::sign(blob, b"data", 0)));
}

#[test]
fn a_message_of_the_longest_length_is_answered() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    let longest = [vec![200], vec![0; message::MESSAGE_MAX - 1]].concat();
    assert_eq!(connection.ask(&longest), message::FAILURE);
    still_signs(&mut connection, &blob);
}

#[test]
fn a_longer_message_closes_the_connection_before_its_body_comes() {
    let (agent, blob) = agent_with_key();
    for length in [message::MESSAGE_MAX + 1, 1 << 31, 0xffff_ffff] {
        let mut connection = agent.connect();
        let length = u32::try_from(length).unwrap().to_be_bytes();
        connection
            .send_bytes(&[&length[..], &message::LIST].concat())
            .unwrap();
        connection.expect_closed();
    }
    still_signs(&mut agent.connect(), &blob);
}

/// OpenSSH's agent never answers these, and its client waits for ever.
#[test]
fn an_empty_message_is_refused() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    assert_eq!(connection.ask(b""), message::FAILURE);
    still_signs(&mut connection, &blob);
}

#[test]
fn unknown_message_types_are_refused() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    let known = [9, 11, 13, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27];
    for unknown in (0..=255).filter(|number| !known.contains(number)) {
        assert_eq!(
            connection.ask(&[unknown]),
            message::FAILURE,
            "message type {unknown}"
        );
        assert_eq!(
            connection.ask(&[unknown, 1, 2, 3]),
            message::FAILURE,
            "message type {unknown}"
        );
    }
    still_signs(&mut connection, &blob);
}

#[test]
fn smartcard_messages_are_refused() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    let body = [
        message::string(b"/usr/lib/no-such-provider.so"),
        message::string(b"1234"),
    ]
    .concat();
    for number in [20, 21, 26] {
        assert_eq!(
            connection.ask(&[vec![number], body.clone()].concat()),
            message::FAILURE,
            "message type {number}"
        );
        assert_eq!(
            connection.ask(&[number]),
            message::FAILURE,
            "message type {number}"
        );
    }
    still_signs(&mut connection, &blob);
}

/// `ssh-add -D` sends it after the other, and would report an error.
#[test]
fn removing_all_keys_of_version_1_succeeds() {
    let agent = Agent::start(&[]);
    assert_eq!(agent.connect().ask(&[9]), message::SUCCESS);
}

#[test]
fn every_truncation_of_a_request_is_refused() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    let requests = [
        message::sign(&blob, b"data", 0),
        message::add(&[7; 32], "key"),
        message::remove(&blob),
    ];
    for request in requests {
        for length in 1..request.len() {
            let answer = connection.ask(&request[..length]);
            assert_eq!(
                answer,
                message::FAILURE,
                "message type {} cut to {length}",
                request[0]
            );
        }
    }
    still_signs(&mut connection, &blob);
}

#[test]
fn a_string_that_claims_more_than_there_is_is_refused() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    for number in [13, 17, 18, 22, 23, 25, 27] {
        assert_eq!(
            connection.ask(&[number, 0xff, 0xff, 0xff, 0xff, 0])[0],
            5,
            "message type {number}"
        );
    }
    still_signs(&mut connection, &blob);
}

#[test]
fn a_private_key_that_is_not_the_public_keys_is_refused() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    let mut request = message::add(&[7; 32], "key");
    // The last byte of the seed: type, "ssh-ed25519" and the public key come before it, each after its length.
    request[1 + 4 + 11 + 4 + 32 + 4 + 31] ^= 1;
    assert_eq!(connection.ask(&request), message::FAILURE);
    still_signs(&mut connection, &blob);
}

#[test]
fn an_unknown_extension_is_refused() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    assert_eq!(
        connection.ask(&message::extension(
            "no-such-extension@example.org",
            b"body"
        )),
        message::FAILURE
    );
    still_signs(&mut connection, &blob);
}

#[test]
fn a_session_that_does_not_verify_is_not_bound() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    let fields = [
        blob,
        vec![1; 32],
        [message::string(b"ssh-ed25519"), message::string(&[0; 64])].concat(),
    ];
    let body = [
        fields
            .into_iter()
            .flat_map(|field| message::string(&field))
            .collect(),
        vec![0],
    ]
    .concat();
    let answer = connection.ask(&message::extension("session-bind@openssh.com", &body));
    assert_eq!(answer, [28]);
}

#[test]
fn requests_sent_at_once_are_answered_in_order() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    let mut bytes = vec![];
    for round in 0..200_u32 {
        let request = if round % 3 == 0 {
            message::sign(&blob, &round.to_be_bytes(), 0)
        } else {
            vec![11]
        };
        bytes.extend(message::string(&request));
    }
    connection.send_bytes(&bytes).unwrap();
    let mut other = agent.connect();
    for round in 0..200_u32 {
        let answer = connection.receive().expect("an answer");
        if round % 3 == 0 {
            // Ed25519 signs the same data the same way, which tells whose answer this is.
            assert_eq!(
                answer,
                other.ask(&message::sign(&blob, &round.to_be_bytes(), 0)),
                "request {round}"
            );
        } else {
            assert_eq!(message::identities(&answer), 1, "request {round}");
        }
    }
}

#[test]
fn a_request_in_single_bytes_is_answered() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    for byte in message::string(&message::sign(&blob, b"data", 0)) {
        connection.send_bytes(&[byte]).unwrap();
    }
    message::signature(&connection.receive().expect("an answer"));
}

#[test]
fn a_client_that_has_finished_sending_gets_its_answers() {
    let (agent, blob) = agent_with_key();
    let mut connection = agent.connect();
    connection.send(&message::sign(&blob, b"data", 0));
    connection.send(&message::LIST);
    connection.finish_sending();
    message::signature(&connection.receive().expect("an answer"));
    assert_eq!(
        message::identities(&connection.receive().expect("an answer")),
        1
    );
    connection.expect_closed();
}

/// Whoever keeps half a message open holds memory and a connection. OpenSSH's agent lets them.
#[test]
fn half_a_message_is_cut_off_after_half_a_minute() {
    let (agent, blob) = agent_with_key();
    let mut half = agent.connect();
    let mut idle = agent.connect();
    half.send_bytes(&[0, 0, 1, 0, 13]).unwrap();
    half.set_limit(Duration::from_secs(60));
    let start = Instant::now();
    half.expect_closed();
    assert!(
        start.elapsed() > Duration::from_secs(20),
        "cut off after {:?}",
        start.elapsed()
    );
    still_signs(&mut idle, &blob);
}

#[test]
fn garbage_for_some_seconds_does_no_harm() {
    let (agent, _) = agent_with_key();
    let processes = agent.processes();
    let mut random = File::open("/dev/urandom").unwrap();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        let mut bytes = vec![0; 2000];
        random.read_exact(&mut bytes).unwrap();
        // Half of it in frames with a message type, so that it gets past the first look.
        let mut connection = agent.connect();
        let framed =
            message::string(&[&[bytes[0] % 30], &bytes[1..usize::from(bytes[1]) + 2]].concat());
        let _ = connection.send_bytes(if bytes[2].is_multiple_of(2) {
            &framed
        } else {
            &bytes
        });
        connection.finish_sending();
        while connection.receive().is_some() {}
    }
    assert!(
        processes.iter().all(|pid| process::runs(*pid)),
        "a process of the agent has died"
    );
    // Some of it may have been a message that removes all keys.
    let _ = message::identities(&agent.connect().ask(&message::LIST));
}

#[test]
fn ten_thousand_keys_are_held_and_the_list_stays_within_what_clients_take() {
    const KEYS: u32 = 10_000;
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    let seed = |number: u32| {
        let mut seed = [7; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        seed
    };
    let mut refused = 0;
    for number in 0..KEYS {
        let answer = connection.ask(&message::add(&seed(number), &format!("key {number}")));
        refused += usize::from(answer == message::FAILURE);
    }
    assert_eq!(refused, 0, "of {KEYS} keys");
    let list = connection.ask(&message::LIST);
    assert!(
        list.len() <= message::MESSAGE_MAX,
        "the list has {} bytes",
        list.len()
    );
    assert!(
        message::identities(&list) <= message::IDENTITIES_MAX,
        "{} identities",
        message::identities(&list)
    );
    assert!(
        message::identities(&list) > 1000,
        "{} identities",
        message::identities(&list)
    );
    for number in [0, KEYS / 2, KEYS - 1] {
        let blob = message::ed25519_blob(&seed(number));
        message::signature(&connection.ask(&message::sign(&blob, b"data", 0)));
    }
    agent.ssh_add(&["-l"]).succeeds();
    assert_eq!(connection.ask(&message::REMOVE_ALL), message::SUCCESS);
    assert_eq!(message::identities(&connection.ask(&message::LIST)), 0);
}

/// More than there is secret memory for, which keys on their way get 4 KiB of at least.
#[test]
fn keys_that_are_never_sent_whole_leave_room_for_others() {
    let agent = Agent::start(&[]);
    let begun: Vec<Connection> = (0..300)
        .map(|_| {
            let mut connection = agent.connect();
            connection
                .send_bytes(&[0, 4, 0, 0, 17, 0, 0, 0, 11])
                .unwrap();
            connection
        })
        .collect();
    let key = Key::plain(KeyKind::Rsa4096);
    agent.add(&key);
    still_signs(&mut agent.connect(), &key.blob());
    drop(begun);
}
