//! What has to be read.

use std::fs;

use super::{
    Cases, PASSPHRASE, Typed, base, changed, costly_slot, empty, passphrase_slot, recovery_slot,
    slot,
};
use crate::builder::{Block, Parts, key_content, map};
use crate::cbor::{Value, bytes, text};
use crate::private::{Private, ed25519, openssh, sk_ecdsa, sk_ed25519, string};

pub(crate) fn add(cases: &mut Cases) {
    keys(cases);
    extras(cases);
    unknown(cases);
    ways_in(cases);
    lengths(cases);
    warnings(cases);
}

fn with_key(name: &str, private: &Private, more: &[(u64, Value)]) -> Parts {
    let mut parts = empty();
    parts.add_slot(passphrase_slot(PASSPHRASE));
    parts.add_key(name, private, more);
    parts
}

fn keys(cases: &mut Cases) {
    cases.good("good-one-key", "one Ed25519 key", &base());
    let mut none = empty();
    none.add_slot(passphrase_slot(PASSPHRASE));
    cases.good("good-no-key", "no key", &none);
    let mut first = base();
    (first.generation, first.previous) = (1, [0; 32]);
    first
        .records
        .iter_mut()
        .for_each(|record| record.version = 1);
    cases.good("good-generation-1", "saved for the first time", &first);
    let mut many = base();
    many.generation = u64::MAX;
    cases.good("good-generation-last", "generation 2^64 - 1", &many);
    let mut twenty = empty();
    twenty.add_slot(passphrase_slot(PASSPHRASE));
    for number in 1..=20 {
        let name = format!("key {number}");
        twenty.add_key(&name, &ed25519(&name), &[]);
    }
    cases.good("good-20-keys", "twenty keys", &twenty);
    for file in [
        "ecdsa-256",
        "ecdsa-384",
        "ecdsa-521",
        "rsa-2048",
        "rsa-4096",
        "rsa-8192",
        "rsa-16384",
    ] {
        let parts = with_key(file, &openssh(file), &[]);
        cases.good(&format!("good-{file}"), "a key of another type", &parts);
    }
    let parts = with_key("token", &sk_ed25519("token"), &[]);
    cases.good("good-sk-ed25519", "a security key", &parts);
    let parts = with_key("token", &sk_ecdsa(), &[]);
    cases.good("good-sk-ecdsa", "a security key of the other type", &parts);
}

fn certificate() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/testdata/vector_keys/certified-cert.pub"
    );
    let line = fs::read_to_string(path).unwrap();
    let blob = line.split(' ').nth(1).unwrap();
    <base64ct::Base64 as base64ct::Encoding>::decode_vec(blob).unwrap()
}

fn extras(cases: &mut Cases) {
    let key = ed25519("certified");
    let certificate = (6, bytes(&certificate()));
    let parts = with_key("certified", &key, std::slice::from_ref(&certificate));
    cases.good("good-certificate", "a key with its certificate", &parts);
    let everything = [
        (5, bytes(b"alice@\xffexample")),
        certificate,
        (7, Value::True),
        (8, Value::Unsigned(u64::from(u32::MAX))),
        (
            9,
            Value::Array(vec![
                text("db1.example"),
                text("jump.example>alice@db2.example"),
            ]),
        ),
        (10, text("two\nlines")),
        (11, Value::Unsigned(1_750_000_000)),
    ];
    let parts = with_key("all of it \u{1f511}", &key, &everything);
    cases.good(
        "good-everything",
        "a key of which everything is known",
        &parts,
    );
    let name = "n".repeat(128);
    cases.good(
        "good-longest-name",
        "a name of 128 bytes",
        &with_key(&name, &key, &[]),
    );
    let most = |fill: usize| {
        let most = [
            (5, bytes(&[0xff; 1_024])),
            (6, bytes(&[1; 32_768])),
            (8, Value::Unsigned(1)),
            (9, Value::Array(vec![text(&"d".repeat(512)); 256])),
            (10, text(&"n".repeat(16_384))),
            (16, bytes(&vec![2; fill])),
        ];
        with_key("most", &key, &most)
    };
    let length = |fill| most(fill).records[1].content.len();
    let fill = 70_000 + 262_143 - length(70_000);
    assert_eq!(length(fill), 262_143);
    let comment = "every field as long as it may be, in a record as long as it may be";
    cases.good("good-longest-fields", comment, &most(fill));
    let parts = changed(|parts| {
        let private = ed25519("old");
        let removed = [(12, Value::Unsigned(1_700_000_500))];
        parts.add_key("old", &private, &removed);
        parts.records[2].found = None;
    });
    cases.good("good-removed-key", "a removed key is not found", &parts);
    let parts = changed(|parts| {
        parts.add_key("laptop", &ed25519("old"), &[(12, Value::Unsigned(0))]);
        parts.records[2].found = None;
    });
    cases.good(
        "good-removed-same-name",
        "a removed key has the name of another",
        &parts,
    );
    let parts = changed(|parts| parts.add_key("again", &ed25519("laptop"), &[]));
    cases.good("good-key-twice", "the same key under two names", &parts);
}

