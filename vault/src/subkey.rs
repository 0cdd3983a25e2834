//! Keys made from keys: HKDF-SHA-256 (RFC 5869) with 32 bytes of output.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Error, Secret};

/// A key that only encrypts, authenticates or is derived from.
pub(crate) type Key = Secret<[u8; 32]>;

const FAILED: Error = Error::Contradiction("HMAC takes keys of all lengths");

/// A pseudorandom key, kept as the state of its HMAC: a derivation from it costs two compressions
/// of SHA-256 in place of four.
pub(crate) struct Prk(Hmac<Sha256>);

impl Prk {
    /// HKDF-Extract.
    pub(crate) fn extract(salt: &[&[u8]], input: &[u8]) -> Result<Self, Error> {
        let mut extract = hmac(&salt.concat())?;
        extract.update(input);
        let prk: Key = Secret::new(extract.finalize().into_bytes().into());
        Ok(Self(hmac(prk.expose())?))
    }

    /// HKDF-Expand: one block of it, as 32 bytes are.
    pub(crate) fn expand(&self, info: &[&[u8]]) -> Key {
        let mut expand = self.0.clone();
        info.iter().for_each(|part| expand.update(part));
        expand.update(&[1]);
        Secret::new(expand.finalize().into_bytes().into())
    }
}

/// HMAC-SHA-256 of a message.
pub(crate) fn mac(key: &Key, message: &[u8]) -> Result<[u8; 32], Error> {
    mac_with(key.expose(), message)
}

/// HMAC-SHA-256 of a message, with a key of any length.
pub(crate) fn mac_with(key: &[u8], message: &[u8]) -> Result<[u8; 32], Error> {
    let mut mac = hmac(key)?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().into())
}

fn hmac(key: &[u8]) -> Result<Hmac<Sha256>, Error> {
    Hmac::new_from_slice(key).map_err(|_| FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_rfc_5869_test_case_1() {
        let salt: Vec<u8> = (0..13).collect();
        let info: Vec<u8> = (0xf0..0xfa).collect();
        let prk = Prk::extract(&[&salt[..4], &salt[4..]], &[0x0b; 22]).unwrap();
        let key = prk.expand(&[&info]);
        assert_eq!(
            key.expose(),
            b"\x3c\xb2\x5f\x25\xfa\xac\xd5\x7a\x90\x43\x4f\x64\xd0\x36\x2f\x2a\
              \x2d\x2d\x0a\x90\xcf\x1a\x5a\x4c\x5d\xb0\x2d\x56\xec\xc4\xc5\xbf"
        );
    }
}
