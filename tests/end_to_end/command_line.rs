//! The command line of `ssh-agent`, as OpenSSH 10.5 has it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use keyward_tests::{CommandLine, Connection, Key, KeyKind, Run, deadline, message, process};
use rustix::process::Signal;

const END_LIMIT: Duration = Duration::from_secs(20);

#[test]
fn prints_bourne_shell_lines() {
    let line = CommandLine::new();
    let (said, socket, pid) = line.daemon(&["-s"]);
    let socket = socket.display();
    let expected = format!(
        "SSH_AUTH_SOCK={socket}; export SSH_AUTH_SOCK;\nSSH_AGENT_PID={pid}; export SSH_AGENT_PID;\necho Agent pid {pid};\n"
    );
    assert_eq!(said, expected);
}

#[test]
fn prints_c_shell_lines() {
    let line = CommandLine::new();
    let (said, socket, pid) = line.daemon(&["-c"]);
    let socket = socket.display();
    let expected = format!(
        "setenv SSH_AUTH_SOCK {socket};\nsetenv SSH_AGENT_PID {pid};\necho Agent pid {pid};\n"
    );
    assert_eq!(said, expected);
}

#[test]
fn takes_the_kind_of_shell_from_the_environment() {
    let line = CommandLine::new();
    let said = line
        .ssh_agent(&[])
        .env("SHELL", "/bin/tcsh")
        .succeeds()
        .stdout;
    assert!(said.starts_with("setenv "), "{said}");
    let said = line
        .ssh_agent(&[])
        .env("SHELL", "/bin/bash")
        .succeeds()
        .stdout;
    assert!(said.starts_with("SSH_AUTH_SOCK="), "{said}");
}

#[test]
fn the_printed_lines_can_be_evaluated() {
    let line = CommandLine::new();
    let script = "eval \"$(./ssh-agent -s)\" && ssh-add -l; test $? -eq 1 && eval \"$(./ssh-agent -k)\" && echo \"[$SSH_AUTH_SOCK]\"";
    let said = line
        .home
        .command("sh")
        .args(["-c", script])
        .succeeds()
        .stdout;
    assert!(said.ends_with(" killed\n[]\n"), "{said}");
}

#[test]
fn the_daemon_is_not_the_process_that_was_started() {
    let line = CommandLine::new();
    let (_, socket, pid) = line.daemon(&[]);
    assert!(process::runs(pid));
    assert_eq!(
        message::identities(&Connection::open(&socket).ask(&message::LIST)),
        0
    );
}

#[test]
fn the_daemon_leaves_folder_terminal_and_streams() {
    let line = CommandLine::new();
    let (_, _, pid) = line.daemon(&[]);
    let link = |name: &str| fs::read_link(format!("/proc/{pid}/{name}")).unwrap();
    assert_eq!(link("cwd"), Path::new("/"));
    assert_eq!(
        [link("fd/0"), link("fd/1"), link("fd/2")],
        ["/dev/null"; 3].map(PathBuf::from)
    );
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let session = stat.rsplit_once(") ").unwrap().1.split(' ').nth(3).unwrap();
    assert_eq!(session, pid.to_string());
}

#[test]
fn foreground_mode_prints_no_process_id_line() {
    let mut agent = keyward_tests::Agent::start(&[]);
    let expected = format!(
        "SSH_AUTH_SOCK={}; export SSH_AUTH_SOCK;\necho Agent pid {};\n",
        agent.socket().display(),
        agent.pid()
    );
    deadline::until("the lines", END_LIMIT, || agent.output() == expected);
    agent.signal(Signal::TERM);
    let _ = agent.wait();
}

#[test]
fn dash_k_ends_the_agent() {
    let line = CommandLine::new();
    let (_, socket, pid) = line.daemon(&[]);
    let said = line
        .ssh_agent(&["-k"])
        .env("SSH_AGENT_PID", pid.to_string())
        .succeeds();
    assert_eq!(
        said.stdout,
        format!("unset SSH_AUTH_SOCK;\nunset SSH_AGENT_PID;\necho Agent pid {pid} killed;\n")
    );
    deadline::until("the agent to end", END_LIMIT, || !process::runs(pid));
    assert!(!socket.exists());
}