fn unknown(cases: &mut Cases) {
    let parts = changed(|parts| parts.minor = 1);
    cases.good("good-minor-1", "minor version 1", &parts);
    let parts = changed(|parts| parts.optional_flags = 0x8000_0001);
    cases.good("good-optional-flags", "unknown optional flags", &parts);
    let extension =
        |kind: u16, value: &[u8]| [&kind.to_be_bytes()[..], &[0, 0], &string(value)].concat();
    let parts = changed(|parts| parts.extensions = extension(7, b"value"));
    cases.good(
        "good-extension",
        "an unknown extension that is not critical",
        &parts,
    );
    let parts = changed(|parts| {
        parts.extensions = [
            extension(0, b""),
            extension(65_535, &[0; 300]),
            extension(0, b"x"),
        ]
        .concat();
    });
    cases.good(
        "good-extensions",
        "three of them, two of the same kind",
        &parts,
    );
    let parts = changed(|parts| {
        parts.add_slot(slot(4, *b"a token's slot i", vec![9; 100], vec![3; 32]));
    });
    cases.good("good-unknown-slot", "a slot of an unknown type", &parts);
    let parts = changed(|parts| {
        let content = map(
            &[
                (0, Value::Unsigned(3)),
                (1, Value::Unsigned(1)),
                (2, Value::Unsigned(2)),
                (4, text("its own")),
                (900, Value::Null),
            ],
            &[],
        );
        parts.records.push(Block::record([0xee; 16], 1, content));
    });
    cases.good("good-unknown-record", "a record of an unknown kind", &parts);
    let more = unknown_entries();
    let parts = with_key("later", &ed25519("later"), &more);
    cases.good(
        "good-unknown-keys",
        "keys of the map that are not known",
        &parts,
    );
    let deep = (0..7).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let parts = with_key("deep", &ed25519("deep"), &[(20, deep)]);
    cases.good("good-nested", "as deep as values may be nested", &parts);
    let mut parts = empty();
    let own = passphrase_slot(PASSPHRASE);
    let content = crate::builder::slot_content(
        &own.id,
        &own.wrap_keys(&parts.id),
        &[(15, text("laptop")), (77, Value::True)],
    );
    parts.slots.push(own);
    parts.records.push(Block::record([1; 16], 2, content));
    cases.good(
        "good-slot-label",
        "a label, and a key of a slot's map that is not known",
        &parts,
    );
}

/// Entries that a later version may write.
fn unknown_entries() -> Vec<(u64, Value)> {
    vec![
        (
            16,
            Value::Map(vec![
                (Value::Unsigned(1), Value::False),
                (Value::Negative(0), Value::Null),
                (text("a"), bytes(b"b")),
            ]),
        ),
        (24, Value::Negative(u64::MAX)),
        (256, Value::Array(Vec::new())),
        (65_536, Value::Unsigned(u64::MAX)),
        (1 << 32, text("\u{e9}")),
        (u64::MAX, Value::True),
    ]
}

