//! One key on paper, sealed under a passphrase or recovery code of its own (`FORMAT.md` section 9).
//!
//! [`Paper::seal`] makes the bytes, [`Paper::lines`] writes them for typing and [`Paper::parts`] for QR codes;
//! [`read_text`] and [`assemble`] read these back, and [`Paper::open`] opens the key. Nothing of it is secret before that.

mod error;
mod base32;
mod line;
mod part;
mod text;

pub use error::{LineError, PaperError, WrongLine};
pub use part::{Part, assemble};
pub use text::{Scanned, are_meant, read_text};

use core::ops::Range;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::cipher::{Cipher, NONCE, TAG};
use crate::error::{Error, Part as Place};
use crate::random::{self, Entropy};
use crate::record::{Content, encode_key, private_key};
use crate::slot;
use crate::subkey::{Key, Prk};
use crate::wire::Reader;
use crate::{Cost, KeyRecord, Metadata, NewSlot, Opener, RecordId, Secret};

/// The longest paper, in bytes: what one page holds, an RSA key of 4,096 bits.
pub const BYTES_MAX: usize = 2_190;

const MAGIC: &[u8; 4] = b"KWVP";

const VERSION: u8 = 1;

const LABEL: &[u8] = b"keyward.paper.v1";

const COMMITMENT: usize = 32;

/// How much of SHA-256 is kept, in bytes: it tells damage only, and nobody has to be kept from making it.
const DIGEST: usize = 16;

/// The parameters of a passphrase: salt and costs.
const PASSPHRASE_PARAMETERS: usize = 44;

/// A key that is sealed for paper. Its frame is right, and it is as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    bytes: Vec<u8>,
    slot: u16,
    parameters: Range<usize>,
}

/// What was on paper.
#[derive(Debug)]
pub struct Opened {
    /// The key and what its owner said of it, without certificate and notes.
    pub record: KeyRecord,
    /// The private key: the fields of an agent's add message (`FORMAT.md` section 5.1).
    pub private: Secret<Vec<u8>>,
}

struct Keys {
    record: Key,
    commitment: [u8; COMMITMENT],
}

