//! Reads any text, and what stands in blocks of PKCS #1 and SEC 1.
#![no_main]

use keyward_vault_fuzz::{pem, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((0, body)) => read(&pem("RSA PRIVATE KEY", body)),
        Some((1, body)) => read(&pem("EC PRIVATE KEY", body)),
        _ => read(bytes),
    }
});
