//! What the agent tells about itself.

use serde::Serialize;

use super::written;
use crate::front::agent::{Agent, VaultStatus};
use crate::front::clock::BootTime;
use crate::keeper::channel::{Answer, Ask, Report};

/// What the agent knows of itself beside its shared state.
#[derive(Debug)]
pub struct About {
    /// The path that clients connect to.
    pub socket: String,
    /// The path of the control socket.
    pub control_socket: Option<String>,
    /// The path of the audit log; none where it cannot be written.
    pub audit_log: Option<String>,
    /// When the agent was started.
    pub started: BootTime,
}

/// The state of the agent. The names of the fields are a promise: `PROTOCOL.md` documents them.
#[derive(Serialize)]
struct Status<'a> {
    version: &'static str,
    pid: u32,
    keeper_pid: Option<u32>,
    uptime_seconds: u64,
    socket: &'a str,
    control_socket: Option<&'a str>,
    audit_log: Option<&'a str>,
    identities: usize,
    locked: bool,
    connections: usize,
    vault: Option<VaultStatus>,
    /// As the keeper tells it; unknown without one.
    memory: Option<Memory>,
    /// Likewise.
    sandbox: Option<Sandbox>,
}

#[derive(Serialize)]
struct Memory {
    protection: &'static str,
    mapped: bool,
    used_bytes: u64,
    size_bytes: u64,
}

#[derive(Serialize)]
struct Sandbox {
    seccomp: bool,
    landlock: bool,
    no_new_privs: bool,
    dumpable: bool,
    dumpable_at_start: bool,
}

/// Answers a request for the state.
pub(super) async fn tell(agent: &Agent, about: &About) -> String {
    let report = match agent.ask(Ask::Report).await {
        Ok(Answer::Report(report)) => Some(report),
        _ => None,
    };
    let status = Status {
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        keeper_pid: agent.supervisor.keeper_pid(),
        uptime_seconds: BootTime::now().since(about.started).as_secs(),
        socket: &about.socket,
        control_socket: about.control_socket.as_deref(),
        audit_log: about.audit_log.as_deref(),
        identities: agent.identities(),
        locked: agent.is_locked(),
        connections: agent.connections.get(),
        vault: agent.vault_status(),
        memory: report.map(|report| Memory {
            protection: report.protection.name(),
            mapped: report.mapped,
            used_bytes: report.used,
            size_bytes: report.size,
        }),
        sandbox: report.map(|Report { confinement, .. }| Sandbox {
            seccomp: confinement.seccomp,
            landlock: confinement.landlock,
            no_new_privs: confinement.no_new_privs,
            dumpable: confinement.dumpable,
            dumpable_at_start: confinement.dumpable_at_start,
        }),
    };
    written(&status)
}
