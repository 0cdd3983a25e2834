//! Our own control socket: what the agent tells about itself (`PROTOCOL.md`, Control socket).

use std::io;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time;

use super::agent::Agent;
use super::clock::BootTime;
use crate::keeper::channel::{Answer, Ask, Report};

/// The longest request in bytes.
const REQUEST_MAX: usize = 4 << 10;

/// How long a request may take to come, its length included, and its answer to be read.
const PATIENCE: Duration = Duration::from_secs(10);

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    request: String,
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

#[derive(Serialize)]
struct Failure {
    error: String,
}

/// Answers the requests of one connection until it is closed, or silent for too long: only so many are
/// served at once, and nobody may keep the others out.
///
/// # Errors
/// What the socket said, or that the client was too slow or sent too much.
pub async fn serve(agent: Rc<Agent>, about: Rc<About>, mut stream: UnixStream) -> io::Result<()> {
    loop {
        let request = time::timeout(PATIENCE, read(&mut stream)).await??;
        let answer = answer(&agent, &about, &request).await;
        let length = u32::try_from(answer.len()).unwrap_or(u32::MAX);
        let frame = [&length.to_be_bytes(), answer.as_bytes()].concat();
        time::timeout(PATIENCE, stream.write_all(&frame)).await??;
    }
}

async fn read(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > REQUEST_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut request = vec![0; length];
    stream.read_exact(&mut request).await?;
    Ok(request)
}

async fn answer(agent: &Agent, about: &About, request: &[u8]) -> String {
    match serde_json::from_slice::<Request>(request) {
        Ok(request) if request.request == "status" => status(agent, about).await,
        Ok(request) => failure(format!("unknown request {:?}", request.request)),
        Err(error) => failure(format!("malformed request: {error}")),
    }
}

async fn status(agent: &Agent, about: &About) -> String {
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
    serde_json::to_string(&status).unwrap_or_else(|error| failure(error.to_string()))
}

fn failure(error: String) -> String {
    serde_json::to_string(&Failure { error }).unwrap_or_default()
}
