//! Reads the content of a record.
#![no_main]

use keyward_vault::RecordId;
use keyward_vault::record::Content;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    if let Ok(Content::Key(key)) = Content::read(RecordId([1; 16]), content) {
        assert!(key.metadata().check().is_ok());
        assert!(key.public_key().len() < content.len());
    }
});
