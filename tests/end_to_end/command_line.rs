//! The command line of `ssh-agent`, as OpenSSH 10.5 has it.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use keyward_tests::{
    Connection, Home, Key, KeyKind, Run,
    agent::{self, signal_to},
    deadline, message, process, program,
};
use rustix::process::Signal;

const END_LIMIT: Duration = Duration::from_secs(20);

/// A home with a link named `ssh-agent`; what was started there as a daemon is killed at the end.
pub(crate) struct CommandLine {
    pub(crate) home: Home,
}

impl CommandLine {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let _ = agent::link(&home, &program::path());
        Self { home }
    }

    pub(crate) fn ssh_agent(&self, flags: &[&str]) -> Command {
        let mut command = self.home.command(self.home.path("ssh-agent"));
        command.args(flags);
        command
    }

    /// Starts a daemon and returns what it printed: the text, the socket and the process id.
    #[track_caller]
    fn daemon(&self, flags: &[&str]) -> (String, PathBuf, u32) {
        let said = self.ssh_agent(flags).succeeds().stdout;
        let socket = between(&said, "SSH_AUTH_SOCK", ";")
            .trim_start_matches(['=', ' '])
            .to_owned();
        let pid = between(&said, "SSH_AGENT_PID", ";")
            .trim_start_matches(['=', ' '])
            .parse()
            .unwrap();
        (said, PathBuf::from(socket), pid)
    }
}

impl Drop for CommandLine {
    fn drop(&mut self) {
        for pid in process::with_environment(&format!("HOME={}", self.home.folder().display())) {
            if process::runs(pid) {
                signal_to(pid, Signal::KILL);
            }
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in: {text}"));
    rest.split_once(end).unwrap().0
}

/// The names of all files below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![];
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

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
fn a_socket_path_with_a_space_can_be_evaluated() {
    let line = CommandLine::new();
    let script = "eval \"$(./ssh-agent -s -a \"$HOME/a b\")\"; ssh-add -l";
    let said = line.home.command("sh").args(["-c", script]).exits(1).stdout;
    assert!(said.ends_with("The agent has no identities.\n"), "{said}");
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
fn the_default_socket_lies_in_the_home() {
    let line = CommandLine::new();
    let (_, socket, _) = line.daemon(&[]);
    assert_eq!(socket.parent().unwrap(), line.home.path(".ssh/agent"));
    let name = socket.file_name().unwrap().to_str().unwrap();
    let fields: Vec<&str> = name.split('.').collect();
    assert_eq!(
        (fields[0], fields[2], fields.len()),
        ("s", "agent", 4),
        "{name}"
    );
    assert_eq!((fields[1].len(), fields[3].len()), (10, 10), "{name}");
    assert_eq!(
        fs::metadata(socket.parent().unwrap())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
    assert_eq!(
        fs::metadata(&socket).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn dash_capital_t_puts_the_socket_into_the_temporary_folder() {
    let line = CommandLine::new();
    let (_, socket, pid) = line.daemon(&["-T"]);
    let folder = socket.parent().unwrap();
    assert_eq!(folder.parent().unwrap(), line.home.path("tmp"));
    let name = folder.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("ssh-") && name.len() >= "ssh-XXXXXXXXXX".len(),
        "{name}"
    );
    assert!(
        socket
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("agent.")
    );
    signal_to(pid, Signal::TERM);
    deadline::until("the folder to go", END_LIMIT, || !folder.exists());
}

#[test]
fn dash_a_names_the_socket() {
    let line = CommandLine::new();
    let path = line.home.path("here");
    let (_, socket, _) = line.daemon(&["-a", path.to_str().unwrap()]);
    assert_eq!(socket, path);
    let metadata = fs::metadata(&path).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_in_the_sockets_place_is_left_alone() {
    let line = CommandLine::new();
    let path = line.home.write("here", "precious");
    let said = line.ssh_agent(&["-a", path.to_str().unwrap()]).exits(1);
    assert_eq!(said.stdout, "");
    assert_eq!(fs::read_to_string(path).unwrap(), "precious");
}

#[test]
fn a_socket_path_that_is_too_long_is_refused() {
    let line = CommandLine::new();
    let path = line.home.path(&"x".repeat(200));
    let refused = line.ssh_agent(&["-a", path.to_str().unwrap()]).outcome();
    assert!(matches!(refused.code, Some(1 | 255)), "{refused:?}");
    assert_eq!(refused.stdout, "");
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
fn dash_u_clears_stale_sockets_away() {
    let line = CommandLine::new();
    let (_, alive, _) = line.daemon(&[]);
    let (_, stale, pid) = line.daemon(&[]);
    signal_to(pid, Signal::KILL);
    deadline::until("the agent to end", END_LIMIT, || !process::runs(pid));
    for socket in [&alive, &stale] {
        // Sockets are left alone for an hour: another agent may just be about to listen there.
        line.home
            .command("touch")
            .args(["-d", "2 hours ago"])
            .arg(socket)
            .succeeds();
    }
    let said = line.ssh_agent(&["-u"]).succeeds();
    assert_eq!(said.stdout, "Deleted stale agent sockets in ~/.ssh/agent\n");
    let left = files_below(&line.home.path(".ssh/agent"));
    assert!(left.contains(&alive), "{left:?}");
    let of_stale = stale.file_name().unwrap().to_str().unwrap();
    assert!(
        !left
            .iter()
            .any(|path| path.to_str().unwrap().ends_with(of_stale)),
        "{left:?}"
    );
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
