//! The corpora that fuzzing starts from are parts of the vectors.

use std::fs;
use std::path::PathBuf;

use crate::cases::{Cases, base, code};

/// The vectors whose parts are taken.
const VECTORS: [&str; 12] = [
    "damaged-headers-differ",
    "forged-record",
    "good-everything",
    "good-extensions",
    "good-no-key",
    "good-one-key",
    "good-recovery",
    "good-two-slots",
    "good-unknown-record",
    "good-unknown-slot",
    "twin-magic",
    "unsupported-extension",
];

/// Every file of the corpora.
fn corpora() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for case in Cases::all().0 {
        if !VECTORS.contains(&case.name.as_str()) {
            continue;
        }
        let length = u32::from_be_bytes(case.vault[12..16].try_into().unwrap()) as usize;
        let slot = u32::from_be_bytes(case.vault[164..168].try_into().unwrap()) as usize;
        let header = &case.vault[..length];
        files.push((format!("header/{}", case.name), header.to_vec()));
        files.push((
            format!("slot/{}", case.name),
            header[160..168 + slot].to_vec(),
        ));
        let body = &case.vault[length..case.vault.len() - length - 12];
        files.push((format!("block/{}", case.name), body.to_vec()));
        files.push((format!("vault/{}", case.name), case.vault));
    }
    for (number, record) in base().records.iter().enumerate() {
        files.push((format!("cbor_record/{number}"), record.content.clone()));
    }
    files.push(("cbor_record/more".to_owned(), crate::cases::unknown_keys()));
    files.push(("recovery_code/code".to_owned(), code().into_bytes()));
    files.push((
        "recovery_code/typed".to_owned(),
        code().to_lowercase().replace('-', " ").into_bytes(),
    ));
    files.extend(shares());
    files.extend(papers());
    files
}

/// The vectors of papers, without what is said of them.
fn papers() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/paper");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let file = fs::read_to_string(entry.path()).unwrap();
        let (_, text) = file.split_once("\n\n").unwrap();
        let name = entry.file_name().into_string().unwrap();
        files.push((format!("paper/{name}"), text.as_bytes().to_vec()));
    }
    files
}

/// Published shares, in capitals too.
fn shares() -> Vec<(String, Vec<u8>)> {
    let vectors = include_str!("../../testdata/slip39/vectors.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    let text = |number: usize| {
        let shares = vectors[number - 1][1].as_array().unwrap().iter();
        let shares: Vec<&str> = shares.map(|share| share.as_str().unwrap()).collect();
        shares.join("\n")
    };
    vec![
        ("shares/two".to_owned(), text(4).into_bytes()),
        ("shares/groups".to_owned(), text(17).into_bytes()),
        ("shares/long".to_owned(), text(23).into_bytes()),
        (
            "shares/typed".to_owned(),
            text(43).to_uppercase().into_bytes(),
        ),
    ]
}

#[test]
fn corpora_are_parts_of_the_vectors() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus"));
    for (name, bytes) in corpora() {
        let path = folder.join(&name);
        if std::env::var_os("KEYWARD_WRITE_VECTORS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        assert!(fs::read(path).unwrap_or_default() == bytes, "{name}");
    }
}
