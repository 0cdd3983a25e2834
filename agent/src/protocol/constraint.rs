//! What a client demands of the use of a key it adds (RFC 9987 section 5.2.7, `PROTOCOL.agent`).

use core::time::Duration;

use crate::protocol::extension::restrict_destination::DestinationConstraint;
use crate::protocol::wire::{Reader, WireError, Writer};

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

    /// Encodes them as [`Constraints::decode`] reads them, for a message that adds a key.
    ///
    /// A lifetime is cut to the longest that a message can say, 4,294,967,295 seconds.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(lifetime) = self.lifetime {
            bytes.push(LIFETIME);
            bytes.put_uint32(u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX));
        }
        if self.confirm {
            bytes.push(CONFIRM);
        }
        if !self.destinations.is_empty() {
            bytes.push(EXTENSION);
            bytes.put_string(DestinationConstraint::NAME.as_bytes());
            bytes.put_string(&DestinationConstraint::encode_list(&self.destinations));
        }
        if let Some(provider) = &self.sk_provider {
            bytes.push(EXTENSION);
            bytes.put_string(SK_PROVIDER.as_bytes());
            bytes.put_string(provider.as_bytes());
        }
        bytes
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

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(fields: &[&[u8]]) -> Result<Constraints, WireError> {
        Constraints::decode(&mut Reader::new(&fields.concat()))
    }

    fn extension(name: &str, details: &[u8]) -> Vec<u8> {
        let mut field = vec![EXTENSION];
        field.put_string(name.as_bytes());
        field.put_string(details);
        field
    }

    fn destination() -> Vec<u8> {
        let mut key = Vec::new();
        key.put_string(b"ssh-ed25519");
        key.put_string(&[7; 32]);
        let mut to = Vec::new();
        for field in [&b""[..], b"web", b"", &key] {
            to.put_string(field);
        }
        to.push(0);
        let mut from = Vec::new();
        for _ in 0..3 {
            from.put_string(b"");
        }
        let (mut constraint, mut list) = (Vec::new(), Vec::new());
        for field in [&from[..], &to, b""] {
            constraint.put_string(field);
        }
        list.put_string(&constraint);
        list
    }

    #[test]
    fn takes_no_constraint_at_all() {
        assert_eq!(decode(&[]), Ok(Constraints::default()));
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        let constraints = Constraints {
            lifetime: Some(Duration::from_secs(3600)),
            confirm: true,
            destinations: DestinationConstraint::decode_list(&destination()).unwrap(),
            sk_provider: Some("internal".to_owned()),
        };
        assert_eq!(decode(&[&constraints.encode()]), Ok(constraints));
        assert_eq!(Constraints::default().encode(), [0; 0]);
    }

    #[test]
    fn keeps_a_lifetime_of_zero() {
        let constraints = decode(&[&[LIFETIME, 0, 0, 0, 0]]).unwrap();
        assert_eq!(constraints.lifetime, Some(Duration::ZERO));
    }

    #[test]
    fn keeps_the_longest_lifetime() {
        let constraints = decode(&[&[LIFETIME, 255, 255, 255, 255]]).unwrap();
        assert_eq!(constraints.lifetime, Some(Duration::from_secs(0xffff_ffff)));
    }

    #[test]
    fn takes_constraints_in_any_order() {
        let destination = extension(DestinationConstraint::NAME, &destination());
        let provider = extension(SK_PROVIDER, b"internal");
        let lifetime = [LIFETIME, 0, 0, 0, 9];
        let constraints = decode(&[&destination, &[CONFIRM], &provider, &lifetime]).unwrap();
        assert_eq!(constraints.lifetime, Some(Duration::from_secs(9)));
        assert!(constraints.confirm);
        assert_eq!(constraints.sk_provider.as_deref(), Some("internal"));
        assert_eq!(constraints.destinations.len(), 1);
        assert_eq!(constraints.destinations[0].to.host, "web");
    }

    #[test]
    fn refuses_two_of_a_kind() {
        let lifetime = [LIFETIME, 0, 0, 0, 9];
        let destination = extension(DestinationConstraint::NAME, &destination());
        let provider = extension(SK_PROVIDER, b"internal");
        for field in [&lifetime[..], &[CONFIRM], &destination, &provider] {
            assert!(decode(&[field]).is_ok());
            assert_eq!(decode(&[field, field]), Err(DUPLICATE));
        }
    }

    #[test]
    fn refuses_an_unknown_constraint() {
        // 3 is the maximum number of signatures, which XMSS keys had.
        for constraint in [0, 3, 254] {
            let error = Err(WireError::Invalid("constraint type"));
            assert_eq!(decode(&[&[constraint, 0, 0, 0, 1]]), error);
        }
    }

    #[test]
    fn refuses_an_unknown_extension() {
        let error = Err(WireError::Invalid("constraint extension"));
        for name in ["", "associated-certs-v00@openssh.com", "other@example.org"] {
            assert_eq!(decode(&[&extension(name, b"")]), error, "{name}");
        }
    }

    #[test]
    fn refuses_an_empty_list_of_destinations() {
        let field = extension(DestinationConstraint::NAME, b"");
        assert!(decode(&[&field]).is_err());
    }

    #[test]
    fn refuses_a_provider_longer_than_a_path() {
        let longest = vec![b'/'; SK_PROVIDER_MAX];
        assert!(decode(&[&extension(SK_PROVIDER, &longest)]).is_ok());
        let longer = vec![b'/'; SK_PROVIDER_MAX + 1];
        let error = Err(WireError::TooLarge("sk provider"));
        assert_eq!(decode(&[&extension(SK_PROVIDER, &longer)]), error);
    }

    #[test]
    fn refuses_a_provider_that_is_no_path() {
        for path in [&b""[..], b"/lib/a.so\0", b"/lib/\xff.so"] {
            let error = Err(WireError::Invalid("sk provider"));
            assert_eq!(decode(&[&extension(SK_PROVIDER, path)]), error);
        }
    }
}