#[test]
fn dash_k_prints_c_shell_lines() {
    let line = CommandLine::new();
    let (_, _, pid) = line.daemon(&[]);
    let said = line
        .ssh_agent(&["-c", "-k"])
        .env("SSH_AGENT_PID", pid.to_string())
        .succeeds();
    let expected =
        format!("unsetenv SSH_AUTH_SOCK;\nunsetenv SSH_AGENT_PID;\necho Agent pid {pid} killed;\n");
    assert_eq!(said.stdout, expected);
}

#[test]
fn dash_k_needs_a_process_id() {
    let line = CommandLine::new();
    let said = line.ssh_agent(&["-k"]).exits(1);
    assert_eq!(said.stderr, "SSH_AGENT_PID not set, cannot kill agent\n");
    for bad in ["", "x", "0", "1", "-5", "99999999999"] {
        let said = line.ssh_agent(&["-k"]).env("SSH_AGENT_PID", bad).exits(1);
        assert_eq!(said.stdout, "", "{bad}");
    }
}

#[test]
fn dash_t_takes_the_forms_of_a_time() {
    for time in ["1", "90s", "1h30m", "2D", "1w"] {
        let line = CommandLine::new();
        let _ = line.daemon(&["-t", time]);
    }
}

#[test]
fn dash_t_refuses_what_is_no_time() {
    let line = CommandLine::new();
    for bad in ["", "x", "-1", "1x", "99999999999999999999"] {
        let said = line.ssh_agent(&["-t", bad]).exits(1);
        assert!(
            said.stderr.contains("Invalid lifetime"),
            "{bad}: {}",
            said.stderr
        );
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn dash_capital_v_prints_the_version() {
    let line = CommandLine::new();
    let said = line.ssh_agent(&["-V"]).succeeds();
    assert_eq!(said.stdout, "");
    assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
}

#[test]
fn flags_that_exclude_each_other_are_a_usage_error() {
    let line = CommandLine::new();
    for flags in [
        &["-c", "-s"][..],
        &["-d", "-D"],
        &["-D", "-D"],
        &["-k", "true"],
        &["-D", "true"],
        &["-s", "true"],
    ] {
        let said = line.ssh_agent(flags).exits(1);
        assert!(
            said.stderr.contains("usage: "),
            "{flags:?}: {}",
            said.stderr
        );
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    let line = CommandLine::new();
    let said = line.ssh_agent(&["-z"]).exits(1);
    assert!(said.stderr.contains("usage: "), "{}", said.stderr);
}

#[test]
fn bad_arguments_of_flags_end_with_exit_status_255() {
    let line = CommandLine::new();
    line.ssh_agent(&["-E", "no-such-hash"]).exits(255);
    line.ssh_agent(&["-O", "no-such-option"]).exits(255);
    line.ssh_agent(&["-P", "/usr/lib/*", "-P", "/lib/*"])
        .exits(255);
}

#[test]
fn debug_mode_stays_in_the_foreground_and_reveals_no_key() {
    let line = CommandLine::new();
    let socket = line.home.path("socket");
    let log = fs::File::create(line.home.path("log")).unwrap();
    let mut command = line.ssh_agent(&["-d", "-a", socket.to_str().unwrap()]);
    let mut child = command
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    deadline::until("the agent to listen", END_LIMIT, || {
        Connection::try_open(&socket).is_ok()
    });
    let key = Key::plain(KeyKind::Ed25519);
    line.home
        .command("ssh-add")
        .arg(&key.path)
        .env("SSH_AUTH_SOCK", &socket)
        .succeeds();
    let log = fs::read(line.home.path("log")).unwrap();
    let key =
        ssh_agent_lib::ssh_key::PrivateKey::from_openssh(fs::read(&key.path).unwrap()).unwrap();
    let seed = key.key_data().ed25519().unwrap().private.to_bytes();
    let _ = child.kill();
    let _ = child.wait();
    let text = String::from_utf8_lossy(&log);
    assert!(!text.is_empty());
    let hexadecimal: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(
        !log.windows(32).any(|window| window == seed) && !text.contains(&hexadecimal),
        "{text}"
    );
}
