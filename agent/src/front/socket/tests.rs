use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::time::{Duration, SystemTime};

use super::*;

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn names_in(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn in_two_hours() -> SystemTime {
    SystemTime::now() + Duration::from_secs(2 * 60 * 60)
}

#[test]
fn home_socket_is_private_and_named_as_openssh_names_it() {
    let home = tempfile::tempdir().unwrap();
    let bound = listen_in_home(home.path()).unwrap();
    let path = bound.place.path();
    assert_eq!(mode(&home.path().join(".ssh")), 0o700);
    assert_eq!(mode(&home.path().join(".ssh/agent")), 0o700);
    assert_eq!(mode(path), 0o600);
    let name = path.file_name().unwrap().to_str().unwrap();
    let parts: Vec<_> = name.split('.').collect();
    assert!(
        matches!(parts[..], ["s", host, "agent", random] if host.len() == 10 && random.len() == 10)
    );
    UnixStream::connect(path).unwrap();
}

#[test]
fn temporary_socket_has_a_directory_of_its_own() {
    let parent = tempfile::tempdir().unwrap();
    let bound = listen_in_temporary(parent.path(), 4711).unwrap();
    let directory = bound.place.directory().unwrap().to_path_buf();
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(bound.place.path(), directory.join("agent.4711"));
    bound.place.remove();
    assert!(names_in(parent.path()).is_empty());
}

#[test]
fn exact_path_that_exists_is_refused_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    std::fs::write(&path, b"mine").unwrap();
    let error = listen_at(&path).unwrap_err();
    assert!(matches!(error, SocketError::Bind { .. }));
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn refuses_path_longer_than_limit() {
    let longest = PathBuf::from(format!("/nowhere/{}", "x".repeat(PATH_BYTES_MAX - 9)));
    let longer = PathBuf::from(format!("/nowhere/{}", "x".repeat(PATH_BYTES_MAX - 8)));
    assert!(matches!(listen_at(&longest), Err(SocketError::Bind { .. })));
    let error = listen_at(&longer).unwrap_err();
    assert!(matches!(error, SocketError::PathTooLong { .. }));
    assert!(
        error
            .to_string()
            .ends_with("has 108 bytes, the limit is 107")
    );
}

#[test]
fn too_long_temporary_path_leaves_no_directory() {
    let parent = tempfile::tempdir().unwrap();
    let deep = parent.path().join("d".repeat(90));
    std::fs::create_dir(&deep).unwrap();
    assert!(listen_in_temporary(&deep, 1).is_err());
    assert!(names_in(&deep).is_empty());
}

#[test]
fn control_socket_is_not_found_by_those_who_look_for_agents() {
    let control = control_path(Path::new("/tmp/ssh-x/agent.12")).unwrap();
    assert_eq!(control, Path::new("/tmp/ssh-x/control.agent.12"));
}

#[test]
fn there_is_no_control_socket_when_its_path_is_too_long() {
    let path = PathBuf::from(format!("/{}", "x".repeat(PATH_BYTES_MAX - 8)));
    assert_eq!(control_path(&path), None);
}

#[test]
fn control_socket_left_by_a_killed_agent_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let bound = listen_at(&directory.path().join("socket")).unwrap();
    drop(bound.place.listen_for_control().unwrap());
    let control = bound.place.listen_for_control().unwrap();
    assert!(control.is_some());
    bound.place.remove();
    assert!(names_in(directory.path()).is_empty());
}

#[test]
fn socket_of_a_supervisor_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = bind(&path).unwrap();
    let place = Place::of_supervisor(&listener);
    assert_eq!(place.path(), path);
    place.remove();
    assert!(
        std::fs::symlink_metadata(&path)
            .unwrap()
            .file_type()
            .is_socket()
    );
}

#[test]
fn dead_sockets_are_removed_when_old() {
    let home = tempfile::tempdir().unwrap();
    let bound = listen_in_home(home.path()).unwrap();
    let control = bound.place.listen_for_control().unwrap();
    drop((bound.listener, control));
    let directory = home.path().join(".ssh/agent");
    clean_stale(home.path(), Scope::ThisHost, SystemTime::now()).unwrap();
    assert_eq!(names_in(&directory).len(), 2);
    clean_stale(home.path(), Scope::ThisHost, in_two_hours()).unwrap();
    assert!(names_in(&directory).is_empty());
}

#[test]
fn living_sockets_stay() {
    let home = tempfile::tempdir().unwrap();
    let bound = listen_in_home(home.path()).unwrap();
    clean_stale(home.path(), Scope::EveryHost, in_two_hours()).unwrap();
    assert!(bound.place.path().exists());
}

#[test]
fn sockets_of_another_host_go_only_when_asked() {
    let home = tempfile::tempdir().unwrap();
    drop(listen_in_home(home.path()).unwrap());
    let directory = home.path().join(".ssh/agent");
    let other = directory.join("s.otherhost1.agent.aaaaaaaaaa");
    drop(bind(&other).unwrap());
    clean_stale(home.path(), Scope::ThisHost, in_two_hours()).unwrap();
    assert!(other.exists());
    clean_stale(home.path(), Scope::EveryHost, in_two_hours()).unwrap();
    assert!(!other.exists());
}

#[test]
fn files_that_are_no_sockets_stay() {
    let home = tempfile::tempdir().unwrap();
    drop(listen_in_home(home.path()).unwrap());
    let file = home.path().join(".ssh/agent/notes");
    std::fs::write(&file, b"text").unwrap();
    clean_stale(home.path(), Scope::EveryHost, in_two_hours()).unwrap();
    assert!(file.exists());
}

#[test]
fn refuses_an_empty_path() {
    let refused = listen_at(Path::new("")).unwrap_err();
    assert!(
        matches!(refused, SocketError::Bind { source, .. } if source.kind() == io::ErrorKind::NotFound)
    );
}
