//! Reads keys in OpenSSH's format: what stands between the lines of dashes.
#![no_main]

use keyward_vault_fuzz::{pem, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(&pem("OPENSSH PRIVATE KEY", bytes));
});
