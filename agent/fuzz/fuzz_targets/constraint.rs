//! Decodes the constraints of an add request: all of them, up to the last byte.
#![no_main]

use keyward_agent::protocol::constraint::Constraints;
use keyward_agent::protocol::wire::Reader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(bytes);
    if let Ok(constraints) = Constraints::decode(&mut reader) {
        assert!(reader.is_empty());
        assert_eq!(constraints == Constraints::default(), bytes.is_empty());
    }
});
