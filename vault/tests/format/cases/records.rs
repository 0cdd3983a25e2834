//! Faults of what is sealed, which only whoever knows the vault key can make.

use super::{Cases, PASSPHRASE, base, changed, empty, passphrase_slot};
use crate::builder::{Block, Parts, key_content, map, slot_content};
use crate::cbor::{Value, bytes, text};
use crate::private::ed25519;

pub(crate) fn add(cases: &mut Cases) {
    encodings(cases);
    all_kinds(cases);
    fields(cases);
    slot_records(cases);
    vaults(cases);
}

fn with_content(content: Vec<u8>) -> Parts {
    changed(|parts| parts.records[1].content = content)
}

/// What takes an entry out of a map.
fn gone() -> Value {
    Value::Raw(Vec::new())
}

/// A key whose map has one entry more, or another.
fn with_entry(key: u64, value: Value) -> Parts {
    with_content(key_content(
        "laptop",
        &ed25519("laptop").fields,
        &[(key, value)],
    ))
}

fn encodings(cases: &mut Cases) {
    let mut entry = |name: &str, comment: &str, raw: &[u8]| {
        let parts = with_entry(16, Value::Raw(raw.to_vec()));
        cases.bad(&format!("invalid-cbor-{name}"), comment, "invalid", &parts);
    };
    entry("long-u8", "a number under 24 in two bytes", b"\x18\x17");
    entry(
        "long-u16",
        "a number under 256 in three bytes",
        b"\x19\x00\xff",
    );
    entry(
        "long-u32",
        "a number under 65536 in five bytes",
        b"\x1a\x00\x00\xff\xff",
    );
    entry(
        "long-u64",
        "a number under 2^32 in nine bytes",
        b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff",
    );
    entry(
        "long-length",
        "the length of a text in two bytes",
        b"\x78\x01a",
    );
    entry(
        "indefinite-bytes",
        "bytes without a length",
        b"\x5f\x41\x00\xff",
    );
    entry(
        "indefinite-array",
        "an array without a length",
        b"\x9f\x00\xff",
    );
    entry(
        "indefinite-map",
        "a map without a length",
        b"\xbf\x00\x00\xff",
    );
    entry("reserved", "a reserved length", b"\x1c");
    entry("break", "a break alone", b"\xff");
    entry("tag", "a tag", b"\xc0\x61a");
    entry(
        "float",
        "a number with a fraction",
        b"\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00",
    );
    entry("half", "a short number with a fraction", b"\xf9\x3e\x00");
    entry("undefined", "undefined", b"\xf7");
    entry("simple", "another simple value", b"\xe0");
    entry("simple-byte", "a simple value in two bytes", b"\xf8\x20");
    entry("utf-8", "text that is not UTF-8", b"\x62\xc3\x28");
    entry("surrogate", "half a surrogate pair", b"\x63\xed\xa0\x80");
    entry(
        "map-order",
        "a map whose keys descend",
        b"\xa2\x02\x00\x01\x00",
    );
    entry(
        "map-lengths",
        "a map whose keys are sorted by length first",
        b"\xa2\x61a\x00\x18\x64\x00",
    );
    entry(
        "map-twice",
        "a map with a key twice",
        b"\xa2\x01\x00\x01\x00",
    );
    entry("map-bytes", "a map with bytes for a key", b"\xa1\x41a\x00");
    entry("map-true", "a map with true for a key", b"\xa1\xf5\x00");
    entry(
        "map-array",
        "a map with an array for a key",
        b"\xa1\x80\x00",
    );
    entry(
        "array-most",
        "an array of 2^64 - 1 values",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    );
    entry(
        "bytes-most",
        "2^64 - 1 bytes",
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
    );
    let deep = (0..8).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    cases.bad(
        "invalid-cbor-deep",
        "nested one level too deep",
        "invalid",
        &with_entry(16, deep),
    );
    let deep = (0..8).fold(Value::Null, |inner, _| {
        Value::Map(vec![(Value::Unsigned(0), inner)])
    });
    cases.bad(
        "invalid-cbor-deep-maps",
        "maps one level too deep",
        "invalid",
        &with_entry(16, deep),
    );
    let deep = Value::Raw([&[0x81; 400][..], &[0]].concat());
    cases.bad(
        "invalid-cbor-deep-400",
        "nested 400 levels deep",
        "invalid",
        &with_entry(16, deep),
    );
    let content = key_content("laptop", &ed25519("laptop").fields, &[]);
    let mut edited = |name: &str, comment: &str, edit: fn(&mut Vec<u8>)| {
        let mut content = content.clone();
        edit(&mut content);
        cases.bad(
            &format!("invalid-cbor-{name}"),
            comment,
            "invalid",
            &with_content(content),
        );
    };
    edited("rest", "a byte after the record", |content| {
        content.push(0xf6)
    });
    edited("short", "the last byte is missing", |content| {
        content.truncate(content.len() - 1)
    });
    edited("empty", "nothing", Vec::clear);
    edited("array", "an array in place of a map", |content| {
        content[0] = 0x85
    });
    edited("pairs", "one pair less than the map says", |content| {
        content[0] = 0xa6
    });
    edited(
        "long-pairs",
        "the number of pairs in two bytes",
        |content| drop(content.splice(..1, [0xb8, 5])),
    );
    edited("text-key", "a text for a key of the record", |content| {
        content[0] = 0xa6;
        content.extend(b"\x61a\x00");
    });
    edited("negative-key", "a negative key of the record", |content| {
        content[0] = 0xa6;
        content.extend(b"\x20\x00");
    });
    edited("twice", "a key of the record twice", |content| {
        content[0] = 0xa6;
        content.splice(1..1, [0, 1]);
    });
    edited(
        "descending",
        "a key of the record at the end that belongs before",
        |content| {
            content[0] = 0xa6;
            content.extend([3, 0]);
        },
    );
}

