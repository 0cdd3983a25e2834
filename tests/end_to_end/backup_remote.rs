//! Copies of the vault on another machine, over real servers.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use keyward_tests::{Agent, CheapVault, Key, KeyKind, Run, Server};

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
            false => String::new(),
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
fn agent_is_not_forwarded_and_hosts_are_no_options() {
    let scene = Scene::new(false);
    let (inside, _) = scene.folder();
    scene
        .backup(&format!("push root@127.0.0.1:{inside} -v"))
        .exits(64);
    let said = scene.backup("push -- -oProxyCommand=touch:evil").outcome();
    assert_ne!(said.code, Some(0), "{said:?}");
    let said = scene.backup("push nowhere").exits(64).stderr;
    assert!(said.contains("is no place on another machine"), "{said}");
    scene
        .backup(&format!("push root@127.0.0.1:{inside}"))
        .succeeds();
    assert!(
        !scene.server.log().contains("auth-agent-req"),
        "{}",
        scene.server.log()
    );
}
