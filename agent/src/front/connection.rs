//! One client's connection: bytes in, bytes out, and when to give up on it.

use std::io::{self, Write};
use std::os::unix::net::UnixStream as StdStream;
use std::rc::Rc;
use std::time::Duration;

use rustix::event::{self, PollFd, PollFlags, Timespec};
use tokio::net::UnixStream;
use tokio::task;
use tokio::time::{self, Instant};

use super::agent::Agent;
use super::frames::Frames;
use super::intake::Intake;
use super::peer::Peer;
use super::readiness;
use super::session::Session;
use crate::protocol::message::{Response, waits_for_person};

/// How long a client may take to send the rest of a frame, or to read an answer. A connection
/// between frames may be silent for ever: `ssh` keeps one open for as long as it forwards.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often to look whether a client still waits for an answer that takes long.
const LOOK: Duration = Duration::from_millis(500);

/// Serves a connection until its client is done or has to be cut off.
///
/// It counts as open from this call on and not from when it is first polled: a burst of clients is
/// accepted before any of them is, and would go beyond the limit otherwise.
pub fn serve(
    agent: Rc<Agent>,
    intake: Rc<Intake>,
    stream: UnixStream,
    peer: Peer,
) -> impl Future<Output = ()> {
    agent.connections.set(agent.connections.get() + 1);
    async move {
        // Whatever ended it, nobody is left to be told.
        if let Err(error) = converse(&agent, &intake, stream, peer).await {
            tracing::debug!(%error, "connection closed");
        }
        agent.connections.set(agent.connections.get() - 1);
    }
}

async fn converse(
    agent: &Rc<Agent>,
    intake: &Intake,
    stream: UnixStream,
    peer: Peer,
) -> io::Result<()> {
    let stream = readiness::watch(stream.into_std()?)?;
    let mut session = Session::new(Rc::clone(agent), Rc::new(peer));
    let mut frames = Frames::default();
    let mut deadline = None;
    loop {
        let mut readable = match deadline {
            None => stream.readable().await?,
            Some(deadline) => time::timeout_at(deadline, stream.readable()).await??,
        };
        match frames.fill(intake, stream.get_ref()) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                readable.clear_ready();
                frames.tidy();
                continue;
            }
            Err(error) => return Err(error),
        }
        let mut answered = false;
        while let Some(message) = frames.take().map_err(io::Error::other)? {
            // A client that sends without a pause gets its share of the one thread and no more.
            task::coop::consume_budget().await;
            let Some(response) = answer(&mut session, stream.get_ref(), message).await else {
                return Ok(());
            };
            let response = response.encode();
            answered = true;
            frames.forget();
            session.atone().await;
            let left = write(stream.get_ref(), &response)?;
            session.record();
            write_rest(stream.get_ref(), left).await?;
        }
        frames.tidy();
        // The time counts from the first byte of a frame, so that a client cannot hold a buffer
        // for ever by sending one byte now and then.
        deadline = match (frames.has_partial(), deadline) {
            (false, _) => None,
            (true, Some(deadline)) if !answered => Some(deadline),
            (true, _) => Some(Instant::now() + PATIENCE),
        };
    }
}

/// Answers one message; `None` when the client has gone meanwhile. A question on the screen goes
/// with it: nobody should have to answer for a client that does not wait any more.
async fn answer(session: &mut Session, stream: &StdStream, message: &[u8]) -> Option<Response> {
    tokio::select! {
        biased;
        () = session.prepare(message) => {}
        () = gone(stream) => return None,
    }
    // Everything else is done to its end: half of a private key on the channel to the keeper would
    // garble what follows it, and what was removed would be in no log.
    if !message
        .first()
        .is_some_and(|number| waits_for_person(*number))
    {
        return Some(session.handle(message).await);
    }
    // A timer for each request would cost every signature.
    let waits = session.waits();
    let response = tokio::select! {
        biased;
        response = session.handle(message) => Some(response),
        () = async { waits.notified().await; gone(stream).await } => None,
    };
    if response.is_none() {
        session.note_gone(message);
    }
    response
}

/// Waits until the client has closed its end. One that only has nothing more to say is still there.
async fn gone(stream: &StdStream) {
    loop {
        time::sleep(LOOK).await;
        let mut watched = [PollFd::new(stream, PollFlags::empty())];
        let looked = event::poll(&mut watched, Some(&Timespec::default()));
        let [watched] = watched;
        if looked.is_ok()
            && watched
                .revents()
                .intersects(PollFlags::HUP | PollFlags::ERR)
        {
            return;
        }
    }
}

/// Writes what the socket takes at once, and returns the rest.
fn write<'a>(mut stream: &StdStream, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
    match stream.write(bytes) {
        Ok(count) => Ok(bytes.get(count..).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(bytes),
        Err(error) => Err(error),
    }
}

async fn write_rest(stream: &StdStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        time::timeout(PATIENCE, readiness::writable(stream)).await??;
        bytes = write(stream, bytes)?;
    }
    Ok(())
}
