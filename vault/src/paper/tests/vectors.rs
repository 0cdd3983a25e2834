//! The vectors in `testdata/paper`: what this program writes, and what it refuses.

use super::*;

struct Case {
    name: &'static str,
    secret: (&'static str, String),
    /// Fingerprint and name.
    key: Option<String>,
    comment: &'static str,
    text: String,
}

impl Case {
    /// What it comes to, which its name begins with.
    fn expect(&self) -> &'static str {
        match self.name.split('-').next().unwrap() {
            "good" => "success",
            class => class,
        }
    }
}

fn outcome(error: &PaperError) -> &'static str {
    match error {
        PaperError::Version { .. } | PaperError::Slot { .. } => "unsupported",
        PaperError::Locked => "locked",
        PaperError::Forged => "forged",
        PaperError::Invalid(_) | PaperError::NoKey => "invalid",
        PaperError::Vault(Error::Cost { .. }) => "cost",
        _ => "damaged",
    }
}

/// What a text comes to.
fn judged(text: &str, secret: &(&str, String)) -> Result<String, &'static str> {
    let own_passphrase;
    let own_code;
    let opener = match secret.0 {
        "passphrase" => {
            own_passphrase = Passphrase::new(&secret.1).unwrap();
            Opener::Passphrase(&own_passphrase)
        }
        _ => {
            own_code = RecoveryCode::parse(&secret.1).unwrap();
            Opener::RecoveryCode(&own_code)
        }
    };
    let opened = whole(text).and_then(|paper| paper.open(&opener));
    let opened = opened.map_err(|error| outcome(&error))?;
    Ok(format!(
        "{} {}",
        opened.record.fingerprint(),
        opened.record.name()
    ))
}

fn good(
    name: &'static str,
    private: &[u8],
    metadata: Metadata,
    new: &NewSlot<'_>,
) -> (Paper, String) {
    let record = record(private, metadata);
    let key = format!("{} {}", record.fingerprint(), record.name());
    let paper = Paper::seal(&record, private, new, &mut Fixed::new(name)).unwrap();
    (paper, key)
}

/// Changes bytes, and makes the digest hold.
fn patched(paper: &Paper, place: usize, bytes: &[u8]) -> String {
    let mut all = paper.bytes.clone();
    all[place..place + bytes.len()].copy_from_slice(bytes);
    let end = all.len() - DIGEST;
    let made = digest(&all[..end]);
    all[end..].copy_from_slice(&made);
    line::write(&all).join("\n")
}

fn everything() -> Metadata {
    Metadata {
        comment: b"me@laptop".to_vec(),
        confirm: true,
        lifetime_seconds: core::num::NonZeroU32::new(3600),
        destinations: vec!["alice@db1".to_owned(), "jump>db2".to_owned()],
        ..named("everything \u{1f511}")
    }
}

fn good_cases() -> Vec<Case> {
    let (passphrase, code) = (passphrase(), code());
    let by_passphrase = NewSlot::Passphrase(&passphrase, Cost::LEAST);
    let by_code = NewSlot::RecoveryCode(&code);
    let case = |name, comment, private: &[u8], metadata, new: &NewSlot<'_>| {
        let (paper, key) = good(name, private, metadata, new);
        Case {
            name,
            secret: secret(new.opener().is_passphrase()),
            key: Some(key),
            comment,
            text: paper.lines().join("\n"),
        }
    };
    let one = ed25519("vectors");
    let comment = "an Ed25519 key under a passphrase";
    let first = case(
        "good-passphrase",
        comment,
        &one,
        named("laptop"),
        &by_passphrase,
    );
    let comment = "an Ed25519 key under a recovery code";
    let second = case("good-recovery", comment, &one, named("laptop"), &by_code);
    let comment = "all that is kept of a record";
    let third = case("good-everything", comment, &one, everything(), &by_code);
    let comment = "the longest key, 4,096 bits of RSA";
    let fourth = case("good-rsa", comment, &rsa("4096"), named("rsa"), &by_code);
    let fifth = Case {
        name: "good-rsa-parts",
        secret: fourth.secret.clone(),
        key: fourth.key.clone(),
        comment: "the same as its QR codes have it",
        text: whole(&fourth.text).unwrap().parts().join("\n"),
    };
    vec![first, second, third, fourth, fifth]
}

