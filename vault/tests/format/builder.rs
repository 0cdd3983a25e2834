//! Builds vault files from parts, as `FORMAT.md` says and without the code that is tested, so that
//! each part can be made wrong.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use curve25519_dalek::MontgomeryPoint;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::cbor::{Value, bytes, text};
use crate::fixed::Fixed;
use crate::private::{Private, string};

pub(crate) const MAGIC: [u8; 8] = [0x89, 0x4b, 0x57, 0x56, 0x0d, 0x0a, 0x1a, 0x0a];

/// A change to bytes, made before what is computed of them.
pub(crate) type Edit = Box<dyn Fn(&mut Vec<u8>)>;

/// A change to all blocks.
pub(crate) type BodyEdit = Box<dyn Fn(&mut Vec<Vec<u8>>)>;

pub(crate) fn none() -> Edit {
    Box::new(|_| {})
}

/// A vault in its parts.
pub(crate) struct Parts {
    pub(crate) id: [u8; 16],
    pub(crate) vault_key: [u8; 32],
    pub(crate) generation: u64,
    pub(crate) previous: [u8; 32],
    pub(crate) optional_flags: u32,
    pub(crate) minor: u16,
    pub(crate) slots: Vec<Slot>,
    pub(crate) extensions: Vec<u8>,
    pub(crate) records: Vec<Block>,
    /// Changes to the header before its MAC, between MAC and digest, and after the digest.
    pub(crate) header: [Edit; 3],
    /// Changes to the content of the manifest.
    pub(crate) manifest: Edit,
    pub(crate) manifest_changes: Changes,
    /// Changes to the blocks, the manifest first, before the body digest.
    pub(crate) body: BodyEdit,
    /// Changes to the whole file.
    pub(crate) file: Edit,
}

/// A slot in its parts.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) number: u16,
    pub(crate) flags: u16,
    pub(crate) id: [u8; 16],
    pub(crate) parameters: Vec<u8>,
    pub(crate) input: Vec<u8>,
    /// The vault that the slot is made for, if it is not its own.
    pub(crate) foreign: Option<([u8; 16], [u8; 32])>,
    /// The commitment, if it is not its own.
    pub(crate) commitment: Option<[u8; 32]>,
    /// Bytes put behind the body.
    pub(crate) excess: Vec<u8>,
}

/// A block in its parts.
pub(crate) struct Block {
    pub(crate) kind: u16,
    pub(crate) id: [u8; 16],
    pub(crate) version: u64,
    pub(crate) content: Vec<u8>,
    pub(crate) changes: Changes,
    /// The name and fingerprint that a reader has to find.
    pub(crate) found: Option<(String, Vec<u8>)>,
}

/// Changes to a block on its way.
pub(crate) struct Changes {
    /// To the plaintext with its padding.
    pub(crate) plain: Edit,
    /// To the block before its digest.
    pub(crate) sealed: Edit,
    /// To the block after its digest.
    pub(crate) finished: Edit,
}

impl Changes {
    pub(crate) fn none() -> Self {
        Self {
            plain: none(),
            sealed: none(),
            finished: none(),
        }
    }
}

pub(crate) fn extract(salt: &[&[u8]], input: &[u8]) -> [u8; 32] {
    hmac(&salt.concat(), input)
}

pub(crate) fn expand(prk: &[u8; 32], info: &[&[u8]]) -> [u8; 32] {
    hmac(prk, &[&info.concat()[..], &[1]].concat())
}

pub(crate) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn seal(key: &[u8; 32], nonce: &[u8; 24], associated: &[u8], plain: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(key.into());
    let payload = Payload {
        msg: plain,
        aad: associated,
    };
    cipher.encrypt(&XNonce::from(*nonce), payload).unwrap()
}

pub(crate) fn public_of(secret: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*secret).0
}

/// Returns the commitment of a vault key.
pub(crate) fn commitment(id: &[u8; 16], vault_key: &[u8; 32]) -> [u8; 32] {
    expand(&vault_prk(id, vault_key), &[b"commitment"])
}

fn vault_prk(id: &[u8; 16], vault_key: &[u8; 32]) -> [u8; 32] {
    extract(&[b"keyward.vault.v1", id], vault_key)
}

impl Slot {
    /// The keys of the slot: slot key, slot secret, commitment.
    fn keys(&self, vault: &[u8; 16]) -> [[u8; 32]; 3] {
        let prk = extract(&[b"keyward.slot.v1", vault, &self.id], &self.input);
        let [key, secret] = [&b"wrap"[..], b"x25519"].map(|label| expand(&prk, &[label]));
        let keys = [key, public_of(&secret)].concat();
        let prk = extract(&[b"keyward.commitment.v1", vault, &self.id], &keys);
        [key, secret, expand(&prk, &[b"commitment"])]
    }

