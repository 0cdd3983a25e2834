use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread;

use super::*;
use crate::front::vault::message::{Public, Purpose, State};

/// Says `answer`, if there is one, to whoever connects, and returns what they sent and what `act` made of it.
fn exchanged<T>(
    answer: &'static str,
    act: impl FnOnce(&mut Client) -> Result<T, ClientError>,
) -> (Vec<u8>, Result<T, ClientError>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        if !answer.is_empty() {
            let length = u32::try_from(answer.len()).unwrap();
            stream.write_all(&length.to_be_bytes()).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
        let mut sent = Vec::new();
        stream.read_to_end(&mut sent).unwrap();
        sent
    });
    let mut client = Client::connect(&path).unwrap();
    let result = act(&mut client);
    drop(client);
    (server.join().unwrap(), result)
}

fn id() -> Id {
    Id::try_from("0123456789abcdef".repeat(2)).unwrap()
}

fn key() -> Key {
    Key {
        record: id(),
        version: 7,
        listing: RawValue::from_string(r#"{"name":"x"}"#.to_owned()).unwrap(),
    }
}

const KEY: &str = r#"{"request":"vault key","record":"0123456789abcdef0123456789abcdef","version":7,"listing":{"name":"x"}"#;

#[test]
fn begins() {
    let begin = Begin {
        vault: id(),
        path: "/v".to_owned(),
        generation: 2,
        state: State::Open,
        purpose: Purpose::Update,
    };
    let (sent, result) = exchanged("{}", |client| client.vault_begin(&begin));
    result.unwrap();
    assert_eq!(
        std::str::from_utf8(&sent[4..]).unwrap(),
        r#"{"request":"vault begin","vault":"0123456789abcdef0123456789abcdef","path":"/v","generation":2,"state":"open","purpose":"update"}"#
    );
}

#[test]
fn private_key_stands_behind_its_json() {
    let secret = vec![7; 200_000];
    let (sent, result) = exchanged("", |client| client.vault_private_key(&key(), &secret));
    result.unwrap();
    let json = format!("{KEY}}}");
    let expected = [
        &u32::try_from(1 + 4 + json.len() + secret.len())
            .unwrap()
            .to_be_bytes()[..],
        &[0],
        &u32::try_from(json.len()).unwrap().to_be_bytes(),
        json.as_bytes(),
        &secret,
    ];
    assert_eq!(sent, expected.concat());
}

#[test]
fn key_too_long_for_any_agent_is_not_sent() {
    let secret = vec![7; FRAME_MAX];
    let (sent, result) = exchanged("", |client| client.vault_private_key(&key(), &secret));
    assert!(matches!(result, Err(ClientError::TooLong(_))));
    assert_eq!(sent, b"");
}

#[test]
fn public_key_stands_in_the_json() {
    let public = Instead::Public(Public {
        blob: vec![1, 2],
        comment: "c".to_owned(),
        constraints: vec![2],
    });
    let (sent, result) = exchanged("", |client| client.vault_key_without(&key(), &public));
    result.unwrap();
    let expected = format!(r#"{KEY},"blob":"AQI=","comment":"c","constraints":"Ag=="}}"#);
    assert_eq!(std::str::from_utf8(&sent[4..]).unwrap(), expected);
}

#[test]
fn answers_are_read() {
    let answer = r#"{"keys":2,"refused":[{"name":"x","reason":"no"}]}"#;
    let (sent, committed) = exchanged(answer, Client::vault_commit);
    assert_eq!(&sent[4..], br#"{"request":"vault commit"}"#);
    let committed = committed.unwrap();
    assert_eq!((committed.keys, committed.refused.len()), (2, 1));
    let (sent, locked) = exchanged(r#"{"keys":3}"#, Client::vault_lock);
    assert_eq!(&sent[4..], br#"{"request":"vault lock"}"#);
    assert_eq!(locked.unwrap(), 3);
    let answer = r#"{"vault":null,"path":null,"generation":null,"state":"none","keys":[]}"#;
    let (sent, listed) = exchanged(answer, Client::vault_list);
    assert_eq!(&sent[4..], br#"{"request":"vault list"}"#);
    assert_eq!(listed.unwrap().state, "none");
}

#[test]
fn refusal_is_an_error() {
    let (_, result) = exchanged(r#"{"error":"agent is locked"}"#, Client::vault_commit);
    assert!(matches!(result, Err(ClientError::Refused(why)) if why == "agent is locked"));
}
