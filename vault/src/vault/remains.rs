//! Makes a vault of what is left of a damaged one (`FORMAT.md` section 8).

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Bytes, Record, Vault};
use crate::block::{self, Block, Kind, Sealer};
use crate::error::Error;
use crate::header::{DIGEST, Header};
use crate::id::{RecordId, SlotId};
use crate::manifest::{self, Entry};
use crate::random::{self, Entropy};
use crate::record::{Content, SlotRecord, Times, encode_slot, name_of};
use crate::secret::Secret;
use crate::slot::WrapKey;
use crate::timestamp::Timestamp;
use crate::unlocking::Unlocked;

/// Something that was in the vault and is not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The record, where it is known which one it is.
    pub id: Option<RecordId>,
    /// The generation in which it was sealed, where it is known: a copy of it from another one is older.
    pub version: Option<u64>,
    /// The name of the key, where it is known.
    pub name: Option<String>,
}

/// What is left of a file.
pub(crate) struct Remains {
    pub(crate) file: Vec<u8>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) header: Header,
    pub(crate) digest: [u8; DIGEST],
    pub(crate) is_authentic: bool,
}

/// What could be kept.
pub(crate) struct Kept {
    pub(crate) vault: Vault,
    pub(crate) is_listed: bool,
    pub(crate) lost: Vec<Lost>,
    pub(crate) lost_slots: Vec<SlotId>,
}

/// The records that opened, and the names in those whose content is not right.
struct Opened {
    records: BTreeMap<RecordId, Record>,
    names: BTreeMap<RecordId, Option<String>>,
}

