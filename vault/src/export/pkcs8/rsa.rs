//! RSA keys in DER (RFC 8017 appendix A.1.2), with the two exponents that SSH leaves out.

use crypto_bigint::{BoxedUint, NonZero};
use pkcs1::{RsaPrivateKey, UintRef};
use zeroize::Zeroizing;

use super::encode as encode_der;
use crate::key::Fields;
use crate::secret::Secret;

/// Encodes a key; `None` when it is of another type, or its factors cannot be divided by.
pub(super) fn encode(parts: &Fields<'_>) -> Option<Secret<Vec<u8>>> {
    let Fields::Rsa {
        n,
        e,
        d,
        iqmp,
        p,
        q,
    } = *parts
    else {
        return None;
    };
    let (exponent1, exponent2) = (exponent(d, p)?, exponent(d, q)?);
    let number = |magnitude| UintRef::new(magnitude).ok();
    let key = RsaPrivateKey {
        modulus: number(n)?,
        public_exponent: number(e)?,
        private_exponent: number(d)?,
        prime1: number(p)?,
        prime2: number(q)?,
        exponent1: number(&exponent1)?,
        exponent2: number(&exponent2)?,
        coefficient: number(iqmp)?,
        other_prime_infos: None,
    };
    encode_der(&key).ok()
}

/// Computes `d` modulo `prime - 1`, in constant time for numbers of these lengths.
fn exponent(d: &[u8], prime: &[u8]) -> Option<Zeroizing<Box<[u8]>>> {
    let prime = Zeroizing::new(number(prime)?);
    let dividend = Zeroizing::new(number(d)?);
    let less_one = NonZero::new(prime.wrapping_sub(BoxedUint::one()));
    let divisor = Zeroizing::new(less_one.into_option()?);
    let remainder = Zeroizing::new(dividend.rem(&*divisor));
    Some(Zeroizing::new(remainder.to_be_bytes()))
}

fn number(magnitude: &[u8]) -> Option<BoxedUint> {
    let bits = u32::try_from(magnitude.len() * 8).ok()?;
    BoxedUint::from_be_slice(magnitude, bits).ok()
}
