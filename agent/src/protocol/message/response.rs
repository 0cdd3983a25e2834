//! The answers of the agent (RFC 9987 section 5.1).

use crate::protocol::frame::HEADER_LENGTH;
use crate::protocol::wire::Writer;

const FAILURE: u8 = 5;
const SUCCESS: u8 = 6;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_RESPONSE: u8 = 14;
const EXTENSION_FAILURE: u8 = 28;
const EXTENSION_RESPONSE: u8 = 29;

/// What the agent answers. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response {
    /// The request was refused, was not understood or is not supported.
    Failure,
    /// The request was carried out.
    Success,
    /// The body of a list of identities, as [`IdentitiesAnswer`](super::IdentitiesAnswer) makes it.
    IdentitiesAnswer(Vec<u8>),
    /// A signature blob: the name of the algorithm and the signature.
    SignResponse(Vec<u8>),
    /// An extension that the agent has was refused (section 5.8).
    ExtensionFailure,
    /// The answer of an extension (section 5.8).
    ExtensionResponse {
        /// The name of the extension that was asked.
        name: &'static str,
        /// What the extension answers, without a length.
        body: Vec<u8>,
    },
}

impl Response {
    /// Writes the whole frame, with its length field.
    pub fn encode(&self) -> Vec<u8> {
        let mut frame = vec![0; HEADER_LENGTH];
        frame.push(self.number());
        match self {
            Self::Failure | Self::Success | Self::ExtensionFailure => {}
            Self::IdentitiesAnswer(body) => frame.extend_from_slice(body),
            Self::SignResponse(signature) => frame.put_string(signature),
            Self::ExtensionResponse { name, body } => {
                frame.put_string(name.as_bytes());
                frame.extend_from_slice(body);
            }
        }
        let length = u32::try_from(frame.len() - HEADER_LENGTH).unwrap_or(u32::MAX);
        if let Some(header) = frame.first_chunk_mut::<HEADER_LENGTH>() {
            *header = length.to_be_bytes();
        }
        frame
    }

    const fn number(&self) -> u8 {
        match self {
            Self::Failure => FAILURE,
            Self::Success => SUCCESS,
            Self::IdentitiesAnswer(_) => IDENTITIES_ANSWER,
            Self::SignResponse(_) => SIGN_RESPONSE,
            Self::ExtensionFailure => EXTENSION_FAILURE,
            Self::ExtensionResponse { .. } => EXTENSION_RESPONSE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_one_byte() {
        assert_eq!(Response::Failure.encode(), [0, 0, 0, 1, 5]);
        assert_eq!(Response::Success.encode(), [0, 0, 0, 1, 6]);
        assert_eq!(Response::ExtensionFailure.encode(), [0, 0, 0, 1, 28]);
    }

    #[test]
    fn a_list_stands_in_its_message_as_it_is() {
        let response = Response::IdentitiesAnswer(vec![0; 4]);
        assert_eq!(response.encode(), [0, 0, 0, 5, 12, 0, 0, 0, 0]);
    }

    #[test]
    fn a_signature_is_a_string_of_its_message() {
        let response = Response::SignResponse(vec![8, 9]);
        assert_eq!(response.encode(), [0, 0, 0, 7, 14, 0, 0, 0, 2, 8, 9]);
    }

    #[test]
    fn an_extension_answers_with_its_name_and_a_bare_body() {
        let response = Response::ExtensionResponse {
            name: "query",
            body: vec![0, 0, 0, 0],
        };
        let expected = b"\0\0\0\x0e\x1d\0\0\0\x05query\0\0\0\0";
        assert_eq!(response.encode(), expected);
    }
}
