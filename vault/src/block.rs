//! The frames that sealed contents stand in (`FORMAT.md` section 2.3).

use core::ops::Range;
use std::io::Write;

use sha2::{Digest, Sha256};

use crate::Secret;
use crate::cipher::{Cipher, NONCE, TAG};
use crate::error::{Broken, Error};
use crate::header::{DIGEST, Header};
use crate::id::{RecordId, VaultId};
use crate::random::{self, Entropy};
use crate::subkey::{Key, Prk};
use crate::wire::{Reader, u32_of};

/// What every block begins with.
pub(crate) const MAGIC: [u8; 4] = *b"KWVB";

/// The lengths of plaintexts, padding included.
const LENGTHS: [usize; 7] = [512, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/// The longest plaintext of a record, padding included.
const RECORD_MAX: usize = 262_144;

/// What is authenticated with the plaintext: all before the nonce.
const HEAD: usize = 36;

/// Where the ciphertext begins.
const START: usize = HEAD + NONCE;

/// What marks the end of the content; zeros follow.
const MARK: u8 = 0x80;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The list of the records.
    Manifest,
    /// A key, or what belongs to a slot.
    Record,
}

/// Which block it is. The key that seals it is made from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// What it holds.
    pub kind: Kind,
    /// The record; zeros for the manifest.
    pub id: RecordId,
    /// The generation in which it was sealed.
    pub version: u64,
}

/// Where a block stands, and which it is.
#[derive(Debug, Clone)]
pub struct Block {
    /// Which block it is.
    pub name: Name,
    /// Its bytes in the file, from its magic to its digest.
    pub range: Range<usize>,
}

impl Kind {
    fn number(self) -> u16 {
        match self {
            Self::Manifest => 1,
            Self::Record => 2,
        }
    }

    /// Returns the longest plaintext, padding included.
    fn longest(self) -> usize {
        match self {
            Self::Manifest => 4_194_304,
            Self::Record => RECORD_MAX,
        }
    }
}

impl Block {
    /// Reads the frame of the block that begins at `start`. Whether its digest holds is
    /// [`holds`]'s to say.
    ///
    /// # Errors
    /// [`Broken`] for a frame that breaks a rule.
    pub fn read(file: &[u8], start: usize) -> Result<Self, Broken> {
        let mut reader = Reader::new(file.get(start..).unwrap_or_default());
        let fields = |reader: &mut Reader<'_>| {
            Some((
                reader.array()?,
                reader.u16()?,
                reader.u16()?,
                reader.array()?,
                reader.u64()?,
                reader.u32()?,
            ))
        };
        let fields = fields(&mut reader).ok_or(Broken("body ends too early"))?;
        let (magic, kind, reserved, id, version, length) = fields;
        if magic != MAGIC {
            return Err(Broken("magic is another"));
        }
        let kind = match kind {
            1 => Kind::Manifest,
            2 => Kind::Record,
            _ => return Err(Broken("kind is another")),
        };
        if reserved != 0 {
            return Err(Broken("reserved field is not 0"));
        }
        let plain = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_sub(TAG));
        let plain = plain.filter(|plain| LENGTHS.contains(plain) && *plain <= kind.longest());
        let plain = plain.ok_or(Broken("length is none of those that blocks have"))?;
        let range = start..start + START + plain + TAG + DIGEST;
        if range.end > file.len() {
            return Err(Broken("body ends too early"));
        }
        let name = Name {
            kind,
            id: RecordId(id),
            version,
        };
        if (kind == Kind::Manifest) != (name.id == MANIFEST) {
            return Err(Broken("id is not zeros in the manifest, and only there"));
        }
        Ok(Self { name, range })
    }
}

/// The id of a manifest.
pub(crate) const MANIFEST: RecordId = RecordId([0; 16]);

/// Says whether the digest at the end of a block holds.
pub fn holds(block: &[u8]) -> bool {
    block
        .split_last_chunk::<DIGEST>()
        .is_some_and(|(content, digest)| Sha256::digest(content).as_slice() == digest)
}

/// Returns a block with the digest that it should have.
pub(crate) fn with_digest(block: &[u8]) -> Vec<u8> {
    let content = block
        .split_last_chunk::<DIGEST>()
        .map(|(content, _)| content);
    let mut block = content.unwrap_or_default().to_vec();
    let digest = Sha256::digest(&block);
    block.extend(digest);
    block
}

/// Returns the digest at the end of a block.
pub(crate) fn digest_of(block: &[u8]) -> [u8; DIGEST] {
    block.last_chunk().copied().unwrap_or_default()
}

/// Returns the tag of a block, which the manifest lists.
pub(crate) fn tag_of(block: &[u8]) -> [u8; TAG] {
    let before = block.split_last_chunk::<DIGEST>().map(|(before, _)| before);
    before
        .and_then(|before| before.last_chunk().copied())
        .unwrap_or_default()
}

/// What opens and seals the blocks of a vault.
pub(crate) struct Sealer {
    prk: Prk,
    vault: VaultId,
    pub(crate) commitment: [u8; 32],
}

impl Sealer {
    /// Makes the keys of a vault from its vault key (`FORMAT.md` section 4).
    pub(crate) fn new(vault: VaultId, vault_key: &Key) -> Result<Self, Error> {
        let prk = Prk::extract(&[b"keyward.vault.v1", &vault.0], vault_key.expose())?;
        let commitment = *prk.expand(&[b"commitment"]).expose();
        Ok(Self {
            prk,
            vault,
            commitment,
        })
    }

