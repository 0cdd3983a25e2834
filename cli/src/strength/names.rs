//! The names that belong to a person, from where programs keep them.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use keyward_vault::strength::personal::Personal;

use crate::environment;
use crate::vault::files;

/// How much of a file or of an answer is read, in bytes.
const READ_MAX: usize = 256 << 10;

/// The settings of Git that hold names.
const GIT_SETTINGS: [&str; 2] = [".name=", ".email="];

/// The words of ssh_config(5) that are followed by names.
const SSH_WORDS: [&str; 4] = ["user", "host", "hostname", "hostkeyalias"];

/// Collects them; `purpose` is what the passphrase is for.
pub(super) fn collect(purpose: Option<&str>) -> Personal {
    let mut personal = Personal::default();
    purpose.into_iter().for_each(|text| personal.add(text));
    for name in environment::account_names() {
        personal.add(&name);
    }
    for line in git_settings().lines() {
        let value = GIT_SETTINGS.iter().find_map(|name| line.split_once(name));
        if let Some((_, value)) = value {
            personal.add(value);
        }
    }
    if let Some(home) = environment::home() {
        of_ssh(&home.join(".ssh"), &mut personal);
    }
    personal
}

/// Returns what Git is set to, in all scopes; nothing where there is no Git.
fn git_settings() -> String {
    let git = Command::new("git")
        .args(["config", "--list"])
        // The folder that a person happens to be in may be anybody's.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut git) = git else {
        return String::new();
    };
    let said = git.stdout.take().map(text).unwrap_or_default();
    // It may wait for somebody to read the rest.
    let _ = git.kill();
    let _ = git.wait();
    said
}

fn of_ssh(folder: &Path, personal: &mut Personal) {
    if let Ok(config) = files::head(&folder.join("config"), READ_MAX) {
        for line in String::from_utf8_lossy(&config).lines() {
            let mut words = line.split(|letter: char| letter.is_whitespace() || letter == '=');
            let is_named = |word: &str| SSH_WORDS.iter().any(|own| word.eq_ignore_ascii_case(own));
            if words.find(|word| !word.is_empty()).is_some_and(is_named) {
                words.for_each(|name| personal.add(name));
            }
        }
    }
    let known = files::head(&folder.join("known_hosts"), READ_MAX).unwrap_or_default();
    for line in String::from_utf8_lossy(&known).lines() {
        // One that is hashed begins with a bar.
        let hosts = line
            .split(' ')
            .next()
            .filter(|hosts| !hosts.starts_with(['|', '#', '@']));
        hosts
            .into_iter()
            .flat_map(|hosts| hosts.split(','))
            .for_each(|host| personal.add(host));
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_public = path.extension().is_some_and(|ending| ending == "pub");
        if let Some(bytes) = is_public
            .then(|| files::head(&path, READ_MAX).ok())
            .flatten()
        {
            let line = String::from_utf8_lossy(&bytes);
            if let Some(comment) = line.splitn(3, ' ').nth(2) {
                personal.add(comment.trim());
            }
        }
    }
}

/// Reads the beginning of an answer as text.
fn text(source: impl Read) -> String {
    let mut bytes = Vec::new();
    let limit = u64::try_from(READ_MAX).unwrap_or(u64::MAX);
    // What was read before it failed may hold names too.
    let _ = source.take(limit).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_hosts_and_comments_of_ssh_are_names() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "config",
            "Host build-machine\n  HostName=build.wonderland.example\n\tUser   caterpillar\n",
        );
        write("id.pub", "ssh-ed25519 AAAA white rabbit@burrow\n");
        let mut personal = Personal::default();
        of_ssh(folder.path(), &mut personal);
        for text in [
            "build.wonderland.example",
            "caterpillar1865!",
            "whiterabbit@burrow",
        ] {
            assert!(personal.is_most_of(text, 14), "{text}");
        }
        assert!(!personal.is_most_of("identityfile-port-22", 14));
    }
}
