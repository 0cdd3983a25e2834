//! Reads a recovery code: what is read is written in its one form, and read again.
#![no_main]

use keyward_vault::RecoveryCode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(code) = RecoveryCode::parse(text) {
        let written = code.format();
        let again = RecoveryCode::parse(written.expose()).unwrap();
        assert_eq!(again.format().expose(), written.expose());
    }
});