/// The content of a key with such entries.
pub(super) fn unknown_keys() -> Vec<u8> {
    key_content("later", &ed25519("later").fields, &unknown_entries())
}

fn ways_in(cases: &mut Cases) {
    let code = super::code();
    let mut recovery = empty();
    recovery.add_slot(recovery_slot());
    recovery.add_key("laptop", &ed25519("laptop"), &[]);
    let mut add = |name: &str, comment: &str, typed: &str| {
        cases.add(
            name,
            comment,
            ("success", Typed::Recovery(typed)),
            &recovery,
        );
    };
    add("good-recovery", "a recovery code alone", &code);
    add(
        "good-recovery-small",
        "a code in small letters",
        &code.to_lowercase(),
    );
    add(
        "good-recovery-joined",
        "a code without hyphens",
        &code.replace('-', ""),
    );
    add(
        "good-recovery-look-alikes",
        "o and O for 0, i and l for 1",
        &code
            .replacen('0', "o", 1)
            .replace('0', "O")
            .replacen('1', "l", 1)
            .replace('1', "I"),
    );
    add(
        "good-recovery-blanks",
        "blanks everywhere",
        &format!("{}  ", code.replace('-', " - ")),
    );
    let both = changed(|parts| parts.add_slot(recovery_slot()));
    cases.good(
        "good-two-slots",
        "a recovery code beside the passphrase",
        &both,
    );
    cases.add(
        "good-two-slots-recovery",
        "and with the code",
        ("success", Typed::Recovery(&code)),
        &both,
    );
    let mut many = empty();
    for number in 0..31 {
        many.add_slot(slot(
            100 + number,
            [number as u8; 16],
            Vec::new(),
            vec![number as u8; 32],
        ));
    }
    many.add_slot(passphrase_slot(PASSPHRASE));
    many.add_key("laptop", &ed25519("laptop"), &[]);
    cases.good(
        "good-32-slots",
        "as many slots as there may be, the last one opens",
        &many,
    );
    let mut second = empty();
    let mut other = passphrase_slot("another passphrase");
    other.id = [9; 16];
    second.add_slot(other);
    second.add_slot(passphrase_slot(PASSPHRASE));
    second.add_key("laptop", &ed25519("laptop"), &[]);
    cases.good(
        "good-second-passphrase",
        "the second of two passphrases",
        &second,
    );
    let mut lanes = empty();
    lanes.add_slot(costly_slot(PASSPHRASE, (20_000, 2, 3)));
    cases.good(
        "good-lanes",
        "two passes, and three lanes that do not divide the memory",
        &lanes,
    );
    cases.good(
        "good-cost-sum",
        "slots that take all that they may in sum",
        &super::slots::of_work(16_777_216),
    );
    let mut long = empty();
    long.add_slot(slot(5, [5; 16], vec![5; 2_048 - 156], vec![5; 32]));
    long.add_slot(passphrase_slot(PASSPHRASE));
    cases.good("good-longest-slot", "a slot of 2048 bytes", &long);
    let mut typed = |name: &str, comment: &str, prepared: &str, typed: &str| {
        let mut parts = empty();
        parts.add_slot(passphrase_slot(prepared));
        cases.add(name, comment, ("success", Typed::Passphrase(typed)), &parts);
    };
    typed(
        "good-passphrase-nfc",
        "accents as characters of their own",
        "cr\u{e8}me br\u{fb}l\u{e9}e",
        "cre\u{300}me bru\u{302}le\u{301}e",
    );
    typed(
        "good-passphrase-blanks",
        "blanks of other widths",
        "a b c d",
        "a\u{a0}b\u{2003}c\u{3000}d",
    );
    typed(
        "good-passphrase-ends",
        "spaces at both ends",
        " a b ",
        " a b ",
    );
    typed(
        "good-passphrase-singleton",
        "a character that becomes another",
        "\u{c5}\u{3a9}",
        "\u{212b}\u{2126}",
    );
    typed(
        "good-passphrase-hangul",
        "Hangul in its letters",
        "\u{d55c}\u{ae00}",
        "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}",
    );
    typed(
        "good-passphrase-excluded",
        "a character that NFC takes apart",
        "\u{915}\u{93c}",
        "\u{958}",
    );
    typed(
        "good-passphrase-order",
        "marks in another order",
        "\u{1ea1}\u{301}",
        "a\u{301}\u{323}",
    );
    typed(
        "good-passphrase-longest",
        "1024 bytes",
        &"x".repeat(1_024),
        &"x".repeat(1_024),
    );
    typed(
        "good-passphrase-case",
        "large letters stay large",
        "Stra\u{df}e",
        "Stra\u{df}e",
    );
}

