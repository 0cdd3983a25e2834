//! The messages of the agent protocol (RFC 9987 section 5).

use crate::protocol::extension::Extension;
use crate::protocol::wire::{Reader, WireError};

mod add_identity;
mod identities_answer;
mod response;
mod sign_request;

pub use add_identity::AddIdentity;
pub use identities_answer::{IDENTITIES_MAX, IdentitiesAnswer};
pub use response::Response;
pub use sign_request::SignRequest;

/// The numbers of the messages (RFC 9987 section 6.1).
pub(crate) mod number {
    pub(crate) const REMOVE_ALL_RSA1_IDENTITIES: u8 = 9;
    pub(crate) const REQUEST_IDENTITIES: u8 = 11;
    pub(crate) const SIGN_REQUEST: u8 = 13;
    pub(crate) const ADD_IDENTITY: u8 = 17;
    pub(crate) const REMOVE_IDENTITY: u8 = 18;
    pub(crate) const REMOVE_ALL_IDENTITIES: u8 = 19;
    pub(crate) const ADD_SMARTCARD_KEY: u8 = 20;
    pub(crate) const REMOVE_SMARTCARD_KEY: u8 = 21;
    pub(crate) const LOCK: u8 = 22;
    pub(crate) const UNLOCK: u8 = 23;
    pub(crate) const ADD_ID_CONSTRAINED: u8 = 25;
    pub(crate) const ADD_SMARTCARD_KEY_CONSTRAINED: u8 = 26;
    pub(crate) const EXTENSION: u8 = 27;
}

