//! Destinations as a person writes them, turned into constraints with host keys (`ssh-add -h`, ssh-add(1)).

use std::path::PathBuf;
use std::process::{Command, Stdio};

use keyward_agent::protocol::extension::restrict_destination::{
    DestinationConstraint, Hop, HopKey,
};
use ssh_key::PublicKey;
use thiserror::Error;

use crate::{environment, output};

/// Says why a destination is no constraint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum DestinationError {
    #[error("destination {0:?} has no host")]
    NoHost(String),
    #[error("destination {0:?} has a user before the \">\"; only the target may have one")]
    UserOfSource(String),
    #[error("no host keys found for destination {0:?}")]
    NoHostKeys(String),
    #[error("cannot run ssh-keygen: {}", output::reason(.0))]
    Keygen(std::io::Error),
}

/// The parts of a destination, `[user@]host` or `host>[user@]host`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts<'a> {
    source: Option<&'a str>,
    user: &'a str,
    host: &'a str,
}

impl<'a> Parts<'a> {
    fn parse(text: &'a str) -> Result<Self, DestinationError> {
        let (source, target) = match text.split_once('>') {
            Some((source, target)) => (Some(source), target),
            None => (None, text),
        };
        if source.is_some_and(|source| source.contains('@')) {
            return Err(DestinationError::UserOfSource(text.to_owned()));
        }
        let (user, host) = target.split_once('@').unwrap_or(("", target));
        let source = source.map(clean);
        let host = clean(host);
        if host.is_empty() || source.is_some_and(str::is_empty) {
            return Err(DestinationError::NoHost(text.to_owned()));
        }
        Ok(Self { source, user, host })
    }
}

/// Says whether `text` has the form of a destination.
///
/// # Errors
/// [`DestinationError`] when it has not.
pub(crate) fn check(text: &str) -> Result<(), DestinationError> {
    Parts::parse(text).map(|_| ())
}

/// Looks up the host keys for a destination in the person's and the system's known hosts.
///
/// # Errors
/// [`DestinationError`]: a host without known keys could never be recognised.
pub(crate) fn resolve(text: &str) -> Result<DestinationConstraint, DestinationError> {
    let Parts { source, user, host } = Parts::parse(text)?;
    let from = match source {
        None => Hop {
            user: String::new(),
            host: String::new(),
            keys: Vec::new(),
        },
        Some(source) => hop("", source)?,
    };
    Ok(DestinationConstraint {
        from,
        to: hop(user, host)?,
    })
}

fn hop(user: &str, host: &str) -> Result<Hop, DestinationError> {
    let mut keys = Vec::new();
    for file in known_hosts().into_iter().filter(|file| file.exists()) {
        // The host follows its flag, so that one that begins with a dash is no flag.
        let found = Command::new("ssh-keygen")
            .arg("-F")
            .arg(host)
            .arg("-f")
            .arg(file)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .map_err(DestinationError::Keygen)?;
        let text = String::from_utf8_lossy(&found.stdout);
        keys.extend(text.lines().filter_map(host_key));
    }
    if keys.is_empty() {
        return Err(DestinationError::NoHostKeys(host.to_owned()));
    }
    Ok(Hop {
        user: user.to_owned(),
        host: host.to_owned(),
        keys,
    })
}

/// Reads one line of known hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT); `None` for one without a key to trust.
fn host_key(line: &str) -> Option<HopKey> {
    let (is_ca, line) = match line.strip_prefix('@') {
        None => (false, line),
        Some(marked) => (true, marked.strip_prefix("cert-authority")?.trim_start()),
    };
    if line.starts_with('#') {
        return None;
    }
    let (_hosts, key) = line.split_once([' ', '\t'])?;
    let key = PublicKey::from_openssh(key.trim()).ok()?;
    let blob = key.to_bytes().ok()?;
    Some(HopKey { blob, is_ca })
}

fn known_hosts() -> Vec<PathBuf> {
    let own = environment::home().map(|home| home.join(".ssh"));
    let system = Some(PathBuf::from("/etc/ssh"));
    let names = [(own, "known_hosts"), (system, "ssh_known_hosts")];
    let files = names.into_iter().filter_map(|(folder, name)| {
        folder.map(|folder| [folder.join(name), folder.join(format!("{name}2"))])
    });
    files.flatten().collect()
}

/// Takes the brackets off a host that is nothing but bracketed, as OpenSSH's `cleanhostname` does.
fn clean(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Result<(Option<&str>, &str, &str), String> {
        Parts::parse(text)
            .map(|parts| (parts.source, parts.user, parts.host))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn destinations_are_read_as_ssh_add_reads_them() {
        assert_eq!(parts("web"), Ok((None, "", "web")));
        assert_eq!(parts("git@web"), Ok((None, "git", "web")));
        assert_eq!(parts("jump>root@[::1]"), Ok((Some("jump"), "root", "::1")));
        assert_eq!(parts("[web]:2222"), Ok((None, "", "[web]:2222")));
        for wrong in ["", "git@", ">web", "jump>"] {
            assert!(parts(wrong).unwrap_err().contains("no host"), "{wrong}");
        }
        assert!(parts("me@jump>web").unwrap_err().contains("has a user"));
    }

    #[test]
    fn lines_of_known_hosts_are_keys_or_nothing() {
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
        let read = |line: &str| host_key(line).map(|key| key.is_ca);
        assert_eq!(read(&format!("web {key} a comment")), Some(false));
        assert_eq!(read(&format!("@cert-authority *.lab {key}")), Some(true));
        assert_eq!(read(&format!("@revoked web {key}")), None);
        assert_eq!(read("# Host web found: line 1"), None);
        assert_eq!(read("web ssh-ed25519 AAAA"), None);
    }
}
