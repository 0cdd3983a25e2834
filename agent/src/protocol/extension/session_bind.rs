//! `session-bind@openssh.com`: a client tells which SSH session its next requests are for
//! (`PROTOCOL.agent` section 1).

use crate::protocol::wire::{Reader, WireError};

/// The body of a session bind; nothing in it is verified yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionBind<'a> {
    /// The public key blob of the host, plain or a certificate.
    pub host_key: &'a [u8],
    /// The session id, which is the first exchange hash (RFC 4253 section 7.2).
    pub session_id: &'a [u8],
    /// The host's signature over the session id, from the key exchange.
    pub signature: &'a [u8],
    /// Says whether the session forwards the agent; otherwise it authenticates.
    pub forwarding: bool,
}

impl<'a> SessionBind<'a> {
    /// Decodes what follows the name of the extension, to the end of the message.
    ///
    /// # Errors
    /// [`WireError`] when a field is cut short or bytes are left.
    pub fn decode(mut reader: Reader<'a>) -> Result<Self, WireError> {
        let bind = Self {
            host_key: reader.string()?,
            session_id: reader.string()?,
            signature: reader.string()?,
            forwarding: reader.boolean()?,
        };
        reader.finish()?;
        Ok(bind)
    }
}
