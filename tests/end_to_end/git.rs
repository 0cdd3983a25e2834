//! git over ssh, and commits signed by the agent.

use std::{fs, process::Command};

use keyward_tests::{Agent, Key, KeyKind, Run, Server};

use crate::every_key::with_every_key;

/// `git` with nothing of the machine's configuration, and a name for its commits.
fn git(agent: &Agent) -> Command {
    let mut git = agent.command("git");
    git.env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Someone")
            .env(format!("GIT_{role}_EMAIL"), "someone@example.org");
    }
    git
}

#[test]
fn clones_and_pushes() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let home = agent.home();
    let server = Server::start(home, "server");
    let bare = home.path("bare.git");
    let over_ssh = format!("ssh -F {}", server.client_configuration().display());
    git(&agent)
        .args(["init", "-q", "--bare", "-b", "main"])
        .arg(&bare)
        .succeeds();
    let url = format!("ssh://root@server{}", bare.display());
    let work = home.path("work");
    git(&agent)
        .env("GIT_SSH_COMMAND", &over_ssh)
        .args(["clone", "-q", &url])
        .arg(&work)
        .succeeds();
    fs::write(work.join("file"), "text").unwrap();
    git(&agent)
        .arg("-C")
        .arg(&work)
        .args(["add", "file"])
        .succeeds();
    git(&agent)
        .arg("-C")
        .arg(&work)
        .args(["commit", "-q", "-m", "a file"])
        .succeeds();
    let mut push = git(&agent);
    push.env("GIT_SSH_COMMAND", &over_ssh)
        .arg("-C")
        .arg(&work)
        .args(["push", "-q", "origin", "HEAD:main"])
        .succeeds();
    let log = git(&agent)
        .arg("-C")
        .arg(&bare)
        .args(["log", "--format=%s", "main"])
        .succeeds();
    assert_eq!(log.stdout, "a file\n");
}

with_every_key!(signs_commits);
fn signs_commits(kind: KeyKind) {
    let agent = Agent::start(&[]);
    let home = agent.home();
    let key = Key::plain(kind);
    agent.add(&key);
    let work = home.path("work");
    git(&agent)
        .args(["init", "-q", "-b", "main"])
        .arg(&work)
        .succeeds();
    let signers = home.write(
        "signers",
        format!("someone@example.org {}\n", key.public_line()),
    );
    let settings = [
        ("gpg.format", "ssh".into()),
        ("user.signingkey", format!("key::{}", key.public_line())),
        ("gpg.ssh.allowedSignersFile", signers.display().to_string()),
        ("commit.gpgsign", "true".into()),
    ];
    for (name, value) in settings {
        git(&agent)
            .arg("-C")
            .arg(&work)
            .args(["config", name, &value])
            .succeeds();
    }
    git(&agent)
        .arg("-C")
        .arg(&work)
        .args(["commit", "-q", "--allow-empty", "-m", "signed"])
        .succeeds();
    let shown = git(&agent)
        .arg("-C")
        .arg(&work)
        .args(["log", "-1", "--format=%G? %GK"])
        .succeeds();
    assert_eq!(shown.stdout, format!("G {}\n", key.fingerprint()));
}
