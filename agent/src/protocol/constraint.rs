//! What a client demands of the use of a key it adds (RFC 9987 section 5.2.7, `PROTOCOL.agent`).

use core::time::Duration;

use crate::protocol::extension::restrict_destination::DestinationConstraint;
use crate::protocol::wire::{Reader, WireError};

/// The longest path of a FIDO provider library, in bytes: Linux' `PATH_MAX`, without its zero byte.
pub const SK_PROVIDER_MAX: usize = 4095;

/// `SSH_AGENT_CONSTRAIN_LIFETIME`
const LIFETIME: u8 = 1;
/// `SSH_AGENT_CONSTRAIN_CONFIRM`
const CONFIRM: u8 = 2;
/// `SSH_AGENT_CONSTRAIN_EXTENSION`
const EXTENSION: u8 = 255;

/// The library that talks to the token of a key.
const SK_PROVIDER: &str = "sk-provider@openssh.com";

/// The constraints on one key; by default there is none.
///
/// Every constraint of a message is either here or made the message an error: one that is dropped
/// would give the key away for more than its owner allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    /// How long the key is kept. Zero is a key that has expired when it arrives, as in OpenSSH.
    pub lifetime: Option<Duration>,
    /// Whether the user is asked before each use.
    pub confirm: bool,
    /// The hops the key may be used for; empty means every use is permitted.
    pub destinations: Vec<DestinationConstraint>,
    /// The library that talks to the token of a FIDO key, or `internal`.
    pub sk_provider: Option<String>,
}

impl Constraints {
    /// Reads constraints up to the end of the message.
    ///
    /// # Errors
    /// A [`WireError`] when a constraint is unknown, stands twice, is above a limit or is not
    /// valid here: `associated-certs-v00@openssh.com` belongs to smartcard keys only.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut constraints = Self::default();
        while !reader.is_empty() {
            match reader.byte()? {
                LIFETIME => set_once(&mut constraints.lifetime, read_lifetime(reader)?)?,
                CONFIRM if !constraints.confirm => constraints.confirm = true,
                CONFIRM => return Err(DUPLICATE),
                EXTENSION => constraints.read_extension(reader)?,
                _ => return Err(WireError::Invalid("constraint type")),
            }
        }
        Ok(constraints)
    }

    fn read_extension(&mut self, reader: &mut Reader<'_>) -> Result<(), WireError> {
        match reader.text("constraint extension")? {
            DestinationConstraint::NAME if self.destinations.is_empty() => {
                self.destinations = DestinationConstraint::decode_list(reader.string()?)?;
                Ok(())
            }
            DestinationConstraint::NAME => Err(DUPLICATE),
            SK_PROVIDER => set_once(&mut self.sk_provider, read_sk_provider(reader)?),
            _ => Err(WireError::Invalid("constraint extension")),
        }
    }
}

/// Two of a kind: to keep either one could be to drop the stricter.
const DUPLICATE: WireError = WireError::Invalid("duplicate constraint");

fn set_once<T>(field: &mut Option<T>, value: T) -> Result<(), WireError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(DUPLICATE),
    }
}

fn read_lifetime(reader: &mut Reader<'_>) -> Result<Duration, WireError> {
    Ok(Duration::from_secs(u64::from(reader.uint32()?)))
}

fn read_sk_provider(reader: &mut Reader<'_>) -> Result<String, WireError> {
    let path = reader.text("sk provider")?;
    if path.len() > SK_PROVIDER_MAX {
        return Err(WireError::TooLarge("sk provider"));
    }
    // A path with a zero byte would be judged whole and loaded cut off.
    if path.is_empty() || path.contains('\0') {
        return Err(WireError::Invalid("sk provider"));
    }
    Ok(path.to_owned())
}
