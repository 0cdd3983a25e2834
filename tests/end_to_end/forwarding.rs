//! Agent forwarding: signatures for hosts further on.

use keyward_tests::{Agent, Key, KeyKind, Run, Server};

use crate::every_key::with_every_key;

with_every_key!(the_second_hop_authenticates_by_the_forwarded_agent);
fn the_second_hop_authenticates_by_the_forwarded_agent(kind: KeyKind) {
    let agent = Agent::start(&[]);
    let key = Key::plain(kind);
    agent.add(&key);
    let near = Server::start(agent.home(), "near");
    let far = Server::start(agent.home(), "far");
    let onward = format!(
        "ssh -F {} far echo from afar",
        far.client_configuration().display()
    );
    let mut ssh = agent.command("ssh");
    ssh.arg("-A")
        .arg("-F")
        .arg(near.client_configuration())
        .args(["near", &onward]);
    assert_eq!(ssh.succeeds().stdout, "from afar\n");
    assert!(
        far.log().contains(&key.fingerprint()),
        "another key was used"
    );
}

#[test]
fn three_hops_reach_the_agent() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let servers = ["first", "second", "third"].map(|name| Server::start(agent.home(), name));
    let [first, second, third] = servers
        .each_ref()
        .map(|server| server.client_configuration().display().to_string());
    let onward = format!("ssh -A -F {second} second ssh -A -F {third} third ssh-add -L");
    let mut ssh = agent.command("ssh");
    ssh.args(["-A", "-F", &first, "first", &onward]);
    assert_eq!(ssh.succeeds().stdout, agent.list());
}

#[test]
fn without_forwarding_the_server_sees_no_agent() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let near = Server::start(agent.home(), "near");
    let mut ssh = agent.command("ssh");
    ssh.arg("-a")
        .arg("-F")
        .arg(near.client_configuration())
        .args(["near", "ssh-add -l"])
        .exits(2);
}

#[test]
fn a_jump_host_needs_no_forwarding() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    let near = Server::start(agent.home(), "near");
    let far = Server::start(agent.home(), "far");
    let proxy = format!(
        "ProxyCommand=ssh -F {} -W 127.0.0.1:{} near",
        near.client_configuration().display(),
        far.port()
    );
    let mut ssh = agent.command("ssh");
    ssh.args(["-o", &proxy, "-F"])
        .arg(far.client_configuration())
        .args(["far", "echo", "from afar"]);
    assert_eq!(ssh.succeeds().stdout, "from afar\n");
}
