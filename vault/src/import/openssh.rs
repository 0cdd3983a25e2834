//! OpenSSH's own format (`PROTOCOL.key`).

use ssh_cipher::{Cipher, Tag};

use super::armor::Block;
use super::error::ImportError;
use super::kdf::{Encryption, Kdf, derive_for, sizes};
use super::{Format, Imported, KeyFile, Opened, PrivateKey};
use crate::key::{Fields, KeyError, PublicKey, Reader, shown};
use crate::secret::Secret;

pub(crate) const MAGIC: &[u8] = b"openssh-key-v1\0";

/// The ciphers that `ssh-keygen -Z` takes.
const CIPHERS: [Cipher; 10] = [
    Cipher::Aes256Ctr,
    Cipher::Aes192Ctr,
    Cipher::Aes128Ctr,
    Cipher::Aes256Cbc,
    Cipher::Aes192Cbc,
    Cipher::Aes128Cbc,
    Cipher::Aes256Gcm,
    Cipher::Aes128Gcm,
    Cipher::ChaCha20Poly1305,
    Cipher::TdesCbc,
];

struct OpenSsh {
    sealed: Option<Sealed>,
    public: PublicKey,
    section: Secret<Vec<u8>>,
    /// Of a key that is not encrypted.
    comment: Option<Vec<u8>>,
}

struct Sealed {
    encryption: Encryption,
    cipher: Cipher,
    salt: Vec<u8>,
    tag: Option<Tag>,
}

/// Takes a block `OPENSSH PRIVATE KEY`.
pub(super) fn read(block: &Block<'_>) -> Opened<'static> {
    let bytes = block.decode()?;
    let rest = bytes.expose().strip_prefix(MAGIC);
    let mut reader = Reader::new(rest.ok_or(damaged("no magic"))?);
    let cut = |_| damaged("cut short");
    let cipher = reader.string().map_err(cut)?;
    let function = reader.string().map_err(cut)?;
    let options = reader.string().map_err(cut)?;
    let count = reader.uint32().map_err(cut)?;
    if count != 1 {
        return Err(damaged("not exactly one key"));
    }
    let public = reader.string().map_err(cut)?;
    let public = PublicKey::from_blob(public.to_vec())?;
    let section = reader.string().map_err(cut)?;
    let sealed = Sealed::read((cipher, function, options), section.len(), reader.rest())?;
    let comment = match sealed {
        Some(_) => None,
        None => Some(Section::read_plain(section)?.comment.to_vec()),
    };
    Ok(Box::new(OpenSsh {
        sealed,
        public,
        section: Secret::new(section.to_vec()),
        comment,
    }))
}

const fn damaged(what: &'static str) -> ImportError {
    let format = Format::OpenSsh;
    ImportError::Damaged { format, what }
}

impl Sealed {
    /// Reads how a section of `length` bytes is encrypted, and what stands behind it.
    fn read(
        (cipher, function, options): (&[u8], &[u8], &[u8]),
        length: usize,
        rest: &[u8],
    ) -> Result<Option<Self>, ImportError> {
        if cipher == b"none" && function == b"none" {
            return match (options, rest) {
                ([], []) => Ok(None),
                _ => Err(damaged("bytes after the key")),
            };
        }
        let known = |known: &Cipher| known.as_str().as_bytes() == cipher;
        let found = CIPHERS.into_iter().find(known);
        let cipher = found.ok_or_else(|| ImportError::Cipher {
            name: shown(cipher),
        })?;
        if function != b"bcrypt" {
            let name = shown(function);
            return Err(ImportError::KeyDerivation { name });
        }
        let (salt, rounds) = read_options(options)?;
        let kdf = Kdf::Bcrypt { rounds };
        kdf.check()?;
        let tag = match cipher.has_tag() {
            true => Tag::try_from(rest).ok(),
            false => None,
        };
        if tag.is_some() != cipher.has_tag() || (tag.is_none() && !rest.is_empty()) {
            return Err(damaged("bytes after the key"));
        }
        if length == 0 || !length.is_multiple_of(cipher.block_size()) {
            return Err(damaged("not a whole number of blocks"));
        }
        Ok(Some(Self {
            encryption: Encryption {
                cipher: cipher.as_str(),
                kdf,
            },
            cipher,
            salt,
            tag,
        }))
    }

    fn open(&self, passphrase: &[u8], section: &mut [u8]) -> Result<(), ImportError> {
        let (key_length, iv_length) = sizes(self.cipher);
        let length = key_length + iv_length;
        // The function takes no empty passphrase, so no file has been written with one.
        let key = derive_for(self.encryption.kdf, (passphrase, &self.salt), length)
            .ok_or(ImportError::WrongPassphrase)?;
        let (key, iv) = key.expose().split_at(key_length);
        // OpenSSH takes all of what is derived for the key, of which half is used.
        let iv = match self.cipher {
            Cipher::ChaCha20Poly1305 => &[0; 8],
            _ => iv,
        };
        self.cipher
            .decrypt(key, iv, section, self.tag)
            .map_err(|_| ImportError::WrongPassphraseOrDamaged)
    }
}

fn read_options(options: &[u8]) -> Result<(Vec<u8>, u32), ImportError> {
    let mut reader = Reader::new(options);
    let read = || -> Result<_, KeyError> {
        let (salt, rounds) = (reader.string()?, reader.uint32()?);
        reader.finish()?;
        Ok((salt, rounds))
    };
    match { read }() {
        Ok((salt @ [_, ..], rounds @ 1..)) => Ok((salt.to_vec(), rounds)),
        _ => Err(damaged("options of the key derivation")),
    }
}

impl KeyFile for OpenSsh {
    fn format(&self) -> Format {
        Format::OpenSsh
    }

    fn encryption(&self) -> Option<&Encryption> {
        self.sealed.as_ref().map(|sealed| &sealed.encryption)
    }

    fn comment(&self) -> Option<&[u8]> {
        self.comment.as_deref()
    }

    fn public_blob(&self) -> Option<&[u8]> {
        Some(self.public.blob())
    }

    fn open(&self, passphrase: &[u8]) -> Result<Imported, ImportError> {
        let Some(sealed) = &self.sealed else {
            return Section::read_plain(self.section.expose())?.import(&self.public);
        };
        let mut section = Secret::new(self.section.expose().clone());
        sealed.open(passphrase, section.expose_mut())?;
        let block = sealed.cipher.block_size();
        Section::read(section.expose(), block)?
            .ok_or(ImportError::WrongPassphrase)?
            .import(&self.public)
    }
}

/// What is encrypted: two equal numbers, the key fields, the comment, and padding.
struct Section<'a> {
    fields: Fields<'a>,
    comment: &'a [u8],
}

