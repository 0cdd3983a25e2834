//! A vault that is opened, changed and locked by `keyward`, and served to clients that know nothing of it.

use std::{fs, num::NonZeroU32, os::unix::fs::PermissionsExt};

use keyward_tests::{
    Agent, Home, Key, KeyKind, Run, Server, VaultFile, agent::Launch, askpass::Askpass, deadline,
    key::SECURITY_KEY_PROVIDER, message, program, vault_file::PASSPHRASE,
};
use keyward_vault::Metadata;
use rustix::process::Signal;
use serde_json::Value;

use crate::clients::{LIMIT, is_good, record, records, signing, state};
use crate::every_key::with_every_key;

/// An agent that serves the keys of a vault.
fn unlocked(keys: &[&Key]) -> (Agent, VaultFile) {
    let agent = Agent::start(&[]);
    let vault = VaultFile::new(agent.home(), keys);
    vault.unlock(&agent);
    (agent, vault)
}

fn with(change: impl FnOnce(&mut Metadata)) -> Metadata {
    let mut metadata = Metadata::default();
    change(&mut metadata);
    metadata
}

/// The lines of `ssh-add -l`.
#[track_caller]
fn listed(agent: &Agent) -> Vec<String> {
    let listed = agent.ssh_add(&["-l"]).outcome();
    let keys = listed
        .stdout
        .lines()
        .filter(|line| line.contains("SHA256:"));
    keys.map(str::to_owned).collect()
}

/// Has a server let in whom the vault's keys belong to.
fn logs_in(agent: &Agent, server: &Server, name: &str) -> Option<i32> {
    let mut ssh = agent.command("ssh");
    ssh.arg("-F")
        .arg(server.client_configuration())
        .args([name, "true"]);
    ssh.outcome().code
}

#[test]
fn unlock_serves_every_key_under_its_name() {
    let keys = KeyKind::ALL.map(Key::plain);
    let agent = Agent::start(&[]);
    let vault = VaultFile::new(agent.home(), &keys.iter().collect::<Vec<_>>());
    let said = vault.opening(&agent, &["unlock"]).succeeds();
    assert_eq!(said.both(), "Unlocked: 9 keys.\n");
    let listed = listed(&agent);
    for key in &keys {
        let name = format!("{} {} ", key.fingerprint(), key.kind.name());
        assert!(listed.iter().any(|line| line.contains(&name)), "{listed:?}");
    }
    assert_eq!(listed.len(), 9);
    assert_eq!(state(&agent)["state"], "open");
    assert_eq!(record(&agent, "vault-open")["vault"], vault.path());
}

with_every_key!(key_of_the_vault_logs_in);
fn key_of_the_vault_logs_in(kind: KeyKind) {
    let (agent, _vault) = unlocked(&[&Key::plain(kind)]);
    let server = Server::start(agent.home(), "server");
    assert_eq!(
        logs_in(&agent, &server, "server"),
        Some(0),
        "{}",
        server.log()
    );
}

with_every_key!(certificate_of_the_vault_logs_in);
fn certificate_of_the_vault_logs_in(kind: KeyKind) {
    let (agent, _vault) = unlocked(&[&Key::certified(kind)]);
    assert_eq!(agent.list().lines().count(), 2);
    assert_eq!(state(&agent)["keys"], 2);
    let server = Server::start(agent.home(), "server");
    assert_eq!(
        logs_in(&agent, &server, "server"),
        Some(0),
        "{}",
        server.log()
    );
    assert!(server.log().contains(&format!("ID {}", kind.name())));
}

