//! Decodes public keys and certificates: a plain key has one form only.
#![no_main]

use keyward_agent::protocol::public_key::PublicKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|blob: &[u8]| {
    let Ok(key) = PublicKey::decode(blob) else {
        return;
    };
    let plain = key.plain_blob();
    let again = PublicKey::decode_plain(&plain).expect("a plain blob is a public key");
    assert_eq!(again.material(), key.material());
    assert_eq!(plain == blob, key.certificate().is_none());
    if let Some(certificate) = key.certificate() {
        assert!(blob.starts_with(certificate.signed));
        assert!(certificate.principals().count() <= 256);
    }
});
