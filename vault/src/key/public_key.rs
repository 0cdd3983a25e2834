//! Public keys, and how they are shown.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use ssh_key::Fingerprint;

use super::error::KeyError;
use super::key_type::{Curve, KeyType};
use super::wire::{Reader, Writer, bits};

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
        let mut reader = Reader::new(&blob);
        let name = reader.string()?;
        let key_type = KeyType::from_plain_name(name).ok_or_else(|| KeyError::of_type(name))?;
        let bits = skip_fields(key_type, &mut reader)?;
        reader.finish()?;
        Ok(Self {
            blob,
            key_type,
            bits,
        })
    }

    /// Reads the fields that follow the name of the type, and leaves what follows them.
    pub(crate) fn read_fields(
        key_type: KeyType,
        reader: &mut Reader<'_>,
    ) -> Result<Self, KeyError> {
        let before = reader.rest();
        let bits = skip_fields(key_type, reader)?;
        let (fields, _) = before.split_at(before.len() - reader.rest().len());
        let mut blob = Vec::with_capacity(4 + key_type.name().len() + fields.len());
        blob.put_string(key_type.name().as_bytes());
        blob.extend_from_slice(fields);
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

/// Checks the fields of a public key, and returns its size in bits.
fn skip_fields(key_type: KeyType, reader: &mut Reader<'_>) -> Result<usize, KeyError> {
    let bits = match key_type {
        KeyType::Ed25519 | KeyType::SkEd25519 => {
            reader.array::<32>("Ed25519 public key")?;
            256
        }
        KeyType::EcdsaP256 | KeyType::SkEcdsaP256 => read_curve(Curve::P256, reader)?,
        KeyType::EcdsaP384 => read_curve(Curve::P384, reader)?,
        KeyType::EcdsaP521 => read_curve(Curve::P521, reader)?,
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
    Ok(bits)
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
