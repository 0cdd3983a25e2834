//! What a client asks to be signed, told from the bytes alone.
//!
//! Anyone who gets a signature over bytes of their choice can use it wherever such bytes mean
//! something, so a form is recognised only when every byte of it is accounted for.

use super::public_key::PublicKey;
use super::wire::{Reader, WireError};

/// `SSH_MSG_USERAUTH_REQUEST` (RFC 4252 section 6).
const USERAUTH_REQUEST: u8 = 50;
/// The preamble of an SSHSIG (`PROTOCOL.sshsig`).
const SSHSIG_MAGIC: &[u8] = b"SSHSIG";
const SERVICE: &[u8] = b"ssh-connection";
const PUBLICKEY: &[u8] = b"publickey";
const PUBLICKEY_HOSTBOUND: &[u8] = b"publickey-hostbound-v00@openssh.com";

/// What the bytes to be signed are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedData<'a> {
    /// A login on an SSH server (RFC 4252 section 7).
    UserAuth(UserAuth<'a>),
    /// A signature for a file, a commit or the like (`PROTOCOL.sshsig`).
    SshSig {
        /// What the signature is for, such as `git` or `file`.
        namespace: &'a [u8],
        /// The name of the hash that was made of the message.
        hash: &'a [u8],
    },
    /// Anything else.
    Unknown,
}

/// The fields of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAuth<'a> {
    /// The session the login belongs to; never empty.
    pub session_id: &'a [u8],
    /// The user on the server.
    pub user: &'a [u8],
    /// The service after the login, always `ssh-connection`.
    pub service: &'a [u8],
    /// `publickey` or `publickey-hostbound-v00@openssh.com`.
    pub method: &'a [u8],
    /// The signature algorithm; it fits the key.
    pub algorithm: &'a [u8],
    /// The blob of the key the login is made with.
    pub key_blob: &'a [u8],
    /// The blob of the server's key; there exactly when the method is host-bound.
    pub host_key: Option<&'a [u8]>,
}

impl<'a> SignedData<'a> {
    /// Says what `data` is.
    pub fn classify(data: &'a [u8]) -> Self {
        if let Ok(request) = UserAuth::decode(data) {
            return Self::UserAuth(request);
        }
        decode_sshsig(data).unwrap_or(Self::Unknown)
    }

    /// Says whether a security key made for a web origin may sign `data` with the key `key_blob`.
    ///
    /// Such a key also logs in on the web: who could have it sign arbitrary bytes could have it sign
    /// the challenge of a web site. Allowed are a login with this very key and an SSHSIG; a
    /// certificate to be signed is not recognised, as in OpenSSH (`check_websafe_message_contents`).
    pub fn allowed_for_web_origin_key(key_blob: &[u8], data: &[u8]) -> bool {
        match SignedData::classify(data) {
            SignedData::UserAuth(request) => request.key_blob == key_blob,
            SignedData::SshSig { .. } => true,
            SignedData::Unknown => false,
        }
    }
}

impl<'a> UserAuth<'a> {
    fn decode(data: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(data);
        let session_id = reader.string()?;
        let message = reader.byte()?;
        let user = reader.name("user")?;
        let service = reader.string()?;
        let method = reader.string()?;
        let signature_follows = reader.byte()?;
        let algorithm = reader.string()?;
        let key_blob = reader.string()?;
        let host_key = match method {
            PUBLICKEY => None,
            PUBLICKEY_HOSTBOUND => Some(reader.string()?),
            _ => return Err(WireError::Invalid("method")),
        };
        reader.finish()?;
        if session_id.is_empty()
            || message != USERAUTH_REQUEST
            || service != SERVICE
            || signature_follows != 1
        {
            return Err(WireError::Invalid("user-auth request"));
        }
        if !PublicKey::decode(key_blob)?.accepts_algorithm(algorithm) {
            return Err(WireError::Invalid("algorithm"));
        }
        host_key.map(PublicKey::decode).transpose()?;
        Ok(Self {
            session_id,
            user,
            service,
            method,
            algorithm,
            key_blob,
            host_key,
        })
    }
}

fn decode_sshsig(data: &[u8]) -> Result<SignedData<'_>, WireError> {
    let mut reader = Reader::new(data);
    if reader.bytes(SSHSIG_MAGIC.len())? != SSHSIG_MAGIC {
        return Err(WireError::Invalid("preamble"));
    }
    let namespace = reader.name("namespace")?;
    reader.string()?; // reserved
    let hash = reader.name("hash")?;
    reader.string()?; // the digest of the message
    reader.finish()?;
    Ok(SignedData::SshSig { namespace, hash })
}

#[cfg(test)]
mod tests;