impl Paper {
    /// Seals a key under a secret of its own. It takes as long as the secret's derivation.
    ///
    /// Certificate, notes and last use are left out: they are not what is lost with a key.
    ///
    /// # Errors
    /// [`Error::Full`] when it is longer than a page, [`Error::Entropy`], or what the derivation says.
    pub fn seal(
        record: &KeyRecord,
        private: &[u8],
        new: &NewSlot<'_>,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, Error> {
        let contradiction = Error::Contradiction("every secret is of a kind of slot");
        let mut content = encode_key(&reduced(record), private, None)?;
        let (slot, parameters) = slot::new_parameters(new, entropy)?;
        let rest = COMMITMENT + content.expose().len() + TAG + DIGEST;
        let length = MAGIC.len() + 4 + 16 + parameters.len() + rest;
        if length > BYTES_MAX {
            let limit = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX);
            let what = "bytes of a key on paper";
            return Err(Error::Full { what, limit });
        }
        let id: [u8; 16] = random::array(entropy)?;
        let input = slot::input(slot, &parameters, &new.opener()).unwrap_or(Err(contradiction))?;
        let keys = Keys::derive(&id, input.expose())?;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend(MAGIC);
        bytes.push(VERSION);
        bytes.push(u8::try_from(slot).unwrap_or_default());
        bytes.extend(u16::try_from(length).unwrap_or_default().to_be_bytes());
        bytes.extend(id);
        bytes.extend(parameters);
        bytes.extend(keys.commitment);
        let associated = [LABEL, &bytes].concat();
        let tag = keys.cipher().seal(&associated, content.expose_mut())?;
        bytes.extend(content.expose());
        bytes.extend(tag);
        bytes.extend(digest(&bytes));
        let misread = |_| Error::Contradiction("a paper is read back");
        Self::read(bytes).map_err(misread)
    }

    /// Reads the bytes, as far as that goes without a secret. Costs are checked before anything is derived.
    ///
    /// # Errors
    /// [`PaperError`].
    pub fn read(bytes: Vec<u8>) -> Result<Self, PaperError> {
        let mut reader = Reader::new(&bytes);
        let start =
            |reader: &mut Reader<'_>| Some((reader.array()?, reader.array::<2>()?, reader.u16()?));
        let (magic, [version, slot], length) = start(&mut reader).ok_or(PaperError::NotPaper)?;
        if magic != *MAGIC {
            return Err(PaperError::NotPaper);
        }
        if version != VERSION {
            return Err(PaperError::Version { found: version });
        }
        let found = bytes.len();
        if usize::from(length) != found || found > BYTES_MAX {
            return Err(PaperError::Length { found });
        }
        let (before, kept) = bytes
            .split_last_chunk::<DIGEST>()
            .ok_or(PaperError::Length { found })?;
        if digest(before) != *kept {
            return Err(PaperError::Digest);
        }
        let parameters = match slot {
            1 => PASSPHRASE_PARAMETERS,
            2 => 0,
            found => return Err(PaperError::Slot { found }),
        };
        let parameters = MAGIC.len() + 20..MAGIC.len() + 20 + parameters;
        if found < parameters.end + COMMITMENT + TAG + DIGEST {
            return Err(PaperError::Length { found });
        }
        let slot = u16::from(slot);
        let values = bytes.get(parameters.clone()).unwrap_or_default();
        slot::check(slot, values, Place::Slot(1))?;
        Ok(Self {
            slot,
            parameters,
            bytes,
        })
    }

    /// Opens the key. It takes as long as [`Paper::cost`] says.
    ///
    /// # Errors
    /// [`PaperError::Locked`] when it is not this secret's, or what is wrong with the content.
    pub fn open(&self, opener: &Opener<'_>) -> Result<Opened, PaperError> {
        let input = slot::input(self.slot, self.values(), opener).ok_or(PaperError::Locked)??;
        let short = || Error::Contradiction("a paper was read before");
        let id = self.bytes.get(MAGIC.len() + 4..self.parameters.start);
        let keys = Keys::derive(id.ok_or_else(short)?, input.expose())?;
        let end = self.parameters.end + COMMITMENT;
        let commitment = self.bytes.get(self.parameters.end..end).unwrap_or_default();
        // The cipher alone does not commit to its key.
        if !bool::from(commitment.ct_eq(&keys.commitment)) {
            return Err(PaperError::Locked);
        }
        let (head, rest) = self.bytes.split_at_checked(end).ok_or_else(short)?;
        let (sealed, _) = rest.split_last_chunk::<DIGEST>().ok_or_else(short)?;
        let associated = [LABEL, head].concat();
        let mut plain = Secret::new(sealed.to_vec());
        let cipher = keys.cipher();
        let content = cipher.open(&associated, plain.expose_mut());
        let content = content.ok_or(PaperError::Forged)?;
        match Content::read(RecordId(RECORD), content).map_err(PaperError::Invalid)? {
            Content::Key(record) if record.removed().is_none() => {
                let private = private_key(content).map_err(PaperError::Invalid)?;
                Ok(Opened {
                    record: *record,
                    private: Secret::new(private.to_vec()),
                })
            }
            _ => Err(PaperError::NoKey),
        }
    }

    /// Returns the bytes, of which nothing is secret.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Says whether a passphrase opens it, rather than a recovery code.
    pub fn takes_passphrase(&self) -> bool {
        self.cost().is_some()
    }

    /// Returns what one try costs, if that is more than a moment.
    pub fn cost(&self) -> Option<Cost> {
        slot::cost(self.slot, self.values())
    }

    /// Writes it for typing: a line for each 15 bytes.
    pub fn lines(&self) -> Vec<String> {
        line::write(&self.bytes)
    }

    /// Writes it for QR codes, whose alphanumeric mode holds it: one part or a few.
    pub fn parts(&self) -> Vec<String> {
        part::write(&self.bytes)
    }

    fn values(&self) -> &[u8] {
        self.bytes.get(self.parameters.clone()).unwrap_or_default()
    }
}

/// The id of a record that has none outside of a vault.
const RECORD: [u8; 16] = [0xff; 16];

impl Keys {
    fn derive(id: &[u8], input: &[u8]) -> Result<Self, Error> {
        let prk = Prk::extract(&[LABEL, id], input)?;
        Ok(Self {
            record: prk.expand(&[b"record"]),
            commitment: *prk.expand(&[b"commitment"]).expose(),
        })
    }

    /// The key is made from the paper's own random id and seals once, so the nonce need not be random.
    fn cipher(&self) -> Cipher<'_> {
        Cipher {
            key: &self.record,
            nonce: &[0; NONCE],
        }
    }
}

/// Leaves out what would fill the page.
fn reduced(record: &KeyRecord) -> KeyRecord {
    let metadata = record.metadata();
    KeyRecord {
        metadata: Metadata {
            certificate: Vec::new(),
            notes: String::new(),
            last_used: None,
            ..metadata.clone()
        },
        removed: None,
        ..record.clone()
    }
}

fn digest(bytes: &[u8]) -> [u8; DIGEST] {
    let digest = Sha256::digest(bytes);
    digest.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
