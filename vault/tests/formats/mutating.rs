//! Whatever is read: no panic, no more work than the limits allow, and nothing but the truth.

use keyward_vault::export::{self, ExportError};
use keyward_vault::import::{Found, Kdf, certificate, recognise};
use keyward_vault::{PrivateKey, Secret};
use proptest::prelude::*;
use proptest::sample::Index;

use super::corpus::{self, PASSPHRASE, decoded, pem};

/// Opens what was found, if that is cheap: the limits have tests of their own.
fn open(found: &Found<'_>) {
    let is_cheap = match found.encryption().map(|encryption| encryption.kdf) {
        None | Some(Kdf::Md5 | Kdf::Sha1) => true,
        Some(Kdf::Bcrypt { rounds }) => rounds < 3,
        Some(Kdf::Pbkdf2 { iterations, .. }) => iterations < 1000,
        Some(Kdf::Scrypt { log_n, r, p }) => (u64::from(r) * u64::from(p)) << log_n < 1 << 12,
        Some(Kdf::Argon2 {
            memory_kib, passes, ..
        }) => u64::from(memory_kib) * u64::from(passes) < 1 << 12,
        Some(_) => false,
    };
    if is_cheap {
        check(
            found
                .open(Some(PASSPHRASE))
                .ok()
                .map(|imported| imported.key),
        );
    }
}

/// A key that was taken is one that is taken again.
fn check(key: Option<PrivateKey>) {
    let Some(key) = key else { return };
    let again = PrivateKey::from_fields(Secret::new(key.fields().to_vec())).unwrap();
    assert_eq!(again.public_key(), key.public_key());
}

#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => (any::<Index>(), 1..9_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => any::<Index>().prop_map(Change::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, changes: Vec<Change>) {
    for change in changes {
        if bytes.is_empty() {
            return;
        }
        match change {
            Change::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            Change::Remove(at, count) => {
                let start = at.index(bytes.len());
                bytes.drain(start..(start + count).min(bytes.len()));
            }
            Change::Insert(at, new) => {
                let start = at.index(bytes.len());
                bytes.splice(start..start, new);
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
}

/// The PEM files that are decoded before they are changed, so that changes reach what is inside.
const INSIDE: [(&str, &str); 8] = [
    ("ed25519.openssh", "OPENSSH PRIVATE KEY"),
    ("p256.openssh.encrypted", "OPENSSH PRIVATE KEY"),
    ("sk-ed25519.openssh", "OPENSSH PRIVATE KEY"),
    ("p256.pkcs8", "PRIVATE KEY"),
    ("ed25519.pkcs8.scrypt", "ENCRYPTED PRIVATE KEY"),
    ("ed25519.pkcs8.pbkdf2-sha256", "ENCRYPTED PRIVATE KEY"),
    ("p521.sec1", "EC PRIVATE KEY"),
    ("rsa.pkcs1", "RSA PRIVATE KEY"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(found) = recognise(&bytes) {
            open(&found);
        }
        let _ = certificate(&bytes);
        for label in ["OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
            if let Ok(found) = recognise(&pem(label, &bytes)) {
                open(&found);
            }
        }
        check(PrivateKey::from_fields(Secret::new(bytes)).ok());
    }

    #[test]
    fn changed_files_are_looked_at(at in any::<Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let names = corpus::names();
        let mut bytes = corpus::read(&names[at.index(names.len())]);
        apply(&mut bytes, changes);
        if let Ok(found) = recognise(&bytes) {
            open(&found);
        }
    }

    #[test]
    fn files_changed_inside_are_looked_at(at in any::<Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let (name, label) = INSIDE[at.index(INSIDE.len())];
        let mut bytes = decoded(name);
        apply(&mut bytes, changes);
        if let Ok(found) = recognise(&pem(label, &bytes)) {
            open(&found);
        }
    }

    #[test]
    fn changed_certificates_are_looked_at(at in any::<Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let name = corpus::KEYS[at.index(corpus::KEYS.len())];
        let mut bytes = corpus::read(&format!("{name}-cert.pub"));
        apply(&mut bytes, changes);
        let _ = certificate(&bytes);
    }

    #[test]
    fn changed_fields_are_looked_at(at in any::<Index>(), changes in prop::collection::vec(change(), 1..4)) {
        let name = corpus::KEYS[at.index(corpus::KEYS.len())];
        let mut bytes = corpus::key(name).fields().to_vec();
        apply(&mut bytes, changes);
        check(PrivateKey::from_fields(Secret::new(bytes)).ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back_with_any_comment_and_passphrase(
        at in any::<Index>(),
        comment in prop::collection::vec(any::<u8>(), 0..40),
        passphrase in prop::option::of(prop::collection::vec(any::<u8>(), 1..80)),
        seed in any::<u8>(),
    ) {
        let key = corpus::key(corpus::KEYS[at.index(corpus::KEYS.len())]);
        let passphrase = passphrase.as_deref();
        let mut fill = |bytes: &mut [u8]| {
            bytes.fill(seed);
            Ok::<_, ExportError>(())
        };
        let file = export::openssh(&key, &comment, passphrase, 1, &mut fill).unwrap();
        let imported = recognise(file.expose()).unwrap().open(passphrase).unwrap();
        prop_assert!(imported.key.fields() == key.fields());
        prop_assert_eq!(imported.comment, comment.clone());
        if key.key_type().is_security_key() {
            return Ok(());
        }
        let file = export::ppk(&key, &comment, None, &mut fill).unwrap();
        let imported = recognise(file.expose()).unwrap().open(None).unwrap();
        prop_assert!(imported.key.fields() == key.fields());
        let kept: Vec<_> = comment.into_iter().filter(|byte| !byte.is_ascii_control()).collect();
        prop_assert_eq!(imported.comment, kept);
        let file = export::pkcs8(&key, None, &mut fill).unwrap();
        let imported = recognise(file.expose()).unwrap().open(None).unwrap();
        prop_assert!(imported.key.fields() == key.fields());
    }
}
