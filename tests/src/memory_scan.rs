//! Reading all memory of the agent's processes, as root can.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
};

use aho_corasick::AhoCorasick;

use crate::{process, secret_forms::Form};

/// How many processes of an agent stay: its front. A keeper without keys is replaced after a second.
const LASTING: usize = 1;
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
    for (index, &pid) in processes.iter().enumerate() {
        // The front stays; others may end, or become another program, while they are read.
        if index < LASTING || process::runs(pid) {
            scan_process(pid, index, |region, address, chunk| {
                for found in patterns.find_overlapping_iter(chunk) {
                    findings.push(Finding {
                        pid,
                        region: region.name.clone(),
                        address: address + u64::try_from(found.start()).unwrap(),
                        form: forms[found.pattern().as_usize()].name.clone(),
                    });
                }
            });
        }
    }
    findings
}

/// Shows all memory of a process, region by region.
fn scan_process(pid: u32, index: usize, mut look: impl FnMut(&Region, u64, &[u8])) {
    let may_end = index >= LASTING;
    let memory = File::open(format!("/proc/{pid}/mem"));
    let memory = match memory {
        Err(_) if may_end => return,
        memory => memory.expect("root reads the memory of every process"),
    };
    let maps = match fs::read_to_string(format!("/proc/{pid}/maps")) {
        Err(_) if may_end => return,
        maps => maps.expect("the process is there"),
    };
    for region in regions(&maps) {
        let read = scan_region(&memory, &region, |address, chunk| {
            look(&region, address, chunk);
        });
        match read {
            Ok(()) => {}
            Err(_) if region.is_hidden() => {}
            // Nothing is left of the memory that the file is of.
            Err(error) if may_end && error.kind() == ErrorKind::UnexpectedEof => return,
            Err(error) => panic!("{:x} ({}): {error}", region.start, region.name),
        }
    }
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

/// The readable regions of a process's memory, as `maps` has them.
fn regions(maps: &str) -> Vec<Region> {
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

fn scan_region(memory: &File, region: &Region, mut look: impl FnMut(u64, &[u8])) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let mut address = region.start;
    while address < region.end {
        let length = usize::try_from(region.end - address).unwrap().min(CHUNK);
        memory.read_exact_at(&mut chunk[..length], address)?;
        look(address, &chunk[..length]);
        address += u64::try_from(if length == CHUNK {
            CHUNK - OVERLAP
        } else {
            length
        })
        .unwrap();
    }
    Ok(())
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
