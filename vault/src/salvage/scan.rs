//! Looks for blocks in a file of which nothing is certain.

use super::BlockState;
use crate::block::{self, Block, MAGIC};

/// Digests are computed of so many times the length of the file at most: a file made of frames that
/// overlap would take hours otherwise.
const DIGESTED_MAX: usize = 8;

/// Finds every frame, and says whether its digest holds. After one that holds, the search goes on
/// behind it; after one that does not, at the next magic.
pub(super) fn blocks(file: &[u8]) -> Vec<BlockState> {
    let mut left = file.len().saturating_mul(DIGESTED_MAX);
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(at) = next(file, start) {
        start = at + MAGIC.len();
        let Ok(block) = Block::read(file, at) else {
            continue;
        };
        let Some(rest) = left.checked_sub(block.range.len()) else {
            break;
        };
        left = rest;
        let holds = block::holds(file.get(block.range.clone()).unwrap_or_default());
        if holds {
            start = block.range.end;
        }
        found.push(BlockState { block, holds });
    }
    found
}

/// Returns where the next magic of a block begins.
fn next(file: &[u8], start: usize) -> Option<usize> {
    let rest = file.get(start..)?;
    let at = rest.windows(MAGIC.len()).position(|bytes| bytes == MAGIC)?;
    Some(start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_overlap_end_the_search() {
        // Each claims to be 262,244 bytes long.
        let mut frame = MAGIC.to_vec();
        frame.extend([0, 2, 0, 0]);
        frame.extend([7; 24]);
        frame.extend((262_144_u32 + 16).to_be_bytes());
        let file = frame.repeat(20_000);
        let found = blocks(&file);
        assert!(found.len() <= 8 * file.len() / 262_160);
        assert!(found.iter().all(|state| !state.holds));
    }
}