with_every_key!(first_use_of_a_locked_key_unlocks);
fn first_use_of_a_locked_key_unlocks(kind: KeyKind) {
    let home = Home::new();
    let askpass = Askpass::answering(&home, "askpass", PASSPHRASE, 0);
    // The unlocker's choice of a provider is that of its agent.
    let provider = [("SSH_SK_PROVIDER", SECURITY_KEY_PROVIDER.to_owned())];
    let agent = Launch::new(home)
        .environment(askpass.environment())
        .environment(provider)
        .start();
    VaultFile::new(agent.home(), &[&Key::certified(kind)]).unlock(&agent);
    VaultFile::lock(&agent);
    let server = Server::start(agent.home(), "server");
    for _ in 0..2 {
        assert_eq!(
            logs_in(&agent, &server, "server"),
            Some(0),
            "{}",
            server.log()
        );
    }
    assert!(server.log().contains(&format!("ID {}", kind.name())));
    assert_eq!(askpass.questions().matches("Passphrase:").count(), 1);
    assert_eq!(state(&agent)["state"], "open");
}

#[test]
fn git_signs_with_a_key_of_the_vault() {
    let key = Key::plain(KeyKind::EcdsaP384);
    let (agent, _vault) = unlocked(&[&key]);
    let public = key.public_copy(agent.home());
    let git = |arguments: &[&str]| {
        let mut git = agent.command("git");
        git.args(["-c", "user.name=me", "-c", "user.email=me@here"]);
        git.args(["-c", "gpg.format=ssh", "-c"]);
        git.arg(format!("user.signingKey={}", public.display()));
        git.arg("-C")
            .arg(agent.home().path("repository"))
            .args(arguments);
        git.succeeds()
    };
    fs::create_dir(agent.home().path("repository")).unwrap();
    git(&["init", "-q"]);
    git(&["commit", "-qS", "--allow-empty", "-m", "signed"]);
    let signers = agent
        .home()
        .write("signers", format!("me@here {}\n", key.public_line()));
    let allowed = format!("gpg.ssh.allowedSignersFile={}", signers.display());
    git(&["-c", &allowed, "verify-commit", "HEAD"]);
}

#[test]
fn key_that_is_to_be_confirmed_asks() {
    let home = Home::new();
    let askpass = Askpass::pressing(&home, "yes", 0);
    let agent = Launch::new(home).environment(askpass.environment()).start();
    let key = Key::plain(KeyKind::Ed25519);
    let asking = with(|key| {
        "bank".clone_into(&mut key.name);
        key.confirm = true;
    });
    let vault = VaultFile::with(agent.home(), &[(key.clone(), asking)]);
    vault.unlock(&agent);
    signing(&agent, &key, "message").succeeds();
    is_good(&agent, "message");
    let questions = askpass.questions();
    assert!(questions.starts_with("confirm|"), "{questions}");
    assert!(questions.contains("bank"), "{questions}");
}

#[test]
fn key_with_a_lifetime_is_served_that_long_after_each_unlock() {
    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    let short = with(|key| key.lifetime_seconds = NonZeroU32::new(1));
    let keys = [
        (key.clone(), short),
        (Key::plain(KeyKind::EcdsaP256), Metadata::default()),
    ];
    let vault = VaultFile::with(agent.home(), &keys);
    for _ in 0..2 {
        vault.unlock(&agent);
        deadline::until("the end of a key", LIMIT, || !agent.lists(&key));
        assert_eq!(listed(&agent).len(), 1);
        // A change does not bring it back.
        let change = ["edit", "ecdsa256", "--notes", "x"];
        vault.opening(&agent, &change).succeeds();
        assert!(!agent.lists(&key));
    }
}

