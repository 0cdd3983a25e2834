//! Faults of blocks: of their frames, of what seals them, and of what the manifest says.

use sha2::{Digest, Sha256};

use super::{Cases, base, changed};
use crate::builder::{Block, Parts};
use crate::private::ed25519;

pub(crate) fn add(cases: &mut Cases) {
    frames(cases);
    order(cases);
    forged(cases);
    manifests(cases);
    padding(cases);
}

fn frames(cases: &mut Cases) {
    let mut frame = |name: &str, comment: &str, edit: fn(&mut Vec<u8>)| {
        let parts = changed(|parts| parts.records[1].changes.sealed = Box::new(edit));
        cases.bad(name, comment, "damaged", &parts);
    };
    frame(
        "damaged-block-magic",
        "the magic of a block is another",
        |block| block[3] = b'R',
    );
    frame("damaged-block-kind-0", "a block of kind 0", |block| {
        block[5] = 0
    });
    frame("damaged-block-kind-3", "a block of kind 3", |block| {
        block[5] = 3
    });
    frame(
        "damaged-block-reserved",
        "the reserved field is not 0",
        |block| block[7] = 1,
    );
    frame("damaged-version-0", "version 0", |block| {
        block[24..32].fill(0)
    });
    frame(
        "damaged-version-later",
        "a version after the generation",
        |block| block[31] = 3,
    );
    frame("damaged-version-most", "version 2^64 - 1", |block| {
        block[24..32].fill(255)
    });
    frame("damaged-block-length-0", "a length of 0", |block| {
        block[32..36].fill(0)
    });
    frame(
        "damaged-block-length-16",
        "a length of a tag alone",
        |block| block[32..36].copy_from_slice(&[0, 0, 0, 16]),
    );
    frame(
        "damaged-block-length-less",
        "a length less by one",
        |block| block[35] -= 1,
    );
    frame(
        "damaged-block-length-more",
        "the next longer length",
        |block| block[32..36].copy_from_slice(&[0, 0, 16, 16]),
    );
    frame(
        "damaged-block-length-manifest",
        "a length that only a manifest may have",
        |block| block[32..36].copy_from_slice(&[0, 16, 0, 16]),
    );
    frame(
        "damaged-block-length-most",
        "a length of 2^32 - 1",
        |block| block[32..36].fill(255),
    );
    let parts =
        changed(|parts| parts.records[1].changes.finished = Box::new(|block| block[100] ^= 1));
    cases.bad("damaged-block", "a bit of a record", "damaged", &parts);
    let parts = changed(|parts| {
        parts.records[1].changes.finished = Box::new(|block| *block.last_mut().unwrap() ^= 1)
    });
    cases.bad(
        "damaged-block-digest",
        "a bit of the digest of a record",
        "damaged",
        &parts,
    );
    let parts =
        changed(|parts| parts.manifest_changes.finished = Box::new(|block| block[100] ^= 1));
    cases.bad(
        "damaged-manifest",
        "a bit of the manifest",
        "damaged",
        &parts,
    );
    let parts = changed(|parts| parts.records[1] = long_record());
    cases.bad(
        "damaged-record-too-long",
        "a record longer than 262144 bytes",
        "damaged",
        &parts,
    );
}

/// A record in the shortest length that no record may have, and hardly anything in it.
fn long_record() -> Block {
    let mut block = Block::record([0x33; 16], 2, vec![0; 200]);
    block.changes.sealed =
        Box::new(|block| block[32..36].copy_from_slice(&(1_048_592_u32).to_be_bytes()));
    block
}

