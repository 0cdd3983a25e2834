//! Tells what the data of a sign request are.
#![no_main]

use keyward_agent::protocol::signed_data::SignedData;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let shown = format!("{:?}", SignedData::classify(data));
    assert!(!shown.is_empty());
});
