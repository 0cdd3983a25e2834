//! Where `ssh-agent` listens, as OpenSSH 10.5 has it.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use keyward_tests::{CommandLine, Run, agent::signal_to, deadline, process};
use rustix::process::Signal;

const END_LIMIT: Duration = Duration::from_secs(20);

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
fn a_socket_path_with_a_space_can_be_evaluated() {
    let line = CommandLine::new();
    let script = "eval \"$(./ssh-agent -s -a \"$HOME/a b\")\"; ssh-add -l";
    let said = line.home.command("sh").args(["-c", script]).exits(1).stdout;
    assert!(said.ends_with("The agent has no identities.\n"), "{said}");
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
