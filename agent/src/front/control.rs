//! Our own control socket: what the agent tells about itself, and how a vault is handed over
//! (`PROTOCOL.md`, Control socket).

pub mod message;
mod frame;
mod status;
mod vault;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time;

use self::frame::Frame;
use self::message::Request;
use self::vault::Handover;
use super::agent::Agent;
use super::peer::Peer;
use crate::secret_memory::region::Protection;

pub use self::status::About;

/// How long a request may take to come, its length included, and its answer to be read.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many answers one connection gets: only so many are served at once, and whoever asks on and on has to wait for
/// his turn like everybody else.
const ANSWERS_MAX: usize = 64;

#[derive(Serialize)]
struct Failure {
    error: String,
}

/// Who is at the other end, and the protection of memory to try for what is secret.
#[derive(Debug)]
pub struct Caller {
    /// The process that connected.
    pub peer: Peer,
    /// For private keys on their way to the keeper.
    pub memory: Protection,
}

/// Answers the requests of one connection until it is closed, or silent for too long: only so many are
/// served at once, and nobody may keep the others out.
///
/// # Errors
/// What the socket said, or that the client was too slow or sent too much.
pub async fn serve(
    agent: Rc<Agent>,
    about: Rc<About>,
    mut stream: UnixStream,
    caller: Caller,
) -> io::Result<()> {
    let mut handover = Handover::new(Rc::clone(&agent), caller.peer);
    let mut answers = 0;
    while answers < ANSWERS_MAX {
        let frame = time::timeout(PATIENCE, frame::read(&mut stream, caller.memory)).await??;
        let answer = match frame {
            Frame::Secret { json, mut message } => {
                handover.private_key(&json, message.bytes()).await;
                None
            }
            Frame::Json(json) => match Request::decode(&json) {
                Ok(Request::Status) => Some(status::tell(&agent, &about).await),
                Ok(Request::Vault(request)) => handover.answer(request).await,
                Err(error) => Some(failure(error.to_string())),
            },
        };
        if let Some(answer) = answer {
            let length = u32::try_from(answer.len()).unwrap_or(u32::MAX);
            let frame = [&length.to_be_bytes(), answer.as_bytes()].concat();
            time::timeout(PATIENCE, stream.write_all(&frame)).await??;
            answers += 1;
        }
    }
    Ok(())
}

fn failure(error: String) -> String {
    written(&Failure { error })
}

fn written(answer: &impl Serialize) -> String {
    // It fails only for maps whose keys are no strings: unreachable.
    serde_json::to_string(answer).unwrap_or_default()
}

#[cfg(test)]
mod tests;