impl Remains {
    /// Opens what opens.
    pub(crate) fn open(
        mut self,
        unlocked: Unlocked,
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<Kept, Error> {
        let Unlocked {
            vault_key,
            sealer,
            slot,
            wrap,
        } = unlocked;
        let manifests = self.manifests(&sealer);
        let listed = self.listed(&manifests).or_else(|| self.bound());
        let opened = self.records(&sealer, listed.as_deref());
        let mut lost = self.lost(&opened, listed.as_deref());
        // What opened says for certain how far the vault had come, and so does a header that is authentic.
        let versions = opened.records.values().map(|record| record.version);
        let versions = versions.chain(manifests.keys().copied());
        let said = Some(self.header.generation).filter(|_| self.is_authentic);
        self.header.generation = versions.chain(said).max().unwrap_or(1);
        if !self.is_authentic {
            // Anybody may have written what would get a MAC now.
            self.header.extensions.clear();
            self.header.optional_flags = 0;
        }
        let is_authentic = self.is_authentic;
        let mut vault = Vault {
            file: Arc::new(self.file),
            header: self.header,
            digest: self.digest,
            vault_key,
            sealer,
            records: opened.records,
            is_changed: true,
        };
        let settled = vault.settle_slots((slot, wrap), now, entropy)?;
        if !is_authentic {
            vault.rewrap(entropy)?;
        }
        if lost.iter().filter(|lost| lost.name.is_none()).count() == settled.without_record {
            lost.retain(|lost| lost.name.is_some());
        }
        let ids: Vec<_> = vault.records.keys().copied().collect();
        vault.rename_doubles(&ids, now, entropy)?;
        Ok(Kept {
            vault,
            is_listed: listed.is_some(),
            lost,
            lost_slots: settled.lost,
        })
    }

    /// Opens the manifests that there are, by generation.
    fn manifests(&self, sealer: &Sealer) -> BTreeMap<u64, Vec<Entry>> {
        let mut plain = Secret::new(Vec::new());
        let blocks = self.blocks.iter();
        let manifests = blocks.filter(|block| block.name.kind == Kind::Manifest);
        let readable = manifests.filter_map(|block| {
            let opened = sealer.open(&block.name, self.bytes(block), &mut plain)?;
            Some((block.name.version, manifest::read(opened.ok()?).ok()?))
        });
        readable.collect()
    }

    /// Returns what the manifest lists that belongs to the header, or the latest one where the header is not certain.
    fn listed(&self, manifests: &BTreeMap<u64, Vec<Entry>>) -> Option<Vec<Entry>> {
        let listed = match self.is_authentic {
            true => manifests.get(&self.header.generation),
            false => manifests.last_key_value().map(|(_, listed)| listed),
        };
        listed.cloned()
    }

    /// Lists the records without the manifest, where only contents are damaged: the header, which is authentic,
    /// binds the digests of all blocks. A block that does not hold to its digest could be an older one with the
    /// newer one's digest, so it is listed under a tag that none has, and counts as lost.
    fn bound(&self) -> Option<Vec<Entry>> {
        if !self.is_authentic || self.blocks.len() != self.header.records + 1 {
            return None;
        }
        let mut all = Sha256::new();
        for block in &self.blocks {
            all.update(block::digest_of(self.bytes(block)));
        }
        if all.finalize().as_slice() != self.header.body_digest {
            return None;
        }
        let records = self.blocks.iter().skip(1);
        let entries = records.map(|block| {
            let bytes = self.bytes(block);
            let entry = Entry::of(block, bytes);
            match block::holds(bytes) {
                true => entry,
                false => Entry {
                    tag: [0; 16],
                    ..entry
                },
            }
        });
        Some(entries.collect())
    }

    /// Opens records: those that the manifest lists, or the latest version of each.
    fn records(&self, sealer: &Sealer, listed: Option<&[Entry]>) -> Opened {
        let listed: Option<HashSet<_>> = listed.map(|entries| {
            entries
                .iter()
                .map(|entry| (entry.id, entry.version, entry.tag))
                .collect()
        });
        let mut opened = Opened {
            records: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        let mut plain = Secret::new(Vec::new());
        for block in self
            .blocks
            .iter()
            .filter(|block| block.name.kind == Kind::Record)
        {
            let entry = Entry::of(block, self.bytes(block));
            if listed
                .as_ref()
                .is_some_and(|listed| !listed.contains(&(entry.id, entry.version, entry.tag)))
            {
                continue;
            }
            let Some(content) = sealer.open(&block.name, self.bytes(block), &mut plain) else {
                continue;
            };
            let id = block.name.id;
            let read = content.and_then(|content| {
                Content::read(id, content)
                    .inspect_err(|_| drop(opened.names.insert(id, name_of(content))))
            });
            let is_later = opened
                .records
                .get(&id)
                .is_none_or(|record| record.version < entry.version);
            if let Some(content) = read.ok().filter(|_| is_later) {
                let block = self.saved(block);
                opened.records.insert(
                    id,
                    Record {
                        version: entry.version,
                        block,
                        content,
                    },
                );
            }
        }
        opened
    }

    /// Lists what should be there and is not.
    fn lost(&self, opened: &Opened, listed: Option<&[Entry]>) -> Vec<Lost> {
        let name = |id: RecordId| opened.names.get(&id).cloned().flatten();
        if let Some(listed) = listed {
            let lost = listed
                .iter()
                .filter(|entry| !opened.records.contains_key(&entry.id));
            return lost
                .map(|entry| Lost {
                    id: Some(entry.id),
                    version: Some(entry.version),
                    name: name(entry.id),
                })
                .collect();
        }
        let known = opened
            .names
            .keys()
            .filter(|id| !opened.records.contains_key(id));
        let mut lost: Vec<_> = known
            .map(|id| Lost {
                id: Some(*id),
                version: None,
                name: name(*id),
            })
            .collect();
        let missing = self.header.records.saturating_sub(opened.records.len());
        let unknown = Lost {
            id: None,
            version: None,
            name: None,
        };
        lost.resize(missing.max(lost.len()), unknown);
        lost
    }

    /// Returns a block that opened, with a digest that holds.
    fn saved(&self, block: &Block) -> Bytes {
        let bytes = self.bytes(block);
        if block::holds(bytes) {
            return Bytes::Saved(block.range.clone());
        }
        Bytes::New(block::with_digest(bytes))
    }

    fn bytes(&self, block: &Block) -> &[u8] {
        self.file.get(block.range.clone()).unwrap_or_default()
    }
}

/// What became of the slots.
struct Settled {
    lost: Vec<SlotId>,
    /// How many of them had no record at all, the one that opened included.
    without_record: usize,
}

impl Vault {
    /// Makes slots and their records agree: a slot without one, or with one that has other keys than its own, is
    /// dropped, except the one that opened, whose keys are at hand.
    fn settle_slots(
        &mut self,
        (opener, wrap): (SlotId, WrapKey),
        now: Timestamp,
        entropy: &mut dyn Entropy,
    ) -> Result<Settled, Error> {
        let mut unclaimed: HashSet<_> = self.header.slots.iter().map(|slot| slot.id()).collect();
        let mut missing = unclaimed.clone();
        let mut right = HashSet::new();
        for (id, record) in &self.records {
            if let Content::Slot(record) = &record.content {
                missing.remove(&record.slot);
                if self.has_keys_of_its_slot(*id, record.slot)? && unclaimed.remove(&record.slot) {
                    right.insert(*id);
                }
            }
        }
        let is_slot = |record: &Record| matches!(record.content, Content::Slot(_));
        self.records
            .retain(|id, record| !is_slot(record) || right.contains(id));
        if unclaimed.remove(&opener) {
            let times = Times {
                created: now,
                changed: now,
            };
            let record = SlotRecord {
                times,
                slot: opener,
                label: String::new(),
            };
            let content = encode_slot(&record, &wrap, None)?;
            let id = RecordId(random::array(entropy)?);
            self.put(id, Content::Slot(record), content.expose(), entropy)?;
        }
        let is_lost = |id: &SlotId| unclaimed.contains(id);
        let lost = self
            .header
            .slots
            .iter()
            .map(|slot| slot.id())
            .filter(is_lost)
            .collect();
        self.header
            .slots
            .retain(|slot| !unclaimed.contains(&slot.id()));
        Ok(Settled {
            lost,
            without_record: missing.len(),
        })
    }

    fn has_keys_of_its_slot(&self, record: RecordId, slot: SlotId) -> Result<bool, Error> {
        let slot = self.header.slots.iter().find(|held| held.id() == slot);
        match slot {
            Some(slot) => slot.is_of(&self.wrap_key(record)?, self.id()),
            None => Ok(false),
        }
    }

    /// Wraps the vault key anew for every slot: what a header says that is not authentic may be anybody's.
    fn rewrap(&mut self, entropy: &mut dyn Entropy) -> Result<(), Error> {
        let mut slots = self.header.slots.clone();
        for slot in &mut slots {
            let wrap = self.wrap_key_of(slot.id())?;
            slot.wrap(&self.vault_key, &wrap, &self.header.context(), entropy)?;
        }
        self.header.slots = slots;
        Ok(())
    }
}
