//! Public keys, and how they are shown.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use ssh_key::Fingerprint;

use super::error::KeyError;
use super::key_type::{Curve, KeyType};
use super::wire::{Reader, bits};

/// The sizes of an RSA modulus that are taken, in bits: NIST SP 800-131A has shorter ones disallowed, OpenSSH's
/// `SSHBUF_MAX_BIGNUM` ends at the longest.
const RSA_BITS: core::ops::RangeInclusive<usize> = 2048..=16384;

/// A public key: the blob of RFC 4253 section 6.6, checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    blob: Vec<u8>,
    key_type: KeyType,
    bits: usize,
}

impl PublicKey {
    /// Checks a public key blob and takes it into keeping.
    ///
    /// # Errors
    /// A [`KeyError`] that says what is wrong with the blob; certificates are none of the types known here.
    pub fn from_blob(blob: Vec<u8>) -> Result<Self, KeyError> {
        let (key_type, bits) = check(&blob)?;
        Ok(Self {
            blob,
            key_type,
            bits,
        })
    }

    /// Returns the blob.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// Returns the blob and lets go of the rest.
    pub fn into_blob(self) -> Vec<u8> {
        self.blob
    }

    /// Returns the type of the key.
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// Returns the size of the key in bits, as `ssh-keygen -l` has it.
    pub const fn bits(&self) -> usize {
        self.bits
    }

    /// Returns the fingerprint, `SHA256:` and Base64, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        self.digest().to_string()
    }

    /// Returns the picture that `ssh-keygen -lv` prints, eleven lines without a line end after the last.
    pub fn randomart(&self) -> String {
        self.digest()
            .to_randomart(&format!("[{} {}]", self.key_type, self.bits))
    }

    /// Returns the line for `authorized_keys` and `.pub` files, without a line end.
    ///
    /// Control characters of the comment are left out: a line end in it would start another entry.
    pub fn line(&self, comment: &[u8]) -> String {
        let comment = String::from_utf8_lossy(comment);
        let shown = comment.chars().filter(|letter| !letter.is_control());
        let mut line = format!(
            "{} {} ",
            self.key_type.name(),
            Base64::encode_string(&self.blob)
        );
        line.extend(shown);
        line.truncate(line.trim_end().len());
        line
    }

    fn digest(&self) -> Fingerprint {
        Fingerprint::Sha256(Sha256::digest(&self.blob).into())
    }
}

/// Checks that `blob` is a public key, and returns its type and its size in bits.
fn check(blob: &[u8]) -> Result<(KeyType, usize), KeyError> {
    let mut reader = Reader::new(blob);
    let name = reader.string()?;
    let key_type = KeyType::from_name(name).ok_or_else(|| KeyError::of_type(name))?;
    let bits = match key_type {
        KeyType::Ed25519 | KeyType::SkEd25519 => {
            reader.array::<32>("Ed25519 public key")?;
            256
        }
        KeyType::EcdsaP256 | KeyType::SkEcdsaP256 => read_curve(Curve::P256, &mut reader)?,
        KeyType::EcdsaP384 => read_curve(Curve::P384, &mut reader)?,
        KeyType::EcdsaP521 => read_curve(Curve::P521, &mut reader)?,
        KeyType::Rsa => {
            let e = reader.mpint("RSA exponent")?;
            let n = reader.mpint("RSA modulus")?;
            check_rsa(n, e)?;
            bits(n)
        }
    };
    if key_type.is_security_key() {
        reader.string()?;
    }
    reader.finish()?;
    Ok((key_type, bits))
}

fn read_curve(curve: Curve, reader: &mut Reader<'_>) -> Result<usize, KeyError> {
    read_point(curve, reader).map(|_| curve.bits())
}

/// Reads the name of the curve and a point on it.
pub(super) fn read_point<'a>(curve: Curve, reader: &mut Reader<'a>) -> Result<&'a [u8], KeyError> {
    if reader.string()? != curve.name().as_bytes() {
        return Err(KeyError::Invalid("name of the curve"));
    }
    let point = reader.string()?;
    if curve.is_point(point) {
        Ok(point)
    } else {
        Err(KeyError::Invalid("ECDSA public key"))
    }
}

/// Checks the sizes of the numbers of an RSA public key.
pub(super) fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    let bits = bits(n);
    if !RSA_BITS.contains(&bits) {
        return Err(KeyError::RsaBits { bits });
    }
    if e.len() > n.len() {
        return Err(KeyError::Invalid("RSA exponent"));
    }
    Ok(())
}
