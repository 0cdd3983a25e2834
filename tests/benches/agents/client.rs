//! A client that measures, and the requests it sends.

use std::{
    io::{Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    path::Path,
    time::{Duration, Instant},
};

use keyward_tests::{Key, KeyKind, message};

/// The longest answer that is waited for: a list of a few identities.
const ANSWER_MAX: usize = 16 * 1024;

/// How many bytes a client signs to log in, about.
const DATA: usize = 300;

/// A request in its frame.
pub(crate) fn list() -> Vec<u8> {
    message::string(&message::LIST)
}

/// A request in its frame; RSA keys sign with SHA-512, as OpenSSH's clients ask for.
pub(crate) fn sign(kind: KeyKind) -> Vec<u8> {
    let is_rsa = kind.name().starts_with("rsa");
    sign_with(&Key::plain(kind).blob(), if is_rsa { 4 } else { 0 })
}

/// A request in its frame.
pub(crate) fn sign_with(blob: &[u8], flags: u32) -> Vec<u8> {
    message::string(&message::sign(blob, &[7; DATA], flags))
}

/// A connection on which one request is under way at a time.
pub(crate) struct Client {
    stream: UnixStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(socket: &Path) -> Self {
        Self {
            stream: UnixStream::connect(socket).unwrap(),
            buffer: vec![0; ANSWER_MAX],
        }
    }

    pub(crate) fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
    }

    /// Waits for the whole answer, which must not be a failure.
    pub(crate) fn receive(&mut self) {
        let mut filled = 0;
        loop {
            let count = self.stream.read(&mut self.buffer[filled..]).unwrap();
            assert!(count > 0, "the agent closed the connection");
            filled += count;
            let length = self.buffer[..filled].first_chunk().copied();
            let whole =
                length.map(|length| usize::try_from(u32::from_be_bytes(length)).unwrap() + 4);
            if whole.is_some_and(|whole| filled >= whole) {
                break;
            }
        }
        assert_ne!(self.buffer[4], message::FAILURE[0], "the agent refused");
    }

    pub(crate) fn ask(&mut self, request: &[u8]) {
        self.send(request);
        self.receive();
    }

    /// Asks again and again, and returns how long each answer took.
    pub(crate) fn latencies(&mut self, request: &[u8], during: Duration) -> Vec<Duration> {
        let mut latencies = vec![];
        let start = Instant::now();
        let mut before = start;
        while before < start + during {
            self.ask(request);
            let now = Instant::now();
            latencies.push(now - before);
            before = now;
        }
        latencies
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// The latency in microseconds below which this share of answers lies.
pub(crate) fn percentile(mut latencies: Vec<Duration>, share: f64) -> f64 {
    latencies.sort_unstable();
    let last = latencies.len() - 1;
    latencies[(last as f64 * share) as usize].as_secs_f64() * 1e6
}

/// The answers in a second.
pub(crate) fn rate(latencies: &[Duration]) -> f64 {
    latencies.len() as f64 / latencies.iter().sum::<Duration>().as_secs_f64()
}