fn secret(is_passphrase: bool) -> (&'static str, String) {
    match is_passphrase {
        true => ("passphrase", PASSPHRASE.to_owned()),
        false => ("recovery", code().format().expose().clone()),
    }
}

fn refused(name: &'static str, comment: &'static str, text: String, is_passphrase: bool) -> Case {
    Case {
        name,
        secret: secret(is_passphrase),
        key: None,
        comment,
        text,
    }
}

/// One paper under a passphrase, one under a code.
fn both() -> (Paper, Paper) {
    let (passphrase, code) = (passphrase(), code());
    let seal = |name, new: &NewSlot<'_>| good(name, &ed25519("bad"), named("bad"), new).0;
    (
        seal(
            "bad-passphrase",
            &NewSlot::Passphrase(&passphrase, Cost::LEAST),
        ),
        seal("bad-recovery", &NewSlot::RecoveryCode(&code)),
    )
}

fn damaged_cases() -> Vec<Case> {
    let (other, paper) = both();
    let lines = paper.lines();
    let with = |index: usize, line: &str| {
        let mut lines = lines.clone();
        lines[index] = line.to_owned();
        lines.join("\n")
    };
    let (start, _) = lines[4].split_at(lines[4].len() - 1);
    let changed = ["0", "1"].map(|end| format!("{start}{end}"));
    let changed = changed.iter().find(|line| **line != lines[4]).unwrap();
    let renumbered = lines[2].replacen("003", "004", 1);
    let mut long = paper.bytes;
    long.push(1);
    let long = line::write(&long).join("\n");
    vec![
        refused(
            "damaged-symbol",
            "a wrong symbol in line 5",
            with(4, changed),
            false,
        ),
        refused(
            "damaged-numbers",
            "line 3 has the number of line 4",
            with(2, &renumbered),
            false,
        ),
        refused("damaged-missing", "line 6 is missing", with(5, ""), false),
        refused(
            "damaged-digest",
            "a line of another paper",
            with(5, &other.lines()[5]),
            false,
        ),
        refused(
            "damaged-padding",
            "the last line is not filled with zeros",
            long,
            false,
        ),
    ]
}

fn other_cases() -> Vec<Case> {
    let (dear, cheap) = both();
    let end = cheap.bytes.len() - DIGEST;
    let memory = patched(&dear, 56, &19_455_u32.to_be_bytes());
    let salt = patched(&dear, 24, &[0; 32]);
    let comment = "another salt, as if the passphrase were another";
    let kind = cheap.lines().join("\n");
    let tag = patched(&cheap, end - TAG, &[0; TAG]);
    vec![
        refused(
            "unsupported-version",
            "version 2",
            patched(&cheap, 4, &[2]),
            false,
        ),
        refused(
            "unsupported-slot",
            "a slot of type 3",
            patched(&cheap, 5, &[3]),
            false,
        ),
        refused("cost-memory", "memory below the least", memory, true),
        refused("locked-secret", comment, salt, true),
        refused(
            "locked-kind",
            "a passphrase for a paper that takes a code",
            kind,
            true,
        ),
        refused(
            "locked-commitment",
            "another commitment",
            patched(&cheap, 24, &[0; 32]),
            false,
        ),
        refused("forged-tag", "another tag", tag, false),
    ]
}

#[test]
fn vectors_come_out_as_they_say() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/paper");
    let cases: Vec<Case> = [good_cases(), damaged_cases(), other_cases()]
        .into_iter()
        .flatten()
        .collect();
    for case in &cases {
        let key = case.key.as_ref().map(|key| format!("key: {key}\n"));
        let file = format!(
            "expect: {}\n{}: {}\n{}comment: {}\n\n{}\n",
            case.expect(),
            case.secret.0,
            case.secret.1,
            key.unwrap_or_default(),
            case.comment,
            case.text
        );
        let path = folder.join(case.name);
        if std::env::var_os("KEYWARD_WRITE_VECTORS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &file).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            file,
            "{}",
            case.name
        );
        let judged = judged(&case.text, &case.secret);
        match &case.key {
            Some(key) => assert_eq!(judged.as_ref(), Ok(key), "{}", case.name),
            None => assert_eq!(judged, Err(case.expect()), "{}", case.name),
        }
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), cases.len());
}
