//! The extensions of message 27 (RFC 9987, `PROTOCOL.agent`).

pub mod restrict_destination;
pub mod session_bind;

use self::session_bind::SessionBind;
use super::wire::{Reader, WireError};

/// An extension request.
///
/// A known extension that fails is answered with 28, an unknown one with 5, so the two must not
/// become one error: [`Extension::SessionBind`] carries its own failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension<'a> {
    /// `query`: which extensions are there.
    Query,
    /// `session-bind@openssh.com`, or why its body is none.
    SessionBind(Result<SessionBind<'a>, WireError>),
    /// Any other name.
    Unsupported(&'a [u8]),
}

impl<'a> Extension<'a> {
    /// The name of [`Extension::Query`].
    pub const QUERY: &'static str = "query";
    /// The name of [`Extension::SessionBind`].
    pub const SESSION_BIND: &'static str = "session-bind@openssh.com";
    /// The names that the answer to a query lists; `query` itself is not among them, as in OpenSSH.
    pub const SUPPORTED: [&'static str; 1] = [Self::SESSION_BIND];

    /// Decodes what follows the message type, to the end of the message.
    ///
    /// # Errors
    /// [`WireError`] when there is no name or a query has a body.
    pub fn decode(mut reader: Reader<'a>) -> Result<Self, WireError> {
        let name = reader.string()?;
        if name == Self::SESSION_BIND.as_bytes() {
            return Ok(Self::SessionBind(SessionBind::decode(reader)));
        }
        if name == Self::QUERY.as_bytes() {
            reader.finish()?;
            return Ok(Self::Query);
        }
        Ok(Self::Unsupported(name))
    }
}

#[cfg(test)]
mod tests;
