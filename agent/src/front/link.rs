//! The front's end of the channel to the keeper.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{self, IoSlice, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;

use rustix::io::ioctl_fionbio;
use thiserror::Error;
use tokio::io::unix::AsyncFd;
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

/// The front's ends of the two pipes to a keeper.
///
/// A process that waits is reached through a pipe in less time than through a socket, and no descriptors pass.
#[derive(Debug)]
pub struct Ends {
    /// Requests go out here.
    pub requests: PipeWriter,
    /// Answers come in here.
    pub answers: PipeReader,
}

/// A channel to one keeper process, shared by all connections.
///
/// Requests of one turn of the event loop go out in one write. Secrets are not gathered: they go
/// straight from the frame they came in.
#[derive(Debug)]
pub struct Link {
    /// Not watched by the runtime, which would wake us each time the keeper takes a request.
    requests: PipeWriter,
    answers: AsyncFd<PipeReader>,
    /// Held by whoever writes, so that messages do not mix.
    writing: Mutex<()>,
    gathered: RefCell<Vec<u8>>,
    more: Notify,
    waiting: RefCell<HashMap<u64, Waiting>>,
    long: Arc<Semaphore>,
    last_tag: Cell<u64>,
    closed: Notify,
    gone: Cell<bool>,
}

/// Who waits for an answer; for a long signature with one of [`LONG_MAX`] places, which is free again
/// when the answer is there, and not when its client has gone.
#[derive(Debug)]
struct Waiting {
    sender: oneshot::Sender<Answer>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Ends {
    /// Makes a channel: the front's ends, and the keeper's for requests and for answers.
    ///
    /// Where others of the same user see the keeper in the instant in which it starts, it is made of sockets: a pipe
    /// that is seen can be opened once more, and listened to ever after.
    ///
    /// # Errors
    /// What the system said.
    pub fn with_keeper(seen: bool) -> io::Result<(Self, OwnedFd, OwnedFd)> {
        let one = || -> io::Result<(OwnedFd, OwnedFd)> {
            if seen {
                let (one, other) = UnixStream::pair()?;
                return Ok((one.into(), other.into()));
            }
            let (reader, writer) = pipe()?;
            Ok((reader.into(), writer.into()))
        };
        let (their_requests, requests) = one()?;
        let (answers, their_answers) = one()?;
        let ends = Self {
            requests: requests.into(),
            answers: answers.into(),
        };
        Ok((ends, their_requests, their_answers))
    }
}

impl Link {
    /// Takes the front's ends. [`Link::run`] has to be polled for anything to move.
    ///
    /// # Errors
    /// What the runtime said when it would not watch a pipe.
    pub fn new(Ends { requests, answers }: Ends) -> io::Result<Rc<Self>> {
        ioctl_fionbio(&requests, true)?;
        ioctl_fionbio(&answers, true)?;
        Ok(Rc::new(Self {
            requests,
            answers: readiness::watch(answers)?,
            writing: Mutex::new(()),
            gathered: RefCell::default(),
            more: Notify::new(),
            waiting: RefCell::default(),
            long: Arc::new(Semaphore::new(LONG_MAX)),
            last_tag: Cell::new(0),
            closed: Notify::new(),
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
            return self.ask_alone(&ask, tag, receiver).await;
        }
        self.gather(&ask, tag);
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

    /// Has [`Link::run`] return, after which the keeper is to be ended; nothing is written any more.
    pub fn close(&self) {
        self.gone.set(true);
        self.closed.notify_one();
    }

    /// Moves messages in both directions until the keeper is gone; then fails all who wait.
    pub async fn run(&self) {
        tokio::select! {
            () = self.write_gathered() => {}
            () = self.read_answers() => {}
            () = self.closed.notified() => {}
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

    /// Hands over a secret, and nothing else until it was answered: the pipe is empty then, and a cover takes the very
    /// pages that the secret was in. The keeper would do nothing else meanwhile anyway.
    async fn ask_alone(
        &self,
        ask: &Ask<'_>,
        tag: u64,
        answer: oneshot::Receiver<Answer>,
    ) -> Result<Answer, Gone> {
        let _turn = self.writing.lock().await;
        // What was asked before goes out before: a key is removed before it is added again.
        let gathered = self.gathered.take();
        self.write_or_close(&gathered, &[]).await?;
        let (head, secret) = ask.encode(tag);
        self.write_or_close(&head, secret).await?;
        let answer = answer.await.map_err(|_| Gone)?;
        let (head, cover) = Ask::Cover.encode(UNTAGGED);
        // The answer counts all the same.
        let _ = self.write_or_close(&head, cover).await;
        Ok(answer)
    }

    async fn write_or_close(&self, head: &[u8], tail: &[u8]) -> Result<(), Gone> {
        self.write_all(head, tail).await.map_err(|_| {
            // Half a message would garble what follows it; `run` ends all who wait.
            self.close();
            Gone
        })
    }

    async fn write_all(&self, mut head: &[u8], mut tail: &[u8]) -> io::Result<()> {
        while !head.is_empty() || !tail.is_empty() {
            if self.gone.get() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
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
    /// protocol: no answer fills the buffer.
    async fn read_answers(&self) {
        let (mut buffer, mut filled) = (vec![0; READ], 0);
        loop {
            let Ok(mut ready) = self.answers.readable().await else {
                return;
            };
            let room = buffer.get_mut(filled..).unwrap_or_default();
            match self.answers.get_ref().read(room) {
                Ok(0) => return,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
            // What comes from here on is announced once more, so that the next read need not find nothing.
            if filled < buffer.len() {
                ready.clear_ready();
            }
            let came = buffer.get(..filled).unwrap_or_default();
            let Some(consumed) = self.deliver(came) else {
                return;
            };
            buffer.copy_within(consumed..filled, 0);
            filled -= consumed;
        }
    }

    /// Delivers every whole answer and returns the bytes they took; `None` for what is no answer.
    fn deliver(&self, came: &[u8]) -> Option<usize> {
        let mut start = 0;
        while let Some((message, consumed)) = channel::split(came.get(start..)?).ok()? {
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

#[cfg(test)]
mod tests;
