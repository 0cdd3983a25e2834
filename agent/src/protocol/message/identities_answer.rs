//! The list of identities (RFC 9987 section 5.5).

use crate::protocol::frame::FRAME_MAX;
use crate::protocol::wire::Writer;

/// The most identities in one list: OpenSSH's `MAX_AGENT_IDENTITIES` (`authfd.c`). Its clients
/// refuse a longer list whole.
pub const IDENTITIES_MAX: usize = 2048;

/// The bytes of the count before the identities.
const COUNT_LENGTH: usize = 4;

/// A list of identities that every client accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitiesAnswer {
    /// The body of the answer, for [`Response::IdentitiesAnswer`](super::Response).
    pub body: Vec<u8>,
    /// How many identities did not fit.
    pub left_out: usize,
}

impl IdentitiesAnswer {
    /// Lists identities, each as its blob and its comment, in their order.
    ///
    /// One that does not fit into [`FRAME_MAX`] is left out and does not keep later ones away: a
    /// single huge comment must not hide every other key. After [`IDENTITIES_MAX`] all are.
    pub fn encode<'a>(identities: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut body = vec![0; COUNT_LENGTH];
        let (mut count, mut left_out) = (0_u32, 0);
        for (blob, comment) in identities {
            // Before the body stands the type of the message, before each string its length.
            let end = 1 + body.len() + 4 + blob.len() + 4 + comment.len();
            let is_full = usize::try_from(count).is_ok_and(|count| count >= IDENTITIES_MAX);
            if is_full || end > FRAME_MAX {
                left_out += 1;
                continue;
            }
            body.put_string(blob);
            body.put_string(comment);
            count += 1;
        }
        if let Some(field) = body.first_chunk_mut::<COUNT_LENGTH>() {
            *field = count.to_be_bytes();
        }
        Self { body, left_out }
    }
}
