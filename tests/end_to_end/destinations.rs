//! Keys that may be used towards certain hosts only (`ssh-add -h`).

use std::{fs, process::Command};

use keyward_tests::{Agent, Key, KeyKind, Run, Server, key::SECURITY_KEY_PROVIDER, message};

use crate::audit::line;

/// Two servers, and an agent that holds a key with these constraints only.
struct Hosts {
    agent: Agent,
    near: Server,
    far: Server,
    key: Key,
}

impl Hosts {
    fn with_constraints(constraints: &[&str]) -> Self {
        let agent = Agent::start(&[]);
        let near = Server::start(agent.home(), "near");
        let far = Server::start(agent.home(), "far");
        let known: String = [&near, &far]
            .map(|server| fs::read_to_string(server.known_hosts()).unwrap())
            .concat();
        let known = agent.home().write("known_hosts", known);
        let key = Key::plain(KeyKind::Ed25519);
        let mut add = agent.ssh_add(&["-q", "-H"]);
        add.arg(known);
        for constraint in constraints {
            add.args(["-h", constraint]);
        }
        add.arg(&key.path).succeeds();
        Self {
            agent,
            near,
            far,
            key,
        }
    }

    fn ssh_near(&self, command: &str) -> Command {
        let mut ssh = self.agent.command("ssh");
        ssh.arg("-A")
            .arg("-F")
            .arg(self.near.client_configuration())
            .args(["near", command]);
        ssh
    }

    fn ssh_far(&self, command: &str) -> Command {
        let mut ssh = self.agent.command("ssh");
        ssh.arg("-A")
            .arg("-F")
            .arg(self.far.client_configuration())
            .args(["far", command]);
        ssh
    }

    fn onward(&self) -> String {
        format!(
            "ssh -F {} far echo from afar",
            self.far.client_configuration().display()
        )
    }
}

#[test]
fn the_key_opens_the_host_it_is_for() {
    let hosts = Hosts::with_constraints(&["near"]);
    hosts.ssh_near("true").succeeds();
}

#[test]
fn the_key_opens_no_other_host() {
    let hosts = Hosts::with_constraints(&["near"]);
    hosts.ssh_far("true").exits(255);
}

#[test]
fn the_key_is_for_the_user_named() {
    Hosts::with_constraints(&["root@near"])
        .ssh_near("true")
        .succeeds();
    Hosts::with_constraints(&["nobody@near"])
        .ssh_near("true")
        .exits(255);
}

#[test]
fn the_key_signs_nothing_that_is_not_a_login() {
    let hosts = Hosts::with_constraints(&["near"]);
    let mut connection = hosts.agent.connect();
    assert_eq!(
        connection.ask(&message::sign(&hosts.key.blob(), b"data", 0)),
        message::FAILURE
    );
}

#[test]
fn the_key_is_listed_here() {
    let hosts = Hosts::with_constraints(&["near"]);
    assert!(hosts.agent.lists(&hosts.key));
}

#[test]
fn a_key_for_one_hop_is_not_listed_after_it() {
    let hosts = Hosts::with_constraints(&["near"]);
    let listed = hosts.ssh_near("ssh-add -L").exits(1);
    assert_eq!(listed.stdout, "The agent has no identities.\n");
}

#[test]
fn a_key_for_both_hops_goes_the_whole_way() {
    let hosts = Hosts::with_constraints(&["near", "near>far"]);
    assert_eq!(
        hosts.ssh_near(&hosts.onward()).succeeds().stdout,
        "from afar\n"
    );
}

#[test]
fn a_key_for_both_hops_does_not_go_straight_to_the_second() {
    let hosts = Hosts::with_constraints(&["near", "near>far"]);
    hosts.ssh_far("true").exits(255);
}

#[test]
fn a_key_for_the_first_hop_does_not_open_the_second() {
    let hosts = Hosts::with_constraints(&["near"]);
    hosts.ssh_near(&hosts.onward()).exits(255);
}

#[test]
fn a_forwarded_client_does_not_remove_a_key_it_may_not_see() {
    let hosts = Hosts::with_constraints(&["near"]);
    let public = hosts.key.public_copy(hosts.agent.home());
    hosts
        .ssh_near(&format!("ssh-add -d {}", public.display()))
        .exits(1);
    assert!(hosts.agent.lists(&hosts.key));
}

#[test]
fn constraints_survive_locking() {
    let hosts = Hosts::with_constraints(&["near"]);
    let mut connection = hosts.agent.connect();
    assert_eq!(connection.ask(&message::lock("phrase")), message::SUCCESS);
    assert_eq!(connection.ask(&message::unlock("phrase")), message::SUCCESS);
    hosts.ssh_near("true").succeeds();
    hosts.ssh_far("true").exits(255);
}

/// A provider loaded for somebody far away would run their choice of code here (CVE-2016-10009, CVE-2023-38408).
#[test]
fn a_forwarded_client_does_not_load_a_provider() {
    let agent = Agent::start(&[]);
    let near = Server::start(agent.home(), "near");
    let key = Key::plain(KeyKind::SkEd25519);
    let login = Key::plain(KeyKind::Ed25519);
    let load = format!(
        "ssh-add -q -S {SECURITY_KEY_PROVIDER} {}",
        key.path.display()
    );
    let mut ssh = agent.command("ssh");
    ssh.args(["-A", "-i"])
        .arg(&login.path)
        .arg("-F")
        .arg(near.client_configuration())
        .args(["near", &load])
        .exits(1);
    let refused = line(&agent, "add");
    assert_eq!(refused["outcome"], "deny", "{refused}");
    assert_eq!(refused["origin"], "forwarded", "{refused}");
    assert_eq!(refused["reason"], "provider asked for by a remote client");
    // The control: the same command is carried out for somebody on this machine.
    agent.command("sh").args(["-c", &load]).succeeds();
    assert!(agent.lists(&key));
}

#[test]
fn an_unknown_constraint_refuses_the_whole_key() {
    let agent = Agent::start(&[]);
    let mut connection = agent.connect();
    let unknown = [
        vec![255],
        message::string(b"unknown@example.org"),
        message::string(b"body"),
    ]
    .concat();
    assert_eq!(
        connection.ask(&message::add_constrained(&[7; 32], "key", &unknown)),
        message::FAILURE
    );
    assert_eq!(
        connection.ask(&message::add_constrained(&[7; 32], "key", &[99])),
        message::FAILURE
    );
    assert_eq!(message::identities(&connection.ask(&message::LIST)), 0);
}
