//! What is said to `ssh-sk-helper` and what it answers (OpenSSH's `ssh-sk-client.c`).

use core::time::Duration;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Pair;
use std::process::Stdio;

use keyward_vault::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::time::timeout;

use crate::front::child::Child;
use crate::protocol::wire::{Reader, WireError, Writer};

use super::{Kind, SecurityKey, SecurityKeyError};

/// The version of the helper's protocol (`SSH_SK_HELPER_VERSION`), the same from OpenSSH 8.9 on.
const VERSION: u8 = 5;

/// The type of an answer that is an error (`SSH_SK_HELPER_ERROR`).
const ERROR: u32 = 0;

/// The type of a request to sign, and of its answer (`SSH_SK_HELPER_SIGN`).
const SIGN: u32 = 1;

/// The error of an authenticator that wants a PIN or another one (`SSH_ERR_KEY_WRONG_PASSPHRASE`).
const WRONG_PASSPHRASE: u32 = 43;

/// How much the helper logs: `SYSLOG_LEVEL_INFO`, as the OpenSSH agent tells it.
const LOG_LEVEL: u32 = 3;

/// The longest answer, in bytes; a signature takes about 150.
const ANSWER_MAX: usize = 4096;

/// How long one run may take. Authenticators stop waiting for a touch after some 30 seconds, so that
/// this ends only a helper that hangs.
const RUN_MAX: Duration = Duration::from_secs(300);

/// A request to sign, whole as it goes to the helper; it may hold a PIN.
pub(super) struct Request(Secret<Vec<u8>>);

impl Request {
    /// Builds the request; an empty `pin` is none.
    pub(super) fn new(key: &SecurityKey<'_>, data: &[u8], pin: &[u8]) -> Self {
        let fields = [key.key_bytes, key.provider.name(), data, b"", pin];
        let strings: usize = fields.iter().map(|field| 4 + field.len()).sum();
        let body = 1 + 4 + 1 + 4 + strings + 4;
        // All is reserved at once, for a vector that grows leaves a copy of the PIN behind.
        let mut request = Secret::new(Vec::with_capacity(4 + body));
        let out = request.expose_mut();
        out.put_uint32(u32::try_from(body).unwrap_or(u32::MAX));
        out.push(VERSION);
        out.put_uint32(SIGN);
        // Its log goes to standard error, which is the agent's.
        out.push(1);
        out.put_uint32(LOG_LEVEL);
        let [key, provider, data, algorithm, pin] = fields;
        out.put_string(key);
        out.put_string(provider);
        out.put_string(data);
        out.put_string(algorithm);
        // Compatibility flags for servers' faults, which a signature on a device has none of.
        out.put_uint32(0);
        out.put_string(pin);
        Self(request)
    }

    /// Starts the helper, sends the request and returns the signature blob.
    pub(super) async fn send(
        &self,
        helper: &OsStr,
        kind: Kind,
    ) -> Result<Vec<u8>, SecurityKeyError> {
        timeout(RUN_MAX, self.converse(helper, kind))
            .await
            .unwrap_or(Err(SecurityKeyError::TimedOut))
    }

    async fn converse(&self, helper: &OsStr, kind: Kind) -> Result<Vec<u8>, SecurityKeyError> {
        let (mut stream, child) = start(helper)?;
        stream.write_all(self.0.expose()).await?;
        let mut length = [0; 4];
        stream.read_exact(&mut length).await?;
        let length = usize::try_from(u32::from_be_bytes(length))
            .ok()
            .filter(|length| *length <= ANSWER_MAX)
            .ok_or(WireError::TooLarge("answer of ssh-sk-helper"))?;
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer).await?;
        let signature = signature(&answer, kind)?;
        drop(stream);
        let status = child.ended().await?;
        if !status.success() {
            return Err(SecurityKeyError::Ended(status));
        }
        Ok(signature.to_vec())
    }
}

/// Starts the helper with one end of a socket pair as its standard input and output.
fn start(helper: &OsStr) -> io::Result<(UnixStream, Child)> {
    let (ours, theirs) = Pair::pair()?;
    ours.set_nonblocking(true)?;
    let stdout = OwnedFd::from(theirs.try_clone()?);
    let mut command = Command::new(helper);
    command
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::from(stdout));
    let child = Child::start(&mut command)?;
    Ok((UnixStream::from_std(ours)?, child))
}

