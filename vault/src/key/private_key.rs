//! Private keys.

use core::fmt;

use super::error::KeyError;
use super::fields::Fields;
use super::key_type::KeyType;
use super::public_key::PublicKey;
use super::wire::Reader;
use crate::secret::Secret;

/// A private key: the key fields of an agent's add message, checked, and wiped when dropped.
pub struct PrivateKey {
    fields: Secret<Vec<u8>>,
    public: PublicKey,
}

impl PrivateKey {
    /// Checks key fields (RFC 9987 section 5.2.1, without a certificate and a comment) and takes them into keeping,
    /// where they lie.
    ///
    /// # Errors
    /// A [`KeyError`] that says what is wrong with them.
    pub fn from_fields(fields: Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let mut reader = Reader::new(fields.expose());
        let blob = Fields::read(&mut reader)?.public_blob();
        reader.finish()?;
        let public = PublicKey::from_blob(blob)?;
        Ok(Self { fields, public })
    }

    /// Reads the type and the public part of the key that such fields are of, without keeping them.
    ///
    /// # Errors
    /// As for [`PrivateKey::from_fields`].
    pub(crate) fn public_of(fields: &[u8]) -> Result<(KeyType, Vec<u8>), KeyError> {
        let mut reader = Reader::new(fields);
        let key = Fields::read(&mut reader)?;
        reader.finish()?;
        Ok((key.key_type(), key.public_blob()))
    }

    /// Returns the key fields.
    pub fn fields(&self) -> &[u8] {
        self.fields.expose()
    }

    /// Returns the type of the key.
    pub const fn key_type(&self) -> KeyType {
        self.public.key_type()
    }

    /// Returns the size of the key in bits, as `ssh-keygen -l` has it.
    pub const fn bits(&self) -> usize {
        self.public.bits()
    }

    /// Returns the public key.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Returns a copy of the public key blob (RFC 4253 section 6.6).
    pub fn public_blob(&self) -> Vec<u8> {
        self.public.blob().to_vec()
    }

    /// Takes the fields apart once more, for code that writes them in another form.
    pub(crate) fn parts(&self) -> Result<Fields<'_>, KeyError> {
        Fields::read(&mut Reader::new(self.fields.expose()))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.key_type().name())
    }
}

#[cfg(test)]
mod tests;
