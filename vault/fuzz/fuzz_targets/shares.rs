//! Reads shares of a recovery code: what is read as one is written in its one form, and read again.
#![no_main]

use keyward_vault::shares::{Share, are_meant, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for line in text.lines() {
        if let Ok(share) = Share::parse(line) {
            let written = share.format();
            let again = Share::parse(written.expose()).unwrap();
            assert_eq!(again.format().expose(), written.expose());
        }
    }
    // The least that shares can ask for takes milliseconds: with one line nothing is derived.
    if text.lines().count() == 1 || are_meant(text) {
        let _ = read(text);
    }
});
