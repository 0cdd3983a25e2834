//! The state of an agent in lines for a person.

use serde_json::{Map, Value};

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Writes one aligned line for each part of `status`; what is missing is unknown.
pub(super) fn write(status: &Map<String, Value>, colours: bool) -> String {
    let memory = member(status, "memory");
    let sandbox = member(status, "sandbox");
    let mut lines = vec![
        ("version", text(status.get("version"))),
        ("process", processes(status)),
        ("running", running(status.get("uptime_seconds"))),
        ("socket", text(status.get("socket"))),
        ("control", text(status.get("control_socket"))),
        ("audit log", audit_log(status.get("audit_log"))),
        ("identities", identities(status)),
        ("vault", vault(status.get("vault"))),
        ("connections", text(status.get("connections"))),
        ("memory", protection(&memory)),
        ("sandbox", restrictions(&sandbox)),
    ];
    if let Some(backup) = status.get("backup") {
        lines.push(("backup", self::backup(backup)));
    }
    let width = lines
        .iter()
        .map(|(label, _)| label.len())
        .max()
        .unwrap_or(0);
    lines
        .iter()
        .map(|(label, value)| match colours {
            true => format!("{BOLD}{label:width$}{PLAIN}  {value}\n"),
            false => format!("{label:width$}  {value}\n"),
        })
        .collect()
}

fn member(status: &Map<String, Value>, name: &str) -> Map<String, Value> {
    let object = status.get(name).and_then(Value::as_object);
    object.cloned().unwrap_or_default()
}

/// Shows one value; control characters in it cannot reach the terminal.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "unknown".to_owned(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::String(text)) => text
            .chars()
            .map(|letter| if letter.is_control() { '?' } else { letter })
            .collect(),
        Some(other) => other.to_string(),
    }
}

/// The lock of `ssh-add -x` stands here and not in a line of its own: the vault has another one.
fn identities(status: &Map<String, Value>) -> String {
    let count = text(status.get("identities"));
    match status.get("locked").and_then(Value::as_bool) {
        Some(true) => format!("{count}, all locked: ssh-add -X unlocks"),
        _ => count,
    }
}

fn processes(status: &Map<String, Value>) -> String {
    let front = text(status.get("pid"));
    format!("{front}, keeper {}", text(status.get("keeper_pid")))
}

fn running(seconds: Option<&Value>) -> String {
    seconds
        .and_then(Value::as_u64)
        .map_or_else(|| text(None), time)
}

