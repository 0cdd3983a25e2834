//! What the keeper gives up before it is handed its first key.
//!
//! Code that an attacker managed to run in the keeper can answer on the channel, and nothing else:
//! it reaches no file, no network and no other process, and cannot start a program.
#![expect(
    unsafe_code,
    reason = "closing descriptors by number has no safe wrapper"
)]

use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus,
    Scope,
};
use rustix::process::{self, Resource, Rlimit, Signal};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::seclusion;

/// What is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Confinement {
    /// The system call filter.
    pub seccomp: bool,
    /// The ban on files, network and signals to others.
    pub landlock: bool,
    /// Whether no program could give it more rights.
    pub no_new_privs: bool,
    /// Whether others of the same user could look into it.
    pub dumpable: bool,
    /// Whether they could in the instant before it forbade that.
    pub dumpable_at_start: bool,
}

impl Confinement {
    /// Reports what the kernel says of this process now.
    pub fn observed() -> Self {
        Self {
            no_new_privs: rustix::thread::no_new_privs().unwrap_or(false),
            dumpable: seclusion::is_visible(),
            ..Self::default()
        }
    }
}

/// Leaves no way to look into this process from outside, and ends it with its parent.
///
/// Comes first: before it, a debugger of the same user could still attach, unless our program was
/// started from a file its user may not read. Returns whether one could.
///
/// # Errors
/// What the system refused; the keeper must not go on then.
pub fn seclude() -> io::Result<bool> {
    let was_visible = seclusion::is_visible();
    seclusion::hide_memory()?;
    seclusion::forbid_core_files()?;
    process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::thread::set_no_new_privs(true)?;
    // As much locked memory as an unprivileged process may have.
    let limit = process::getrlimit(Resource::Memlock);
    let _ = process::setrlimit(
        Resource::Memlock,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
    // SAFETY: nothing in this process owns a descriptor above the standard ones yet.
    unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
    Ok(was_visible)
}

/// Denies every file and every connection, for this thread and those it starts later.
///
/// Returns whether the kernel can do it.
pub fn deny_files() -> bool {
    let abi = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(abi)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self);
    ruleset.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

/// Allows only the system calls in the list of this file, in every thread; any other kills the process.
///
/// Returns whether the kernel can do it.
pub fn filter_system_calls() -> bool {
    program().is_ok_and(|program| seccompiler::apply_filter_all_threads(&program).is_ok())
}

/// Everything that reading a channel, computing, waiting for a thread and mapping memory need.
const ALLOWED: [i64; 27] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_close,
    libc::SYS_futex,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mlock,
    libc::SYS_mlock2,
    libc::SYS_madvise,
    libc::SYS_ftruncate,
    libc::SYS_memfd_secret,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigaction,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

fn program() -> Result<BpfProgram, seccompiler::Error> {
    let mut rules: std::collections::BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.into_iter().map(|call| (call, Vec::new())).collect();
    // Memory may be mapped and unprotected, but never made executable.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        let executable = u64::try_from(libc::PROT_EXEC).unwrap_or(u64::MAX);
        rules.insert(
            call,
            vec![argument(2, SeccompCmpOp::MaskedEq(executable), 0)?],
        );
    }
    // Closing a descriptor asks first whether it is open, in builds with assertions.
    rules.insert(
        libc::SYS_fcntl,
        vec![argument(1, SeccompCmpOp::Eq, libc::F_GETFD)?],
    );
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        ARCH,
    )?;
    Ok(BpfProgram::try_from(filter)?)
}

/// Allows a call whose argument compares so with `value`.
fn argument(
    index: u8,
    comparison: SeccompCmpOp,
    value: i32,
) -> Result<SeccompRule, seccompiler::Error> {
    let value = u64::try_from(value).unwrap_or(u64::MAX);
    let condition = SeccompCondition::new(index, SeccompCmpArgLen::Dword, comparison, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

#[cfg(test)]
mod tests;
