//! What other users, and other programs of the same user, may not do.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    time::Duration,
};

use keyward_tests::{
    Agent, CheapVault, Home, Key, KeyKind, Run, agent::Launch, deadline, message, process, program,
};

const AS_NOBODY: [&str; 4] = [
    "setpriv",
    "--reuid=nobody",
    "--regid=nogroup",
    "--clear-groups",
];

/// An agent that runs as the user `nobody`, with one key.
fn agent_of_nobody() -> (Agent, Key) {
    let home = Home::new();
    home.command("chown")
        .args(["-R", "nobody:nogroup"])
        .arg(home.folder())
        .succeeds();
    fs::set_permissions(home.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let agent = Launch::new(home).wrapper(&AS_NOBODY).start();
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    (agent, key)
}

/// A command run by the user `nobody`.
fn as_nobody(home: &Home, words: &[&str]) -> Command {
    let mut command = home.command(AS_NOBODY[0]);
    command.args(&AS_NOBODY[1..]).args(words).current_dir("/");
    command
}

#[test]
fn another_user_is_not_served_even_if_the_socket_lets_them() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    for path in [agent.home().folder(), agent.socket()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let listed = as_nobody(agent.home(), &["ssh-add", "-l"])
        .env("SSH_AUTH_SOCK", agent.socket())
        .outcome();
    assert!(!listed.both().contains("SHA256:"), "{listed:?}");
    assert_ne!(listed.code, Some(0), "{listed:?}");
    // The same socket serves its owner.
    agent.ssh_add(&["-l"]).succeeds();
}

#[test]
fn root_is_served_by_every_users_agent() {
    let (agent, key) = agent_of_nobody();
    message::signature(&agent.connect().ask(&message::sign(&key.blob(), b"data", 0)));
}

#[test]
fn the_same_user_is_served() {
    let (agent, key) = agent_of_nobody();
    let listed = as_nobody(agent.home(), &["ssh-add", "-L"])
        .env("SSH_AUTH_SOCK", agent.socket())
        .succeeds();
    assert!(listed.stdout.contains(&key.public_fields()));
}

#[test]
fn the_same_user_does_not_read_the_agents_memory() {
    let (agent, _) = agent_of_nobody();
    for pid in agent.processes() {
        let memory = format!("/proc/{pid}/mem");
        let read = as_nobody(agent.home(), &["head", "-c1", &memory]).exits(1);
        assert!(read.stderr.contains("Permission denied"), "{}", read.stderr);
        as_nobody(
            agent.home(),
            &["head", "-c1", &format!("/proc/{pid}/environ")],
        )
        .exits(1);
    }
}

/// The control: a process that does not protect itself is read.
#[test]
fn the_same_user_does_read_the_memory_of_an_ordinary_process() {
    let home = Home::new();
    let mut ordinary = as_nobody(&home, &["cat"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let environment = format!("/proc/{}/environ", ordinary.id());
    keyward_tests::deadline::until(
        "the process to be another user's",
        std::time::Duration::from_secs(20),
        || process::status(ordinary.id(), "Name") == "cat",
    );
    let read = as_nobody(&home, &["head", "-c1", &environment]).outcome();
    let _ = ordinary.kill();
    let _ = ordinary.wait();
    assert_eq!(read.code, Some(0), "{read:?}");
}

#[test]
fn the_same_user_does_not_trace_the_agent() {
    let (agent, _) = agent_of_nobody();
    for pid in agent.processes() {
        let pid = pid.to_string();
        let gdb = as_nobody(
            agent.home(),
            &["gdb", "-p", &pid, "-batch", "-ex", "info registers"],
        )
        .outcome();
        assert!(gdb.both().contains("Operation not permitted"), "{gdb:?}");
        let strace = as_nobody(agent.home(), &["strace", "-p", &pid]).exits(1);
        assert!(
            strace.stderr.contains("Operation not permitted"),
            "{strace:?}"
        );
    }
}

#[test]
fn no_process_of_the_agent_writes_a_core_file() {
    let agent = Agent::start(&[]);
    agent.add(&Key::plain(KeyKind::Ed25519));
    for pid in agent.processes() {
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        let fields: Vec<&str> = core.split_whitespace().collect();
        assert_eq!(fields[4..6], ["0", "0"], "{core}");
    }
}

#[test]
fn keys_are_not_handed_to_another_user_who_listens_in_the_place_of_the_agent() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let folder = vault.home().path("shared");
    fs::create_dir(&folder).unwrap();
    for path in [&folder, vault.home().folder()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o1777)).unwrap();
    }
    let control = folder.join("control.agent");
    let script = format!(
        "import os,socket\ns=socket.socket(socket.AF_UNIX)\ns.bind({control:?})\nos.chmod({control:?},0o777)\n\
         s.listen()\nwhile True:\n c,_=s.accept()\n try: print(c.recv(99),flush=True)\n except OSError: pass",
    );
    let mut listener = as_nobody(vault.home(), &["python3", "-c", &script]);
    let mut listener = listener.stdout(Stdio::piped()).spawn().unwrap();
    deadline::until("a listener", Duration::from_secs(10), || control.exists());
    let socket = folder.join("agent");
    let mut agent = vault.home().command(program::path());
    agent.args(["agent", "-a"]).arg(&socket).exits(1);
    for words in ["unlock", "list", "lock"] {
        let mut command = vault.bare(words);
        command.env("SSH_AUTH_SOCK", &socket);
        if words != "lock" {
            command.args(["--passphrase-file", "passphrase"]);
        }
        let said = command.outcome();
        assert_eq!(said.code, Some(i32::from(words != "list")), "{said:?}");
    }
    listener.kill().unwrap();
    let heard = listener.wait_with_output().unwrap().stdout;
    // One who only asks for the state is answered by whoever is there.
    assert!(!String::from_utf8_lossy(&heard).contains("vault"));
}
