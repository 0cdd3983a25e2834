//! The pages of the program that only its start needed.
#![expect(unsafe_code, reason = "the advice has no safe wrapper")]

use core::ops::Range;
use core::ptr;
use std::fs;

use rustix::mm::{self, Advice};

/// Where the code of this process is, its libraries' too.
///
/// A start runs once through a good part of a program that does much else, and what was run stays mapped.
#[derive(Debug)]
pub struct Code(Vec<Range<usize>>);

impl Code {
    /// Finds it; nothing where the system does not tell.
    pub fn of_this_process() -> Self {
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        Self(maps.lines().filter_map(code_of_file).collect())
    }

    /// Has it mapped no more. What is run from here on comes back by itself.
    pub fn give_back(&self) {
        for Range { start, end } in &self.0 {
            let start = ptr::with_exposed_provenance_mut(*start);
            // SAFETY: what cannot be written to has no page but the file's, which comes again when it is used.
            let advised = unsafe { mm::madvise(start, end - start.addr(), Advice::LinuxDontNeed) };
            // Then it stays, which is all the same to the program.
            let _ = advised;
        }
    }
}

/// Reads a line of `proc_pid_maps(5)`: address range, permissions, offset, device, inode, path.
fn code_of_file(line: &str) -> Option<Range<usize>> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let is_code = fields.next()? == "r-xp";
    let is_of_file = fields.nth(2)? != "0";
    let [start, end] = [start, end].map(|address| usize::from_str_radix(address, 16).ok());
    (is_code && is_of_file).then_some(start?..end?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_files_counts() {
        let range = 0x55d0_0000..0x55d0_2000;
        let line = "55d00000-55d02000 r-xp 00001000 fe:00 131 /usr/bin/a b";
        assert_eq!(code_of_file(line), Some(range));
        for line in [
            "",
            "55d00000-55d02000",
            "55d00000-55d02000 r--p 00001000 fe:00 131 /usr/bin/a",
            "55d00000-55d02000 rwxp 00001000 fe:00 131 /usr/bin/a",
            "55d00000-55d02000 r-xp 00000000 00:00 0 [vdso]",
            "55d00000-x r-xp 00001000 fe:00 131 /usr/bin/a",
        ] {
            assert_eq!(code_of_file(line), None, "{line}");
        }
    }

    #[test]
    fn what_was_given_back_runs_on() {
        let code = Code::of_this_process();
        assert!(code.0.len() > 1);
        code.give_back();
        assert_eq!(Code::of_this_process().0, code.0);
    }
}