#[test]
fn key_for_a_host_serves_that_host_only() {
    let agent = Agent::start(&[]);
    let [near, far] = ["near", "far"].map(|name| Server::start(agent.home(), name));
    let known = fs::read_to_string(near.known_hosts()).unwrap();
    agent.home().write(".ssh/known_hosts", known);
    let key = Key::plain(KeyKind::Ed25519);
    let bound = |name: &str, host: &str| {
        with(|key| {
            name.clone_into(&mut key.name);
            key.destinations = vec![host.to_owned()];
        })
    };
    let keys = [
        (key, bound("for near", "root@near")),
        (Key::plain(KeyKind::EcdsaP256), bound("for far", "far")),
    ];
    let vault = VaultFile::with(agent.home(), &keys);
    agent.connect().ask(&message::LIST);
    let said = vault.opening(&agent, &["unlock"]).exits(1);
    assert_eq!(
        said.stderr,
        "warning: for far is not served: no host keys found for destination \"far\"\nUnlocked: 1 key.\n"
    );
    assert_eq!(listed(&agent).len(), 1);
    let list = VaultFile::keyward(&agent, &["list"]).succeeds().stdout;
    assert!(
        list.contains("for near") && list.contains("for far"),
        "{list}"
    );
    for locked in [false, true] {
        if locked {
            VaultFile::lock(&agent);
        } else {
            assert_eq!(logs_in(&agent, &near, "near"), Some(0), "{}", near.log());
        }
        assert_eq!(logs_in(&agent, &far, "far"), Some(255));
        // Nobody is asked for a passphrase that would not help.
        assert!(!records(&agent).iter().any(|line| {
            let reason = line["reason"].as_str().unwrap_or_default();
            reason.contains("nobody can be asked")
        }));
    }
    let cache = fs::read_to_string(agent.home().path("state/keyward/vault-keys.json")).unwrap();
    let cache: Value = serde_json::from_str(&cache).unwrap();
    assert_eq!(cache["keys"], serde_json::json!([]));
}

#[test]
fn changes_reach_the_agent_at_once() {
    let key = Key::certified(KeyKind::Ed25519);
    let (agent, vault) = unlocked(&[&Key::plain(KeyKind::Rsa2048)]);
    for locked in [false, true] {
        if locked {
            VaultFile::lock(&agent);
        }
        let change = |arguments: &[&str]| {
            vault.opening(&agent, arguments).succeeds();
            let expected = if locked { "closed" } else { "open" };
            assert_eq!(state(&agent)["state"], expected);
            listed(&agent).join("\n")
        };
        let path = key.path.display().to_string();
        assert!(change(&["generate", "new"]).contains(" new (ED25519)"));
        let imported = change(&["import", &path, "--name", "work"]);
        assert_eq!(imported.matches(" work (ED25519").count(), 2, "{imported}");
        let renamed = change(&["rename", "work", "play"]);
        assert!(renamed.contains(" play ") && !renamed.contains(" work "));
        let plain = change(&["edit", "play", "--no-certificate"]);
        assert_eq!(plain.matches(" play ").count(), 1, "{plain}");
        assert!(!change(&["remove", "play"]).contains(" play "));
        assert!(change(&["undelete", "play"]).contains(" play "));
        change(&["remove", "play"]);
        change(&["remove", "new"]);
        assert_eq!(listed(&agent).len(), 1);
    }
    vault.unlock(&agent);
    signing(&agent, &Key::plain(KeyKind::Rsa2048), "message").succeeds();
}

#[test]
fn changed_constraints_reach_the_agent_at_once() {
    let key = Key::plain(KeyKind::Ed25519);
    let (agent, vault) = unlocked(&[&key]);
    let keeper = agent.processes()[1];
    vault
        .opening(&agent, &["edit", "ed25519", "--confirm"])
        .succeeds();
    signing(&agent, &key, "message").exits(255);
    let reason = record(&agent, "sign")["reason"].clone();
    assert!(
        reason
            .as_str()
            .unwrap()
            .starts_with("nobody can be asked: "),
        "{reason}"
    );
    vault
        .opening(&agent, &["edit", "ed25519", "--no-confirm"])
        .succeeds();
    assert_eq!(agent.processes()[1], keeper);
    signing(&agent, &key, "message").succeeds();
    vault
        .opening(&agent, &["edit", "ed25519", "--lifetime", "1"])
        .succeeds();
    deadline::until("the end of a key", LIMIT, || !agent.lists(&key));
}

