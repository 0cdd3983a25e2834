//! The header of a vault file, and its twin (`FORMAT.md` section 2.1).

mod choice;

pub use choice::Warning;
pub(crate) use choice::{Chosen, Copy, FILE_MAX, MAGIC, TRAILER, choose, twin_at, write_trailer};

use sha2::{Digest, Sha256};

use crate::error::{Error, Part, damaged};
use crate::id::VaultId;
use crate::slot::{Context, Slot, check_work};
use crate::subkey::{self, Key};
use crate::wire::{Reader, u32_of};

/// The longest header, in bytes.
pub const HEADER_MAX: usize = 65_536;

/// The most slots of a vault.
pub const SLOTS_MAX: usize = 32;

/// The most records of a vault, those of slots and removed keys included.
pub const RECORDS_MAX: usize = 65_536;

/// What stands before the slots.
const FIXED: usize = 160;

/// The MAC and the digest at the end.
const END: usize = 64;

/// The bytes that a digest or a MAC has.
pub(crate) const DIGEST: usize = 32;

const MAJOR: u16 = 1;

const SUITE: u16 = 1;

/// The bit of an extension's flags that says it must be understood.
const CRITICAL: u16 = 1;

/// What a header says. Nothing of it is secret.
#[derive(Debug, Clone)]
pub struct Header {
    pub(crate) minor: u16,
    pub(crate) vault: VaultId,
    pub(crate) generation: u64,
    pub(crate) optional_flags: u32,
    pub(crate) records: usize,
    pub(crate) body: usize,
    pub(crate) commitment: [u8; 32],
    pub(crate) previous: [u8; DIGEST],
    pub(crate) body_digest: [u8; DIGEST],
    pub(crate) slots: Vec<Slot>,
    /// The extensions as they stand in the file: this version knows none.
    pub(crate) extensions: Vec<u8>,
}

impl Header {
    /// Reads a header whose digest holds, from the magic to the digest.
    ///
    /// # Errors
    /// [`Error::Suite`], [`Error::CriticalFlags`] and [`Error::CriticalExtension`] for what this
    /// version does not know, [`Error::Cost`] and [`Error::Work`] for slots that would take too much, and
    /// [`Error::Damaged`] for everything else.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let part = Part::Header;
        let content = bytes
            .len()
            .checked_sub(END)
            .and_then(|end| bytes.get(..end));
        let mut reader = Reader::new(damaged(content, part, TRUNCATED)?);
        let (mut header, slots) = damaged(Self::fixed(&mut reader), part, TRUNCATED)??;
        header.rules()?;
        for number in 1..=slots {
            header.slots.push(Slot::read(&mut reader, number)?);
        }
        let mut ids: Vec<_> = header.slots.iter().map(Slot::id).collect();
        ids.sort_unstable();
        let distinct = ids.windows(2).all(|pair| pair.first() != pair.last());
        damaged(distinct.then_some(()), part, "two slots have the same id")?;
        check_work(&header.slots, None)?;
        header.extensions = reader.rest().to_vec();
        extensions(&mut reader)?;
        Ok(header)
    }

    /// Reads the fields before the slots, and how many slots there are.
    fn fixed(reader: &mut Reader<'_>) -> Option<Result<(Self, usize), Error>> {
        let _magic: [u8; 8] = reader.array()?;
        let (major, minor) = (reader.u16()?, reader.u16()?);
        let _length = reader.u32()?;
        let (vault, generation) = (VaultId(reader.array()?), reader.u64()?);
        let (critical_flags, optional_flags) = (reader.u32()?, reader.u32()?);
        let suite = reader.u16()?;
        let slots = usize::from(reader.u16()?);
        if let Err(error) = known(major, critical_flags, suite) {
            return Some(Err(error));
        }
        let header = Self {
            minor,
            vault,
            generation,
            optional_flags,
            records: usize::try_from(reader.u32()?).ok()?,
            // A length that no memory can have is none of a file that was read into memory.
            body: usize::try_from(reader.u64()?).unwrap_or(usize::MAX),
            commitment: reader.array()?,
            previous: reader.array()?,
            body_digest: reader.array()?,
            slots: Vec::new(),
            extensions: Vec::new(),
        };
        let within = (1..=SLOTS_MAX).contains(&slots).then_some((header, slots));
        Some(damaged(within, Part::Header, "slots are not 1 to 32"))
    }

    fn rules(&self) -> Result<(), Error> {
        let rule = if self.generation == 0 {
            "generation is 0"
        } else if self.generation == 1 && self.previous != [0; DIGEST] {
            "generation 1 has one before it"
        } else if self.records > RECORDS_MAX {
            "records are more than 65536"
        } else {
            return Ok(());
        };
        Err(Error::Damaged {
            part: Part::Header,
            rule,
        })
    }

    /// Writes the header with its MAC and its digest.
    pub(crate) fn write(&self, header_key: &Key) -> Result<Vec<u8>, Error> {
        let mut slots = Vec::new();
        self.slots.iter().for_each(|slot| slot.write(&mut slots));
        let length = FIXED + slots.len() + self.extensions.len() + END;
        if length > HEADER_MAX {
            let limit = u64::from(u32_of(HEADER_MAX));
            return Err(Error::Full {
                what: "bytes of the header",
                limit,
            });
        }
        let mut out = Vec::with_capacity(length);
        out.extend(MAGIC);
        out.extend(MAJOR.to_be_bytes());
        out.extend(self.minor.to_be_bytes());
        out.extend(u32_of(length).to_be_bytes());
        out.extend(self.vault.0);
        out.extend(self.generation.to_be_bytes());
        out.extend(0_u32.to_be_bytes());
        out.extend(self.optional_flags.to_be_bytes());
        out.extend(SUITE.to_be_bytes());
        out.extend(
            u16::try_from(self.slots.len())
                .unwrap_or(u16::MAX)
                .to_be_bytes(),
        );
        out.extend(u32_of(self.records).to_be_bytes());
        out.extend(u64::try_from(self.body).unwrap_or(u64::MAX).to_be_bytes());
        out.extend(self.commitment);
        out.extend(self.previous);
        out.extend(self.body_digest);
        out.extend(slots);
        out.extend(&self.extensions);
        let mac = subkey::mac(header_key, &out)?;
        out.extend(mac);
        let digest = Sha256::digest(&out);
        out.extend(digest);
        Ok(out)
    }

    /// Returns what the slots are bound to.
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            vault: self.vault,
            commitment: &self.commitment,
        }
    }
}

