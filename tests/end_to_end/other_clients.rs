//! Agent clients that share no code with OpenSSH.

use std::{fs, os::unix::net::UnixStream, process::Command};

use keyward_tests::{Agent, Key, KeyKind, Run, Server, program};
use ssh_agent_lib::{
    blocking::Client,
    proto::{
        AddIdentity, AddIdentityConstrained, KeyConstraint, PrivateCredential, RemoveIdentity,
        SignRequest,
    },
    ssh_key::{PrivateKey, PublicKey},
};

use crate::every_key::{tests_of, with_every_software_key};

/// An agent that holds every key, and a server that lets every one in.
fn agent_and_server() -> (Agent, Server) {
    let agent = Agent::start_with_every_key();
    let server = Server::start(agent.home(), "server");
    (agent, server)
}

fn host_key(server: &Server) -> String {
    let known = fs::read_to_string(server.known_hosts()).unwrap();
    known
        .lines()
        .next()
        .unwrap()
        .split(' ')
        .skip(1)
        .collect::<Vec<_>>()
        .join(" ")
}

fn blob(kind: KeyKind) -> String {
    Key::plain(kind)
        .public_line()
        .split(' ')
        .nth(1)
        .unwrap()
        .to_owned()
}

#[track_caller]
fn says_hello(command: &mut Command, server: &Server, kind: KeyKind) {
    assert_eq!(command.succeeds().stdout, "hello\n");
    assert!(
        server.log().contains(&Key::plain(kind).fingerprint()),
        "another key was used"
    );
}

fn python(agent: &Agent, script: &str) -> Command {
    let mut python = agent.command(program::tools_folder().join("python/bin/python"));
    python.arg(program::clients_folder().join(script));
    python
}

with_every_software_key!(paramiko_logs_in);
fn paramiko_logs_in(kind: KeyKind) {
    let (agent, server) = agent_and_server();
    let mut login = python(&agent, "paramiko_login.py");
    says_hello(
        login.args([server.port().to_string(), host_key(&server), blob(kind)]),
        &server,
        kind,
    );
}

tests_of! {
    asyncssh_logs_in: ed25519 Ed25519, ecdsa_p256 EcdsaP256, ecdsa_p384 EcdsaP384, ecdsa_p521 EcdsaP521,
    rsa_2048 Rsa2048, rsa_3072 Rsa3072, rsa_4096 Rsa4096
}
fn asyncssh_logs_in(kind: KeyKind) {
    let (agent, server) = agent_and_server();
    let known_hosts = server.known_hosts().display().to_string();
    let mut login = python(&agent, "asyncssh_login.py");
    says_hello(
        login.args([server.port().to_string(), known_hosts, blob(kind)]),
        &server,
        kind,
    );
}

#[test]
fn asyncssh_administers_keys() {
    let agent = Agent::start(&[]);
    assert_eq!(
        python(&agent, "asyncssh_administration.py")
            .succeeds()
            .stdout
            .lines()
            .count(),
        5
    );
}

with_every_software_key!(ssh2_logs_in);
fn ssh2_logs_in(kind: KeyKind) {
    let (agent, server) = agent_and_server();
    let mut node = agent.command("node");
    node.env(
        "NODE_PATH",
        program::tools_folder().join("node/node_modules"),
    );
    node.arg(program::clients_folder().join("ssh2_login.js"));
    let host_key = host_key(&server);
    let host_key = host_key.split(' ').nth(1).unwrap().to_owned();
    says_hello(
        node.args([server.port().to_string(), host_key, blob(kind)]),
        &server,
        kind,
    );
}

// plink takes every key of the agent in turn, so it gets an agent with one.
with_every_software_key!(plink_logs_in);
fn plink_logs_in(kind: KeyKind) {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(kind));
    let server = Server::start(agent.home(), "server");
    let mut plink = agent.command("plink");
    plink.args([
        "-batch",
        "-ssh",
        "-agent",
        "-P",
        &server.port().to_string(),
        "-hostkey",
        &server.fingerprint(),
    ]);
    says_hello(plink.args(["root@127.0.0.1", "echo hello"]), &server, kind);
}

#[test]
fn pscp_copies_a_file() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let server = Server::start(agent.home(), "server");
    let file = agent.home().write("original", "some text");
    let mut pscp = agent.command("pscp");
    pscp.args([
        "-batch",
        "-agent",
        "-P",
        &server.port().to_string(),
        "-hostkey",
        &server.fingerprint(),
    ])
    .arg(file);
    pscp.arg(format!(
        "root@127.0.0.1:{}",
        agent.home().path("copy").display()
    ))
    .succeeds();
    assert_eq!(
        fs::read_to_string(agent.home().path("copy")).unwrap(),
        "some text"
    );
}

// dbclient turns to an agent only with -A, and takes every key in turn.
with_every_software_key!(dbclient_logs_in);
fn dbclient_logs_in(kind: KeyKind) {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(kind));
    let server = Server::start(agent.home(), "server");
    let mut dbclient = agent.command("dbclient");
    dbclient.args(["-y", "-y", "-A", "-p", &server.port().to_string()]);
    says_hello(
        dbclient.args(["root@127.0.0.1", "echo hello"]),
        &server,
        kind,
    );
}

with_every_software_key!(ssh_agent_lib_adds_signs_and_removes);
fn ssh_agent_lib_adds_signs_and_removes(kind: KeyKind) {
    use signature::Verifier;

    let agent = Agent::start(&[]);
    let mut client = Client::new(UnixStream::connect(agent.socket()).unwrap());
    let private = PrivateKey::from_openssh(fs::read(Key::plain(kind).path).unwrap()).unwrap();
    let public: PublicKey = private.public_key().clone();
    let credential = PrivateCredential::Key {
        privkey: private.key_data().clone(),
        comment: "a comment".into(),
    };
    client
        .add_identity(AddIdentity {
            credential: credential.clone(),
        })
        .unwrap();
    let listed = client.request_identities().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].comment, "a comment");
    let credential_key = listed[0].credential.clone();
    let request = SignRequest {
        credential: credential_key.clone(),
        data: b"data".to_vec(),
        flags: 2,
    };
    let signature = client.sign(request).unwrap();
    public.key_data().verify(b"data", &signature).unwrap();
    client.lock("a phrase".into()).unwrap();
    assert!(client.request_identities().unwrap().is_empty());
    client.unlock("a phrase".into()).unwrap();
    client
        .remove_identity(RemoveIdentity {
            credential: credential_key,
        })
        .unwrap();
    assert!(client.request_identities().unwrap().is_empty());
    let identity = AddIdentity { credential };
    client
        .add_identity_constrained(AddIdentityConstrained {
            identity,
            constraints: vec![KeyConstraint::Lifetime(1000)],
        })
        .unwrap();
    client.remove_all_identities().unwrap();
    assert!(client.request_identities().unwrap().is_empty());
}