fn order(cases: &mut Cases) {
    let mut body = |name: &str, comment: &str, edit: fn(&mut Vec<Vec<u8>>)| {
        let parts = changed(|parts| parts.body = Box::new(edit));
        cases.bad(name, comment, "damaged", &parts);
    };
    body("damaged-no-manifest", "no manifest", |blocks| {
        drop(blocks.remove(0))
    });
    body(
        "damaged-manifest-second",
        "the manifest comes second",
        |blocks| blocks.swap(0, 1),
    );
    body(
        "damaged-manifest-last",
        "the manifest comes last",
        |blocks| blocks.rotate_left(1),
    );
    body(
        "damaged-two-manifests",
        "a manifest in the place of a record",
        |blocks| blocks[1] = blocks[0].clone(),
    );
    body("damaged-order", "records in descending order", |blocks| {
        blocks.swap(1, 2)
    });
    body("damaged-same-id", "a record twice", |blocks| {
        blocks[2] = blocks[1].clone()
    });
    body("damaged-record-missing", "a record is missing", |blocks| {
        drop(blocks.pop())
    });
    body(
        "damaged-record-more",
        "a record more than there should be",
        |blocks| {
            let mut block = blocks[2].clone();
            block[8..24].fill(0xff);
            let end = block.len() - 32;
            let digest = Sha256::digest(&block[..end]);
            block[end..].copy_from_slice(&digest);
            blocks.push(block);
        },
    );
    body("damaged-no-blocks", "no blocks at all", Vec::clear);
    body("damaged-garbage", "bytes between two records", |blocks| {
        blocks[1].push(0)
    });
    let parts = changed(|parts| parts.manifest_changes.sealed = Box::new(|block| block[31] = 1));
    cases.bad(
        "damaged-manifest-version",
        "the manifest of the generation before",
        "damaged",
        &parts,
    );
    let parts = changed(|parts| parts.manifest_changes.sealed = Box::new(|block| block[8] = 1));
    cases.bad(
        "damaged-manifest-id",
        "the manifest has an id",
        "damaged",
        &parts,
    );
}

/// A vault whose second record was changed by somebody without the vault key, who made all digests
/// anew: the manifest tells it.
fn with_record(edit: impl Fn(&mut Vec<u8>) + 'static) -> Parts {
    changed(|parts| parts.records[1].changes.sealed = Box::new(edit))
}

fn forged(cases: &mut Cases) {
    // Built before the manifest, so that the manifest agrees: only the record itself is wrong.
    let mut record = |name: &str, comment: &str, edit: fn(&mut Vec<u8>)| {
        cases.bad(name, comment, "forged", &with_record(edit));
    };
    record(
        "forged-record",
        "a bit of the ciphertext of a record",
        |block| block[60] ^= 1,
    );
    record(
        "forged-record-last",
        "the last bit of the ciphertext",
        |block| block[60 + 511] ^= 1,
    );
    record(
        "forged-record-nonce",
        "a bit of the nonce of a record",
        |block| block[36] ^= 1,
    );
    record(
        "forged-record-tag",
        "a bit of the tag of a record",
        |block| block[60 + 512] ^= 1,
    );
    record("forged-record-zeros", "a ciphertext of zeros", |block| {
        block[60..].fill(0)
    });
    let other = |change: fn(&mut Parts)| {
        let mut other = base();
        change(&mut other);
        let block = other.build("other");
        let start = 432 + 2 * 620;
        block[start..start + 620].to_vec()
    };
    let mut foreign = |name: &str, comment: &str, change: fn(&mut Parts)| {
        let block = other(change);
        let sealed = block[..block.len() - 32].to_vec();
        cases.bad(
            name,
            comment,
            "forged",
            &with_record(move |block| block.clone_from(&sealed)),
        );
    };
    foreign(
        "forged-record-vault",
        "a record of another vault with the same vault key",
        |parts| parts.id[0] ^= 1,
    );
    foreign(
        "forged-record-key",
        "a record from before the vault key was changed",
        |parts| parts.vault_key[0] ^= 1,
    );
    let moved = |name: &'static [u8], at: usize| {
        with_record(move |block| block[at..at + name.len()].copy_from_slice(name))
    };
    let parts = changed(|parts| parts.records[0].id = [0; 16]);
    cases.bad(
        "damaged-record-id-zeros",
        "a record with the manifest's id",
        "damaged",
        &parts,
    );
    let mut parts = moved(&[0x21], 8);
    parts.manifest = Box::new(|content| content[4 + 40] = 0x21);
    cases.bad(
        "forged-record-id",
        "a record under another id",
        "forged",
        &parts,
    );
    let mut parts = moved(&[1], 31);
    parts.manifest = Box::new(|content| content[4 + 40 + 23] = 1);
    cases.bad(
        "forged-record-version",
        "a record under another version",
        "forged",
        &parts,
    );
    let parts = changed(|parts| {
        parts.add_key("server", &ed25519("server"), &[]);
        parts.body = Box::new(|blocks| {
            // Ciphertexts change places, and their tags go with them.
            let (first, second) = (blocks[2][36..588].to_vec(), blocks[3][36..588].to_vec());
            blocks[2][36..588].copy_from_slice(&second);
            blocks[3][36..588].copy_from_slice(&first);
            for block in blocks {
                let end = block.len() - 32;
                let digest = Sha256::digest(&block[..end]);
                block[end..].copy_from_slice(&digest);
            }
        });
    });
    cases.bad(
        "forged-swapped",
        "two records have the contents of each other",
        "forged",
        &parts,
    );
    let parts = changed(|parts| {
        // A record of generation 1, sealed with the same vault key, in the place of a newer one.
        let mut older = base();
        older.records[1].version = 1;
        let file = older.build("older");
        let block = file[432 + 2 * 620..][..620].to_vec();
        parts.body = Box::new(move |blocks| blocks[2].clone_from(&block));
    });
    cases.bad(
        "forged-older",
        "an older version in the place of a record",
        "forged",
        &parts,
    );
    let parts = changed(|parts| parts.manifest_changes.sealed = Box::new(|block| block[60] ^= 1));
    cases.bad(
        "forged-manifest",
        "a bit of the ciphertext of the manifest",
        "forged",
        &parts,
    );
    let parts = changed(|parts| parts.manifest_changes.sealed = Box::new(|block| block[40] ^= 1));
    cases.bad(
        "forged-manifest-nonce",
        "a bit of the nonce of the manifest",
        "forged",
        &parts,
    );
}

