//! RSA keys in DER (RFC 8017 appendix A.1.2).

use pkcs1::RsaPrivateKeyRef;
use pkcs8::der::Decode;

use super::error::ImportError;
use super::{Format, PrivateKey};
use crate::key::{Fields, magnitude};

/// Reads a key with two factors.
pub(super) fn decode(der: &[u8], format: Format) -> Result<PrivateKey, ImportError> {
    let damaged = |what| ImportError::Damaged { format, what };
    let key = RsaPrivateKeyRef::from_der(der).map_err(|_| damaged("RSA key"))?;
    if key.other_prime_infos.is_some() {
        return Err(ImportError::Format("RSA with more than two factors"));
    }
    let fields = Fields::Rsa {
        n: magnitude(key.modulus.as_bytes()),
        e: magnitude(key.public_exponent.as_bytes()),
        d: magnitude(key.private_exponent.as_bytes()),
        iqmp: magnitude(key.coefficient.as_bytes()),
        p: magnitude(key.prime1.as_bytes()),
        q: magnitude(key.prime2.as_bytes()),
    };
    Ok(PrivateKey::from_fields(fields.to_secret())?)
}
