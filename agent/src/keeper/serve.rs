//! The keeper's loop: read requests, do them, write answers.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use super::channel::{self, Answer, Ask, KeyId, MESSAGE_MAX, Refusal, Report};
use super::sandbox::Confinement;
use super::store::Store;
use super::workers::Workers;
use crate::key::signing_key;
use crate::protocol::algorithm::SignatureAlgorithm;
use crate::secret_memory::heap::{self, SecretBytes};
use crate::secret_memory::region::{self, Protection, Region};
use crate::secret_memory::stack::SecretStack;

/// Answers are written together up to this many bytes.
const BATCH: usize = 16 << 10;

/// How a keeper is to run.
#[derive(Debug)]
pub struct Terms {
    /// The best protection of memory to try for.
    pub memory: Protection,
    /// What the process has given up.
    pub confinement: Confinement,
    /// The threads for long signatures.
    pub workers: Workers,
}

/// The keeper's ends of two pipes, made ready before the system call filter is in force.
#[derive(Debug)]
pub struct Channel {
    input: Input,
    output: Output,
}

impl Channel {
    /// Takes the keeper's ends.
    ///
    /// # Errors
    /// What the system said when it gave no memory.
    pub fn new(requests: OwnedFd, answers: OwnedFd) -> io::Result<Self> {
        let input = Input::new(File::from(requests))?;
        let output = Output {
            stream: Arc::new(Mutex::new(File::from(answers))),
            waiting: Vec::with_capacity(BATCH),
        };
        Ok(Self { input, output })
    }
}

/// Serves one channel until its other end is closed.
///
/// # Errors
/// What reading or writing the channel gave, or that the front broke the protocol.
pub fn serve(channel: Channel, terms: Terms) -> io::Result<()> {
    let Channel { mut input, output } = channel;
    let mut keeper = Keeper {
        terms,
        store: Store::default(),
        secret: None,
        output,
    };
    while input.fill()? {
        while let Some(message) = input.next()? {
            keeper.handle(message)?;
        }
        input.wipe();
        keeper.output.flush()?;
    }
    Ok(())
}

struct Keeper {
    terms: Terms,
    store: Store,
    /// Mapped with the first key: while secret memory exists, the machine cannot hibernate.
    secret: Option<Secret>,
    output: Output,
}

/// What changes the keys; the secrets of it lie on the heap of secrets.
enum Change {
    Add(KeyId, SecretBytes),
    Remove(KeyId),
    Clear,
    Lock(SecretBytes),
    Unlock(SecretBytes),
}

struct Secret {
    stack: SecretStack,
    protection: Protection,
}

impl Keeper {
    /// Does what a message asks for.
    ///
    /// # Errors
    /// That it has not even a tag to answer to.
    fn handle(&mut self, message: &mut [u8]) -> io::Result<()> {
        let (tag, ask) = Ask::decode(message).map_err(io::Error::other)?;
        let done = match ask {
            None => Err(Refusal::Malformed),
            Some(Ask::Report) => Ok(Answer::Report(self.report())),
            Some(Ask::Cover) => Ok(Answer::Done),
            Some(Ask::Sign(key, algorithm, data)) => match self.sign(tag, key, algorithm, data) {
                Ok(None) => return Ok(()),
                Ok(Some(signature)) => Ok(Answer::Signature(signature)),
                Err(refusal) => Err(refusal),
            },
            Some(ask) => {
                let change = self.take_in(ask);
                // What takes long, the derivation of a key, must not keep the original for as long.
                region::wipe_slice(message);
                let changed = change.and_then(|change| self.change(change));
                changed.map(|()| Answer::Done)
            }
        };
        self.output.put(tag, &done.unwrap_or_else(Answer::Refused));
        Ok(())
    }

    /// Moves the secret of a request, if it has one, to secret memory, which is mapped for it.
    fn take_in(&mut self, ask: Ask<'_>) -> Result<Change, Refusal> {
        if ask.carries_secret() && self.secret.is_none() {
            self.secret = Some(Secret::map(self.terms.memory)?);
        }
        let secret = |bytes| SecretBytes::copy_of(bytes).map_err(|_| Refusal::Memory);
        match ask {
            Ask::Add(key, bytes) => Ok(Change::Add(key, secret(bytes)?)),
            Ask::Lock(passphrase) => Ok(Change::Lock(secret(passphrase)?)),
            Ask::Unlock(passphrase) => Ok(Change::Unlock(secret(passphrase)?)),
            Ask::Remove(key) => Ok(Change::Remove(key)),
            Ask::Clear => Ok(Change::Clear),
            // They change nothing and are done elsewhere: unreachable.
            Ask::Sign(..) | Ask::Report | Ask::Cover => Err(Refusal::Malformed),
        }
    }

