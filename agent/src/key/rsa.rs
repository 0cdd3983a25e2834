//! RSA private keys of 2,048 to 16,384 bits.
//!
//! The safe interface of the signature library stops at 8,192 bits and wants a key in DER, which
//! would be one more copy of the secret; so this goes to the library's own functions.
#![expect(
    unsafe_code,
    reason = "the library's RSA interface for large keys is in C"
)]

use core::ptr::{self, NonNull};

use aws_lc_sys as lc;

use crate::protocol::algorithm::SignatureAlgorithm;

/// Smallest and largest modulus in bits (OpenSSH's `SSHBUF_MAX_BIGNUM`, and what is called safe).
pub const BITS: core::ops::RangeInclusive<u32> = 2048..=16384;

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

/// A checked RSA private key in the library's form, on the heap of secrets.
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

    /// Signs a digest with PKCS #1 v1.5 (RFC 8332); `None` when the library will not.
    pub fn sign(&self, algorithm: SignatureAlgorithm, digest: &[u8]) -> Option<Vec<u8>> {
        let hash = match algorithm {
            SignatureAlgorithm::RsaSha256 => lc::NID_sha256,
            SignatureAlgorithm::RsaSha512 => lc::NID_sha512,
            _ => return None,
        };
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
