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

#[cfg(test)]
mod tests {
    use super::*;

    fn count(answer: &IdentitiesAnswer) -> u32 {
        u32::from_be_bytes(*answer.body.first_chunk().unwrap())
    }

    #[test]
    fn lists_nothing_as_a_count_of_zero() {
        let answer = IdentitiesAnswer::encode([]);
        assert_eq!((answer.body, answer.left_out), (vec![0; 4], 0));
    }

    #[test]
    fn lists_blob_and_comment_in_their_order() {
        let answer = IdentitiesAnswer::encode([(&b"k"[..], &b"one"[..]), (b"l", b"")]);
        let expected = b"\0\0\0\x02\0\0\0\x01k\0\0\0\x03one\0\0\0\x01l\0\0\0\0";
        assert_eq!(answer.body, expected);
    }

    #[test]
    fn leaves_out_what_is_over_the_number_clients_accept() {
        let answer = IdentitiesAnswer::encode(vec![(&b"k"[..], &b"c"[..]); IDENTITIES_MAX + 3]);
        assert_eq!((count(&answer), answer.left_out), (2048, 3));
    }

    #[test]
    fn fills_a_message_to_its_last_byte() {
        let blob = vec![7; FRAME_MAX - 1 - COUNT_LENGTH - 4 - 4];
        let answer = IdentitiesAnswer::encode([(&blob[..], &b""[..])]);
        assert_eq!((count(&answer), answer.left_out), (1, 0));
        assert_eq!(1 + answer.body.len(), FRAME_MAX);
        let answer = IdentitiesAnswer::encode([(&blob[..], &b"c"[..])]);
        assert_eq!((count(&answer), answer.left_out), (0, 1));
    }

    #[test]
    fn a_huge_comment_hides_no_other_key() {
        let huge = vec![b'c'; FRAME_MAX];
        let answer = IdentitiesAnswer::encode([(&b"k"[..], &huge[..]), (b"l", b"small")]);
        assert_eq!((count(&answer), answer.left_out), (1, 1));
        assert!(answer.body.ends_with(b"small"));
    }
}
