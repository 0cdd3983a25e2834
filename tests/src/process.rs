//! What `/proc` says of a process.

use std::{fs, path::Path};

/// The process and all that descend from it, parents first.
#[must_use]
pub fn family(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = all()
        .into_iter()
        .filter_map(|each| Some((each, parent(each)?)))
        .collect();
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(&ancestor) = family.get(next) {
        family.extend(
            parents
                .iter()
                .filter(|(_, parent)| *parent == ancestor)
                .map(|(child, _)| *child),
        );
        next += 1;
    }
    family
}

/// Whether the process runs; a zombie does not.
#[must_use]
pub fn runs(pid: u32) -> bool {
    stat_fields(pid).is_some_and(|fields| {
        fields
            .first()
            .is_some_and(|state| state != "Z" && state != "X")
    })
}

/// Whether the process waits for something.
#[must_use]
pub fn waits(pid: u32) -> bool {
    stat_fields(pid).is_some_and(|fields| fields.first().is_some_and(|state| state == "S"))
}

/// The parent's process id.
#[must_use]
pub fn parent(pid: u32) -> Option<u32> {
    stat_fields(pid)?.get(1)?.parse().ok()
}

/// Clock ticks (1/100 s) the process has spent on a processor, in user and kernel mode.
///
/// # Panics
///
/// When the process has gone.
#[must_use]
#[track_caller]
pub fn ticks(pid: u32) -> u64 {
    let fields = stat_fields(pid).unwrap_or_else(|| panic!("process {pid} has gone"));
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// A field of `/proc/PID/status`, such as `Seccomp`.
///
/// # Panics
///
/// When the process or the field is not there.
#[must_use]
#[track_caller]
pub fn status(pid: u32, field: &str) -> String {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value
        .unwrap_or_else(|| panic!("{path} has no {field}"))
        .trim()
        .to_owned()
}

/// How many file descriptors the process has open.
#[must_use]
pub fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// The process ids of all processes whose environment has the entry `NAME=value`.
#[must_use]
pub fn with_environment(entry: &str) -> Vec<u32> {
    let has = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|each| each == entry.as_bytes())
    };
    all().into_iter().filter(has).collect()
}

/// The fields of `/proc/PID/stat` after the name, beginning with the state.
fn stat_fields(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn all() -> Vec<u32> {
    let entries = fs::read_dir(Path::new("/proc")).expect("/proc is readable");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}
