//! When a socket can be written, and when there is nothing more to read from it.
//!
//! The runtime watches a stream of its own kind for both directions at once, and is then woken
//! each time the other side has taken what was written: two wake-ups for each request that nobody
//! needs. So sockets are watched for reading, and for writing only while they are full.

use std::io;
use std::os::unix::net::UnixStream as StdStream;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

/// Has a socket watched for reading only.
///
/// # Errors
/// What the system said when it would not watch the socket.
#[expect(
    deprecated,
    reason = "the sound way is an unsafe call, whose demands a stream always meets"
)]
pub fn watch(stream: UnixStream) -> io::Result<AsyncFd<StdStream>> {
    AsyncFd::with_interest(stream.into_std()?, Interest::READABLE)
}

/// Waits until a socket that was full takes bytes again.
///
/// # Errors
/// What the system said when it would not watch the socket.
#[expect(
    deprecated,
    reason = "the sound way is an unsafe call, whose demands a stream always meets"
)]
pub async fn writable(stream: &StdStream) -> io::Result<()> {
    // The descriptor may be watched for reading already, and each can be watched once only.
    let watched = AsyncFd::with_interest(stream.try_clone()?, Interest::WRITABLE)?;
    watched.writable().await.map(|_| ())
}

/// Notes that a read filled less than its buffer, so that the next one would find nothing.
///
/// Bytes that came since then are announced by the system once more.
pub fn drained(stream: &UnixStream) {
    // The error is what tells the runtime.
    let _ = stream.try_io(Interest::READABLE, || {
        Err::<(), _>(io::ErrorKind::WouldBlock.into())
    });
}
