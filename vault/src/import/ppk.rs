//! PuTTY's format, versions 2 and 3 (appendix C of its manual).

mod protection;
mod text;

use super::certificate::{Certificate, is_certificate};
use super::error::ImportError;
use super::kdf::Encryption;
use super::{Format, Imported, KeyFile, PrivateKey};
use crate::key::{Curve, Fields, KeyError, KeyType, PublicKey, Reader, magnitude};
use crate::secret::Secret;
pub(crate) use protection::{Argon2, Protection, Version};
use text::Text;

struct Ppk<'a> {
    text: Text<'a>,
    encryption: Option<Encryption>,
    public: PublicKey,
    certificate: Option<Vec<u8>>,
}

/// Takes a file of one of the two versions.
pub(super) fn read<'a>(text: &'a [u8]) -> Result<Option<Box<dyn KeyFile + 'a>>, ImportError> {
    let Some(text) = Text::read(text)? else {
        return Ok(None);
    };
    let blob = text.public.clone();
    let (public, certificate) = if is_certificate(text.algorithm) {
        let certificate = Certificate::from_blob(blob, b"")?;
        let public = certificate.public_key().clone();
        (public, Some(certificate.blob().to_vec()))
    } else {
        (PublicKey::from_blob(blob)?, None)
    };
    if Reader::new(&text.public).string()? != text.algorithm {
        return Err(text.damaged("two types of key"));
    }
    let encryption = text.protection.encryption();
    if let Some(encryption) = &encryption {
        encryption.kdf.check()?;
    }
    Ok(Some(Box::new(Ppk {
        text,
        encryption,
        public,
        certificate,
    })))
}

impl KeyFile for Ppk<'_> {
    fn format(&self) -> Format {
        self.text.format()
    }

    fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }

    fn comment(&self) -> Option<&[u8]> {
        Some(self.text.comment)
    }

    fn public_blob(&self) -> Option<&[u8]> {
        Some(self.public.blob())
    }

    fn open(&self, passphrase: &[u8]) -> Result<Imported, ImportError> {
        let text = &self.text;
        let mut private = Secret::new(text.private.expose().clone());
        let keys = text
            .protection
            .keys(passphrase)
            .ok_or(ImportError::Memory)?;
        keys.decrypt(private.expose_mut())
            .ok_or(text.damaged("not a whole number of blocks"))?;
        let parts = [
            text.algorithm,
            text.protection.cipher().as_bytes(),
            text.comment,
            &text.public,
            private.expose(),
        ];
        if !keys.is_mac(parts, &text.mac) {
            return Err(match self.encryption {
                Some(_) => ImportError::WrongPassphraseOrDamaged,
                None => text.damaged("checksum"),
            });
        }
        Ok(Imported {
            key: self.join(private.expose())?,
            comment: text.comment.to_vec(),
            certificate: self.certificate.clone(),
        })
    }
}

impl Ppk<'_> {
    /// Makes key fields of the public and the private part. The checksum covered both.
    fn join(&self, private: &[u8]) -> Result<PrivateKey, ImportError> {
        let cut = |_| self.text.damaged("private part");
        let mut public = Reader::new(self.public.blob());
        let mut reader = Reader::new(private);
        public.string()?;
        let secret = match self.public.key_type() {
            KeyType::Ed25519 => {
                let public = public.array("Ed25519 public key")?;
                let seed: &[u8; 32] = reader.array("Ed25519 private key").map_err(cut)?;
                let mut both = Secret::new([0; 64]);
                let (first, second) = both.expose_mut().split_at_mut(32);
                first.copy_from_slice(seed);
                second.copy_from_slice(public);
                let secret = both.expose();
                Fields::Ed25519 { public, secret }.to_secret()
            }
            KeyType::EcdsaP256 => self.ecdsa(Curve::P256, public, &mut reader)?,
            KeyType::EcdsaP384 => self.ecdsa(Curve::P384, public, &mut reader)?,
            KeyType::EcdsaP521 => self.ecdsa(Curve::P521, public, &mut reader)?,
            KeyType::Rsa => {
                let e = public.mpint("RSA exponent")?;
                let n = public.mpint("RSA modulus")?;
                let mut number = || reader.string().map(magnitude).map_err(cut);
                let (d, p, q, iqmp) = (number()?, number()?, number()?, number()?);
                Fields::Rsa {
                    n,
                    e,
                    d,
                    iqmp,
                    p,
                    q,
                }
                .to_secret()
            }
            other => return Err(KeyError::of_type(other.name().as_bytes()).into()),
        };
        // Encryption pads with whatever was at hand, and the checksum covers it.
        let padding_max = if self.encryption.is_some() { 15 } else { 0 };
        if reader.rest().len() > padding_max {
            return Err(self.text.damaged("bytes after the private part"));
        }
        Ok(PrivateKey::from_fields(secret)?)
    }

    fn ecdsa(
        &self,
        curve: Curve,
        mut public: Reader<'_>,
        private: &mut Reader<'_>,
    ) -> Result<Secret<Vec<u8>>, ImportError> {
        let cut = |_| self.text.damaged("private part");
        public.string()?;
        let fields = Fields::Ecdsa {
            curve,
            point: public.string()?,
            scalar: magnitude(private.string().map_err(cut)?),
        };
        Ok(fields.to_secret())
    }
}