/// Refuses what a reader of this version would misunderstand.
fn known(major: u16, critical_flags: u32, suite: u16) -> Result<(), Error> {
    if major != MAJOR {
        return Err(Error::MajorVersion { found: major });
    }
    if critical_flags != 0 {
        return Err(Error::CriticalFlags {
            unknown: critical_flags,
        });
    }
    if suite != SUITE {
        return Err(Error::Suite { found: suite });
    }
    Ok(())
}

/// Checks the form of the extensions, and that none must be understood.
fn extensions(reader: &mut Reader<'_>) -> Result<(), Error> {
    let part = Part::Extensions;
    while !reader.is_empty() {
        let next = |reader: &mut Reader<'_>| {
            let (kind, flags) = (reader.u16()?, reader.u16()?);
            reader.string().map(|_| (kind, flags))
        };
        let (kind, flags) = damaged(next(reader), part, "header ends within one")?;
        match flags {
            0 => {}
            CRITICAL => return Err(Error::CriticalExtension { kind }),
            _ => {
                return Err(Error::Damaged {
                    part,
                    rule: "flags are not 0 or 1",
                });
            }
        }
    }
    Ok(())
}

const TRUNCATED: &str = "ends too early";

/// Returns the digest that a header has at its end.
pub(crate) fn digest_of(header: &[u8]) -> Option<[u8; DIGEST]> {
    header.last_chunk().copied()
}

/// Returns the digest that a header has to have, which of a damaged one may be another.
pub(crate) fn digest_made(header: &[u8]) -> [u8; DIGEST] {
    let content = header.split_last_chunk::<DIGEST>();
    Sha256::digest(content.map_or(header, |(content, _)| content)).into()
}

/// Says whether the MAC at the end of a header was made with the key.
pub(crate) fn is_authentic(header: &[u8], header_key: &Key) -> Result<bool, Error> {
    use subtle::ConstantTimeEq;
    let parts = header.split_last_chunk::<DIGEST>();
    let Some((content, mac)) = parts.and_then(|(rest, _)| rest.split_last_chunk::<DIGEST>()) else {
        return Ok(false);
    };
    Ok(subkey::mac(header_key, content)?.ct_eq(mac).into())
}
