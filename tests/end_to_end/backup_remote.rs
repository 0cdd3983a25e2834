//! Copies of the vault on another machine, over real servers.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use keyward_tests::{Agent, CheapVault, Key, KeyKind, Run, Server, kill_points};

/// A vault, an agent that lets into the server, and the folder on it.
struct Scene {
    vault: CheapVault,
    agent: Agent,
    server: Server,
    /// What the account sees as its root, or the file system's.
    root: PathBuf,
}

impl Scene {
    fn new(sftp_only: bool) -> Self {
        Self::with(sftp_only, "")
    }

    /// One whose server has these lines in its configuration.
    fn with(sftp_only: bool, lines: &str) -> Self {
        let vault = CheapVault::new();
        vault.keyward("generate one").succeeds();
        let agent = Agent::start(&[]);
        let key = Key::plain(KeyKind::Ed25519);
        agent.add(&key);
        let root = match sftp_only {
            true => PathBuf::from(format!("/run/keyward-jail-{}", std::process::id())),
            false => PathBuf::from("/"),
        };
        let more = match sftp_only {
            true => {
                fs::create_dir_all(root.join("home")).unwrap();
                fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
                format!(
                    "ForceCommand internal-sftp\nChrootDirectory {}\n",
                    root.display()
                )
            }
            false => lines.to_owned(),
        };
        let authorized = key.public_line() + "\n";
        let server = Server::start_as(vault.home(), "jump", &authorized, &more);
        Self {
            vault,
            agent,
            server,
            root,
        }
    }

    fn backup(&self, words: &str) -> Command {
        let mut command = self.vault.bare(&format!("backup {words}"));
        command.env("SSH_AUTH_SOCK", self.agent.socket());
        for line in fs::read_to_string(self.server.client_configuration())
            .unwrap()
            .lines()
            .skip(1)
        {
            command.args(["-o", &line.replacen(' ', "=", 1)]);
        }
        command
    }

