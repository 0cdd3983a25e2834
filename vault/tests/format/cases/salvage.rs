//! Damaged files, and what is left in them.

use super::{Cases, Typed, code, empty, recovery_slot};
use crate::builder::{Edit, Parts};
use crate::private::ed25519;

/// The header of a vault with a recovery code alone.
const HEADER: usize = 160 + 164 + 64;

const BLOCK: usize = 620;

const NAMES: [&str; 3] = ["one", "two", "three"];

pub(crate) fn add(cases: &mut Cases) {
    let block = |number: usize| HEADER + number * BLOCK;
    let code = code();
    let mut damaged = |name: &str, comment: &str, left: &[&str], edit: Edit| {
        let parts = Parts {
            file: edit,
            ..whole()
        };
        cases.add(name, comment, ("damaged", Typed::Recovery(&code)), &parts);
        left.iter().for_each(|name| cases.line("salvage", name));
    };
    damaged(
        "salvage-record",
        "a bit of the second key",
        &["one", "three"],
        Box::new(move |file| file[block(3) + 99] ^= 4),
    );
    damaged(
        "salvage-frame",
        "the magic of the second key",
        &["one", "three"],
        Box::new(move |file| file[block(3)] ^= 4),
    );
    damaged(
        "salvage-length",
        "the length of the second key",
        &["one", "three"],
        Box::new(move |file| file[block(3) + 34] ^= 4),
    );
    damaged(
        "salvage-digest",
        "the digest of the second key",
        &NAMES,
        Box::new(move |file| file[block(4) - 1] ^= 4),
    );
    damaged(
        "salvage-manifest",
        "the manifest is zeros",
        &NAMES,
        Box::new(move |file| file[block(0)..block(1)].fill(0)),
    );
    damaged(
        "salvage-slot-record",
        "the record of the slot",
        &NAMES,
        Box::new(move |file| file[block(1) + 99] ^= 4),
    );
    damaged(
        "salvage-truncated",
        "the last key and the twin are missing",
        &["one", "two"],
        Box::new(move |file| file.truncate(block(4))),
    );
    damaged(
        "salvage-start",
        "all before the last two keys is missing",
        &["two", "three"],
        Box::new(move |file| drop(file.drain(..block(3)))),
    );
    damaged(
        "salvage-hole",
        "4096 bytes are zeros",
        &[],
        Box::new(move |file| {
            let end = file.len() - HEADER - 12;
            file[block(0)..end].fill(0);
        }),
    );
    damaged(
        "salvage-inserted",
        "bytes between two keys",
        &NAMES,
        Box::new(move |file| drop(file.splice(block(3)..block(3), *b"between"))),
    );
    damaged(
        "salvage-headers",
        "a bit of each header",
        &NAMES,
        Box::new(move |file| {
            let twin = file.len() - 12 - HEADER;
            file[45] ^= 1;
            file[twin + 46] ^= 1;
        }),
    );
    let newer = Parts {
        generation: 3,
        ..whole()
    };
    let newer = newer.build("salvage-later");
    damaged(
        "salvage-later",
        "blocks of a later generation follow the header",
        &NAMES,
        Box::new(move |file| {
            let end = file.len() - HEADER - 12;
            file[block(0)..end].copy_from_slice(&newer[block(0)..end]);
        }),
    );
    let mut older = whole();
    older.records[2].version = 1;
    let older = older.build("salvage-older");
    damaged(
        "salvage-older",
        "the manifest is zeros, and an older record has the digest of the newer one",
        &["one", "three"],
        Box::new(move |file| {
            let digest = file[block(0) + BLOCK - 32..block(1)].to_vec();
            file[block(0)..block(1)].fill(0);
            file[block(1) - 32..block(1)].copy_from_slice(&digest);
            file[block(0)..block(0) + 36].copy_from_slice(&older[block(0)..block(0) + 36]);
            let end = block(4) - 32;
            file[block(3)..end].copy_from_slice(&older[block(3)..end]);
        }),
    );
    damaged(
        "salvage-appended",
        "bytes after the end",
        &NAMES,
        Box::new(|file| file.extend([0; 100])),
    );
}

fn whole() -> Parts {
    let mut parts = empty();
    parts.add_slot(recovery_slot());
    for name in NAMES {
        parts.add_key(name, &ed25519(name), &[]);
    }
    parts
}