fn all_kinds(cases: &mut Cases) {
    let mut entry = |name: &str, comment: &str, key: u64, value: Value| {
        cases.bad(
            &format!("invalid-{name}"),
            comment,
            "invalid",
            &with_entry(key, value),
        );
    };
    entry("no-kind", "no kind", 0, gone());
    entry("no-created", "no time of creation", 1, gone());
    entry("no-changed", "no time of change", 2, gone());
    entry("kind-text", "the kind is a text", 0, text("key"));
    entry(
        "kind-negative",
        "the kind is negative",
        0,
        Value::Negative(0),
    );
    entry(
        "created-negative",
        "created before 1970",
        1,
        Value::Negative(0),
    );
    entry(
        "changed-text",
        "the time of change is a text",
        2,
        text("today"),
    );
    let content = map(&[(0, Value::Unsigned(3)), (1, Value::Unsigned(1))], &[]);
    let parts = changed(|parts| parts.records.push(Block::record([0xee; 16], 2, content)));
    cases.bad(
        "invalid-unknown-kind",
        "a record of an unknown kind without a time of change",
        "invalid",
        &parts,
    );
    let content = map(
        &[
            (0, Value::Unsigned(3)),
            (1, Value::Unsigned(1)),
            (2, Value::Unsigned(1)),
            (9, Value::Raw(b"\xf7".to_vec())),
        ],
        &[],
    );
    let parts = changed(|parts| parts.records.push(Block::record([0xee; 16], 2, content)));
    cases.bad(
        "invalid-unknown-kind-cbor",
        "a record of an unknown kind with undefined in it",
        "invalid",
        &parts,
    );
}

fn fields(cases: &mut Cases) {
    let mut entry = |name: &str, comment: &str, key: u64, value: Value| {
        cases.bad(
            &format!("invalid-{name}"),
            comment,
            "invalid",
            &with_entry(key, value),
        );
    };
    entry("no-name", "no name", 3, gone());
    entry("no-private", "no private key", 4, gone());
    entry("name-empty", "an empty name", 3, text(""));
    entry("name-129", "a name of 129 bytes", 3, text(&"n".repeat(129)));
    entry("name-control", "a line end in a name", 3, text("lap\ntop"));
    entry(
        "name-c1",
        "a control character of 8 bits in a name",
        3,
        text("lap\u{9b}top"),
    );
    entry("name-delete", "a delete in a name", 3, text("laptop\u{7f}"));
    entry("name-bytes", "the name is bytes", 3, bytes(b"laptop"));
    entry(
        "private-text",
        "the private key is a text",
        4,
        text("private"),
    );
    entry("comment-empty", "an empty comment", 5, bytes(b""));
    entry(
        "comment-1025",
        "a comment of 1025 bytes",
        5,
        bytes(&[b'c'; 1_025]),
    );
    entry("comment-text", "the comment is a text", 5, text("comment"));
    entry("certificate-empty", "an empty certificate", 6, bytes(b""));
    entry(
        "certificate-32769",
        "a certificate of 32769 bytes",
        6,
        bytes(&[1; 32_769]),
    );
    entry("confirm-false", "no confirmation", 7, Value::False);
    entry("confirm-1", "confirmation 1", 7, Value::Unsigned(1));
    entry(
        "lifetime-0",
        "a lifetime of 0 seconds",
        8,
        Value::Unsigned(0),
    );
    entry(
        "lifetime-most",
        "a lifetime of 2^32 seconds",
        8,
        Value::Unsigned(1 << 32),
    );
    entry("lifetime-null", "a lifetime of null", 8, Value::Null);
    entry(
        "destinations-none",
        "an empty list of destinations",
        9,
        Value::Array(Vec::new()),
    );
    entry(
        "destinations-257",
        "257 destinations",
        9,
        Value::Array(vec![text("d"); 257]),
    );
    entry(
        "destination-empty",
        "an empty destination",
        9,
        Value::Array(vec![text("")]),
    );
    entry(
        "destination-513",
        "a destination of 513 bytes",
        9,
        Value::Array(vec![text(&"d".repeat(513))]),
    );
    entry(
        "destination-bytes",
        "a destination that is bytes",
        9,
        Value::Array(vec![bytes(b"d")]),
    );
    entry(
        "destinations-text",
        "destinations that are a text",
        9,
        text("d"),
    );
    entry("notes-empty", "empty notes", 10, text(""));
    entry(
        "notes-16385",
        "notes of 16385 bytes",
        10,
        text(&"n".repeat(16_385)),
    );
    entry("notes-bytes", "notes that are bytes", 10, bytes(b"notes"));
    entry("used-text", "a time of use that is a text", 11, text("now"));
    entry("removed-true", "removed without a time", 12, Value::True);
    entry(
        "key-slot-id",
        "a key with the id of a slot",
        13,
        bytes(&[1; 16]),
    );
    entry(
        "key-wrap-keys",
        "a key with the keys of a slot",
        14,
        bytes(&[1; 64]),
    );
    entry("key-label", "a key with a label", 15, text("label"));
}

