//! One client's connection: bytes in, bytes out, and when to give up on it.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use rustix::event::{self, PollFd, PollFlags, Timespec};
use tokio::net::UnixStream;
use tokio::task::coop::consume_budget;
use tokio::time::{self, Instant};

use super::agent::Agent;
use super::frames::Frames;
use super::peer::Peer;
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
pub fn serve(agent: Rc<Agent>, stream: UnixStream, peer: Peer) -> impl Future<Output = ()> {
    agent.connections.set(agent.connections.get() + 1);
    async move {
        // Whatever ended it, nobody is left to be told.
        if let Err(error) = converse(&agent, &stream, peer).await {
            tracing::debug!(%error, "connection closed");
        }
        agent.connections.set(agent.connections.get() - 1);
    }
}

async fn converse(agent: &Rc<Agent>, stream: &UnixStream, peer: Peer) -> io::Result<()> {
    let mut session = Session::new(Rc::clone(agent), Rc::new(peer));
    let mut frames = Frames::default();
    let mut deadline = None;
    loop {
        match deadline {
            None => stream.readable().await?,
            Some(deadline) => time::timeout_at(deadline, stream.readable()).await??,
        }
        match frames.fill(stream) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                frames.tidy();
                continue;
            }
            Err(error) => return Err(error),
        }
        let mut answered = false;
        while let Some(message) = frames.take().map_err(io::Error::other)? {
            let Some(response) = answer(&mut session, stream, message).await else {
                return Ok(());
            };
            answered = true;
            write(stream, &response.encode()).await?;
            // Requests that wait for nothing, thousands of them in one buffer, would keep every
            // other client waiting.
            consume_budget().await;
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
async fn answer(session: &mut Session, stream: &UnixStream, message: &[u8]) -> Option<Response> {
    // Everything else is done to its end: half of a private key on the channel to the keeper would
    // garble what follows it, and what was removed would be in no log.
    if !message
        .first()
        .is_some_and(|number| waits_for_person(*number))
    {
        return Some(session.handle(message).await);
    }
    tokio::select! {
        biased;
        response = session.handle(message) => Some(response),
        () = gone(stream) => {
            session.abandon(message);
            None
        }
    }
}

/// Waits until the client has closed its end. One that only has nothing more to say is still there.
async fn gone(stream: &UnixStream) {
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

async fn write(stream: &UnixStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                time::timeout(PATIENCE, stream.writable()).await??;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
