//! Logging in with ssh, scp, sftp and rsync.

use std::{fs, process::Command};

use keyward_tests::{Agent, Key, KeyKind, Run, Server};

use crate::every_key::with_every_key;

/// `ssh`, or a program that takes the same `-F`, which may use this one key only.
fn with_key(agent: &Agent, server: &Server, program: &str, key: &Key) -> Command {
    let mut command = agent.command(program);
    command.arg("-F").arg(server.client_configuration());
    command.arg("-o").arg(format!(
        "IdentityFile={}",
        key.public_copy(agent.home()).display()
    ));
    command.args(["-o", "IdentitiesOnly=yes"]);
    command
}

with_every_key!(ssh_logs_in);
fn ssh_logs_in(kind: KeyKind) {
    let agent = Agent::start_with_every_key();
    let server = Server::start(agent.home(), "server");
    let key = Key::plain(kind);
    let said = with_key(&agent, &server, "ssh", &key)
        .args(["server", "echo", "hello"])
        .succeeds();
    assert_eq!(said.stdout, "hello\n");
    assert!(
        server.log().contains(&key.fingerprint()),
        "another key was used"
    );
}

with_every_key!(ssh_logs_in_with_a_certificate);
fn ssh_logs_in_with_a_certificate(kind: KeyKind) {
    let agent = Agent::start(&[]);
    let key = Key::certified(kind);
    agent.add(&key);
    let server = Server::start(agent.home(), "server");
    let mut ssh = agent.command("ssh");
    ssh.arg("-F")
        .arg(server.client_configuration())
        .args(["server", "echo", "hello"]);
    assert_eq!(ssh.succeeds().stdout, "hello\n");
    assert!(
        server.log().contains(&format!("ID {}", kind.name())),
        "no certificate was used"
    );
}

#[test]
fn ssh_is_refused_without_the_key() {
    let agent = Agent::start(&[]);
    agent.add(&Key::fresh(agent.home(), KeyKind::Ed25519, "unknown", ""));
    let server = Server::start(agent.home(), "server");
    let mut ssh = agent.command("ssh");
    ssh.arg("-F")
        .arg(server.client_configuration())
        .args(["server", "true"]);
    assert!(ssh.exits(255).stderr.contains("Permission denied"));
}

#[test]
fn ssh_adds_the_key_it_used() {
    let agent = Agent::start(&[]);
    let server = Server::start(agent.home(), "server");
    let key = Key::plain(KeyKind::EcdsaP256);
    let mut ssh = agent.command("ssh");
    ssh.arg("-F")
        .arg(server.client_configuration())
        .arg("-i")
        .arg(&key.path);
    ssh.args(["-o", "AddKeysToAgent=yes", "server", "true"])
        .succeeds();
    assert!(agent.lists(&key));
}

with_every_key!(scp_copies_there_and_back);
fn scp_copies_there_and_back(kind: KeyKind) {
    let agent = Agent::start_with_every_key();
    let home = agent.home();
    let server = Server::start(home, "server");
    let file = home.write("original", "some text");
    let remote = format!("server:{}", home.path("remote").display());
    let key = Key::plain(kind);
    with_key(&agent, &server, "scp", &key)
        .arg(file)
        .arg(&remote)
        .succeeds();
    with_key(&agent, &server, "scp", &key)
        .arg(&remote)
        .arg(home.path("copy"))
        .succeeds();
    assert_eq!(fs::read_to_string(home.path("copy")).unwrap(), "some text");
}

with_every_key!(sftp_fetches_a_file);
fn sftp_fetches_a_file(kind: KeyKind) {
    let agent = Agent::start_with_every_key();
    let home = agent.home();
    let server = Server::start(home, "server");
    let file = home.write("original", "some text");
    let mut sftp = with_key(&agent, &server, "sftp", &Key::plain(kind));
    sftp.args(["-q", &format!("server:{}", file.display())])
        .arg(home.path("copy"))
        .succeeds();
    assert_eq!(fs::read_to_string(home.path("copy")).unwrap(), "some text");
}

#[test]
fn rsync_copies_a_folder() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let home = agent.home();
    let server = Server::start(home, "server");
    fs::create_dir(home.path("original")).unwrap();
    home.write("original/file", "some text");
    let mut rsync = agent.command("rsync");
    rsync.arg("-a").arg("-e").arg(format!(
        "ssh -F {}",
        server.client_configuration().display()
    ));
    rsync
        .arg(home.path("original"))
        .arg(format!("server:{}", home.path("copy").display()))
        .succeeds();
    assert_eq!(
        fs::read_to_string(home.path("copy/original/file")).unwrap(),
        "some text"
    );
}

#[test]
fn twenty_logins_at_once_all_succeed() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let server = Server::start(agent.home(), "server");
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let mut ssh = agent.command("ssh");
                ssh.arg("-F")
                    .arg(server.client_configuration())
                    .args(["server", "true"])
                    .succeeds();
            });
        }
    });
}
