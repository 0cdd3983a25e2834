//! Parts of several vaults, or of several generations, make no vault.

use keyward_vault::RecoveryCode;
use sha2::{Digest, Sha256};

use crate::cases::code;
use crate::damage::{quick, read};

/// A file in its parts.
#[derive(Clone, PartialEq)]
struct Split {
    header: Vec<u8>,
    blocks: Vec<Vec<u8>>,
}

impl Split {
    fn of(file: &[u8]) -> Self {
        let number = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let length = number(12);
        let mut blocks = Vec::new();
        let mut at = length;
        while file[at..].starts_with(b"KWVB") {
            let end = at + 60 + number(at + 32) + 32;
            blocks.push(file[at..end].to_vec());
            at = end;
        }
        Self {
            header: file[..length].to_vec(),
            blocks,
        }
    }

    /// Puts the file together as somebody does who has no key: all digests, lengths and counts hold.
    fn join(&self) -> Vec<u8> {
        let body = self.blocks.concat();
        let mut header = self.header.clone();
        header[52..56].copy_from_slice(&(self.blocks.len() as u32 - 1).to_be_bytes());
        header[56..64].copy_from_slice(&(body.len() as u64).to_be_bytes());
        let mut digests = Sha256::new();
        self.blocks
            .iter()
            .for_each(|block| digests.update(&block[block.len() - 32..]));
        header[128..160].copy_from_slice(&digests.finalize());
        let end = header.len() - 32;
        let digest = Sha256::digest(&header[..end]);
        header[end..].copy_from_slice(&digest);
        let mut file = [&header[..], &body, &header].concat();
        file.extend((header.len() as u32).to_be_bytes());
        file.extend(crate::builder::MAGIC.iter().rev());
        file
    }
}

/// Two generations of a vault, another vault with the same secret, and one with the same vault key
/// too.
fn sources() -> Vec<Split> {
    let mut later = quick(3);
    later.generation = 3;
    let mut other = quick(3);
    (other.id, other.vault_key) = ([3; 16], [4; 32]);
    let content = other.slots[0].wrap_keys(&other.id);
    let slot = other.slots[0].id;
    other.records[0].content = crate::builder::slot_content(&slot, &content, &[]);
    let mut renewed = quick(3);
    renewed.vault_key = [5; 32];
    let mut more = quick(3);
    more.records[2].version = 1;
    let files = [quick(3), later, other, renewed, more];
    let files = files.iter().zip(["one", "two", "three", "four", "five"]);
    files
        .map(|(parts, name)| Split::of(&parts.build(name)))
        .collect()
}

fn accepted(split: &Split) -> bool {
    let code = RecoveryCode::parse(&code()).unwrap();
    read(split.join(), &code).is_some()
}

#[test]
fn what_is_whole_is_accepted() {
    for split in sources() {
        assert!(accepted(&split));
    }
}

#[test]
fn no_header_fits_another_body() {
    let sources = sources();
    for (one, header) in sources.iter().enumerate() {
        for (other, body) in sources
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != one)
        {
            let mixed = Split {
                header: header.header.clone(),
                blocks: body.blocks.clone(),
            };
            assert!(!accepted(&mixed), "header {one}, body {other}");
        }
    }
}

#[test]
fn no_block_fits_into_another_vault() {
    let sources = sources();
    for (one, into) in sources.iter().enumerate() {
        for (other, from) in sources
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != one)
        {
            for place in 0..into.blocks.len() {
                let mut mixed = into.clone();
                mixed.blocks[place].clone_from(&from.blocks[place]);
                assert!(!accepted(&mixed), "block {place} of {other} in {one}");
                // And with the manifest that belongs to it.
                mixed.blocks[0].clone_from(&from.blocks[0]);
                assert!(
                    !accepted(&mixed),
                    "block {place} and manifest of {other} in {one}"
                );
            }
        }
    }
}

#[test]
fn no_block_can_be_left_out_or_doubled_or_moved() {
    for source in sources() {
        for place in 0..source.blocks.len() {
            let mut fewer = source.clone();
            fewer.blocks.remove(place);
            assert!(fewer.blocks.is_empty() || !accepted(&fewer));
            let mut more = source.clone();
            more.blocks.insert(place, source.blocks[place].clone());
            assert!(!accepted(&more));
            for other in place + 1..source.blocks.len() {
                let mut moved = source.clone();
                moved.blocks.swap(place, other);
                assert!(!accepted(&moved));
            }
        }
    }
}

#[test]
fn no_slot_and_no_field_fits_another_header() {
    let sources = sources();
    for (one, into) in sources.iter().enumerate() {
        for (other, from) in sources
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != one)
        {
            let end = into.header.len() - 64;
            for range in [
                8..12,
                16..32,
                32..40,
                64..96,
                96..128,
                160..end,
                end..end + 32,
            ] {
                let mut mixed = into.clone();
                let part = &from.header[range.clone()];
                mixed.header[range.clone()].copy_from_slice(part);
                let is_same = mixed.header[..end + 32] == into.header[..end + 32];
                assert!(
                    is_same || !accepted(&mixed),
                    "{range:?} of {other} in {one}"
                );
            }
        }
    }
}
