//! Finds one message in the bytes of a connection (RFC 9987 section 3).
//!
//! A frame is a `uint32` length and as many bytes of message. Its length is judged before anything
//! is allocated for it: a client that announces 4 GiB gets an error, not memory.

use thiserror::Error;

/// The longest message an agent takes or sends, in bytes without its length field.
///
/// It is OpenSSH's `AGENT_MAX_LEN` (`ssh-agent.c`) and `MAX_AGENT_REPLY_LEN` (`authfd.c`).
pub const FRAME_MAX: usize = 256 * 1024;

/// The bytes of the length field before each message.
pub const HEADER_LENGTH: usize = 4;

/// Says that a client announced more than [`FRAME_MAX`] bytes; its connection has to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("message of {announced} bytes is longer than {FRAME_MAX}")]
pub struct FrameTooLong {
    /// The length of the message as announced.
    pub announced: u32,
}

/// One whole message at the start of a buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The message without its length field. It may be empty.
    pub message: &'a [u8],
    /// The bytes the frame took in the buffer: length field and message.
    pub consumed: usize,
}

/// Splits the first frame off `buffer`, or returns `None` when it is not whole yet.
///
/// # Errors
/// [`FrameTooLong`] as soon as the length field is there and above [`FRAME_MAX`].
pub fn split(buffer: &[u8]) -> Result<Option<Frame<'_>>, FrameTooLong> {
    let Some(consumed) = announced(buffer)? else {
        return Ok(None);
    };
    Ok(buffer
        .get(HEADER_LENGTH..consumed)
        .map(|message| Frame { message, consumed }))
}

/// Returns how many bytes the frame that starts with `header` takes, its length field included, or
/// `None` when fewer than four bytes are there.
///
/// # Errors
/// [`FrameTooLong`] when the length is above [`FRAME_MAX`].
fn announced(header: &[u8]) -> Result<Option<usize>, FrameTooLong> {
    let Some(length) = header.first_chunk::<HEADER_LENGTH>() else {
        return Ok(None);
    };
    let announced = u32::from_be_bytes(*length);
    usize::try_from(announced)
        .ok()
        .filter(|length| *length <= FRAME_MAX)
        .map(|length| Some(length + HEADER_LENGTH))
        .ok_or(FrameTooLong { announced })
}

impl core::fmt::Debug for Frame<'_> {
    // The message may hold a private key: only its length is shown.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Frame({} bytes)", self.message.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_whole_length_field() {
        assert_eq!(split(&[]), Ok(None));
        assert_eq!(split(&[0, 0, 0]), Ok(None));
        assert_eq!(announced(&[0, 0, 0]), Ok(None));
    }

    #[test]
    fn waits_for_the_whole_message() {
        assert_eq!(split(&[0, 0, 0, 2, 11]), Ok(None));
        assert_eq!(announced(&[0, 0, 0, 2, 11]), Ok(Some(6)));
    }

    #[test]
    fn leaves_the_bytes_of_the_next_frame() {
        let frame = split(&[0, 0, 0, 1, 11, 0, 0, 0, 1, 19]).unwrap().unwrap();
        assert_eq!(frame.message, [11]);
        assert_eq!(frame.consumed, 5);
    }

    #[test]
    fn takes_an_empty_message() {
        let frame = split(&[0; 4]).unwrap().unwrap();
        assert_eq!((frame.message.len(), frame.consumed), (0, 4));
    }

    #[test]
    fn takes_a_message_of_the_longest_length() {
        let mut buffer = vec![0; HEADER_LENGTH + FRAME_MAX];
        buffer[..HEADER_LENGTH].copy_from_slice(&[0, 4, 0, 0]);
        assert_eq!(split(&buffer).unwrap().unwrap().message.len(), FRAME_MAX);
    }

    #[test]
    fn refuses_frame_longer_than_limit() {
        let error = FrameTooLong {
            announced: 0x0004_0001,
        };
        assert_eq!(split(&[0, 4, 0, 1]), Err(error));
        assert_eq!(announced(&[0xff; 4]).unwrap_err().announced, u32::MAX);
    }

    #[test]
    fn debug_shows_no_byte_of_the_message() {
        let frame = split(&[0, 0, 0, 3, 22, 65, 66]).unwrap().unwrap();
        assert_eq!(format!("{frame:?}"), "Frame(3 bytes)");
    }
}
