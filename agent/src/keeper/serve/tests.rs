use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::*;
use crate::front::verify::verify;
use crate::key::test_key::{self, TestRsa};

const DATA: &[u8] = b"signed data";
const SIGN: SignatureAlgorithm = SignatureAlgorithm::Ed25519;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(60);

/// The front's end of a keeper that runs in a thread.
struct Front {
    stream: UnixStream,
    keeper: JoinHandle<io::Result<()>>,
    came: Vec<u8>,
}

impl Front {
    fn new() -> Self {
        let (stream, theirs) = UnixStream::pair().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let memory = Protection::Unlocked;
        let terms = Terms {
            memory,
            confinement: Confinement::default(),
            workers: Workers::start(1, memory).unwrap(),
        };
        let channel = Channel::new(theirs.try_clone().unwrap().into(), theirs.into()).unwrap();
        Self {
            stream,
            keeper: thread::spawn(move || serve(channel, terms)),
            came: Vec::new(),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    fn answer(&mut self) -> (u64, Answer) {
        loop {
            if let Some((message, consumed)) = channel::split(&self.came).unwrap() {
                let answer = Answer::decode(message).unwrap();
                self.came.drain(..consumed);
                return answer;
            }
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).unwrap();
            assert!(count > 0, "the keeper closed the channel");
            self.came.extend_from_slice(&bytes[..count]);
        }
    }

    fn ask(&mut self, ask: Ask<'_>) -> Answer {
        self.send(&message(99, ask));
        let (tag, answer) = self.answer();
        assert_eq!(tag, 99);
        answer
    }

    fn report(&mut self) -> Report {
        match self.ask(Ask::Report) {
            Answer::Report(report) => report,
            other => panic!("{other:?}"),
        }
    }

    /// Closes the channel and returns what the keeper ended with.
    fn end(self) -> io::Result<()> {
        drop(self.stream);
        self.keeper.join().unwrap()
    }
}

fn message(tag: u64, ask: Ask<'_>) -> Vec<u8> {
    let (mut head, tail) = ask.encode(tag);
    head.extend_from_slice(tail);
    head
}

/// A message of this kind and body, as nothing of ours would send it.
fn raw(tag: u64, kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(9 + body.len()).unwrap();
    [&length.to_be_bytes()[..], &tag.to_be_bytes(), &[kind], body].concat()
}

fn blob(fields: &[u8]) -> Vec<u8> {
    test_key::blob_and_fields(&test_key::add(fields, b"", b"")).0
}

#[test]
fn requests_in_one_write_are_all_answered() {
    let mut front = Front::new();
    let fields = test_key::ed25519("a");
    let mut bytes = message(1, Ask::Add(KeyId(1), &fields));
    for tag in 2..500 {
        bytes.extend(message(tag, Ask::Sign(KeyId(1), SIGN, DATA)));
    }
    front.send(&bytes);
    assert_eq!(front.answer(), (1, Answer::Done));
    for expected in 2..500 {
        let (tag, Answer::Signature(signature)) = front.answer() else {
            panic!("no signature");
        };
        assert_eq!(tag, expected);
        verify(&blob(&fields), &signature, DATA).unwrap();
    }
}

#[test]
fn request_in_single_bytes_is_answered() {
    let mut front = Front::new();
    for byte in message(5, Ask::Add(KeyId(1), &test_key::ed25519("a"))) {
        front.send(&[byte]);
    }
    assert_eq!(front.answer(), (5, Answer::Done));
    assert_eq!(front.report().keys, 1);
}

#[test]
fn longest_request_is_answered_and_a_longer_one_ends_the_keeper() {
    let mut front = Front::new();
    let longest = vec![0; MESSAGE_MAX - 9];
    front.send(&raw(6, 1, &longest));
    let refused = (6, Answer::Refused(Refusal::Unreadable));
    assert_eq!(front.answer(), refused);
    let length = u32::try_from(MESSAGE_MAX + 1).unwrap();
    front.send(&length.to_be_bytes());
    assert!(front.keeper.join().unwrap().is_err());
}

#[test]
fn malformed_requests_are_refused_and_the_channel_stays() {
    let mut front = Front::new();
    let algorithm = [&[0; 8][..], &[200]].concat();
    for (kind, body) in [
        (0, &b""[..]),
        (9, b""),
        (255, b"x"),
        (1, b"short"),
        (2, b""),
        (4, b"short"),
        (4, &algorithm),
    ] {
        front.send(&raw(3, kind, body));
        let refused = (3, Answer::Refused(Refusal::Malformed));
        assert_eq!(front.answer(), refused, "kind {kind}");
    }
    assert_eq!(front.report().keys, 0);
}

#[test]
fn request_without_room_for_a_tag_ends_the_keeper() {
    let mut front = Front::new();
    front.send(&[0, 0, 0, 2, 1, 1]);
    assert!(front.keeper.join().unwrap().is_err());
}

#[test]
fn keeper_ends_when_the_channel_is_closed() {
    Front::new().end().unwrap();
}

#[test]
fn quick_signature_does_not_wait_for_a_slow_one() {
    let mut front = Front::new();
    let slow = TestRsa::of_bits(16384).fields();
    front.ask(Ask::Add(KeyId(1), &slow));
    front.ask(Ask::Add(KeyId(2), &test_key::ed25519("a")));
    let rsa = SignatureAlgorithm::RsaSha512;
    let mut bytes = message(1, Ask::Sign(KeyId(1), rsa, DATA));
    bytes.extend(message(2, Ask::Sign(KeyId(2), SIGN, DATA)));
    front.send(&bytes);
    assert!(matches!(front.answer(), (2, Answer::Signature(_))));
    assert!(matches!(front.answer(), (1, Answer::Signature(_))));
}

/// Asks for three signatures of the slowest kind and for `last` in one write; one thread makes them.
fn answers_beside_slow_signatures(last: Ask<'_>) -> Vec<Answer> {
    let mut front = Front::new();
    front.ask(Ask::Add(KeyId(1), &TestRsa::of_bits(16384).fields()));
    let rsa = SignatureAlgorithm::RsaSha512;
    let mut bytes = Vec::new();
    for tag in 0..3 {
        bytes.extend(message(tag, Ask::Sign(KeyId(1), rsa, DATA)));
    }
    bytes.extend(message(3, last));
    front.send(&bytes);
    let mut answers: Vec<_> = (0..4).map(|_| front.answer()).collect();
    answers.sort_by_key(|(tag, _)| *tag);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[test]
fn waiting_signature_is_not_made_when_its_key_is_removed() {
    let answers = answers_beside_slow_signatures(Ask::Remove(KeyId(1)));
    assert_eq!(answers[3], Answer::Done);
    assert_eq!(answers[2], Answer::Refused(Refusal::UnknownKey));
}

#[test]
fn waiting_signature_is_not_made_when_every_key_is_cleared() {
    let answers = answers_beside_slow_signatures(Ask::Clear);
    assert_eq!(answers[3], Answer::Done);
    assert_eq!(answers[2], Answer::Refused(Refusal::UnknownKey));
}

#[test]
fn forgetting_without_any_key_takes_no_secret_memory() {
    let mut front = Front::new();
    assert_eq!(front.ask(Ask::Clear), Answer::Done);
    assert_eq!(front.ask(Ask::Remove(KeyId(1))), Answer::Done);
    assert!(!front.report().mapped);
    front.ask(Ask::Add(KeyId(1), &test_key::ed25519("a")));
    assert!(front.report().mapped);
}

#[test]
fn refusals_say_what_is_wrong() {
    let mut front = Front::new();
    let unknown = Answer::Refused(Refusal::UnknownKey);
    assert_eq!(front.ask(Ask::Sign(KeyId(1), SIGN, DATA)), unknown);
    front.ask(Ask::Add(KeyId(1), &test_key::ed25519("a")));
    let algorithm = Answer::Refused(Refusal::Algorithm);
    let p256 = SignatureAlgorithm::EcdsaP256;
    assert_eq!(front.ask(Ask::Sign(KeyId(1), p256, DATA)), algorithm);
    let state = Answer::Refused(Refusal::State);
    assert_eq!(front.ask(Ask::Unlock(b"phrase")), state);
    assert_eq!(front.ask(Ask::Lock(b"phrase")), Answer::Done);
    assert_eq!(front.ask(Ask::Lock(b"phrase")), state);
    assert_eq!(front.ask(Ask::Sign(KeyId(1), SIGN, DATA)), state);
    let wrong = Answer::Refused(Refusal::Passphrase);
    assert_eq!(front.ask(Ask::Unlock(b"other")), wrong);
    assert_eq!(front.ask(Ask::Unlock(b"phrase")), Answer::Done);
    assert!(matches!(
        front.ask(Ask::Sign(KeyId(1), SIGN, DATA)),
        Answer::Signature(_)
    ));
}
