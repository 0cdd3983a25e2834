//! When a socket or a pipe can be read or written.
//!
//! The runtime watches a stream of its own kind for both directions at once, and is then woken
//! each time the other side has taken what was written: two wake-ups for each request that nobody
//! needs. So each is watched for reading, and for writing only while it is full.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Has a socket or a pipe watched for reading only; it must not block.
///
/// # Errors
/// What the system said when it would not watch it.
#[expect(
    deprecated,
    reason = "the sound way is an unsafe call, whose demands an owned descriptor always meets"
)]
pub fn watch<T: AsFd + AsRawFd>(readable: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(readable, Interest::READABLE)
}

/// Waits until one that was full takes bytes again.
///
/// # Errors
/// What the system said when it would not watch it.
#[expect(
    deprecated,
    reason = "the sound way is an unsafe call, whose demands an `OwnedFd` always meets"
)]
pub async fn writable(full: impl AsFd) -> io::Result<()> {
    // The descriptor may be watched for reading already, and each can be watched once only.
    let again = full.as_fd().try_clone_to_owned()?;
    let watched = AsyncFd::with_interest(again, Interest::WRITABLE)?;
    watched.writable().await.map(|_| ())
}
