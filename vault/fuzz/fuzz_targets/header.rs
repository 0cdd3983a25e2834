//! Reads a header whose digest is taken to hold.
#![no_main]

use keyward_vault::header::{HEADER_MAX, Header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= HEADER_MAX {
        let _ = Header::read(bytes);
    }
});
