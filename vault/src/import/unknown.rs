//! What a file is that is no private key, so that a message can say so.

use super::armor;
use super::certificate::is_certificate;
use super::error::ImportError;
use super::traditional::is_sequence;
use crate::key::{KeyError, KeyType, shown};

/// What PEM labels say that are known and hold no private key that is supported.
const LABELS: [(&str, &str); 8] = [
    ("PUBLIC KEY", "a public key"),
    ("RSA PUBLIC KEY", "a public key"),
    ("CERTIFICATE", "an X.509 certificate"),
    ("CERTIFICATE REQUEST", "an X.509 certificate request"),
    ("X509 CRL", "an X.509 revocation list"),
    ("SSH SIGNATURE", "an SSH signature"),
    ("PGP PRIVATE KEY BLOCK", "an OpenPGP key"),
    ("PGP PUBLIC KEY BLOCK", "an OpenPGP public key"),
];

/// What the beginnings of files say.
const BEGINNINGS: [(&[u8], Refusal); 8] = [
    (b"%PDF-", Refusal::Other("a PDF document")),
    (b"<?xml", Refusal::Other("an XML document")),
    (b"\xff\xfe", Refusal::Other("UTF-16 text")),
    (b"\xfe\xff", Refusal::Other("UTF-16 text")),
    (
        b"SSH PRIVATE KEY FILE FORMAT 1.1\n",
        Refusal::Format("version 1 of SSH"),
    ),
    (
        b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        Refusal::Format("the private key format of ssh.com"),
    ),
    (
        b"---- BEGIN SSH2 PUBLIC KEY ----",
        Refusal::Other("a public key, as PuTTY and ssh.com save it"),
    ),
    (
        b"PuTTY-User-Key-File-",
        Refusal::Format("this version of PuTTY's format"),
    ),
];

#[derive(Clone, Copy)]
enum Refusal {
    Other(&'static str),
    Format(&'static str),
}

/// Says what a file is in which no private key was found.
pub(super) fn explain(text: &[u8]) -> ImportError {
    if text.trim_ascii().is_empty() {
        return ImportError::Empty;
    }
    if is_sequence(text) {
        return ImportError::Format("binary DER");
    }
    let beginning = BEGINNINGS.iter().find(|(start, _)| text.starts_with(start));
    match beginning {
        Some((_, Refusal::Other(what))) => return ImportError::Other(what),
        Some((_, Refusal::Format(what))) => return ImportError::Format(what),
        None => {}
    }
    let labels = armor::blocks(text).flatten().map(|block| block.label);
    // It says nothing about the key that it stands before.
    let mut labels = labels.filter(|label| *label != "EC PARAMETERS");
    if let Some(label) = labels.next() {
        return explain_label(label);
    }
    let is_public = |word: &[u8]| KeyType::from_plain_name(word).is_some() || word == b"ssh-dss";
    let mut words = text.split(u8::is_ascii_whitespace).take(WORDS_MAX);
    match words.find(|word| is_public(word) || is_certificate(word)) {
        Some(word) if is_certificate(word) => ImportError::Other("an SSH certificate"),
        Some(_) => ImportError::Other("a public key"),
        None => ImportError::NoKey,
    }
}

fn explain_label(label: &str) -> ImportError {
    if label == "DSA PRIVATE KEY" {
        return KeyError::Dsa.into();
    }
    let known = LABELS.iter().find(|(known, _)| *known == label);
    match known {
        Some((_, what)) => ImportError::Other(what),
        None => ImportError::Label {
            label: shown(label.as_bytes()),
        },
    }
}

/// How many words are looked at: a line may begin with options of `authorized_keys`.
const WORDS_MAX: usize = 32;
