//! Judging any text: it comes to an end, and shows nothing of it.
#![no_main]

use keyward_vault::Passphrase;
use keyward_vault::strength::personal::Personal;
use keyward_vault::strength::{Judge, WordData};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The first line is a name, the second the passphrase.
    let end = data.iter().position(|byte| *byte == b'\n');
    let (name, text) = data.split_at(end.unwrap_or_default());
    let mut personal = Personal::default();
    personal.add(&String::from_utf8_lossy(name));
    let text = text.strip_prefix(b"\n").unwrap_or(text);
    let passphrase = std::str::from_utf8(text).ok().map(Passphrase::new);
    if let Some(Ok(passphrase)) = passphrase {
        let words = WordData::shipped();
        let verdict = Judge::new(&words, &personal).check(&passphrase);
        assert!(verdict.length <= text.len());
        assert!(!verdict.bits.is_nan() && verdict.bits >= 0.0);
    }
    // Whatever the data of a language is, it is read within its bounds.
    let words = WordData::read(data);
    if let Ok(passphrase) = Passphrase::new("internationalisation") {
        let _ = Judge::new(&words, &personal).check(&passphrase);
    }
});
