//! A blocking client of an agent's sockets, for commands and tests.

mod vault;

use std::io::{self, IoSlice, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use thiserror::Error;

pub use self::vault::VaultList;

/// Longest answer that is read, in bytes: the same as a message of the agent protocol.
pub const ANSWER_MAX: usize = 256 * 1024;

/// Time an answer may take in all: the control socket answers without asking anybody.
const PATIENCE: Duration = Duration::from_secs(5);

/// Says why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens at the path.
    #[error("no agent at {}", path.display())]
    NoAgent {
        /// Where one was looked for.
        path: PathBuf,
    },
    /// The socket cannot be connected to, which says nothing of an agent behind it.
    #[error("cannot connect to agent at {}: {source}", path.display())]
    Unreachable {
        /// The agent's socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another user listens there.
    #[error("agent at {} is of another user (uid {uid})", path.display())]
    Foreign {
        /// The agent's socket.
        path: PathBuf,
        /// Who listens.
        uid: u32,
    },
    /// The connection failed, or took too long.
    #[error("agent at {} does not answer: {source}", path.display())]
    Connection {
        /// The agent's socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The answer, or the message, is longer than any can be.
    #[error("message of {0} bytes is above its limit")]
    TooLong(usize),
    /// The answer is not what was asked for.
    #[error("answer is not valid: {0}")]
    Invalid(#[from] serde_json::Error),
    /// The agent did not do what it was asked.
    #[error("the agent refused: {0}")]
    Refused(String),
}

/// A connection to one socket of an agent.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    path: PathBuf,
}

impl Client {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// [`ClientError::NoAgent`] when nobody listens there, [`ClientError::Connection`] when an
    /// agent does but takes no connection within five seconds, [`ClientError::Unreachable`] when
    /// the path is too long or belongs to somebody else.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        let stream = connect(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::ConnectionRefused => ClientError::NoAgent {
                path: path.to_path_buf(),
            },
            io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidFilename => {
                ClientError::Unreachable {
                    path: path.to_path_buf(),
                    source,
                }
            }
            _ => ClientError::Connection {
                path: path.to_path_buf(),
                source,
            },
        })?;
        let path = path.to_path_buf();
        Ok(Self { stream, path })
    }

    /// Refuses an agent of another user: in a folder where others may make files, one of theirs may listen in the place
    /// of ours, and would be handed the keys.
    fn check_owner(&self) -> Result<(), ClientError> {
        let peer = rustix::net::sockopt::socket_peercred(&self.stream);
        let peer = peer.map_err(|error| self.failed(error.into()))?;
        if peer.uid == rustix::process::geteuid() {
            return Ok(());
        }
        Err(ClientError::Foreign {
            path: self.path.clone(),
            uid: peer.uid.as_raw(),
        })
    }

    /// Sends one message and returns the one that answers it, both without their length.
    ///
    /// # Errors
    /// [`ClientError::Connection`] when the answer does not come whole within five seconds,
    /// [`ClientError::TooLong`] when it announces more than [`ANSWER_MAX`] bytes.
    pub fn exchange(&mut self, message: &[u8]) -> Result<Vec<u8>, ClientError> {
        self.send(message, &[])?;
        self.receive(PATIENCE, ANSWER_MAX)
    }

    /// Sends one message of two parts. The second one, which may be a secret, goes to the socket from
    /// where it lies.
    fn send(&mut self, head: &[u8], secret: &[u8]) -> Result<(), ClientError> {
        let whole = head.len().saturating_add(secret.len());
        let length = u32::try_from(whole).map_err(|_| ClientError::TooLong(whole))?;
        let frame = [&length.to_be_bytes(), head].concat();
        let (mut head, mut tail) = (&*frame, secret);
        while !head.is_empty() || !tail.is_empty() {
            let parts = [IoSlice::new(head), IoSlice::new(tail)];
            match self.stream.write_vectored(&parts) {
                Ok(0) => return Err(self.failed(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    let of_head = count.min(head.len());
                    head = head.get(of_head..).unwrap_or_default();
                    tail = tail.get(count - of_head..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    /// Receives one message of at most `limit` bytes.
    fn receive(&mut self, patience: Duration, limit: usize) -> Result<Vec<u8>, ClientError> {
        let deadline = Instant::now() + patience;
        let mut header = [0; 4];
        self.read_until(deadline, &mut header)?;
        let length = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
        if length > limit {
            return Err(ClientError::TooLong(length));
        }
        let mut answer = vec![0; length];
        self.read_until(deadline, &mut answer)?;
        Ok(answer)
    }

    /// Asks a control socket for the agent's state.
    ///
    /// # Errors
    /// As [`Client::exchange`], and [`ClientError::Invalid`] when the answer is no JSON object.
    pub fn status(&mut self) -> Result<serde_json::Map<String, serde_json::Value>, ClientError> {
        let answer = self.exchange(br#"{"request":"status"}"#)?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// Fills `buffer`; a sender that trickles single bytes gains no time by it.
    fn read_until(&mut self, deadline: Instant, buffer: &mut [u8]) -> Result<(), ClientError> {
        let mut rest = buffer;
        while !rest.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            let result = self
                .stream
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .and_then(|()| self.stream.read(rest));
            match result {
                Ok(0) => return Err(self.failed(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => rest = rest.split_at_mut(count).1,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
            if Instant::now() >= deadline && !rest.is_empty() {
                return Err(self.failed(io::ErrorKind::TimedOut.into()));
            }
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> ClientError {
        // A timeout of a socket says "try again", which means nothing to a person.
        let source = match source.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => source,
        };
        ClientError::Connection {
            path: self.path.clone(),
            source,
        }
    }
}

fn connect(path: &Path) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    // It bounds the connecting too: an agent that is stopped has a backlog that fills.
    set_socket_timeout(&socket, Timeout::Send, Some(PATIENCE))?;
    rustix::net::connect(&socket, &address)?;
    Ok(UnixStream::from(socket))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    /// Answers one request with `answer` and returns what `ask` made of it.
    fn answered(answer: &'static [u8]) -> Result<Vec<u8>, ClientError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 7];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(answer).unwrap();
            request
        });
        let result = Client::connect(&path).unwrap().exchange(b"abc");
        assert_eq!(&server.join().unwrap(), b"\0\0\0\x03abc");
        result
    }

    #[test]
    fn returns_the_message_without_its_length() {
        assert_eq!(answered(b"\0\0\0\x02hi").unwrap(), b"hi");
    }

    #[test]
    fn refuses_answer_longer_than_limit() {
        assert!(matches!(
            answered(b"\0\x04\0\x01"),
            Err(ClientError::TooLong(262_145))
        ));
    }

    #[test]
    fn reports_an_answer_that_is_cut_short() {
        assert!(matches!(
            answered(b"\0\0\0\x09hi"),
            Err(ClientError::Connection { .. })
        ));
    }

    #[test]
    fn tells_a_socket_it_cannot_connect_to() {
        let path = PathBuf::from("x".repeat(200));
        assert!(matches!(
            Client::connect(&path),
            Err(ClientError::Unreachable { .. })
        ));
    }

    #[test]
    fn tells_a_missing_agent_from_a_broken_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        assert!(matches!(
            Client::connect(&path),
            Err(ClientError::NoAgent { .. })
        ));
        drop(UnixListener::bind(&path).unwrap());
        assert!(matches!(
            Client::connect(&path),
            Err(ClientError::NoAgent { .. })
        ));
    }
}
