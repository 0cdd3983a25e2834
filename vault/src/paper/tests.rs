//! Sealing and opening, and everything that may go wrong between the page and the keyboard.

mod vectors;

use curve25519_dalek::EdwardsPoint;
use proptest::prelude::*;
use sha2::Sha512;

use super::*;
use crate::fixed_entropy::Fixed;
use crate::record::Times;
use crate::symbols::letter;
use crate::wire::put_string;
use crate::{Fingerprint, Passphrase, PrivateKey, RecoveryCode, Timestamp, import};

const PASSPHRASE: &str = "correct horse battery staple";

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE).unwrap()
}

fn code() -> RecoveryCode {
    RecoveryCode::from_bytes(b"code of vectors.")
}

/// An Ed25519 key whose seed is the digest of a name (RFC 8032 section 5.1.5).
fn ed25519(name: &str) -> Vec<u8> {
    let seed: [u8; 32] = Sha256::digest(name).into();
    let hash = Sha512::digest(seed);
    let scalar: [u8; 32] = hash[..32].try_into().unwrap();
    let public = EdwardsPoint::mul_base_clamped(scalar).compress().0;
    let mut fields = Vec::new();
    for string in [&b"ssh-ed25519"[..], &public, &[seed, public].concat()] {
        put_string(&mut fields, string);
    }
    fields
}

fn rsa(bits: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/vector_keys");
    let file = std::fs::read(format!("{folder}/rsa-{bits}")).unwrap();
    let key = import::recognise(&file).unwrap().open(None).unwrap().key;
    key.fields().to_vec()
}

fn record(private: &[u8], metadata: Metadata) -> KeyRecord {
    let (key_type, public_key) = PrivateKey::public_of(private).unwrap();
    let key_type = key_type.name();
    KeyRecord {
        id: RecordId(RECORD),
        times: Times {
            created: Timestamp(1_700_000_000),
            changed: Timestamp(1_710_000_000),
        },
        removed: None,
        key_type,
        fingerprint: Fingerprint::of(&public_key),
        public_key,
        metadata,
    }
}

fn named(name: &str) -> Metadata {
    Metadata {
        name: name.to_owned(),
        ..Metadata::default()
    }
}

/// A key under the code, which costs nothing.
fn sealed(private: &[u8], name: &'static str) -> Paper {
    let code = code();
    let new = NewSlot::RecoveryCode(&code);
    let record = record(private, named(name));
    Paper::seal(&record, private, &new, &mut Fixed::new(name)).unwrap()
}

fn whole(text: &str) -> Result<Paper, PaperError> {
    match read_text(text)? {
        Scanned::Whole(paper) => Ok(paper),
        Scanned::Parts(parts) => assemble(&parts),
    }
}

