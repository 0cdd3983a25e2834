//! Which parts of files are in this process's memory.

use core::ops::Range;
use std::fs;

/// A part of a file that is in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Where it is in memory.
    pub addresses: Range<usize>,
    /// Where it begins in its file, in bytes.
    pub offset: u64,
    /// Whether it can be run, and not written to.
    pub is_code: bool,
}

impl Mapping {
    /// Returns those of this process; none where the system does not tell.
    pub fn all() -> Vec<Self> {
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        maps.lines().filter_map(Self::read).collect()
    }

    /// Reads a line of `proc_pid_maps(5)`: address range, permissions, offset, device, inode, path.
    fn read(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let [start, end] = [start, end].map(|address| usize::from_str_radix(address, 16).ok());
        let is_code = fields.next()? == "r-xp";
        let offset = u64::from_str_radix(fields.next()?, 16).ok()?;
        let is_of_file = fields.nth(1)? != "0";
        is_of_file.then_some(Self {
            addresses: start?..end?,
            offset,
            is_code,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parts_of_files() {
        for (permissions, is_code) in [("r-xp", true), ("r--p", false), ("rwxp", false)] {
            let line = format!("55d00000-55d02000 {permissions} 00001000 fe:00 131 /usr/bin/a b");
            let read = Mapping {
                addresses: 0x55d0_0000..0x55d0_2000,
                offset: 0x1000,
                is_code,
            };
            assert_eq!(Mapping::read(&line), Some(read));
        }
    }

    #[test]
    fn refuses_everything_else() {
        for line in [
            "",
            "55d00000-55d02000",
            "55d00000-55d02000 r-xp 00000000 00:00 0 [vdso]",
            "55d00000-x r-xp 00001000 fe:00 131 /usr/bin/a",
        ] {
            assert_eq!(Mapping::read(line), None, "{line}");
        }
    }
}