    /// The folder for copies, as the account names it, and where it is.
    fn folder(&self) -> (String, PathBuf) {
        let inside = match self.root.as_os_str() == "/" {
            true => self.vault.home().path("far").display().to_string(),
            false => "/home/far".to_owned(),
        };
        let outside = self.root.join(inside.trim_start_matches('/'));
        (inside, outside)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if self.root.as_os_str() != "/" {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

fn names(folder: &PathBuf) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn there_and_back(sftp_only: bool) {
    let scene = Scene::new(sftp_only);
    let (inside, outside) = scene.folder();
    let push = format!("push root@127.0.0.1:{inside}");
    let said = scene.backup(&push).succeeds().stderr;
    assert!(
        said.starts_with("Copied generation 2 to root@127.0.0.1:"),
        "{said}"
    );
    let [name] = &names(&outside)[..] else {
        panic!("{:?}", names(&outside));
    };
    let copy = outside.join(name);
    assert_eq!(
        fs::read(&copy).unwrap(),
        fs::read(scene.vault.path()).unwrap()
    );
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let again = scene.backup(&push).succeeds().stderr;
    assert!(
        again.contains("Generation 2 is there already, and whole"),
        "{again}"
    );
    // What a cut-off transfer left goes with the next one.
    let partial = outside.join(format!("{name}.partial-0a0b0c0d"));
    fs::write(&partial, "half").unwrap();
    for number in 0..3 {
        scene
            .vault
            .keyward(&format!("edit one --notes {number}"))
            .succeeds();
        scene.backup(&format!("{push} --keep 2")).succeeds();
    }
    assert!(!partial.exists());
    let left = names(&outside);
    assert_eq!(left.len(), 2, "{left:?}");
    comes_back(&scene, &inside, &left[0]);
}

fn comes_back(scene: &Scene, inside: &str, older: &str) {
    let listed = scene
        .backup(&format!("list root@127.0.0.1:{inside}"))
        .succeeds()
        .stdout;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("-g5.vault  generation 5, of "), "{listed}");
    scene
        .backup(&format!("pull root@127.0.0.1:{inside} fetched"))
        .succeeds();
    let fetched = scene.vault.home().path("fetched");
    assert_eq!(
        fs::read(&fetched).unwrap(),
        fs::read(scene.vault.path()).unwrap()
    );
    scene
        .backup(&format!("pull root@127.0.0.1:{inside}/{older}"))
        .succeeds();
    assert!(scene.vault.home().path(older).exists());
    scene
        .backup(&format!("pull root@127.0.0.1:{inside}-not"))
        .exits(1);
}

#[test]
fn account_with_a_shell_takes_copies_and_gives_them_back() {
    there_and_back(false);
}

#[test]
fn account_for_sftp_alone_takes_copies_and_gives_them_back() {
    there_and_back(true);
}

#[test]
fn full_disk_there_leaves_the_older_copies_and_no_half_of_a_new_one() {
    let scene = Scene::new(false);
    let (inside, outside) = scene.folder();
    fs::create_dir(&outside).unwrap();
    let mount = |words: &[&str]| Command::new(words[0]).args(&words[1..]).succeeds();
    let place = outside.display().to_string();
    mount(&["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", &place]);
    let push = format!("push root@127.0.0.1:{inside}");
    scene.backup(&push).succeeds();
    let before = names(&outside);
    // Another four copies have no room.
    let mut failed = None;
    for number in 0..6 {
        scene
            .vault
            .keyward(&format!("edit one --notes {number}"))
            .succeeds();
        let said = scene.backup(&push).outcome();
        if said.code != Some(0) {
            failed = Some(said);
            break;
        }
    }
    let left = names(&outside);
    mount(&["umount", &place]);
    let failed = failed.unwrap();
    assert!(
        failed
            .stderr
            .contains("error: root@127.0.0.1 did not keep what was sent"),
        "{failed:?}"
    );
    assert!(left.contains(&before[0]), "{left:?}");
    assert!(left.iter().all(|name| name.ends_with(".vault")), "{left:?}");
}

#[test]
fn hosts_are_no_options() {
    let scene = Scene::new(false);
    let (inside, _) = scene.folder();
    scene
        .backup(&format!("push root@127.0.0.1:{inside} -v"))
        .exits(64);
    for place in ["-oProxyCommand=touch:evil", "-oProxyCommand=touch evil;:x"] {
        let mut push = scene.backup("push --");
        push.arg(place).exits(64);
    }
    assert!(!scene.vault.home().path("evil").exists());
    let said = scene.backup("push nowhere").exits(64).stderr;
    assert!(said.contains("is no place on another machine"), "{said}");
}

#[test]
fn agent_is_not_forwarded() {
    // The server writes down what a session is given, and goes on.
    let session = "ForceCommand env >> seen; exec /usr/lib/openssh/sftp-server\n";
    let scene = Scene::with(false, session);
    let (inside, _) = scene.folder();
    let push = || scene.backup(&format!("push root@127.0.0.1:{inside} -o ForwardAgent=yes"));
    push().succeeds();
    let home = std::path::Path::new("/root");
    let seen = fs::read_to_string(home.join("seen")).unwrap();
    fs::remove_file(home.join("seen")).unwrap();
    assert!(seen.contains("SSH_CONNECTION="), "{seen}");
    assert!(!seen.contains("SSH_AUTH_SOCK="), "{seen}");
}

#[test]
fn names_there_are_not_taken_for_what_sftp_says() {
    let scene = Scene::new(false);
    let (inside, outside) = scene.folder();
    scene
        .backup(&format!("push root@127.0.0.1:{inside}"))
        .succeeds();
    for number in 0..20 {
        fs::write(outside.join(format!("sftp> !# {number}")), "").unwrap();
    }
    scene.vault.keyward("edit one --notes x").succeeds();
    scene
        .backup(&format!("push root@127.0.0.1:{inside} --keep 1"))
        .succeeds();
    let copies = names(&outside)
        .into_iter()
        .filter(|name| name.ends_with(".vault"));
    let copies: Vec<String> = copies.collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    let copy = fs::read(outside.join(&copies[0])).unwrap();
    assert_eq!(copy, fs::read(scene.vault.path()).unwrap());
}

#[test]
fn the_newest_is_of_the_vault_that_is_there() {
    let scene = Scene::new(false);
    let (inside, outside) = scene.folder();
    scene
        .backup(&format!("push root@127.0.0.1:{inside}"))
        .succeeds();
    let other = CheapVault::new();
    for number in 0..3 {
        other.keyward(&format!("generate {number}")).succeeds();
    }
    let place = outside.display().to_string();
    other.bare("backup create").arg(&place).succeeds();
    let pull = format!("pull root@127.0.0.1:{inside} fetched");
    let said = scene.backup(&pull).succeeds().stdout;
    assert!(said.contains("the vault's present state"), "{said}");
    // Without a vault nobody knows which is meant.
    fs::remove_file(scene.vault.path()).unwrap();
    let said = scene
        .backup(&pull.replace("fetched", "another"))
        .exits(1)
        .stderr;
    assert!(said.contains("has copies of several vaults"), "{said}");
    // One whose name lies is fetched, and said to.
    let [mine, _] = &names(&outside)[..] else {
        panic!("{:?}", names(&outside));
    };
    let lying = mine.rsplit_once("-g").unwrap().0.to_owned() + "-g999.vault";
    fs::rename(outside.join(mine), outside.join(&lying)).unwrap();
    let said = scene
        .backup(&format!("pull root@127.0.0.1:{inside}/{lying} third"))
        .exits(4);
    assert!(said.stdout.contains("damaged: it is called"), "{said:?}");
}

/// A way to the server that ends after so many bytes, and writes down how many went through it.
const CUT: &str = r#"
import os, socket, sys, threading
port, left = int(sys.argv[1]), int(sys.argv[2])
far = socket.create_connection(("127.0.0.1", port))
def down():
    while data := far.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=down, daemon=True).start()
count = 0
while left > 0 and (data := os.read(0, min(left, 65536))):
    far.sendall(data)
    left -= len(data)
    count += len(data)
    with open("counted", "w") as file:
        file.write(str(count))
    os.replace("counted", "count")
os._exit(0)
"#;

#[test]
fn push_cut_off_at_any_byte_leaves_whole_copies_and_no_half_of_one() {
    let scene = Scene::new(false);
    let (inside, outside) = scene.folder();
    let home = scene.vault.home();
    let script = home.write("cut.py", CUT);
    let push = |bytes: usize| {
        let mut push = scene.backup(&format!("push root@127.0.0.1:{inside}"));
        let way = format!(
            "ProxyCommand=/usr/bin/python3 {} {} {bytes}",
            script.display(),
            scene.server.port()
        );
        push.args(["-o", &way]);
        push
    };
    push(usize::MAX >> 1).succeeds();
    let mut whole = vec![fs::read(scene.vault.path()).unwrap()];
    let all: usize = scene.vault.text("count").parse().unwrap();
    // The first thousands of bytes are the key exchange and the login.
    let step = if kill_points::is_long() { 53 } else { 997 };
    let mut ended = 0;
    for bytes in (0..all).rev().step_by(step) {
        if whole.len() <= ended {
            let edit = format!("edit one --notes {bytes}");
            scene.vault.keyward(&edit).succeeds();
            whole.push(fs::read(scene.vault.path()).unwrap());
        }
        let code = push(bytes).outcome().code;
        for name in names(&outside) {
            let is_whole = whole.contains(&fs::read(outside.join(&name)).unwrap());
            assert!(is_whole || name.contains(".partial-"), "{name}, {bytes}");
        }
        let there = names(&outside)
            .iter()
            .filter(|name| name.ends_with(".vault"))
            .count();
        assert!(there >= ended.max(1), "{bytes}");
        assert!(code != Some(0) || there == whole.len(), "{bytes}");
        ended = there;
    }
    push(usize::MAX >> 1).succeeds();
    assert!(names(&outside).iter().all(|name| name.ends_with(".vault")));
    assert_eq!(names(&outside).len(), whole.len());
}

#[test]
fn server_that_sends_without_end_is_cut_off() {
    let scene = Scene::new(false);
    let (inside, outside) = scene.folder();
    scene
        .backup(&format!("push root@127.0.0.1:{inside}"))
        .succeeds();
    let name = names(&outside).remove(0);
    let endless = fs::File::options()
        .write(true)
        .open(outside.join(name))
        .unwrap();
    endless.set_len(20 << 30).unwrap();
    let said = scene
        .backup(&format!("pull root@127.0.0.1:{inside} fetched"))
        .exits(1);
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    assert!(!scene.vault.home().path("fetched").exists());
}