    /// Says whether the vault key is the one that a header commits to.
    pub(crate) fn made(&self, header: &Header) -> bool {
        use subtle::ConstantTimeEq;
        self.vault == header.vault && bool::from(self.commitment.ct_eq(&header.commitment))
    }

    /// Returns the key of the header's MAC.
    pub(crate) fn header_key(&self) -> Key {
        self.prk.expand(&[b"header"])
    }

    fn key(&self, name: &Name) -> Key {
        let kind = name.kind.number().to_be_bytes();
        self.prk
            .expand(&[b"block", &kind, &name.id.0, &name.version.to_be_bytes()])
    }

    fn associated(&self, head: &[u8]) -> [u8; 16 + 16 + 32 + HEAD] {
        let mut associated = [0; 16 + 16 + 32 + HEAD];
        let mut rest = &mut associated[..];
        for part in [
            b"keyward.block.v1",
            &self.vault.0[..],
            &self.commitment,
            head,
        ] {
            // There is room for all of it.
            let _ = rest.write_all(part);
        }
        associated
    }

    /// Opens a block into `plain`, which is emptied first, and takes the padding off: `None` when
    /// the block was not sealed with this vault key, under this name.
    pub(crate) fn open<'b>(
        &self,
        name: &Name,
        block: &[u8],
        plain: &'b mut Secret<Vec<u8>>,
    ) -> Option<Result<&'b [u8], Broken>> {
        let mut reader = Reader::new(block);
        let head = reader.take(HEAD)?;
        let nonce = reader.array()?;
        let (sealed, _digest) = reader.rest().split_last_chunk::<DIGEST>()?;
        let plain = plain.expose_mut();
        refill(plain, sealed);
        let key = self.key(name);
        let opened = Cipher {
            key: &key,
            nonce: &nonce,
        }
        .open(&self.associated(head), plain)?;
        Some(unpadded(opened))
    }

    /// Seals a content under a name.
    pub(crate) fn seal(
        &self,
        name: &Name,
        content: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Error> {
        let longest = name.kind.longest();
        let padded = LENGTHS.into_iter().find(|length| content.len() < *length);
        let padded = padded.filter(|padded| *padded <= longest);
        let padded = padded.ok_or(Broken("record is longer than 262143 bytes"))?;
        let mut block = Vec::with_capacity(START + padded + TAG + DIGEST);
        block.extend(MAGIC);
        block.extend(name.kind.number().to_be_bytes());
        block.extend([0; 2]);
        block.extend(name.id.0);
        block.extend(name.version.to_be_bytes());
        block.extend(u32_of(padded + TAG).to_be_bytes());
        let associated = self.associated(&block);
        let nonce = random::array(entropy)?;
        block.extend(nonce);
        block.extend(content);
        block.push(MARK);
        block.resize(START + padded, 0);
        let key = self.key(name);
        let plain = block.get_mut(START..).unwrap_or_default();
        let tag = Cipher {
            key: &key,
            nonce: &nonce,
        }
        .seal(&associated, plain)?;
        block.extend(tag);
        let digest = Sha256::digest(&block);
        block.extend(digest);
        Ok(block)
    }
}

/// Puts `bytes` in the place of what was in `buffer`, which leaves nothing behind when it grows.
fn refill(buffer: &mut Vec<u8>, bytes: &[u8]) {
    if buffer.capacity() < bytes.len() {
        zeroize::Zeroize::zeroize(buffer);
        buffer.reserve_exact(bytes.len());
    }
    buffer.clear();
    buffer.extend_from_slice(bytes);
}

/// Takes off the padding, which has one form only.
fn unpadded(plain: &[u8]) -> Result<&[u8], Broken> {
    let end = plain.iter().rposition(|byte| *byte != 0);
    let content = end.and_then(|end| plain.get(..=end)?.strip_suffix(&[MARK]));
    let content = content.ok_or(Broken("padding does not begin with the byte 80"))?;
    let shortest = LENGTHS.into_iter().find(|length| content.len() < *length);
    if shortest != Some(plain.len()) {
        return Err(Broken("padding is longer than it has to be"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_has_one_form() {
        let padded = |content: usize, length: usize| {
            let mut plain = vec![7; content];
            plain.push(MARK);
            plain.resize(length, 0);
            plain
        };
        assert_eq!(unpadded(&padded(511, 512)).unwrap().len(), 511);
        assert_eq!(unpadded(&padded(0, 512)).unwrap().len(), 0);
        assert_eq!(unpadded(&padded(512, 4_096)).unwrap().len(), 512);
        assert!(unpadded(&padded(511, 4_096)).is_err());
        assert!(unpadded(&[0; 512]).is_err());
        let mut other = padded(3, 512);
        other[500] = 1;
        assert!(unpadded(&other).is_err());
        // A content may end as a padding begins.
        let mut plain = padded(4, 512);
        plain[3] = MARK;
        assert_eq!(unpadded(&plain).unwrap(), [7, 7, 7, MARK]);
    }

    #[test]
    fn a_buffer_that_grows_leaves_nothing() {
        let mut buffer = b"old".to_vec();
        refill(&mut buffer, b"longer than it was");
        assert_eq!(buffer, b"longer than it was");
        refill(&mut buffer, b"new");
        assert_eq!(buffer, b"new");
    }
}
