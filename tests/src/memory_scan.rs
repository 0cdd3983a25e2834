//! Reading all memory of the agent's processes, as root can.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
};

use aho_corasick::AhoCorasick;

use crate::secret_forms::Form;

/// Bytes read at once.
const CHUNK: usize = 4 << 20;
/// Bytes of the end of a chunk which are looked at again with the next one: longer than any form.
const OVERLAP: usize = 64;

/// A form found in a process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The process.
    pub pid: u32,
    /// The line of `/proc/PID/maps` without its addresses.
    pub region: String,
    /// Where.
    pub address: u64,
    /// What was found there.
    pub form: String,
}

/// Looks for all forms in all memory of the processes.
///
/// # Panics
///
/// When memory cannot be read that should be: all of it, save for what the kernel hides even from root (`memfd_secret`).
#[must_use]
#[track_caller]
pub fn scan(processes: &[u32], forms: &[Form]) -> Vec<Finding> {
    let patterns =
        AhoCorasick::new(forms.iter().map(|form| &form.bytes)).expect("not too many forms");
    let mut findings = vec![];
    for &pid in processes {
        let memory =
            File::open(format!("/proc/{pid}/mem")).expect("root reads the memory of every process");
        for region in regions(pid) {
            scan_region(&memory, &region, |address, chunk| {
                for found in patterns.find_overlapping_iter(chunk) {
                    let address = address + u64::try_from(found.start()).unwrap();
                    let form = forms[found.pattern().as_usize()].name.clone();
                    findings.push(Finding {
                        pid,
                        region: region.name.clone(),
                        address,
                        form,
                    });
                }
            });
        }
    }
    findings
}

/// Looks for all forms in bytes, and returns the names of those that are there.
///
/// # Panics
///
/// When there are too many forms.
#[must_use]
pub fn in_bytes(bytes: &[u8], forms: &[Form]) -> Vec<String> {
    let patterns = AhoCorasick::new(forms.iter().map(|form| &form.bytes)).unwrap();
    let found = patterns.find_overlapping_iter(bytes);
    found
        .map(|each| forms[each.pattern().as_usize()].name.clone())
        .collect()
}

struct Region {
    start: u64,
    end: u64,
    name: String,
}

impl Region {
    /// Whether the kernel refuses even root to read it.
    fn is_hidden(&self) -> bool {
        ["secretmem", "[vvar", "[vsyscall]"]
            .iter()
            .any(|name| self.name.contains(name))
    }
}

/// The readable regions of a process's memory.
fn regions(pid: u32) -> Vec<Region> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process is there");
    let region = |line: &str| {
        let (addresses, name) = line.split_once(' ')?;
        let (start, end) = addresses.split_once('-')?;
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        name.starts_with('r').then(|| Region {
            start,
            end,
            name: name.to_owned(),
        })
    };
    maps.lines().filter_map(region).collect()
}

fn scan_region(memory: &File, region: &Region, mut look: impl FnMut(u64, &[u8])) {
    let mut chunk = vec![0; CHUNK];
    let mut address = region.start;
    while address < region.end {
        let length = usize::try_from(region.end - address).unwrap().min(CHUNK);
        if let Err(error) = memory.read_exact_at(&mut chunk[..length], address) {
            assert!(region.is_hidden(), "{address:x} ({}): {error}", region.name);
            return;
        }
        look(address, &chunk[..length]);
        address += u64::try_from(if length == CHUNK {
            CHUNK - OVERLAP
        } else {
            length
        })
        .unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn finds_what_another_process_holds() {
        let forms = [Form {
            name: "words".into(),
            bytes: b"words-in-an-environment".to_vec(),
        }];
        let mut command = Command::new("sleep");
        command
            .arg("60")
            .env("WORDS", "words-in-an-environment")
            .stdin(Stdio::null());
        let mut child = command.spawn().unwrap();
        let found = scan(&[child.id()], &forms);
        let _ = child.kill();
        let _ = child.wait();
        assert!(
            found.iter().any(|finding| finding.form == "words"),
            "{found:?}"
        );
    }
}
