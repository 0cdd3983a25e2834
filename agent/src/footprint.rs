//! The pages of the program that only its start needed.
#![expect(unsafe_code, reason = "the advice has no safe wrapper")]

use core::ptr;

use rustix::mm::{self, Advice};

use crate::mapping::Mapping;

/// Where the code of this process is, its libraries' too.
///
/// A start runs once through a good part of a program that does much else, and what was run stays mapped.
#[derive(Debug)]
pub struct Code(Vec<Mapping>);

impl Code {
    /// Finds it; nothing where the system does not tell.
    pub fn of_this_process() -> Self {
        let mut mappings = Mapping::all();
        mappings.retain(|mapping| mapping.is_code);
        Self(mappings)
    }

    /// Has it mapped no more. What is run from here on comes back by itself.
    pub fn give_back(&self) {
        for Mapping { addresses, .. } in &self.0 {
            let start = ptr::with_exposed_provenance_mut(addresses.start);
            // Where it is refused the code stays, which is all the same to the program.
            // SAFETY: what cannot be written to has no page but the file's, which comes again when it is used.
            let _ = unsafe { mm::madvise(start, addresses.len(), Advice::LinuxDontNeed) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Pages of files in the memory of this process: the third field of `proc_pid_statm(5)`.
    fn resident() -> usize {
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(2).unwrap().parse().unwrap()
    }

    #[test]
    fn code_is_given_back_and_runs_on() {
        let code = Code::of_this_process();
        let before = resident();
        code.give_back();
        let after = resident();
        assert!(after < before, "{after} of {before} pages are left");
        assert_eq!(Code::of_this_process().0, code.0);
    }
}
