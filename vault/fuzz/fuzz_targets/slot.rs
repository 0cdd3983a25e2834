//! Reads a slot: what is read is written back to the last bit.
#![no_main]

use keyward_vault::slot::Slot;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(slot) = Slot::decode(bytes) {
        assert_eq!(slot.encode(), bytes);
    }
});
