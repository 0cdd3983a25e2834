//! What the targets have in common: opening what was recognised, unless that is dear.

use base64ct::{Base64, Encoding};
use keyward_vault::import::{Found, Kdf, recognise};
use keyward_vault::{PrivateKey, PublicKey, Secret};

/// What the seeds are encrypted under.
const PASSPHRASE: &[u8] = b"correct horse";

/// Reads a file, and checks what came of it.
pub fn read(bytes: &[u8]) {
    let Ok(found) = recognise(bytes) else { return };
    assert!(!format!("{found:?} {:?}", found.encryption()).is_empty());
    assert_eq!(found.is_encrypted(), found.encryption().is_some());
    if !is_cheap(&found) {
        return;
    }
    let Ok(imported) = found.open(Some(PASSPHRASE)) else {
        return;
    };
    let key = imported.key;
    let again = PrivateKey::from_fields(Secret::new(key.fields().to_vec()));
    assert_eq!(
        again.expect("the fields of a key").public_key(),
        key.public_key()
    );
    let public = PublicKey::from_blob(key.public_blob()).expect("the public part of a key");
    assert_eq!(public.line(&imported.comment).lines().count(), 1);
    if let Some(blob) = found.public_blob() {
        assert_eq!(blob, public.blob());
    }
}

/// Puts bytes into a PEM block.
pub fn pem(label: &str, bytes: &[u8]) -> Vec<u8> {
    let body = Base64::encode_string(bytes);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").into_bytes()
}

fn is_cheap(found: &Found<'_>) -> bool {
    match found.encryption().map(|encryption| encryption.kdf) {
        None | Some(Kdf::Md5 | Kdf::Sha1) => true,
        // The cheapest there is costs five milliseconds, and leads to the parser that plain files reach.
        Some(Kdf::Bcrypt { .. }) => false,
        Some(Kdf::Pbkdf2 { iterations, .. }) => iterations < 100,
        Some(Kdf::Scrypt { log_n, r, p }) => (u64::from(r) * u64::from(p)) << log_n < 1 << 8,
        Some(Kdf::Argon2 {
            memory_kib, passes, ..
        }) => u64::from(memory_kib) * u64::from(passes) < 1 << 8,
        Some(_) => false,
    }
}
