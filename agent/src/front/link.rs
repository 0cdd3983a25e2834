//! The front's end of the channel to the keeper.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{self, IoSlice, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream as StdStream;
use std::rc::Rc;
use std::sync::Arc;

use thiserror::Error;
use tokio::net::UnixStream;
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use super::readiness;
use crate::keeper::channel::{self, Answer, Ask};

/// Bytes read from the keeper at a time.
const READ: usize = 32 << 10;

/// How many long signatures the keeper is asked for at a time: its threads never wait for the front,
/// and what clients ask for and do not wait for keeps nobody else waiting for long.
const LONG_MAX: usize = 8;

/// The tag of requests whose answer nobody waits for.
const UNTAGGED: u64 = 0;

/// Says that the keeper ended before it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the keeper is gone")]
pub struct Gone;

/// The front's ends of the two socket pairs to a keeper.
#[derive(Debug)]
pub struct Ends {
    /// Requests go out here.
    pub requests: StdStream,
    /// Answers come in here.
    pub answers: StdStream,
}

/// A channel to one keeper process, shared by all connections.
///
/// Requests of one turn of the event loop go out in one write. Secrets are not gathered: they go
/// straight from the frame they came in.
#[derive(Debug)]
pub struct Link {
    /// Not watched by the runtime, which would wake us each time the keeper takes a request.
    requests: StdStream,
    answers: UnixStream,
    /// Held by whoever writes, so that messages do not mix.
    writing: Mutex<()>,
    gathered: RefCell<Vec<u8>>,
    more: Notify,
    waiting: RefCell<HashMap<u64, Waiting>>,
    long: Arc<Semaphore>,
    last_tag: Cell<u64>,
    gone: Cell<bool>,
}

/// Who waits for an answer; for a long signature with one of [`LONG_MAX`] places, which is free again
/// when the answer is there, and not when its client has gone.
#[derive(Debug)]
struct Waiting {
    sender: oneshot::Sender<Answer>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Link {
    /// Takes the front's ends. [`Link::run`] has to be polled for anything to move.
    ///
    /// # Errors
    /// What the runtime said when it would not watch a socket.
    pub fn new(Ends { requests, answers }: Ends) -> io::Result<Rc<Self>> {
        requests.set_nonblocking(true)?;
        answers.set_nonblocking(true)?;
        Ok(Rc::new(Self {
            requests,
            answers: UnixStream::from_std(answers)?,
            writing: Mutex::new(()),
            gathered: RefCell::default(),
            more: Notify::new(),
            waiting: RefCell::default(),
            long: Arc::new(Semaphore::new(LONG_MAX)),
            last_tag: Cell::new(0),
            gone: Cell::new(false),
        }))
    }

    /// Asks the keeper and waits for its answer.
    ///
    /// # Errors
    /// [`Gone`] when the keeper ended first.
    pub async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Gone> {
        let place = if ask.takes_long() {
            let place = Arc::clone(&self.long).acquire_owned().await;
            Some(place.map_err(|_| Gone)?)
        } else {
            None
        };
        if self.gone.get() {
            return Err(Gone);
        }
        let tag = self.last_tag.get() + 1;
        self.last_tag.set(tag);
        let (sender, receiver) = oneshot::channel();
        let waiting = Waiting {
            sender,
            _place: place,
        };
        self.waiting.borrow_mut().insert(tag, waiting);
        if ask.carries_secret() {
            let (head, tail) = ask.encode(tag);
            self.write_directly(&head, tail).await;
        } else {
            self.gather(&ask, tag);
        }
        receiver.await.map_err(|_| Gone)
    }

    /// Asks without waiting for the answer, of a request that carries no secret.
    pub fn tell(&self, ask: Ask<'_>) {
        if !ask.carries_secret() && !self.gone.get() {
            self.gather(&ask, UNTAGGED);
        }
    }

    /// Says whether no answer is waited for.
    pub fn is_idle(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// Closes the channel: the keeper ends, and [`Link::run`] returns.
    pub fn close(&self) {
        // Not connected any more is as good.
        let _ = self.requests.shutdown(Shutdown::Both);
        let _ = rustix::net::shutdown(&self.answers, rustix::net::Shutdown::Both);
    }

    /// Moves messages in both directions until the keeper is gone; then fails all who wait.
    pub async fn run(&self) {
        tokio::select! {
            () = self.write_gathered() => {}
            () = self.read_answers() => {}
        }
        self.gone.set(true);
        self.waiting.borrow_mut().clear();
    }

    fn gather(&self, ask: &Ask<'_>, tag: u64) {
        let (head, tail) = ask.encode(tag);
        let mut gathered = self.gathered.borrow_mut();
        gathered.extend_from_slice(&head);
        gathered.extend_from_slice(tail);
        self.more.notify_one();
    }

    /// Writes the gathered requests whenever there are any; returns when the keeper is gone.
    async fn write_gathered(&self) {
        loop {
            self.more.notified().await;
            let turn = self.writing.lock().await;
            let gathered = self.gathered.take();
            let written = self.write_all(&gathered, &[]).await;
            drop(turn);
            if written.is_err() {
                return;
            }
        }
    }

    async fn write_directly(&self, head: &[u8], tail: &[u8]) {
        let _turn = self.writing.lock().await;
        // What was asked before goes out before: a key is removed before it is added again.
        let gathered = self.gathered.take();
        let mut written = self.write_all(&gathered, &[]).await;
        if written.is_ok() {
            written = self.write_all(head, tail).await;
        }
        if written.is_err() {
            // Half a message would garble what follows it; `read_answers` ends all who wait.
            self.close();
        }
    }

    async fn write_all(&self, mut head: &[u8], mut tail: &[u8]) -> io::Result<()> {
        while !head.is_empty() || !tail.is_empty() {
            match (&self.requests).write_vectored(&[IoSlice::new(head), IoSlice::new(tail)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    let of_head = count.min(head.len());
                    head = head.get(of_head..).unwrap_or_default();
                    tail = tail.get(count - of_head..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    readiness::writable(&self.requests).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Hands answers to those who wait for them; returns when the keeper is gone or broke the
    /// protocol.
    async fn read_answers(&self) {
        let mut buffer: Vec<u8> = Vec::with_capacity(READ);
        loop {
            if self.answers.readable().await.is_err() {
                return;
            }
            match self.answers.try_read_buf(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => return,
            }
            if buffer.len() < buffer.capacity() {
                readiness::drained(&self.answers);
            }
            let Some(consumed) = self.deliver(&buffer) else {
                return;
            };
            buffer.drain(..consumed);
        }
    }

    /// Delivers every whole answer and returns the bytes they took; `None` for what is no answer.
    fn deliver(&self, buffer: &[u8]) -> Option<usize> {
        let mut start = 0;
        while let Some((message, consumed)) = channel::split(buffer.get(start..)?).ok()? {
            let (tag, answer) = Answer::decode(message).ok()?;
            start += consumed;
            if let Some(waiting) = self.waiting.borrow_mut().remove(&tag) {
                // The one who asked may have gone with its connection.
                let _ = waiting.sender.send(answer);
            }
        }
        Some(start)
    }
}
