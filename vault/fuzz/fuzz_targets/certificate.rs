//! Reads certificates: lines, and what stands in Base64 on them.
#![no_main]

use base64ct::{Base64, Encoding};
use keyward_vault::import::certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = certificate(bytes) else {
        return blob(bytes);
    };
    assert!(read.public_key().bits() >= 256);
});

fn blob(bytes: &[u8]) {
    let name = bytes.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        str::from_utf8(rest.get(..length)?).ok()
    });
    let Some(name) = name else { return };
    let line = format!("{name} {} comment", Base64::encode_string(bytes));
    if let Ok(read) = certificate(line.as_bytes()) {
        assert_eq!(read.blob(), bytes);
        assert!(!name.contains(char::is_whitespace));
    }
}