#[test]
fn what_the_agent_knows_is_shown_without_a_passphrase() {
    let key = Key::certified(KeyKind::Ed25519);
    let (agent, _vault) = unlocked(&[&key]);
    let shown = |arguments: &[&str]| VaultFile::keyward(&agent, arguments).succeeds().stdout;
    assert!(shown(&["list"]).contains("ed25519"));
    assert!(shown(&["show", "ed25519"]).contains(&key.fingerprint()));
    assert!(shown(&["public", "ed25519"]).contains(&key.public_fields()));
    assert!(shown(&["status"]).contains("unlocked, 2 keys"));
    signing(&agent, &key, "message").succeeds();
    let listed: Value = serde_json::from_str(&shown(&["list", "--json"])).unwrap();
    assert!(listed[0]["last_used"].is_string(), "{listed}");
    VaultFile::lock(&agent);
    let refused = VaultFile::keyward(&agent, &["list"]).exits(1);
    assert!(
        refused.stderr.starts_with("error: there is nobody to ask"),
        "{refused:?}"
    );
    assert!(shown(&["status"]).contains("locked, 2 keys"));
}

#[test]
fn lock_wipes_keys_of_the_vault_and_leaves_those_of_ssh_add() {
    let [added, of_vault] = [KeyKind::Ed25519, KeyKind::EcdsaP256].map(Key::plain);
    let (agent, _vault) = unlocked(&[&of_vault]);
    agent.add(&added);
    let said = VaultFile::keyward(&agent, &["lock"]).succeeds();
    assert_eq!(said.both(), "Locked: 1 key.\n");
    assert!(agent.lists(&added) && agent.lists(&of_vault));
    signing(&agent, &added, "message").succeeds();
    signing(&agent, &of_vault, "message").exits(255);
    assert_eq!(state(&agent)["state"], "closed");
}

#[test]
fn ssh_add_takes_keys_out_until_the_next_unlock() {
    let [one, other] = [KeyKind::Ed25519, KeyKind::EcdsaP256].map(Key::plain);
    let (agent, vault) = unlocked(&[&one, &other]);
    agent.ssh_add(&["-qd"]).arg(one.public_path()).succeeds();
    assert!(!agent.lists(&one) && agent.lists(&other));
    vault
        .opening(&agent, &["edit", "ecdsa256", "--notes", "x"])
        .succeeds();
    assert!(!agent.lists(&one) && agent.lists(&other));
    agent.ssh_add(&["-qD"]).succeeds();
    assert_eq!(listed(&agent).len(), 0);
    assert!(
        VaultFile::keyward(&agent, &["list"])
            .succeeds()
            .stdout
            .contains("ed25519")
    );
    vault.unlock(&agent);
    assert!(agent.lists(&one) && agent.lists(&other));
}

#[test]
fn locked_agent_takes_no_vault_and_says_what_to_do() {
    let key = Key::plain(KeyKind::Ed25519);
    let (agent, vault) = unlocked(&[&key]);
    assert_eq!(
        agent.connect().ask(&message::lock("phrase")),
        message::SUCCESS
    );
    assert_eq!(listed(&agent).len(), 0);
    signing(&agent, &key, "message").exits(255);
    // Before anybody is asked for a passphrase.
    let refused = VaultFile::keyward(&agent, &["unlock"]).exits(1);
    assert_eq!(
        refused.stderr,
        "error: the agent is locked, as by ssh-add -x\nhint: unlock it first: ssh-add -X\n"
    );
    vault.opening(&agent, &["unlock"]).exits(1);
    assert_eq!(
        agent.connect().ask(&message::unlock("phrase")),
        message::SUCCESS
    );
    signing(&agent, &key, "message").succeeds();
    vault.unlock(&agent);
}

#[test]
fn signal_and_death_of_the_keeper_lock_the_vault() {
    let key = Key::plain(KeyKind::Ed25519);
    let (agent, vault) = unlocked(&[&key]);
    let close: [&dyn Fn(); 2] = [&|| agent.signal(Signal::USR1), &|| {
        keyward_tests::agent::signal_to(agent.processes()[1], Signal::KILL);
    }];
    for close in close {
        close();
        deadline::until("a closed vault", LIMIT, || {
            state(&agent)["state"] == "closed"
        });
        assert!(agent.lists(&key));
        vault.unlock(&agent);
        signing(&agent, &key, "message").succeeds();
    }
}

