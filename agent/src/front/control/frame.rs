//! One request as it comes: JSON, or JSON and a private key that never lies on the ordinary heap.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::message::JSON_MAX;
use crate::protocol::frame::FRAME_MAX;
use crate::secret_memory::region::{Protection, Region};

/// The first byte of a request that carries a secret.
pub(super) const SECRET: u8 = 0;

/// `SSH_AGENTC_ADD_ID_CONSTRAINED`, whose body a private key comes as.
const ADD_ID_CONSTRAINED: u8 = 25;

/// One request.
#[derive(Debug)]
pub(super) enum Frame {
    /// JSON alone.
    Json(Vec<u8>),
    /// JSON and an add message.
    Secret { json: Vec<u8>, message: Message },
}

/// An add message in secret memory, which goes back to the system when it is dropped.
#[derive(Debug)]
pub(super) struct Message {
    region: Region,
    length: usize,
}

impl Message {
    fn room_for(length: usize, protection: Protection) -> io::Result<Self> {
        let region = Region::map(length, protection)?;
        Ok(Self { region, length })
    }

    /// Gives out the message with its number.
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        let length = self.length;
        self.region
            .bytes_mut()
            .get_mut(..length)
            .unwrap_or_default()
    }
}

/// Reads the next request. Its lengths are judged before there is memory for it.
///
/// # Errors
/// What the socket said; `InvalidData` for what is too long or contradicts itself.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    protection: Protection,
) -> io::Result<Frame> {
    let length = read_length(stream).await?;
    if length == 0 {
        return Ok(Frame::Json(Vec::new()));
    }
    let first = stream.read_u8().await?;
    let rest = length - 1;
    if first != SECRET {
        let mut json = read_json(stream, rest, JSON_MAX - 1).await?;
        json.insert(0, first);
        return Ok(Frame::Json(json));
    }
    if length > FRAME_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let json_length = read_length(stream).await?;
    let secret = rest
        .checked_sub(4)
        .and_then(|rest| rest.checked_sub(json_length));
    let secret = secret.ok_or(io::ErrorKind::InvalidData)?;
    let json = read_json(stream, json_length, JSON_MAX).await?;
    let mut message = Message::room_for(secret + 1, protection)?;
    if let Some((number, body)) = message.bytes().split_first_mut() {
        *number = ADD_ID_CONSTRAINED;
        stream.read_exact(body).await?;
    }
    Ok(Frame::Secret { json, message })
}

async fn read_length(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
    let length = stream.read_u32().await?;
    Ok(usize::try_from(length).unwrap_or(usize::MAX))
}

async fn read_json(
    stream: &mut (impl AsyncRead + Unpin),
    length: usize,
    limit: usize,
) -> io::Result<Vec<u8>> {
    if length > limit {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = vec![0; length];
    stream.read_exact(&mut json).await?;
    Ok(json)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn read_all(mut bytes: &[u8]) -> io::Result<Frame> {
        read(&mut bytes, Protection::MemfdSecret).await
    }

    fn run<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    fn error(bytes: &[u8]) -> io::ErrorKind {
        run(read_all(bytes)).unwrap_err().kind()
    }

    #[test]
    fn json_comes_whole() {
        let frame = run(read_all(b"\0\0\0\x02{}more")).unwrap();
        assert!(matches!(frame, Frame::Json(json) if json == b"{}"));
        let frame = run(read_all(b"\0\0\0\0")).unwrap();
        assert!(matches!(frame, Frame::Json(json) if json.is_empty()));
    }

    #[test]
    fn secret_becomes_an_add_message() {
        let frame = run(read_all(b"\0\0\0\x0a\0\0\0\0\x02{}key")).unwrap();
        let Frame::Secret { json, mut message } = frame else {
            panic!("no secret");
        };
        assert_eq!(json, b"{}");
        assert_eq!(message.bytes(), b"\x19key");
        assert_eq!(
            message.region.protection(),
            Protection::probe(Protection::MemfdSecret)
        );
    }

    #[test]
    fn too_much_is_refused_before_it_comes() {
        assert_eq!(error(b"\0\x01\0\x01{"), io::ErrorKind::InvalidData);
        assert_eq!(error(b"\xff\xff\xff\xff{"), io::ErrorKind::InvalidData);
        assert_eq!(
            error(b"\0\x04\0\x01\0\0\0\0\x02"),
            io::ErrorKind::InvalidData
        );
        assert_eq!(
            error(b"\0\x02\0\0\0\0\x01\0\x01"),
            io::ErrorKind::InvalidData
        );
        // As long as may be, but not there: the end of the stream, and no refusal.
        assert_eq!(error(b"\0\x01\0\0{"), io::ErrorKind::UnexpectedEof);
        assert_eq!(
            error(b"\0\x04\0\0\0\0\0\0\x02{}"),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn json_longer_than_its_frame_is_refused() {
        assert_eq!(
            error(b"\0\0\0\x07\0\0\0\0\x03{}"),
            io::ErrorKind::InvalidData
        );
        assert_eq!(error(b"\0\0\0\x03\0\0\0\0\x01"), io::ErrorKind::InvalidData);
        assert_eq!(
            error(b"\0\0\0\x07\0\xff\xff\xff\xff"),
            io::ErrorKind::InvalidData
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            length in 0_u32..200,
            secret: bool,
            json in 0_u32..200,
            rest in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut bytes = length.to_be_bytes().to_vec();
            if secret {
                bytes.push(SECRET);
                bytes.extend(json.to_be_bytes());
            }
            bytes.extend(rest);
            match run(read_all(&bytes)) {
                Ok(Frame::Json(json)) => {
                    prop_assert_eq!(&bytes[4..4 + json.len()], &*json);
                    prop_assert_eq!(json.len(), usize::try_from(length).unwrap());
                }
                Ok(Frame::Secret { json, mut message }) => {
                    let whole = 1 + 4 + json.len() + message.bytes().len() - 1;
                    prop_assert_eq!(whole, usize::try_from(length).unwrap());
                }
                Err(_) => {}
            }
        }
    }
}