/// What a client asks of the agent. It borrows from the message, secrets included.
#[non_exhaustive]
pub enum Request<'a> {
    /// Lists the identities (section 5.5).
    RequestIdentities,
    /// Signs data with a key (section 5.6).
    SignRequest(SignRequest<'a>),
    /// Adds a key, with constraints or without (section 5.2).
    AddIdentity(AddIdentity<'a>),
    /// Removes the key with this blob (section 5.4).
    RemoveIdentity(&'a [u8]),
    /// Removes every key (section 5.4).
    RemoveAllIdentities,
    /// Removes every key of protocol 1. There is none, but `ssh-add -D` asks and wants success.
    RemoveAllRsa1Identities,
    /// Locks the agent with a passphrase (section 5.7).
    Lock(&'a [u8]),
    /// Unlocks the agent with the passphrase (section 5.7).
    Unlock(&'a [u8]),
    /// Adds or removes the keys of a smartcard (section 5.3); its body, PIN included, is not kept.
    SmartcardKey,
    /// Asks for an extension (section 5.8).
    Extension(Extension<'a>),
}

impl<'a> Request<'a> {
    /// Decodes a message without its length field.
    ///
    /// Constraints are taken with either number of the add request, as OpenSSH does.
    ///
    /// # Errors
    /// A [`WireError`] when the message is of an unknown type, is cut short, has a field that is
    /// not valid or bytes after its last field.
    pub fn decode(message: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(message);
        let request = match reader.byte()? {
            number::REMOVE_ALL_RSA1_IDENTITIES => Self::RemoveAllRsa1Identities,
            number::REQUEST_IDENTITIES => Self::RequestIdentities,
            number::SIGN_REQUEST => Self::SignRequest(SignRequest::read(&mut reader)?),
            number::ADD_IDENTITY | number::ADD_ID_CONSTRAINED => {
                Self::AddIdentity(AddIdentity::read(&mut reader)?)
            }
            number::REMOVE_IDENTITY => Self::RemoveIdentity(reader.string()?),
            number::REMOVE_ALL_IDENTITIES => Self::RemoveAllIdentities,
            number::LOCK => Self::Lock(reader.string()?),
            number::UNLOCK => Self::Unlock(reader.string()?),
            number::ADD_SMARTCARD_KEY
            | number::REMOVE_SMARTCARD_KEY
            | number::ADD_SMARTCARD_KEY_CONSTRAINED => return Ok(Self::SmartcardKey),
            // The extension reads up to the end: a known one that is malformed has its own answer.
            number::EXTENSION => return Ok(Self::Extension(Extension::decode(reader)?)),
            _ => return Err(WireError::Invalid("message type")),
        };
        reader.finish()?;
        Ok(request)
    }

    /// Returns the name of the message for logs, as RFC 9987 spells it without its prefix.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RequestIdentities => "request identities",
            Self::SignRequest(_) => "sign request",
            Self::AddIdentity(_) => "add identity",
            Self::RemoveIdentity(_) => "remove identity",
            Self::RemoveAllIdentities => "remove all identities",
            Self::RemoveAllRsa1Identities => "remove all rsa1 identities",
            Self::Lock(_) => "lock",
            Self::Unlock(_) => "unlock",
            Self::SmartcardKey => "smartcard key",
            Self::Extension(_) => "extension",
        }
    }
}

/// Says whether messages of this type carry a private key, a passphrase or a PIN, so that their
/// bytes have to be kept in secret memory.
pub const fn carries_secret(message_type: u8) -> bool {
    matches!(
        message_type,
        number::ADD_IDENTITY
            | number::ADD_ID_CONSTRAINED
            | number::LOCK
            | number::UNLOCK
            | number::ADD_SMARTCARD_KEY
            | number::REMOVE_SMARTCARD_KEY
            | number::ADD_SMARTCARD_KEY_CONSTRAINED
    )
}

/// Says whether a request of this type may be answered only after a person or a token was waited for.
pub const fn waits_for_person(message_type: u8) -> bool {
    matches!(message_type, number::SIGN_REQUEST)
}

impl core::fmt::Debug for Request<'_> {
    // Bodies hold passphrases and data of the user: only the requests that show themselves do.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::SignRequest(request) => request.fmt(f),
            Self::AddIdentity(request) => request.fmt(f),
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(message: &[u8]) -> WireError {
        Request::decode(message).unwrap_err()
    }

    #[test]
    fn refuses_an_empty_message() {
        assert_eq!(error(&[]), WireError::Truncated);
    }

    #[test]
    fn refuses_every_other_message_type() {
        let known = [9, 11, 13, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27];
        for number in 0..=u8::MAX {
            if !known.contains(&number) {
                assert_eq!(error(&[number]), WireError::Invalid("message type"));
            }
        }
    }

    #[test]
    fn refuses_bytes_behind_a_request_without_fields() {
        for number in [9, 11, 19] {
            assert!(Request::decode(&[number]).is_ok());
            assert_eq!(error(&[number, 0]), WireError::Trailing(1));
        }
    }

    #[test]
    fn takes_no_passphrase_from_behind_the_message() {
        // The string announces one byte more than the message has.
        assert_eq!(error(&[22, 0, 0, 0, 2, b'p']), WireError::Truncated);
    }

    #[test]
    fn keeps_no_byte_of_a_smartcard_request() {
        for number in [20, 21, 26] {
            let message = [number, 0, 0, 0, 4, b'1', b'2', b'3', b'4'];
            let request = Request::decode(&message).unwrap();
            assert_eq!(format!("{request:?}"), "smartcard key");
        }
    }

    #[test]
    fn secrets_are_in_requests_to_add_to_lock_and_to_unlock() {
        let secret: Vec<u8> = (0..=u8::MAX).filter(|kind| carries_secret(*kind)).collect();
        assert_eq!(secret, [17, 20, 21, 22, 23, 25, 26]);
    }

    #[test]
    fn debug_shows_lengths_and_no_data() {
        let sign = [13, 0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9, 0, 0, 0, 4];
        let shown = format!("{:?}", Request::decode(&sign).unwrap());
        assert_eq!(shown, "SignRequest(2 bytes of data, flags 4)");
        let lock = [22, 0, 0, 0, 1, b'p'];
        assert_eq!(format!("{:?}", Request::decode(&lock).unwrap()), "lock");
    }
}
