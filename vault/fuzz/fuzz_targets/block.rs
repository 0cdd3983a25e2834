//! Reads the frames of blocks, one after the other: each lies in the file.
#![no_main]

use keyward_vault::block::{Block, holds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let mut start = 0;
    while let Ok(block) = Block::read(file, start) {
        assert!(block.range.start == start && block.range.end > start);
        let _ = holds(&file[block.range.clone()]);
        start = block.range.end;
    }
});
