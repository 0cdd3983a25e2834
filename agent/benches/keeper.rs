//! Requests to the real loop of the keeper in a thread, over its channel.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::thread;

use criterion::Criterion;
use keyward_agent::keeper::channel::{self, Answer, Ask, KeyId};
use keyward_agent::keeper::sandbox::Confinement;
use keyward_agent::keeper::serve::{self, Channel, Terms};
use keyward_agent::keeper::workers::Workers;
use keyward_agent::protocol::algorithm::SignatureAlgorithm;
use keyward_agent::secret_memory::region::Protection;

use crate::material::{ADD, key_bytes};

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut front = Front::start();
    let [(_, ed25519), ..] = ADD;
    let added = front.ask(Ask::Add(KeyId(1), key_bytes(ed25519)));
    assert_eq!(added, Answer::Done);
    criterion.bench_function("keeper/report", |bencher| {
        bencher.iter(|| front.ask(Ask::Report));
    });
    criterion.bench_function("keeper/sign ed25519", |bencher| {
        let ask = Ask::Sign(KeyId(1), SignatureAlgorithm::Ed25519, &[7; 300]);
        bencher.iter(|| front.ask(ask));
    });
}

/// The other end of the keeper's channel, which waits for each answer.
struct Front {
    requests: PipeWriter,
    answers: PipeReader,
}

impl Front {
    fn start() -> Self {
        let (their_requests, requests) = pipe().unwrap();
        let (answers, their_answers) = pipe().unwrap();
        let memory = Protection::MemfdSecret;
        let terms = Terms {
            memory,
            confinement: Confinement::default(),
            workers: Workers::start(1, memory).unwrap(),
        };
        let channel = Channel::new(their_requests.into(), their_answers.into()).unwrap();
        thread::spawn(move || serve::serve(channel, terms));
        Self { requests, answers }
    }

    fn ask(&mut self, ask: Ask<'_>) -> Answer {
        let (mut message, tail) = ask.encode(1);
        message.extend_from_slice(tail);
        self.requests.write_all(&message).unwrap();
        let mut buffer = [0; 1024];
        let count = self.answers.read(&mut buffer).unwrap();
        let (answer, _) = channel::split(buffer.get(..count).unwrap_or_default())
            .unwrap()
            .unwrap();
        Answer::decode(answer).unwrap().1
    }
}