fn slot_records(cases: &mut Cases) {
    let mut entry = |name: &str, comment: &str, key: u64, value: Value| {
        let parts = changed(|parts| {
            let keys = parts.slots[0].wrap_keys(&parts.id);
            parts.records[0].content = slot_content(&parts.slots[0].id, &keys, &[(key, value)]);
        });
        cases.bad(&format!("invalid-slot-{name}"), comment, "invalid", &parts);
    };
    entry("no-id", "the record of a slot without its id", 13, gone());
    entry(
        "no-keys",
        "the record of a slot without its keys",
        14,
        gone(),
    );
    entry("id-15", "an id of 15 bytes", 13, bytes(&[1; 15]));
    entry("id-other", "an id that no slot has", 13, bytes(&[1; 16]));
    entry("keys-32", "keys of 32 bytes", 14, bytes(&[1; 32]));
    entry(
        "keys-text",
        "keys that are a text",
        14,
        text(&"k".repeat(64)),
    );
    entry("label-empty", "an empty label", 15, text(""));
    entry("label-65", "a label of 65 bytes", 15, text(&"l".repeat(65)));
    entry(
        "label-control",
        "a control character in a label",
        15,
        text("lap\u{1b}top"),
    );
    entry("label-bytes", "a label that is bytes", 15, bytes(b"label"));
    entry("name", "a slot with a name", 3, text("name"));
    entry("private", "a slot with a private key", 4, bytes(b"private"));
    entry("removed", "a slot that was removed", 12, Value::Unsigned(1));
}

fn vaults(cases: &mut Cases) {
    let parts = changed(|parts| drop(parts.records.remove(0)));
    cases.bad(
        "invalid-slot-record-missing",
        "a slot has no record",
        "invalid",
        &parts,
    );
    let parts = changed(|parts| {
        let content = parts.records[0].content.clone();
        parts.records.push(Block::record([0xee; 16], 2, content));
    });
    cases.bad(
        "invalid-slot-record-twice",
        "a slot has two records",
        "invalid",
        &parts,
    );
    let mut parts = base();
    parts.add_slot(super::recovery_slot());
    parts.records.sort_by_key(|record| record.id);
    parts.header[0] = Box::new(|header| header[51] = 1);
    cases.bad(
        "invalid-slot-uncounted",
        "a slot that is not counted, and thus an extension",
        "invalid",
        &parts,
    );
    // Who could open the vault once has his own keys where the next vault key would be wrapped.
    let planted = |parts: &mut Parts, slot: usize| {
        let id = parts.slots[slot].id;
        parts.records[slot].content = slot_content(&id, &[0x5a; 64], &[]);
    };
    let parts = changed(|parts| planted(parts, 0));
    cases.bad(
        "forged-slot-keys",
        "the record of the slot that opens has other keys",
        "forged",
        &parts,
    );
    let mut parts = base();
    parts.add_slot(super::recovery_slot());
    planted(&mut parts, 1);
    cases.bad(
        "forged-slot-keys-other",
        "the record of another slot has other keys",
        "forged",
        &parts,
    );
    let parts = changed(|parts| parts.add_key("laptop", &ed25519("other"), &[]));
    cases.bad(
        "invalid-same-name",
        "two keys have the same name",
        "invalid",
        &parts,
    );
    let mut parts = empty();
    parts.add_slot(passphrase_slot(PASSPHRASE));
    parts.slots[0].number = 77;
    cases.bad(
        "locked-unknown-type",
        "only a slot of an unknown type",
        "locked",
        &parts,
    );
}
