//! Reads keys in PuTTY's format.
#![no_main]

use keyward_vault_fuzz::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
});
