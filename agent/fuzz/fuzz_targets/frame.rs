//! Splits a connection's bytes into frames: each lies in the buffer and is not over the limit.
#![no_main]

use keyward_agent::protocol::frame::{FRAME_MAX, HEADER_LENGTH, split};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|buffer: &[u8]| {
    let mut rest = buffer;
    while let Ok(Some(frame)) = split(rest) {
        assert!(frame.message.len() <= FRAME_MAX);
        assert_eq!(frame.consumed, HEADER_LENGTH + frame.message.len());
        rest = &rest[frame.consumed..];
    }
});
