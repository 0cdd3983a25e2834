//! RSA keys of 2,048 to 16,384 bits.
//!
//! The safe interface of the signature library stops at 8,192 bits and wants a key in DER, which
//! would be one more copy of the secret; so this goes to the library's own functions.
#![expect(
    unsafe_code,
    reason = "the library's RSA interface for large keys is in C"
)]

use core::ptr::{self, NonNull};

use aws_lc_sys as lc;

use keyward_vault::Secret;

use crate::protocol::algorithm::{KeyType, SignatureAlgorithm};
use crate::protocol::wire::Writer;

/// Smallest and largest modulus in bits (OpenSSH's `SSHBUF_MAX_BIGNUM`, and what is called safe).
pub const BITS: core::ops::RangeInclusive<u32> = 2048..=16384;

/// The public exponent of new keys, 65,537 (FIPS 186-5, A.1.1).
const EXPONENT: [u8; 3] = [1, 0, 1];

/// The magnitudes of an RSA key in big-endian, as an add message has them.
#[derive(Clone, Copy)]
pub struct Components<'a> {
    /// Modulus.
    pub n: &'a [u8],
    /// Public exponent.
    pub e: &'a [u8],
    /// Private exponent.
    pub d: &'a [u8],
    /// Inverse of `q` modulo `p`.
    pub iqmp: &'a [u8],
    /// First factor.
    pub p: &'a [u8],
    /// Second factor.
    pub q: &'a [u8],
}

/// A checked RSA key in the library's form; of a private key, on the heap of secrets.
#[derive(Debug)]
pub struct RsaKey(NonNull<lc::RSA>);

// SAFETY: the library locks what an RSA object shares between threads that only sign with it.
unsafe impl Send for RsaKey {}
// SAFETY: as above.
unsafe impl Sync for RsaKey {}

impl RsaKey {
    /// Builds the key; `None` when the numbers do not belong together or the size is out of range.
    ///
    /// The library checks `n = pq`, `de = 1` modulo `p - 1` and `q - 1`, the exponents for the
    /// remainder theorem, and `iqmp`.
    pub fn new(components: &Components<'_>) -> Option<Self> {
        let Components {
            n,
            e,
            d,
            iqmp,
            p,
            q,
        } = *components;
        let (n, e, d) = (Number::new(n)?, Number::new(e)?, Number::new(d)?);
        if !BITS.contains(&n.bits()) {
            return None;
        }
        let (p, q, iqmp) = (Number::new(p)?, Number::new(q)?, Number::new(iqmp)?);
        let (dmp1, dmq1) = (d.modulo_less_one(&p)?, d.modulo_less_one(&q)?);
        // SAFETY: all arguments are live numbers; the library copies them.
        let key = unsafe {
            lc::RSA_new_private_key(
                n.raw(),
                e.raw(),
                d.raw(),
                p.raw(),
                q.raw(),
                dmp1.raw(),
                dmq1.raw(),
                iqmp.raw(),
            )
        };
        NonNull::new(key).map(Self)
    }

    /// Makes a new key with the public exponent 65,537; `None` for a size out of range, or without
    /// memory or randomness.
    pub fn generate(bits: u32) -> Option<Self> {
        if !BITS.contains(&bits) {
            return None;
        }
        let exponent = Number::new(&EXPONENT)?;
        // SAFETY: a fresh key, owned below.
        let key = Self(NonNull::new(unsafe { lc::RSA_new() })?);
        let bits = i32::try_from(bits).ok()?;
        // SAFETY: key and exponent are live; nobody is called back.
        let done = unsafe {
            lc::RSA_generate_key_ex(key.0.as_ptr(), bits, exponent.raw(), ptr::null_mut())
        };
        (done == 1).then_some(key)
    }

    /// Returns the key's fields as an add message has them; `None` without memory.
    pub fn fields(&self) -> Option<Secret<Vec<u8>>> {
        let key = self.0.as_ptr();
        // SAFETY: the key is live, and has all numbers: `new` and `generate` see to it.
        let numbers = unsafe {
            [
                lc::RSA_get0_n(key),
                lc::RSA_get0_e(key),
                lc::RSA_get0_d(key),
                lc::RSA_get0_iqmp(key),
                lc::RSA_get0_p(key),
                lc::RSA_get0_q(key),
            ]
        };
        // SAFETY: as for `numbers`.
        let size = usize::try_from(unsafe { lc::RSA_size(key) }).ok()?;
        let mut fields = Secret::new(Vec::with_capacity(size * 5));
        fields
            .expose_mut()
            .put_string(KeyType::Rsa.name().as_bytes());
        let mut magnitude = Secret::new(vec![0; size]);
        for number in numbers {
            let length = magnitude_of(number, magnitude.expose_mut())?;
            let magnitude = magnitude.expose().get(..length)?;
            fields.expose_mut().put_mpint(magnitude);
        }
        Some(fields)
    }