fn manifests(cases: &mut Cases) {
    let mut content = |name: &str, comment: &str, class: &str, edit: fn(&mut Vec<u8>)| {
        let parts = changed(|parts| parts.manifest = Box::new(edit));
        cases.bad(name, comment, class, &parts);
    };
    content(
        "forged-manifest-fewer",
        "the manifest lists one record less",
        "forged",
        |content| {
            content.truncate(44);
            content[3] = 1;
        },
    );
    content(
        "forged-manifest-more",
        "the manifest lists one record more",
        "forged",
        |content| {
            content.extend([0xff; 40]);
            content[3] = 3;
        },
    );
    content(
        "forged-manifest-none",
        "the manifest lists none",
        "forged",
        |content| *content = vec![0; 4],
    );
    content(
        "forged-manifest-id",
        "the manifest lists another id",
        "forged",
        |content| content[4] ^= 1,
    );
    content(
        "forged-manifest-version",
        "the manifest lists another version",
        "forged",
        |content| content[27] = 2,
    );
    content(
        "forged-manifest-tag",
        "the manifest lists another tag",
        "forged",
        |content| content[28] ^= 1,
    );
    content(
        "forged-manifest-order",
        "the manifest lists records in another order",
        "forged",
        |content| {
            content[4..].rotate_left(40);
        },
    );
    content(
        "invalid-manifest-count",
        "the manifest counts more than it lists",
        "invalid",
        |content| content[3] = 3,
    );
    content(
        "invalid-manifest-count-most",
        "the manifest counts 2^32 - 1",
        "invalid",
        |content| content[..4].fill(255),
    );
    content(
        "invalid-manifest-rest",
        "a byte after the manifest",
        "invalid",
        |content| content.push(0),
    );
    content(
        "invalid-manifest-short",
        "an entry is cut off",
        "invalid",
        |content| content.truncate(content.len() - 1),
    );
    content(
        "invalid-manifest-empty",
        "nothing in the manifest",
        "invalid",
        Vec::clear,
    );
}

fn padding(cases: &mut Cases) {
    let mut plain = |name: &str, comment: &str, edit: fn(&mut Vec<u8>)| {
        let parts = changed(|parts| parts.records[1].changes.plain = Box::new(edit));
        cases.bad(name, comment, "invalid", &parts);
    };
    plain(
        "invalid-padding-longer",
        "padding longer than it has to be",
        |plain| plain.resize(4_096, 0),
    );
    plain(
        "invalid-padding-end",
        "the last byte of the padding is 1",
        |plain| plain[511] = 1,
    );
    plain(
        "invalid-padding-mark",
        "the padding begins with 81",
        |plain| {
            let mark = plain.iter().rposition(|byte| *byte != 0).unwrap();
            plain[mark] = 0x81;
        },
    );
    plain("invalid-padding-none", "only zeros", |plain| plain.fill(0));
    plain("invalid-padding-ones", "padding of ones", |plain| {
        let mark = plain.iter().rposition(|byte| *byte != 0).unwrap();
        plain[mark + 1..].fill(1);
    });
    plain("invalid-padding-two-marks", "two marks", |plain| {
        let mark = plain.iter().rposition(|byte| *byte != 0).unwrap();
        plain[mark + 1] = 0x80;
    });
    let parts =
        changed(|parts| parts.manifest_changes.plain = Box::new(|plain| plain.resize(4_096, 0)));
    cases.bad(
        "invalid-manifest-padding",
        "padding of the manifest longer than it has to be",
        "invalid",
        &parts,
    );
}