fn listed(text: &str) -> (Vec<(usize, LineError)>, Vec<usize>) {
    match whole(text) {
        Err(PaperError::Text { wrong, missing }) => {
            let wrong = wrong.iter().map(|line| (line.place, line.error));
            (wrong.collect(), missing)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_comes_back_with_what_limits_its_use() {
    let private = ed25519("laptop");
    let metadata = Metadata {
        comment: b"me@laptop".to_vec(),
        confirm: true,
        lifetime_seconds: core::num::NonZeroU32::new(3600),
        destinations: vec!["alice@db1".to_owned()],
        ..named("laptop")
    };
    let all = Metadata {
        notes: "not on paper".to_owned(),
        certificate: vec![1; 300],
        last_used: Some(Timestamp(1)),
        ..metadata.clone()
    };
    let (passphrase, code) = (passphrase(), code());
    for new in [
        NewSlot::Passphrase(&passphrase, Cost::LEAST),
        NewSlot::RecoveryCode(&code),
    ] {
        let record = record(&private, all.clone());
        let paper = Paper::seal(&record, &private, &new, &mut Fixed::new("seal")).unwrap();
        assert!(
            !paper
                .bytes()
                .windows(20)
                .any(|window| private.windows(20).any(|w| w == window))
        );
        assert_eq!(paper.takes_passphrase(), new.opener().is_passphrase());
        let opened = paper.open(&new.opener()).unwrap();
        assert_eq!(opened.private.expose(), &private);
        assert_eq!(opened.record.metadata(), &metadata);
        assert_eq!(opened.record.fingerprint(), record.fingerprint());
        assert_eq!(opened.record.created(), record.created());
        let wrong = Passphrase::new("another").unwrap();
        for wrong in [
            Opener::Passphrase(&wrong),
            Opener::RecoveryCode(&RecoveryCode::from_bytes(&[7; 16])),
        ] {
            assert!(matches!(paper.open(&wrong), Err(PaperError::Locked)));
        }
    }
}

impl Opener<'_> {
    fn is_passphrase(&self) -> bool {
        matches!(self, Opener::Passphrase(_))
    }
}

#[test]
fn an_ed25519_key_is_short_and_too_long_a_key_is_refused() {
    let private = ed25519("laptop");
    let passphrase = passphrase();
    let new = NewSlot::Passphrase(&passphrase, Cost::LEAST);
    let metadata = Metadata {
        comment: b"somebody@some.host.example".to_vec(),
        ..named("a key for work")
    };
    let paper = Paper::seal(
        &record(&private, metadata),
        &private,
        &new,
        &mut Fixed::new("x"),
    );
    let paper = paper.unwrap();
    assert!(paper.bytes().len() <= 350, "{}", paper.bytes().len());
    assert_eq!(paper.parts().len(), 1);
    let rsa = rsa("4096");
    let seal = |private: &[u8]| {
        let record = record(private, named("rsa"));
        Paper::seal(&record, private, &new, &mut Fixed::new("x"))
    };
    let paper = seal(&rsa).unwrap();
    assert_eq!(paper.parts().len(), 3);
    assert!(matches!(seal(&self::rsa("8192")), Err(Error::Full { .. })));
}

#[test]
fn every_bit_counts() {
    let paper = sealed(&ed25519("bits"), "bits");
    let code = code();
    for place in 0..paper.bytes.len() {
        for bit in 0..8 {
            let mut bytes = paper.bytes.clone();
            bytes[place] ^= 1 << bit;
            assert!(Paper::read(bytes.clone()).is_err());
            // And behind a digest that was made to hold.
            let end = bytes.len() - DIGEST;
            let made = digest(&bytes[..end]);
            bytes[end..].copy_from_slice(&made);
            let opened =
                Paper::read(bytes).and_then(|paper| paper.open(&Opener::RecoveryCode(&code)));
            assert_eq!(opened.is_ok(), place >= end);
        }
    }
}

#[test]
fn every_typing_error_in_a_line_is_found() {
    let mut lines = 0;
    for name in ["one", "two", "three", "four", "five", "six", "seven"] {
        for text in sealed(&ed25519(name), name).lines() {
            lines += 1;
            let right: Vec<char> = text.chars().filter(|letter| *letter != ' ').collect();
            assert_eq!(right.len(), line::SYMBOLS);
            let read = |typed: &[char]| line::read(1, &typed.iter().collect::<String>()).is_ok();
            assert!(read(&right));
            let mut typed = right.clone();
            for place in 0..right.len() {
                for other in (0..32).map(letter).filter(|other| *other != right[place]) {
                    typed[place] = other;
                    assert!(!read(&typed), "{text}");
                }
                typed[place] = right[place];
            }
            for place in 1..right.len() {
                typed.swap(place - 1, place);
                assert_eq!(read(&typed), right[place - 1] == right[place], "{text}");
                typed.swap(place - 1, place);
            }
        }
    }
    assert!(lines >= 100, "{lines}");
}

#[test]
fn lines_are_read_as_people_type_them() {
    let paper = sealed(&ed25519("typed"), "typed");
    let mut lines = paper.lines();
    lines.reverse();
    let text = lines
        .join("\n\n")
        .to_lowercase()
        .replace('0', "o")
        .replace('1', "l");
    let text = format!("# a heading 12\r\n{}\n", text.replace(' ', "-"));
    assert!(are_meant(&text));
    assert_eq!(whole(&text).unwrap(), paper);
    // The same line twice is no error.
    assert_eq!(whole(&format!("{text}{}", lines[3])).unwrap(), paper);
}

/// The lines of a paper, some of them replaced.
fn with(lines: &[String], changes: &[(usize, &str)]) -> String {
    let mut lines = lines.to_vec();
    for (index, text) in changes {
        lines[*index] = (*text).to_owned();
    }
    lines.join("\n")
}

#[test]
fn every_wrong_line_is_named_and_every_missing_one() {
    let lines = sealed(&ed25519("wrong"), "wrong").lines();
    let last = lines.len();
    let short = &lines[5][..20];
    let unknown = lines[6].replacen(' ', " U", 1);
    let text = with(
        &lines,
        &[(1, ""), (5, short), (6, &unknown), (last - 1, "# gone")],
    );
    let length = LineError::Length { found: 16 };
    let found = 'U';
    let symbol = LineError::Symbol { place: 4, found };
    assert_eq!(
        listed(&text),
        (vec![(6, length), (7, symbol)], vec![2, last])
    );
    let expected = format!(
        "line 006: it has 16 symbols, not 29; line 007: symbol 4, 'U', is in no line; lines 002, {last:03} are missing"
    );
    assert_eq!(whole(&text).unwrap_err().to_string(), expected);
    let numberless = format!("A{}", &lines[0][1..]);
    let text = with(&lines, &[(0, &numberless)]);
    assert_eq!(listed(&text).0, [(1, LineError::Number)]);
    assert_eq!(listed("").1, [1]);
}

#[test]
fn lines_of_other_places_and_papers_are_found() {
    let lines = sealed(&ed25519("wrong"), "wrong").lines();
    let last = lines.len();
    let third = lines[2].replacen("003", "004", 1);
    let fourth = lines[3].replacen("004", "003", 1);
    let text = with(&lines, &[(2, &third), (3, &fourth)]);
    let check = LineError::Check;
    assert_eq!(listed(&text), (vec![(3, check), (4, check)], vec![]));
    let other = sealed(&ed25519("other"), "other").lines();
    let text = format!("{}\n{}", lines.join("\n"), other[4]);
    let twice = LineError::Twice;
    assert_eq!(listed(&text), (vec![(last + 1, twice)], vec![]));
    let text = with(&lines, &[(4, &other[4])]);
    assert!(matches!(whole(&text), Err(PaperError::Digest)));
    let beyond = line::write(&[0; 15 * 40]).pop().unwrap();
    let text = format!("{}\n{beyond}", lines.join("\n"));
    let beyond = LineError::Beyond { lines: last };
    assert_eq!(listed(&text), (vec![(last + 1, beyond)], vec![]));
}

#[test]
fn parts_are_put_together_in_any_order_and_not_mixed() {
    let paper = sealed(&rsa("4096"), "rsa");
    let texts = paper.parts();
    let mut parts: Vec<Part> = texts
        .iter()
        .map(|text| Part::parse(text).unwrap())
        .collect();
    assert!(texts.iter().all(|text| text.len() <= 1_200));
    parts.reverse();
    parts.push(parts[1].clone());
    assert_eq!(assemble(&parts).unwrap(), paper);
    assert_eq!(whole(&texts.join("\n")).unwrap(), paper);
    let error = assemble(&parts[..1]).unwrap_err();
    assert_eq!(error.to_string(), "QR codes 1, 2 of 3 are missing");
    let other = sealed(&rsa("4096"), "other");
    let other: Vec<Part> = other
        .parts()
        .iter()
        .map(|text| Part::parse(text).unwrap())
        .collect();
    let mixed = [parts[0].clone(), parts[1].clone(), other[0].clone()];
    assert!(matches!(assemble(&mixed), Err(PaperError::PartsMixed)));
    for text in [
        "",
        "KWP1",
        "KWP1.",
        "KWP1.1.1.00000000",
        "KWP1.2.1.00000000.00",
        "KWP1.0.1.00000000.00",
        "KWP1.1.9.00000000.00",
        "KWP1.1.1.0000000.00",
        "KWP1.1.1.00000000.01",
        "KWP1.1.1.00000000.0",
        "KWP1.1.1.00000000.00.00",
        "KWP2.1.1.00000000.00",
        "https://example.org/",
    ] {
        assert!(
            matches!(Part::parse(text), Err(PaperError::NoPart)),
            "{text}"
        );
    }
    assert!(Part::parse("kwp1.1.1.00000000.00").is_ok());
}

#[test]
fn key_files_are_not_taken_for_paper() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/vector_keys");
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!are_meant(&text));
    }
    assert!(!are_meant(""));
    assert!(!are_meant("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@host"));
}

proptest! {
    #[test]
    fn bytes_are_read_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assert_eq!(base32::decode(&base32::encode(&bytes)), Some(bytes));
    }

    #[test]
    fn no_text_is_too_much(text in "([0-9A-Z]{3,29}|KWP1\\.|[ .\n#]|\\PC){0,40}") {
        let _ = whole(&text);
        let _ = are_meant(&text);
    }

    #[test]
    fn no_bytes_are_too_many(mut bytes in prop::collection::vec(any::<u8>(), 0..200), slot in 1_u8..3) {
        let _ = Paper::read(bytes.clone());
        if bytes.len() > 24 {
            bytes[..6].copy_from_slice(&[b'K', b'W', b'V', b'P', 1, slot]);
            let length = u16::try_from(bytes.len()).unwrap();
            bytes[6..8].copy_from_slice(&length.to_be_bytes());
            let end = bytes.len() - DIGEST;
            let made = digest(&bytes[..end]);
            bytes[end..].copy_from_slice(&made);
            if let Ok(paper) = Paper::read(bytes) {
                prop_assert!(paper.open(&Opener::RecoveryCode(&code())).is_err());
            }
        }
    }
}