/// A key whose content is exactly so long, by its notes.
fn content_of(length: usize) -> Vec<u8> {
    let private = ed25519("padded").fields;
    let content = |notes: usize| {
        let fill = Value::Bytes(vec![0x80; notes]);
        key_content("padded", &private, &[(16, fill)])
    };
    let guess = length - content(0).len();
    let fitting = (guess.saturating_sub(8)..=guess).map(content);
    let mut fitting = fitting.filter(|content| content.len() == length);
    fitting.next().unwrap()
}

fn lengths(cases: &mut Cases) {
    for length in [510, 511, 512, 4_095, 4_096, 16_383, 65_535] {
        let mut parts = empty();
        parts.add_slot(passphrase_slot(PASSPHRASE));
        parts.add_key("padded", &ed25519("padded"), &[]);
        parts.records[1].content = content_of(length);
        let comment = format!("a record of {length} bytes before its padding");
        cases.good(&format!("good-content-{length}"), &comment, &parts);
    }
}

fn warnings(cases: &mut Cases) {
    let mut damage = |name: &str, comment: &str, warning: &str, edit: fn(&mut Vec<u8>)| {
        let parts = changed(|parts| parts.file = Box::new(edit));
        cases.good(name, comment, &parts);
        cases.line("warning", warning);
    };
    damage("twin-magic", "the first magic is damaged", "twin", |file| {
        file[0] ^= 1
    });
    damage(
        "twin-major",
        "the first major version is damaged",
        "twin",
        |file| file[9] = 2,
    );
    damage(
        "twin-length",
        "the first length is damaged",
        "twin",
        |file| file[15] ^= 1,
    );
    damage(
        "twin-length-huge",
        "the first length is 2^32 - 1",
        "twin",
        |file| file[12..16].fill(0xff),
    );
    damage(
        "twin-slot",
        "a slot of the first header is damaged",
        "twin",
        |file| file[200] ^= 0x10,
    );
    damage(
        "twin-cost",
        "the costs in the first header are damaged",
        "twin",
        |file| file[220] ^= 0x40,
    );
    damage("twin-mac", "the first MAC is damaged", "twin", |file| {
        file[432 - 64] ^= 0x80
    });
    damage(
        "twin-digest",
        "the first digest is damaged",
        "twin",
        |file| file[432 - 1] ^= 1,
    );
    damage(
        "twin-zeros",
        "the first 432 bytes are zeros",
        "twin",
        |file| file[..432].fill(0),
    );
    damage(
        "end-magic",
        "the magic at the end is damaged",
        "end",
        |file| *file.last_mut().unwrap() ^= 1,
    );
    damage(
        "end-length",
        "the length at the end is damaged",
        "end",
        |file| {
            let end = file.len() - 9;
            file[end] ^= 1;
        },
    );
    damage(
        "end-length-huge",
        "the length at the end is 2^32 - 1",
        "end",
        |file| {
            let end = file.len() - 12;
            file[end..end + 4].fill(0xff);
        },
    );
    damage(
        "end-twin-magic",
        "the magic of the twin is damaged",
        "end",
        |file| {
            let twin = file.len() - 12 - 432;
            file[twin] ^= 1;
        },
    );
    damage(
        "end-twin-mac",
        "the MAC of the twin is damaged",
        "end",
        |file| {
            let twin = file.len() - 12 - 64;
            file[twin] ^= 1;
        },
    );
    damage("end-zeros", "the last 444 bytes are zeros", "end", |file| {
        let twin = file.len() - 444;
        file[twin..].fill(0);
    });
}