fn time(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

fn protection(memory: &Map<String, Value>) -> String {
    let kind = text(memory.get("protection"));
    match memory.get("mapped").and_then(Value::as_bool) {
        // What is not mapped keeps no machine from hibernating.
        Some(false) => format!("{kind}, none in use"),
        _ => match memory.get("used_bytes").and_then(Value::as_u64) {
            Some(bytes) if bytes > 0 => format!("{kind}, {} KiB used", bytes.div_ceil(1024)),
            _ => kind,
        },
    }
}

/// An agent of an earlier version says nothing of a vault.
fn vault(vault: Option<&Value>) -> String {
    let Some(vault) = vault.and_then(Value::as_object) else {
        return match vault {
            Some(Value::Null) => "none".to_owned(),
            _ => text(None),
        };
    };
    let path = text(vault.get("path"));
    let keys = match vault.get("keys").and_then(Value::as_u64) {
        Some(1) => "1 key".to_owned(),
        _ => format!("{} keys", text(vault.get("keys"))),
    };
    let state = match vault.get("state").and_then(Value::as_str) {
        Some("open") => "unlocked",
        Some("closed") => "locked",
        _ => "unknown",
    };
    let idle = match vault.get("idle_seconds").and_then(Value::as_u64) {
        Some(seconds) if state == "unlocked" => {
            format!(", until {} without a signature", time(seconds))
        }
        _ => String::new(),
    };
    format!("{path}, {state}, {keys}{idle}")
}

fn backup(backup: &Value) -> String {
    let reminders = backup.get("reminders").and_then(Value::as_array);
    let reminders = reminders.into_iter().flatten();
    let reminders: Vec<String> = reminders.map(|reminder| text(Some(reminder))).collect();
    match reminders.is_empty() {
        false => reminders.join("; "),
        true => match backup.get("behind").and_then(Value::as_u64) {
            Some(0) => "up to date".to_owned(),
            Some(saves) => format!("{saves} saves behind"),
            None => "none".to_owned(),
        },
    }
}

fn audit_log(path: Option<&Value>) -> String {
    match path {
        Some(Value::Null) => "none: its file or folder cannot be used".to_owned(),
        path => text(path),
    }
}

fn restrictions(sandbox: &Map<String, Value>) -> String {
    let parts = ["seccomp", "landlock", "no_new_privs", "dumpable"];
    let shown = parts.map(|part| format!("{part} {}", text(sandbox.get(part))));
    let at_start = sandbox.get("dumpable_at_start").and_then(Value::as_bool);
    let exception = match at_start {
        Some(true) => " (but at its start)",
        _ => "",
    };
    format!("{}{exception}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn lines_are_aligned_and_complete() {
        let status = status(
            r#"{"version":"0.1.0","pid":7,"keeper_pid":8,"uptime_seconds":3725,"socket":"/s",
                "control_socket":"/control.s","audit_log":"/a","identities":2,"locked":false,"connections":1,
                "vault":{"path":"/v","state":"open","keys":1,"idle_seconds":900},
                "memory":{"protection":"memfd_secret","mapped":true,"used_bytes":65000},
                "sandbox":{"seccomp":true,"landlock":true,"no_new_privs":true,"dumpable":false}}"#,
        );
        assert_eq!(
            write(&status, false),
            "version      0.1.0\n\
             process      7, keeper 8\n\
             running      1 h 2 min\n\
             socket       /s\n\
             control      /control.s\n\
             audit log    /a\n\
             identities   2\n\
             vault        /v, unlocked, 1 key, until 15 min without a signature\n\
             connections  1\n\
             memory       memfd_secret, 64 KiB used\n\
             sandbox      seccomp yes, landlock yes, no_new_privs yes, dumpable no\n"
        );
    }

    #[test]
    fn says_how_to_unlock_a_locked_agent() {
        let shown = write(&status(r#"{"identities":0,"locked":true}"#), false);
        let expected = "identities   0, all locked: ssh-add -X unlocks\n";
        assert!(shown.contains(expected), "{shown}");
    }

    #[test]
    fn missing_parts_are_unknown() {
        assert!(write(&Map::new(), false).contains("memory       unknown\n"));
    }

    #[test]
    fn says_that_there_is_no_audit_log() {
        let shown = write(&status(r#"{"audit_log":null}"#), false);
        assert!(shown.contains("audit log    none: its"), "{shown}");
    }

    #[test]
    fn tells_of_the_vault_what_is_known() {
        let line = |vault: &str| {
            let status = status(&format!(r#"{{"vault":{vault}}}"#));
            let lines = write(&status, false);
            let line = lines.lines().find_map(|line| line.strip_prefix("vault"));
            line.unwrap().trim().to_owned()
        };
        assert_eq!(line("null"), "none");
        assert_eq!(
            line(r#"{"path":"/v","state":"closed","keys":3,"idle_seconds":900}"#),
            "/v, locked, 3 keys"
        );
        assert_eq!(
            line(r#"{"path":"/v","state":"open","keys":0,"idle_seconds":null}"#),
            "/v, unlocked, 0 keys"
        );
    }

    #[test]
    fn says_that_no_secret_memory_is_mapped() {
        let status = status(r#"{"memory":{"protection":"memfd_secret","mapped":false}}"#);
        assert!(write(&status, false).contains("memory       memfd_secret, none in use\n"));
    }

    #[test]
    fn says_that_the_keeper_could_be_looked_into_at_its_start() {
        let shown = |at_start| {
            let json =
                format!(r#"{{"sandbox":{{"dumpable":false,"dumpable_at_start":{at_start}}}}}"#);
            write(&status(&json), false)
        };
        assert!(shown(true).ends_with(", dumpable no (but at its start)\n"));
        assert!(shown(false).ends_with(", dumpable no\n"));
    }

    #[test]
    fn escapes_come_only_with_colours() {
        let status = status(r#"{"socket":"/\u001b[31mred"}"#);
        assert!(!write(&status, false).contains('\x1b'));
        assert!(write(&status, true).starts_with(BOLD));
    }
}
