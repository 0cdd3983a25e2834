use proptest::prelude::*;

use super::*;

fn check(content: &[u8]) -> Result<Vec<u64>, Broken> {
    entries(content)?.map(|entry| Ok(entry?.0)).collect()
}

fn refused(content: &[u8]) -> &'static str {
    check(content).unwrap_err().0
}

#[test]
fn reads_a_map_in_order() {
    // {0: 1, 3: "ab", 9: ["c"], 300: {-1: null, "x": h'00'}}
    let content = b"\xa4\x00\x01\x03\x62ab\x09\x81\x61c\x19\x01\x2c\xa2\x20\xf6\x61x\x41\x00";
    assert_eq!(check(content).unwrap(), [0, 3, 9, 300]);
    let values: Vec<_> = entries(content)
        .unwrap()
        .map(|entry| entry.unwrap().1)
        .collect();
    assert_eq!(values[0].unsigned(), Some(1));
    assert_eq!(values[1].text(), Some("ab"));
    assert_eq!(values[2].texts(), Some(vec!["c"]));
    assert_eq!(values[3].raw(), b"\xa2\x20\xf6\x61x\x41\x00");
    assert_eq!((values[1].bytes(), values[3].texts()), (None, None));
}

#[test]
fn refuses_every_other_encoding() {
    for (content, reason) in [
        (&b"\xa1\x18\x05\x00"[..], "shortest"),
        (b"\xa1\x00\x19\x00\xff", "shortest"),
        (b"\xa1\x00\x1a\x00\x00\xff\xff", "shortest"),
        (b"\xa1\x00\x1b\x00\x00\x00\x00\xff\xff\xff\xff", "shortest"),
        (b"\xb8\x01\x00\x00", "shortest"),
        (b"\xbf\x00\x00\xff", "indefinite"),
        (b"\xa1\x00\x5f\x41\x00\xff", "indefinite"),
        (b"\xa1\x00\x1c", "reserved"),
        (b"\xa2\x01\x00\x00\x00", "ascending"),
        (b"\xa2\x00\x00\x00\x00", "ascending"),
        (b"\xa1\x00\xa2\x61a\x00\x00\x00", "ascending"),
        (b"\xa1\x00\xa1\x40\x00", "neither an integer"),
        (b"\xa1\x20\x00", "not an unsigned"),
        (b"\xa1\x00\x00\x00", "after"),
        (b"\xa1\x00", "early"),
        (b"\xa1\x00\x42\x00", "early"),
        (b"\xa1\x00\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "early"),
        (b"\xa1\x00\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "early"),
        (b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "early"),
        (b"\xa1\x00\x61\xff", "UTF-8"),
        (b"\xa1\x00\xc0\x00", "tag"),
        (b"\xa1\x00\xf7", "simple"),
        (b"\xa1\x00\xf8\xff", "simple"),
        (b"\xa1\x00\xf9\x3c\x00", "simple"),
        (b"\xa1\x00\xfb\x00\x00\x00\x01\x00\x00\x00\x00", "simple"),
        (b"\x00", "not a CBOR map"),
        (b"", "early"),
    ] {
        let found = refused(content);
        assert!(found.contains(reason), "{content:02x?}: {found}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels| {
        let mut content = b"\xa1\x00".to_vec();
        content.extend(vec![0x81; levels]);
        content.push(0);
        content
    };
    assert!(check(&nested(7)).is_ok());
    assert!(refused(&nested(8)).contains("deeper"));
    assert!(refused(&nested(100_000)).contains("deeper"));
}

/// Values as a later version may write them.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(|number| encoded(|out| put_head(out, UNSIGNED, number))),
        any::<u64>().prop_map(|number| encoded(|out| put_head(out, NEGATIVE, number))),
        any::<Vec<u8>>().prop_map(|bytes| encoded(|out| put_bytes(out, &bytes))),
        any::<String>().prop_map(|text| encoded(|out| put_text(out, &text))),
        (0xf4_u8..0xf7).prop_map(|simple| vec![simple]),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let keys = prop_oneof![
            any::<i64>().prop_map(|key| encoded(|out| {
                put_head(
                    out,
                    u8::from(key < 0),
                    u64::try_from(key ^ (key >> 63)).unwrap(),
                );
            })),
            any::<String>().prop_map(|key| encoded(|out| put_text(out, &key))),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| encoded(|out| {
                put_array(out, items.len());
                out.extend(items.concat());
            })),
            prop::collection::btree_map(keys, inner, 0..6).prop_map(|pairs| encoded(|out| {
                put_map(out, pairs.len());
                pairs
                    .iter()
                    .for_each(|(key, value)| out.extend([&key[..], value].concat()));
            })),
        ]
    })
}

fn encoded(put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out);
    out
}

proptest! {
    #[test]
    fn what_is_read_is_written_back(
        pairs in prop::collection::btree_map(any::<u64>(), value(), 0..8)
    ) {
        let content = encoded(|out| {
            put_map(out, pairs.len());
            for (key, value) in &pairs {
                put_unsigned(out, *key);
                out.extend(value);
            }
        });
        let read: Result<Vec<_>, _> = entries(&content).unwrap().collect();
        let read = read.unwrap();
        let written = encoded(|out| {
            put_map(out, read.len());
            for (key, value) in &read {
                put_unsigned(out, *key);
                out.extend(value.raw());
            }
        });
        prop_assert_eq!(written, content);
    }

    #[test]
    fn no_bytes_are_too_much(content in any::<Vec<u8>>()) {
        let _ = check(&content);
    }
}