/// Reads the helper's answer: a signature blob of the right type, or an error.
fn signature(answer: &[u8], kind: Kind) -> Result<&[u8], SecurityKeyError> {
    let mut reader = Reader::new(answer);
    if reader.byte()? != VERSION {
        return Err(WireError::Invalid("version of ssh-sk-helper").into());
    }
    match reader.uint32()? {
        ERROR => match reader.uint32()? {
            WRONG_PASSPHRASE => Err(SecurityKeyError::WrongPin),
            code => Err(SecurityKeyError::Refused(code)),
        },
        SIGN => {
            let signature = reader.string()?;
            reader.finish()?;
            if Reader::new(signature).string()? != kind.signature.as_bytes() {
                return Err(WireError::Invalid("type of the signature").into());
            }
            Ok(signature)
        }
        _ => Err(WireError::Invalid("type of the answer").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::provider::Provider;

    const KIND: Kind = Kind {
        shown: "ED25519-SK",
        signature: "sk-ssh-ed25519@openssh.com",
    };

    fn signed(blob: &[u8]) -> Vec<u8> {
        let mut answer = vec![VERSION];
        answer.put_uint32(SIGN);
        answer.put_string(blob);
        answer
    }

    fn blob() -> Vec<u8> {
        let mut blob = Vec::new();
        blob.put_string(KIND.signature.as_bytes());
        blob.put_string(&[7; 64]);
        blob
    }

    #[test]
    fn request_is_built_without_growing() {
        let key = SecurityKey {
            key_bytes: b"key",
            provider: &Provider::Internal,
            fingerprint: "SHA256:abc",
            presence: true,
            destination: None,
        };
        let request = Request::new(&key, b"data", b"1234");
        let bytes = request.0.expose();
        assert_eq!(bytes.len(), bytes.capacity());
        let mut reader = Reader::new(bytes);
        assert_eq!(
            reader.uint32().unwrap(),
            u32::try_from(bytes.len() - 4).unwrap()
        );
        assert_eq!(reader.bytes(10).unwrap(), [5, 0, 0, 0, 1, 1, 0, 0, 0, 3]);
        assert_eq!(reader.string().unwrap(), b"key");
        assert_eq!(reader.string().unwrap(), b"internal");
        assert_eq!(reader.string().unwrap(), b"data");
        assert_eq!(reader.string().unwrap(), b"");
        assert_eq!(reader.uint32().unwrap(), 0);
        assert_eq!(reader.string().unwrap(), b"1234");
        reader.finish().unwrap();
    }

    #[test]
    fn takes_a_signature_of_the_right_type() {
        assert_eq!(signature(&signed(&blob()), KIND).unwrap(), blob());
    }

    #[test]
    fn refuses_a_signature_of_another_type() {
        let other = Kind {
            signature: "sk-ecdsa-sha2-nistp256@openssh.com",
            ..KIND
        };
        assert!(signature(&signed(&blob()), other).is_err());
    }

    #[test]
    fn refuses_every_cut_and_every_tail() {
        let whole = signed(&blob());
        for length in 0..whole.len() {
            assert!(signature(&whole[..length], KIND).is_err(), "{length}");
        }
        assert!(signature(&[whole, vec![0]].concat(), KIND).is_err());
    }

    #[test]
    fn refuses_another_version_and_another_type() {
        let mut answer = signed(&blob());
        answer[0] = 4;
        assert!(signature(&answer, KIND).is_err());
        answer[0] = VERSION;
        answer[4] = 2;
        assert!(signature(&answer, KIND).is_err());
    }

    #[test]
    fn tells_a_wrong_pin_from_other_errors() {
        let error = |code| signature(&[VERSION, 0, 0, 0, 0, 0, 0, 0, code], KIND).unwrap_err();
        assert!(matches!(error(43), SecurityKeyError::WrongPin));
        assert!(matches!(error(60), SecurityKeyError::Refused(60)));
    }
}
