//! What the figures depend on, and what has to be asked of the system before.

use std::{fs, num::NonZero, process::Command, thread};

use rustix::{
    process::{Pid, Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};

/// Lets this process, and the agents it starts, open as many connections as the system allows.
pub(crate) fn allow_many_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

/// Names the processor and the version of OpenSSH.
pub(crate) fn description() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap();
    let field = |name: &str| {
        let line = processor.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split(": ").nth(1))
            .unwrap_or("unknown")
            .to_owned()
    };
    let has_ifma = field("flags").split(' ').any(|flag| flag == "avx512ifma");
    let ifma = if has_ifma {
        "with AVX512-IFMA"
    } else {
        "without AVX512-IFMA, which RSA gains from"
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let version = Command::new("ssh").arg("-V").output().unwrap().stderr;
    let version = String::from_utf8_lossy(&version).trim().to_owned();
    format!(
        "{}, {cores} cores, {ifma}; {version}",
        field("model name").trim()
    )
}

/// Keeps every thread of a process on the first core.
pub(crate) fn pin(pid: u32) {
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
        let task = task.unwrap().file_name().to_str().unwrap().parse().unwrap();
        sched_setaffinity(Pid::from_raw(task), &first_core()).unwrap();
    }
}

/// Runs `measure` on the first core.
pub(crate) fn pinned<R>(measure: impl FnOnce() -> R) -> R {
    let before = sched_getaffinity(None).unwrap();
    sched_setaffinity(None, &first_core()).unwrap();
    let result = measure();
    sched_setaffinity(None, &before).unwrap();
    result
}

fn first_core() -> CpuSet {
    let mut first = CpuSet::new();
    first.set(0);
    first
}
