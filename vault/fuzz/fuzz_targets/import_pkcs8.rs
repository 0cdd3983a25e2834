//! Reads keys of PKCS #8, plain and encrypted: what stands between the lines of dashes.
#![no_main]

use keyward_vault_fuzz::{pem, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((0, body)) => read(&pem("PRIVATE KEY", body)),
        _ => read(&pem("ENCRYPTED PRIVATE KEY", bytes)),
    }
});
