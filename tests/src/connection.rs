//! A client of the agent that can also misbehave.

use std::{
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use crate::message;

/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A connection to an agent's socket.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
}

impl Connection {
    /// Connects.
    ///
    /// # Panics
    ///
    /// When nobody listens there.
    #[must_use]
    #[track_caller]
    pub fn open(socket: &Path) -> Self {
        Self::try_open(socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()))
    }

    /// Connects, if somebody listens.
    ///
    /// # Errors
    ///
    /// What the system says of it.
    pub fn try_open(socket: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        Ok(Self { stream })
    }

    /// Sets how long [`Connection::receive`] waits.
    pub fn set_limit(&self, limit: Duration) {
        self.stream.set_read_timeout(Some(limit)).unwrap();
    }

    /// Sends one message in its frame.
    ///
    /// # Panics
    ///
    /// When the agent does not take it.
    #[track_caller]
    pub fn send(&mut self, message: &[u8]) {
        self.send_bytes(&message::string(message))
            .expect("the agent takes the message");
    }

    /// Sends bytes that need not be a frame.
    ///
    /// # Errors
    ///
    /// When the agent has closed the connection, or takes none for half a minute.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next message of the agent, or none if it has closed the connection.
    ///
    /// # Panics
    ///
    /// When neither happens in time.
    #[track_caller]
    pub fn receive(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        if !self.fill(&mut length) {
            return None;
        }
        let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        assert!(
            self.fill(&mut message),
            "the agent closed the connection within a message"
        );
        Some(message)
    }

    /// Sends one message and returns the answer.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn ask(&mut self, message: &[u8]) -> Vec<u8> {
        self.send(message);
        self.receive()
            .expect("the agent answers, and does not close the connection")
    }

    /// Requires that the agent closes the connection without a further message.
    ///
    /// # Panics
    ///
    /// When it answers or keeps the connection open.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        let answer = self.receive();
        assert!(
            answer.is_none(),
            "the agent answered {answer:?} and did not close the connection"
        );
    }

    /// Says that no more is coming, while still reading.
    pub fn finish_sending(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Fills the buffer; false if the agent has closed the connection before.
    #[track_caller]
    fn fill(&mut self, buffer: &mut [u8]) -> bool {
        match self.stream.read_exact(buffer) {
            Ok(()) => true,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
                ) =>
            {
                false
            }
            Err(error) => panic!("no answer: {error}"),
        }
    }
}
