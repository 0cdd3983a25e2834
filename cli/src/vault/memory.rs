//! How much memory there is (proc(5), `/proc/meminfo`).

use std::fs;

/// Returns the memory that programs may still take, in KiB.
pub(crate) fn available_kib() -> Option<u64> {
    field("MemAvailable:")
}

/// Returns the machine's memory, in KiB.
pub(crate) fn total_kib() -> Option<u64> {
    field("MemTotal:")
}

fn field(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_more_memory_than_is_free() {
        assert!(total_kib().unwrap() >= available_kib().unwrap());
    }
}