    fn change(&mut self, change: Change) -> Result<(), Refusal> {
        let store = &mut self.store;
        // Without any key there is none to forget: that must not cost secret memory.
        let Some(secret) = &mut self.secret else {
            return Ok(());
        };
        secret.stack.run(|| match change {
            Change::Add(key, bytes) => store.add(key, bytes),
            Change::Lock(passphrase) => store.lock(&passphrase),
            Change::Unlock(passphrase) => store.unlock(&passphrase),
            Change::Remove(key) => {
                store.remove(key);
                Ok(())
            }
            Change::Clear => {
                store.clear();
                Ok(())
            }
        })
    }

    /// Signs at once, or hands a long signature to the workers, which answer by themselves.
    fn sign(
        &mut self,
        tag: u64,
        key: KeyId,
        algorithm: SignatureAlgorithm,
        data: &[u8],
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let key = self.store.find(key)?;
        if !key.is_slow() {
            let secret = self.secret.as_mut().ok_or(Refusal::State)?;
            let signature = secret.stack.run(|| key.sign(algorithm, data))?;
            return Ok(Some(signature));
        }
        let digest = signing_key::digest(algorithm, data)?;
        // A key that is removed or sealed before its turn comes is not kept alive by waiting jobs.
        let key = Arc::downgrade(&key);
        let stream = Arc::clone(&self.output.stream);
        self.terms.workers.submit(Box::new(move || {
            // The key goes before the answer: after it, the front may count it as removed.
            let signature = key
                .upgrade()
                .ok_or(Refusal::UnknownKey)
                .and_then(|key| Ok(key.sign_digest(algorithm, digest.as_ref())?));
            let mut message = Vec::new();
            signature
                .map_or_else(Answer::Refused, Answer::Signature)
                .encode(tag, &mut message);
            // A front that is gone is noticed by the thread of the channel.
            let _ = stream
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write_all(&message);
        }));
        Ok(None)
    }

    fn report(&self) -> Report {
        let (used, size) = heap::usage();
        Report {
            keys: u32::try_from(self.store.len()).unwrap_or(u32::MAX),
            protection: self.secret.as_ref().map_or_else(
                || Protection::probe(self.terms.memory),
                |secret| {
                    let workers = self.terms.workers.protection();
                    workers.map_or(secret.protection, |workers| workers.max(secret.protection))
                },
            ),
            mapped: self.secret.is_some(),
            used: u64::try_from(used).unwrap_or(u64::MAX),
            size: u64::try_from(size).unwrap_or(u64::MAX),
            confinement: self.terms.confinement,
        }
    }
}

impl Secret {
    fn map(wanted: Protection) -> Result<Self, Refusal> {
        let stack = SecretStack::map(wanted).map_err(|_| Refusal::Memory)?;
        let protection = heap::map(wanted).map_err(|_| Refusal::Memory)?;
        Ok(Self {
            protection: protection.max(stack.protection()),
            stack,
        })
    }
}

/// The bytes that came over the channel. Frames with private keys pass through here, so it is
/// locked memory, never grows, and is wiped as soon as its messages are done; those with secrets
/// before that, when the secret has been moved.
#[derive(Debug)]
struct Input {
    stream: File,
    region: Region,
    start: usize,
    filled: usize,
}

impl Input {
    fn new(stream: File) -> io::Result<Self> {
        let region = Region::map(MESSAGE_MAX + 4, Protection::Locked)?;
        Ok(Self {
            stream,
            region,
            start: 0,
            filled: 0,
        })
    }

    /// Waits for bytes; says whether any came before the channel was closed.
    fn fill(&mut self) -> io::Result<bool> {
        let room = self
            .region
            .bytes_mut()
            .get_mut(self.filled..)
            .unwrap_or_default();
        loop {
            match self.stream.read(room) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count > 0);
                }
                // Stopping and continuing the process may interrupt it.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the next whole message, without its length.
    fn next(&mut self) -> io::Result<Option<&mut [u8]>> {
        let bytes = self.region.bytes_mut().get_mut(self.start..self.filled);
        let bytes = bytes.unwrap_or_default();
        let Some((message, consumed)) = channel::split(bytes).map_err(io::Error::other)? else {
            return Ok(None);
        };
        let header = consumed - message.len();
        self.start += consumed;
        Ok(bytes.get_mut(header..consumed))
    }

    /// Moves what is left of a message to the beginning and wipes the rest.
    fn wipe(&mut self) {
        if self.start == 0 {
            return;
        }
        self.region
            .bytes_mut()
            .copy_within(self.start..self.filled, 0);
        let left = self.filled - self.start;
        if let Some(stale) = self.region.bytes_mut().get_mut(left..self.filled) {
            region::wipe_slice(stale);
        }
        (self.start, self.filled) = (0, left);
    }
}

/// The answers on their way to the front; workers write there too, whole messages at a time.
#[derive(Debug)]
struct Output {
    stream: Arc<Mutex<File>>,
    waiting: Vec<u8>,
}

impl Output {
    fn put(&mut self, tag: u64, answer: &Answer) {
        answer.encode(tag, &mut self.waiting);
        if self.waiting.len() >= BATCH {
            // A front that is gone is noticed when the channel is read.
            let _ = self.flush();
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.waiting.is_empty() {
            let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
            stream.write_all(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