    /// Slot key and slot public, as the record of the slot has them.
    pub(crate) fn wrap_keys(&self, vault: &[u8; 16]) -> Vec<u8> {
        let [key, secret, _] = self.keys(vault);
        [key, public_of(&secret)].concat()
    }

    fn write(&self, own: ([u8; 16], [u8; 32]), random: &mut Fixed) -> Vec<u8> {
        let (vault, vault_key) = self.foreign.unwrap_or(own);
        let [key, secret, commitment] = self.keys(&vault);
        let commitment = self.commitment.unwrap_or(commitment);
        let public = public_of(&secret);
        let ephemeral_secret: [u8; 32] = random.array();
        let ephemeral = public_of(&ephemeral_secret);
        let shared = MontgomeryPoint(public).mul_clamped(ephemeral_secret).0;
        let wrap = expand(&extract(&[&key], &shared), &[b"wrap", &ephemeral, &public]);
        let nonce: [u8; 24] = random.array();
        let associated = [
            &b"keyward.slot.v1"[..],
            &vault,
            &self::commitment(&vault, &vault_key),
            &self.number.to_be_bytes(),
            &self.flags.to_be_bytes(),
            &self.id,
            &string(&self.parameters),
            &commitment,
            &ephemeral,
        ];
        let wrapped = seal(&wrap, &nonce, &associated.concat(), &vault_key);
        let parameters = string(&self.parameters);
        let body = [
            &self.id[..],
            &parameters,
            &commitment,
            &ephemeral,
            &nonce,
            &wrapped,
            &self.excess,
        ];
        let body = body.concat();
        let number = self.number.to_be_bytes();
        [&number[..], &self.flags.to_be_bytes(), &string(&body)].concat()
    }
}

impl Block {
    /// A record with this content.
    pub(crate) fn record(id: [u8; 16], version: u64, content: Vec<u8>) -> Self {
        Self {
            kind: 2,
            id,
            version,
            content,
            changes: Changes::none(),
            found: None,
        }
    }

    fn write(
        &self,
        changes: &Changes,
        (id, vault_key): (&[u8; 16], &[u8; 32]),
        random: &mut Fixed,
    ) -> Vec<u8> {
        let mut plain = self.content.clone();
        plain.push(0x80);
        let lengths = [512, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];
        let length = lengths
            .into_iter()
            .find(|length| plain.len() <= *length)
            .unwrap();
        plain.resize(length, 0);
        (changes.plain)(&mut plain);
        let mut block = b"KWVB".to_vec();
        block.extend(self.kind.to_be_bytes());
        block.extend([0; 2]);
        block.extend(self.id);
        block.extend(self.version.to_be_bytes());
        block.extend((plain.len() as u32 + 16).to_be_bytes());
        let name = [
            &self.kind.to_be_bytes()[..],
            &self.id,
            &self.version.to_be_bytes(),
        ]
        .concat();
        let key = expand(&vault_prk(id, vault_key), &[b"block", &name]);
        let commitment = commitment(id, vault_key);
        let associated = [&b"keyward.block.v1"[..], id, &commitment, &block].concat();
        let nonce: [u8; 24] = random.array();
        block.extend(nonce);
        block.extend(seal(&key, &nonce, &associated, &plain));
        (changes.sealed)(&mut block);
        let digest = Sha256::digest(&block);
        block.extend(digest);
        (changes.finished)(&mut block);
        block
    }
}

impl Parts {
    /// Adds a slot, and the record that belongs to it.
    pub(crate) fn add_slot(&mut self, slot: Slot) {
        let content = slot_content(&slot.id, &slot.wrap_keys(&self.id), &[]);
        let number = self.slots.len() as u8;
        self.slots.push(slot);
        let mut id = [0x10; 16];
        id[1] = number;
        self.records.push(Block::record(id, 1, content));
        self.records.sort_by_key(|record| record.id);
    }

    /// Adds a key with a name and perhaps more.
    pub(crate) fn add_key(&mut self, name: &str, private: &Private, more: &[(u64, Value)]) {
        let content = key_content(name, &private.fields, more);
        let number = self.records.len() as u16;
        let mut id = [0x20; 16];
        id[1..3].copy_from_slice(&number.to_be_bytes());
        let mut record = Block::record(id, self.generation, content);
        record.found = Some((name.to_owned(), private.blob.clone()));
        self.records.push(record);
    }

