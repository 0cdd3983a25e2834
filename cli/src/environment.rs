//! What the program takes from its environment: variables and the user's own entry.

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::SystemTime;

use keyward_agent::front::audit::Audit;
use keyward_agent::front::options::Environment;
use keyward_agent::front::prompt;
use keyward_agent::front::vault::cache;
use keyward_vault::Timestamp;
use nix::unistd::{Uid, User};

/// The variable that names the agent's socket.
pub(crate) const AUTH_SOCK: &str = "SSH_AUTH_SOCK";

/// The variable that names the agent's process.
pub(crate) const AGENT_PID: &str = "SSH_AGENT_PID";

/// Returns a variable that is set, be it empty.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// Returns a variable that is set and not empty.
pub(crate) fn filled(name: &str) -> Option<OsString> {
    variable(name).filter(|value| !value.is_empty())
}

/// Returns the home directory: `HOME`, or that of the user's entry.
pub(crate) fn home() -> Option<PathBuf> {
    let entry = || user().map(|user| user.dir.into_os_string());
    let home = filled("HOME").or_else(entry)?;
    (!home.is_empty()).then(|| home.into())
}

/// Returns `user@host`, the usual comment of a new key.
pub(crate) fn user_at_host() -> String {
    let user = user().map_or_else(|| "user".to_owned(), |user| user.name);
    let host = rustix::system::uname();
    format!("{user}@{}", host.nodename().to_string_lossy())
}

/// Returns the name of the account.
pub(crate) fn account() -> Option<String> {
    user().map(|user| user.name)
}

/// Returns the names that belong to the account and its host: login names, the real name, addresses.
pub(crate) fn account_names() -> Vec<String> {
    let variables = ["USER", "LOGNAME", "EMAIL", "NAME", "HOSTNAME"];
    let set = variables.iter().filter_map(|name| filled(name));
    let mut names: Vec<String> = set
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if let Some(user) = user() {
        names.push(user.gecos.to_string_lossy().into_owned());
        names.push(user.name);
    }
    let host = rustix::system::uname();
    names.push(host.nodename().to_string_lossy().into_owned());
    names
}

/// Returns the folder for configuration: `XDG_CONFIG_HOME`, or `~/.config`.
pub(crate) fn config_home() -> Option<PathBuf> {
    xdg("XDG_CONFIG_HOME", ".config")
}

/// Returns the folder for data: `XDG_DATA_HOME`, or `~/.local/share`.
pub(crate) fn data_home() -> Option<PathBuf> {
    xdg("XDG_DATA_HOME", ".local/share")
}

/// Returns the folder for state: `XDG_STATE_HOME`, or `~/.local/state`.
pub(crate) fn state_home() -> Option<PathBuf> {
    xdg("XDG_STATE_HOME", ".local/state")
}

/// Returns a folder of the XDG Base Directory Specification, which has relative paths ignored.
fn xdg(name: &str, below_home: &str) -> Option<PathBuf> {
    filled(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| home().map(|home| home.join(below_home)))
}

/// Returns the person's shell: `SHELL`, that of the user's entry, or `/bin/sh`.
pub(crate) fn shell() -> OsString {
    let entry = || user().map(|user| user.shell.into_os_string());
    filled("SHELL")
        .or_else(|| entry().filter(|shell| !shell.is_empty()))
        .unwrap_or_else(|| "/bin/sh".into())
}

/// Returns the directory for temporary files.
pub(crate) fn temporary_directory() -> PathBuf {
    filled("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
}

/// Returns the time by the system's clock.
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns the time by the system's clock, as a vault has it.
pub(crate) fn timestamp() -> Timestamp {
    let since = now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_secs()))
}

/// Says whether `stream` may be given colours (<https://no-color.org>).
pub(crate) fn wants_colours(stream: &impl IsTerminal) -> bool {
    let is_dumb = filled("TERM").is_none_or(|name| name == "dumb");
    stream.is_terminal() && !is_dumb && filled("NO_COLOR").is_none()
}

/// Returns how wide the terminal is that standard output goes to.
pub(crate) fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Returns what the front needs of the environment.
pub(crate) fn of_front() -> Environment {
    let state_home = variable("XDG_STATE_HOME");
    let audit_path = home().map(|home| Audit::path(state_home.as_deref(), &home));
    Environment {
        askpass: prompt::Environment::from_variables(variable),
        ssh_sk_helper: filled("SSH_SK_HELPER"),
        vault_keys: (audit_path.as_ref()).map(|path| path.with_file_name(cache::FILE_NAME)),
        audit_path,
    }
}

fn user() -> Option<User> {
    User::from_uid(Uid::current()).ok().flatten()
}
