//! What tests of a vault have clients do, and where they look for what came of it.

use std::{fs, process::Command, time::Duration};

use keyward_tests::{Agent, Key, Run, deadline, program};
use serde_json::Value;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// `ssh-keygen` that has the agent sign a file.
pub(crate) fn signing(agent: &Agent, key: &Key, file: &str) -> Command {
    let public = key.public_copy(agent.home());
    let file = agent.home().write(file, "the quick brown fox");
    let _ = fs::remove_file(format!("{}.sig", file.display()));
    let mut command = agent.command("ssh-keygen");
    command
        .args(["-Y", "sign", "-n", "file", "-f"])
        .arg(public)
        .arg(file);
    command
}

/// Has `ssh-keygen` judge the signature beside the file.
#[track_caller]
pub(crate) fn is_good(agent: &Agent, file: &str) {
    let mut check = agent.home().command("ssh-keygen");
    check
        .args(["-Y", "check-novalidate", "-n", "file", "-s"])
        .arg(agent.home().path(&format!("{file}.sig")));
    let checked = check.outcome_with_input(b"the quick brown fox");
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

/// What `keyward status` says of the vault.
#[track_caller]
pub(crate) fn state(agent: &Agent) -> Value {
    let mut status = agent.command(program::path());
    status.args(["status", "--json"]);
    let status: Value = serde_json::from_str(&status.succeeds().stdout).unwrap();
    status["vault"].clone()
}

/// The lines of the audit log.
pub(crate) fn records(agent: &Agent) -> Vec<Value> {
    let path = agent.home().path("state/keyward/audit.jsonl");
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// The last line of the audit log for an event, once there is one.
#[track_caller]
pub(crate) fn record(agent: &Agent, event: &str) -> Value {
    let find = || {
        records(agent)
            .into_iter()
            .rfind(|line| line["event"] == event)
    };
    deadline::eventually(event, LIMIT, find)
}

/// Waits for a line of the audit log for a signature whose reason begins so.
#[track_caller]
pub(crate) fn refused(agent: &Agent, reason: &str) -> Value {
    let begins = |line: &Value| {
        let told = line["reason"].as_str().unwrap_or_default();
        line["event"] == "sign" && told.starts_with(reason)
    };
    deadline::eventually(reason, LIMIT, || records(agent).into_iter().rfind(begins))
}