impl<'a> Section<'a> {
    fn read_plain(bytes: &'a [u8]) -> Result<Self, ImportError> {
        Self::read(bytes, Cipher::None.block_size())?.ok_or(damaged("check numbers"))
    }

    /// Reads a section that was padded to blocks; `None` when the two numbers differ.
    ///
    /// With a wrong passphrase they are the same once in four thousand million times.
    fn read(bytes: &'a [u8], block: usize) -> Result<Option<Self>, ImportError> {
        let mut reader = Reader::new(bytes);
        let cut = |_| damaged("cut short");
        let check = reader.uint32().map_err(cut)?;
        if reader.uint32().map_err(cut)? != check {
            return Ok(None);
        }
        let fields = Fields::read(&mut reader).map_err(|error| match error {
            // The name is not shown: in a file that is made for it, it could be a part of the secret.
            KeyError::Type { .. } => damaged("two types of key"),
            other => other.into(),
        })?;
        let comment = reader.string().map_err(cut)?;
        let padding = reader.rest();
        let is_counted = padding
            .iter()
            .zip(1_u8..)
            .all(|(byte, count)| *byte == count);
        if padding.len() >= block || !is_counted || !bytes.len().is_multiple_of(block) {
            return Err(damaged("padding"));
        }
        Ok(Some(Self { fields, comment }))
    }

    fn import(&self, public: &PublicKey) -> Result<Imported, ImportError> {
        if self.fields.public_blob() != public.blob() {
            return Err(damaged("public key is not that of the private key"));
        }
        Ok(Imported {
            key: PrivateKey::from_fields(self.fields.to_secret())?,
            comment: self.comment.to_vec(),
            certificate: None,
        })
    }
}