    /// Signs a digest with PKCS #1 v1.5 (RFC 8332); `None` when the library will not.
    pub fn sign(&self, algorithm: SignatureAlgorithm, digest: &[u8]) -> Option<Vec<u8>> {
        let hash = hash(algorithm)?;
        // SAFETY: the key is live; this reads the size of its modulus.
        let size = unsafe { lc::RSA_size(self.0.as_ptr()) };
        let mut signature = vec![0; usize::try_from(size).ok()?];
        let mut written = 0;
        // SAFETY: `signature` has room for a modulus, which is what the library writes.
        let done = unsafe {
            lc::RSA_sign(
                hash,
                digest.as_ptr(),
                digest.len(),
                signature.as_mut_ptr(),
                &raw mut written,
                self.0.as_ptr(),
            )
        };
        signature.truncate(usize::try_from(written).ok()?);
        (done == 1).then_some(signature)
    }
}

impl Drop for RsaKey {
    fn drop(&mut self) {
        // SAFETY: the key is owned here; the library's free wipes through our allocator.
        unsafe { lc::RSA_free(self.0.as_ptr()) };
    }
}

/// Verifies a signature of a digest with PKCS #1 v1.5 (RFC 8332) by the public key of modulus `n` and
/// exponent `e`; the signature has to be as long as the modulus.
///
/// The library refuses exponents beyond 33 bits, with which a verification could take seconds.
pub fn verify(
    n: &[u8],
    e: &[u8],
    algorithm: SignatureAlgorithm,
    digest: &[u8],
    signature: &[u8],
) -> bool {
    let (Some(hash), Some(n), Some(e)) = (hash(algorithm), Number::new(n), Number::new(e)) else {
        return false;
    };
    if !BITS.contains(&n.bits()) {
        return false;
    }
    // SAFETY: both are live numbers; the library copies them.
    let Some(key) = NonNull::new(unsafe { lc::RSA_new_public_key(n.raw(), e.raw()) }) else {
        return false;
    };
    let key = RsaKey(key);
    // SAFETY: the key is live; the library reads as many bytes of both as it is told.
    let verified = unsafe {
        lc::RSA_verify(
            hash,
            digest.as_ptr(),
            digest.len(),
            signature.as_ptr(),
            signature.len(),
            key.0.as_ptr(),
        )
    };
    verified == 1
}

const fn hash(algorithm: SignatureAlgorithm) -> Option<i32> {
    match algorithm {
        SignatureAlgorithm::RsaSha256 => Some(lc::NID_sha256),
        SignatureAlgorithm::RsaSha512 => Some(lc::NID_sha512),
        _ => None,
    }
}

/// One number of the library, wiped when dropped.
struct Number(NonNull<lc::BIGNUM>);

impl Number {
    fn new(magnitude: &[u8]) -> Option<Self> {
        // SAFETY: the library reads `len` bytes and allocates the number.
        let number = unsafe { lc::BN_bin2bn(magnitude.as_ptr(), magnitude.len(), ptr::null_mut()) };
        NonNull::new(number).map(Self)
    }

    const fn raw(&self) -> *const lc::BIGNUM {
        self.0.as_ptr()
    }

    fn bits(&self) -> u32 {
        // SAFETY: the number is live.
        unsafe { lc::BN_num_bits(self.raw()) }
    }

    /// Returns `self` modulo `factor - 1`: an exponent for the remainder theorem.
    fn modulo_less_one(&self, factor: &Self) -> Option<Self> {
        // SAFETY: `factor` is live and copied; the copy is owned below.
        let less_one = Self(NonNull::new(unsafe { lc::BN_dup(factor.raw()) })?);
        // SAFETY: a fresh number, owned below.
        let remainder = Self(NonNull::new(unsafe { lc::BN_new() })?);
        let context = Context::new()?;
        // SAFETY: all are live; a zero divisor makes the library return 0.
        let done = unsafe {
            lc::BN_sub_word(less_one.0.as_ptr(), 1) == 1
                && lc::BN_nnmod(
                    remainder.0.as_ptr(),
                    self.raw(),
                    less_one.raw(),
                    context.0.as_ptr(),
                ) == 1
        };
        done.then_some(remainder)
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: the number is owned here.
        unsafe { lc::BN_clear_free(self.0.as_ptr()) };
    }
}

/// Writes a number of a live key, big-endian and without leading zeros; returns its length.
fn magnitude_of(number: *const lc::BIGNUM, out: &mut [u8]) -> Option<usize> {
    let number = NonNull::new(number.cast_mut())?;
    // SAFETY: a number of a live key.
    let length = usize::try_from(unsafe { lc::BN_num_bytes(number.as_ptr()) }).ok()?;
    if length > out.len() {
        return None;
    }
    // SAFETY: `out` has room for the number's bytes, which is what the library writes.
    Some(unsafe { lc::BN_bn2bin(number.as_ptr(), out.as_mut_ptr()) })
}

struct Context(NonNull<lc::BN_CTX>);

impl Context {
    fn new() -> Option<Self> {
        // SAFETY: a fresh context, owned below.
        NonNull::new(unsafe { lc::BN_CTX_new() }).map(Self)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is owned here.
        unsafe { lc::BN_CTX_free(self.0.as_ptr()) };
    }
}

impl core::fmt::Debug for Components<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Components(..)")
    }
}