#[test]
fn keys_are_listed_after_a_restart() {
    let [key, other] = [KeyKind::Ed25519, KeyKind::EcdsaP256].map(Key::plain);
    let home = Home::new();
    let vault = VaultFile::new(&home, &[&key, &other]);
    let askpass = Askpass::answering(&home, "askpass", PASSPHRASE, 0);
    let agent = Launch::new(home).start();
    vault.unlock(&agent);
    let cache = agent.home().path("state/keyward/vault-keys.json");
    assert_eq!(
        fs::metadata(&cache).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = fs::read_to_string(&cache).unwrap();
    assert!(
        !text.contains("ed25519") && !text.contains("ecdsa256"),
        "{text}"
    );
    let home = agent.end();
    // A key that is removed while there is no agent is not listed by the next one.
    let mut remove = home.command(program::path());
    remove.args(["remove", "ecdsa256", "--passphrase-file"]);
    remove.arg(home.path("passphrase")).succeeds();
    let again = Launch::new(home).environment(askpass.environment()).start();
    let lines = listed(&again);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(&key.fingerprint()) && lines[0].contains(" keyward (locked) "));
    assert_eq!(state(&again)["state"], "closed");
    signing(&again, &key, "message").succeeds();
    assert!(
        askpass
            .questions()
            .contains(&format!("asks for the key \"{}\"", key.fingerprint()))
    );
    assert!(listed(&again)[0].contains(" ed25519 "));
}

#[test]
fn cache_that_others_may_read_is_not_believed() {
    let key = Key::plain(KeyKind::Ed25519);
    let (agent, _vault) = unlocked(&[&key]);
    let home = agent.end();
    let cache = home.path("state/keyward/vault-keys.json");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o644)).unwrap();
    let again = Launch::new(home).start();
    assert!(!again.lists(&key));
    assert!(
        again
            .output()
            .contains("the keys of the vault are not listed")
    );
    assert!(state(&again).is_null());
}

#[test]
fn without_an_agent_of_ours_unlock_exits_with_2() {
    let home = Home::new();
    let vault = VaultFile::new(&home, &[&Key::plain(KeyKind::Ed25519)]);
    let unlock = |socket: Option<&str>| {
        let mut unlock = home.command(program::path());
        unlock
            .args(["unlock", "--passphrase-file"])
            .arg(home.path("passphrase"));
        if let Some(socket) = socket {
            unlock.env("SSH_AUTH_SOCK", socket);
        }
        unlock.exits(2).stderr
    };
    let start = "hint: start one with eval \"$(keyward agent)\", or set SSH_AUTH_SOCK\n";
    assert_eq!(
        unlock(None),
        format!("error: no agent: SSH_AUTH_SOCK is not set\n{start}")
    );
    let socket = home.path("none").display().to_string();
    assert_eq!(
        unlock(Some(&socket)),
        format!("error: no agent at {socket}\n{start}")
    );
    let socket = home.path("other").display().to_string();
    let mut other = home.command("ssh-agent");
    let mut other = other
        .args(["-D", "-a", &socket])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    deadline::until("the other agent", LIMIT, || fs::exists(&socket).unwrap());
    let said = unlock(Some(&socket));
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(
        said.starts_with(&format!("error: agent at {socket} has no control socket\n")),
        "{said}"
    );
    assert!(
        said.contains("another program's agent") && said.contains("keyward agent"),
        "{said}"
    );
    assert!(fs::exists(vault.path()).unwrap());
}

#[test]
fn key_added_by_ssh_add_outlasts_the_vault() {
    let key = Key::plain(KeyKind::Ed25519);
    let (agent, _vault) = unlocked(&[&key]);
    agent.add(&key);
    assert_eq!(listed(&agent).len(), 1);
    VaultFile::lock(&agent);
    signing(&agent, &key, "message").succeeds();
}
