//! Reads shares of a recovery code: what is read as one is written in its one form, and read again.
#![no_main]

use keyward_vault::shares::{Share, are_meant, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut shares = 0;
    for line in text.lines() {
        if let Ok(share) = Share::parse(line) {
            shares += 1;
            let written = share.format();
            let again = Share::parse(written.expose()).unwrap();
            assert_eq!(again.format().expose(), written.expose());
        }
    }
    let _ = are_meant(text);
    // Two shares may be enough, and deriving from them takes long.
    if shares < 2 {
        let _ = read(text);
    }
});