    /// Puts the file together.
    pub(crate) fn build(&self, name: &str) -> Vec<u8> {
        let mut random = Fixed::new(name);
        let (id, key) = (&self.id, &self.vault_key);
        let mut blocks: Vec<_> = self
            .records
            .iter()
            .map(|block| block.write(&block.changes, (id, key), &mut random))
            .collect();
        let manifest = self.manifest(&blocks, &mut random);
        blocks.insert(0, manifest);
        (self.body)(&mut blocks);
        let mut digests = Sha256::new();
        blocks
            .iter()
            .for_each(|block| digests.update(&block[block.len().saturating_sub(32)..]));
        let body = blocks.concat();
        let header = self.header(body.len(), &digests.finalize(), &mut random);
        let mut file = [&header[..], &body, &header].concat();
        file.extend((header.len() as u32).to_be_bytes());
        file.extend(MAGIC.iter().rev());
        (self.file)(&mut file);
        file
    }

    fn manifest(&self, blocks: &[Vec<u8>], random: &mut Fixed) -> Vec<u8> {
        let mut content = (blocks.len() as u32).to_be_bytes().to_vec();
        for (record, block) in self.records.iter().zip(blocks) {
            content.extend(record.id);
            content.extend(record.version.to_be_bytes());
            let tag = block.len() - 48;
            content.extend(&block[tag..tag + 16]);
        }
        (self.manifest)(&mut content);
        let mut manifest = Block::record([0; 16], self.generation, content);
        manifest.kind = 1;
        manifest.write(&self.manifest_changes, (&self.id, &self.vault_key), random)
    }

    fn header(&self, body: usize, body_digest: &[u8], random: &mut Fixed) -> Vec<u8> {
        let own = (self.id, self.vault_key);
        let slots: Vec<_> = self
            .slots
            .iter()
            .flat_map(|slot| slot.write(own, random))
            .collect();
        let length = 160 + slots.len() + self.extensions.len() + 64;
        let mut header = MAGIC.to_vec();
        header.extend(1_u16.to_be_bytes());
        header.extend(self.minor.to_be_bytes());
        header.extend((length as u32).to_be_bytes());
        header.extend(self.id);
        header.extend(self.generation.to_be_bytes());
        header.extend(0_u32.to_be_bytes());
        header.extend(self.optional_flags.to_be_bytes());
        header.extend(1_u16.to_be_bytes());
        header.extend((self.slots.len() as u16).to_be_bytes());
        header.extend((self.records.len() as u32).to_be_bytes());
        header.extend((body as u64).to_be_bytes());
        header.extend(commitment(&self.id, &self.vault_key));
        header.extend(self.previous);
        header.extend(body_digest);
        header.extend(slots);
        header.extend(&self.extensions);
        (self.header[0])(&mut header);
        let key = expand(&vault_prk(&self.id, &self.vault_key), &[b"header"]);
        let mac = hmac(&key, &header);
        header.extend(mac);
        (self.header[1])(&mut header);
        let digest = Sha256::digest(&header);
        header.extend(digest);
        (self.header[2])(&mut header);
        header
    }
}

/// The content of a record of kind slot.
pub(crate) fn slot_content(slot: &[u8; 16], keys: &[u8], more: &[(u64, Value)]) -> Vec<u8> {
    let own = [
        (0, Value::Unsigned(2)),
        (1, Value::Unsigned(1_700_000_000)),
        (2, Value::Unsigned(1_700_000_000)),
        (13, bytes(slot)),
        (14, bytes(keys)),
    ];
    map(&own, more)
}

/// The content of a record of kind key.
pub(crate) fn key_content(name: &str, private: &[u8], more: &[(u64, Value)]) -> Vec<u8> {
    let own = [
        (0, Value::Unsigned(1)),
        (1, Value::Unsigned(1_700_000_000)),
        (2, Value::Unsigned(1_700_000_000)),
        (3, text(name)),
        (4, bytes(private)),
    ];
    map(&own, more)
}

/// A map with the entries of both, where those of `more` take the place of others, and
/// [`Value::Raw`] without bytes takes one out.
pub(crate) fn map(own: &[(u64, Value)], more: &[(u64, Value)]) -> Vec<u8> {
    let all = own.iter().chain(more);
    let entries: std::collections::BTreeMap<u64, &Value> =
        all.map(|(key, value)| (*key, value)).collect();
    let is_there = |value: &Value| !matches!(value, Value::Raw(bytes) if bytes.is_empty());
    let entries = entries.into_iter().filter(|(_, value)| is_there(value));
    let pairs = entries.map(|(key, value)| (Value::Unsigned(key), value.clone()));
    Value::Map(pairs.collect()).encode()
}
