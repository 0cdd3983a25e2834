//! Keys of a vault, used by clients that know nothing of it.
//!
//! The vault is a stand-in, see `keyward_tests::vault`; clients, agent and control socket are the real ones.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use keyward_tests::{
    Agent, Home, Key, KeyKind, Run, Server, Vault, agent::signal_to, deadline, message, process,
    program, vault::launch,
};
use rustix::process::Signal;
use serde_json::Value;

use crate::every_key::with_every_software_key;

const LIMIT: Duration = Duration::from_secs(30);

/// An agent that knows a vault with a key of these kinds, which is locked.
fn locked(kinds: &[KeyKind]) -> (Agent, Vault) {
    let keys: Vec<Key> = kinds.iter().map(|kind| Key::plain(*kind)).collect();
    locked_with(&keys.iter().collect::<Vec<_>>())
}

fn locked_with(keys: &[&Key]) -> (Agent, Vault) {
    let agent = launch(Home::new()).start();
    let vault = Vault::new(agent.home(), keys);
    vault.hand_over(&agent).succeeds();
    lock(&agent);
    fs::remove_file(vault.path().with_extension("log")).unwrap();
    (agent, vault)
}

fn lock(agent: &Agent) {
    let mut connection = keyward_tests::Connection::open(&keyward_tests::vault::control(agent));
    let answer: Value =
        serde_json::from_slice(&connection.ask(br#"{"request":"vault lock"}"#)).unwrap();
    assert!(answer["keys"].is_number(), "{answer}");
}

/// `ssh-keygen` that signs a file named after the key.
fn signing(agent: &Agent, key: &Key, file: &str) -> Command {
    let public = key.public_copy(agent.home());
    let file = agent.home().write(file, "the quick brown fox");
    let _ = fs::remove_file(format!("{}.sig", file.display()));
    let mut command = agent.command("ssh-keygen");
    command
        .args(["-Y", "sign", "-n", "file", "-f"])
        .arg(public)
        .arg(file);
    command
}

fn state(agent: &Agent) -> Value {
    let mut status = agent.command(program::path());
    status.args(["status", "--json"]);
    let status: Value = serde_json::from_str(&status.succeeds().stdout).unwrap();
    status["vault"].clone()
}

fn asked(vault: &Vault) {
    deadline::until("a question", LIMIT, || !vault.questions().is_empty());
}

fn records(agent: &Agent) -> Vec<Value> {
    let path = agent.home().path("state/keyward/audit.jsonl");
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn record(agent: &Agent, event: &str) -> Value {
    let find = || {
        records(agent)
            .into_iter()
            .rfind(|line| line["event"] == event)
    };
    deadline::eventually(event, LIMIT, find)
}

with_every_software_key!(first_signature_opens_the_vault);
fn first_signature_opens_the_vault(kind: KeyKind) {
    let (agent, vault) = locked(&[kind]);
    let key = Key::plain(kind);
    assert!(agent.lists(&key));
    assert_eq!(state(&agent)["state"], "closed");
    for _ in 0..2 {
        signing(&agent, &key, "message").succeeds();
        let signature = fs::read(agent.home().path("message.sig")).unwrap();
        let signature = agent.home().write("signature", signature);
        let mut check = agent.home().command("ssh-keygen");
        check
            .args(["-Y", "check-novalidate", "-n", "file", "-s"])
            .arg(signature);
        assert_eq!(
            check.outcome_with_input(b"the quick brown fox").code,
            Some(0)
        );
    }
    assert_eq!(vault.questions().len(), 1);
    assert_eq!(state(&agent)["state"], "open");
}

with_every_software_key!(ssh_logs_in_with_a_certificate_of_the_vault);
fn ssh_logs_in_with_a_certificate_of_the_vault(kind: KeyKind) {
    let (agent, vault) = locked_with(&[&Key::certified(kind)]);
    assert_eq!(agent.list().lines().count(), 2);
    let server = Server::start(agent.home(), "server");
    let mut ssh = agent.command("ssh");
    ssh.arg("-F")
        .arg(server.client_configuration())
        .args(["server", "echo", "hello"]);
    assert_eq!(ssh.succeeds().stdout, "hello\n");
    assert!(server.log().contains(&format!("ID {}", kind.name())));
    let questions = vault.questions();
    assert_eq!(questions.len(), 1);
    let expected = format!(
        "to log in as \"root\" to the host with the key {}",
        server.fingerprint()
    );
    assert!(questions[0].contains(&expected), "{questions:?}");
    assert!(questions[0].contains("/ssh (pid "), "{questions:?}");
}

#[test]
fn ten_clients_at_once_bring_one_question() {
    let (agent, vault) = locked(&[KeyKind::Ed25519, KeyKind::Rsa2048]);
    vault.set("wait", true);
    let keys = [KeyKind::Ed25519, KeyKind::Rsa2048].map(Key::plain);
    let prepare = |number: usize| {
        let mut command = signing(&agent, &keys[number % 2], &format!("message{number}"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let commands: Vec<Command> = (0..10).map(prepare).collect();
    let start = |mut command: Command| command.spawn().unwrap();
    let clients: Vec<Child> = commands.into_iter().map(start).collect();
    asked(&vault);
    assert!(agent.lists(&keys[0]));
    vault.go_on();
    for mut client in clients {
        assert!(client.wait().unwrap().success());
    }
    assert_eq!(vault.questions().len(), 1);
}

#[test]
fn cancelling_fails_the_client_and_says_so_in_the_log() {
    let (agent, vault) = locked(&[KeyKind::Ed25519, KeyKind::EcdsaP256]);
    for (code, outcome, reason) in [
        (4, "deny", "opening the vault was cancelled"),
        (
            5,
            "deny",
            "nobody can be asked for the vault's passphrase: ",
        ),
        (1, "fail", "vault was not opened: told to exit with 1"),
    ] {
        vault.set("code", code);
        let before = vault.questions().len();
        // After a person has refused, nobody is asked for two seconds.
        deadline::until("a question", LIMIT, || {
            signing(&agent, &Key::plain(KeyKind::Ed25519), "message").exits(255);
            vault.questions().len() > before
        });
        let told = || {
            records(&agent)
                .into_iter()
                .rfind(|line| line["event"] == "sign")
        };
        let line = deadline::eventually("a line of the log", LIMIT, || {
            told().filter(|line| {
                line["reason"]
                    .as_str()
                    .is_some_and(|text| text.starts_with(reason))
            })
        });
        assert_eq!(line["outcome"], outcome);
        assert_eq!(line["comment"], "ed25519");
    }
}

#[test]
fn client_that_tries_its_keys_in_turn_brings_one_question() {
    let (agent, vault) = locked(&[KeyKind::Ed25519, KeyKind::EcdsaP256, KeyKind::Rsa2048]);
    vault.set("code", 4);
    let server = Server::start(agent.home(), "server");
    let mut ssh = agent.command("ssh");
    ssh.arg("-F")
        .arg(server.client_configuration())
        .args(["server", "true"]);
    ssh.exits(255);
    assert_eq!(vault.questions().len(), 1);
}

#[test]
fn question_goes_with_the_last_client() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    vault.set("wait", true);
    let mut client = signing(&agent, &Key::plain(KeyKind::Ed25519), "message")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    asked(&vault);
    // Front, keeper and unlocker.
    assert_eq!(agent.processes().len(), 3);
    client.kill().unwrap();
    client.wait().unwrap();
    deadline::until("the end of the unlocker", LIMIT, || {
        agent.processes().len() == 2
    });
    assert_eq!(
        record(&agent, "sign")["reason"],
        "client went away before it was answered"
    );
}

#[test]
fn terminal_of_the_client_is_named_where_it_may_be_asked_on() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    vault.set("code", 5);
    let sign = signing(&agent, &Key::plain(KeyKind::Ed25519), "message");
    let line: Vec<_> = std::iter::once(sign.get_program())
        .chain(sign.get_args())
        .map(|word| word.to_str().unwrap())
        .collect();
    let line = line.join(" ");
    let mut foreground = agent.command("script");
    foreground.args(["-qec", &line, "/dev/null"]).outcome();
    let mut background = agent.command("script");
    let jobs = format!("set -m; {line} & wait");
    background.args(["-qec", &jobs, "/dev/null"]).outcome();
    let mut without = agent.command("setsid");
    without.args(["--wait", "sh", "-c", &line]).outcome();
    let questions = vault.questions();
    assert_eq!(questions.len(), 3);
    assert!(questions[0].contains("|--tty|/dev/pts/"), "{questions:?}");
    assert!(!questions[1].contains("--tty"), "{questions:?}");
    assert!(!questions[2].contains("--tty"), "{questions:?}");
}

#[test]
fn another_host_gets_no_terminal_and_is_named_as_one() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    let opened = Key::plain(KeyKind::EcdsaP256);
    agent.add(&opened);
    let near = Server::start(agent.home(), "near");
    vault.set("code", 5);
    let public = Key::plain(KeyKind::Ed25519).public_copy(agent.home());
    let file = agent.home().write("message", "text");
    let identity = opened.public_copy(agent.home());
    let remote = format!(
        "ssh-keygen -Y sign -n file -f {} {}",
        public.display(),
        file.display()
    );
    let line = format!(
        "ssh -A -tt -i {} -o IdentitiesOnly=yes -F {} near '{remote}'",
        identity.display(),
        near.client_configuration().display()
    );
    let mut script = agent.command("script");
    script.args(["-qec", &line, "/dev/null"]).outcome();
    let questions = vault.questions();
    assert_eq!(questions.len(), 1, "{}", near.log());
    assert!(!questions[0].contains("--tty"), "{questions:?}");
    assert!(
        questions[0].ends_with(", through a forwarded connection"),
        "{questions:?}"
    );
}

#[test]
fn keys_removed_by_ssh_add_come_back_with_the_next_unlocking() {
    let (agent, vault) = locked(&[KeyKind::Ed25519, KeyKind::EcdsaP256]);
    let [one, other] = [KeyKind::Ed25519, KeyKind::EcdsaP256].map(Key::plain);
    vault.hand_over(&agent).succeeds();
    agent.ssh_add(&["-qd"]).arg(one.public_path()).succeeds();
    vault.set("purpose", "update");
    for index in 0..2 {
        vault.set_key(index, "held", true);
    }
    vault.hand_over(&agent).succeeds();
    assert!(!agent.lists(&one) && agent.lists(&other));
    agent.ssh_add(&["-qD"]).succeeds();
    vault.hand_over(&agent).succeeds();
    assert_eq!(agent.list(), "The agent has no identities.\n");
    vault.set("purpose", "unlock");
    for index in 0..2 {
        vault.set_key(index, "held", false);
    }
    vault.hand_over(&agent).succeeds();
    assert!(agent.lists(&one) && agent.lists(&other));
}

#[test]
fn key_added_by_ssh_add_outlasts_the_vault() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    let key = Key::plain(KeyKind::Ed25519);
    vault.hand_over(&agent).succeeds();
    agent.add(&key);
    assert_eq!(agent.list().lines().count(), 1);
    lock(&agent);
    vault.set("code", 4);
    signing(&agent, &key, "message").succeeds();
}

#[test]
fn locked_agent_is_not_opened_by_a_vault() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    let key = Key::plain(KeyKind::Ed25519);
    assert_eq!(
        agent.connect().ask(&message::lock("phrase")),
        message::SUCCESS
    );
    let refused = vault.hand_over(&agent).exits(1);
    assert_eq!(
        refused.stderr,
        "error: the agent refused: agent is locked\n"
    );
    signing(&agent, &key, "message").exits(255);
    assert_eq!(vault.questions().len(), 1);
    assert_eq!(
        agent.connect().ask(&message::unlock("phrase")),
        message::SUCCESS
    );
    signing(&agent, &key, "message").succeeds();
}

#[test]
fn signal_and_death_of_the_keeper_close_the_vault() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    let key = Key::plain(KeyKind::Ed25519);
    let close: [&dyn Fn(); 2] = [&|| agent.signal(Signal::USR1), &|| {
        signal_to(agent.processes()[1], Signal::KILL);
    }];
    for close in close {
        vault.hand_over(&agent).succeeds();
        close();
        deadline::until("a closed vault", LIMIT, || {
            state(&agent)["state"] == "closed"
        });
        assert!(agent.lists(&key));
        signing(&agent, &key, "message").succeeds();
    }
}

#[test]
fn idle_vault_is_closed() {
    let home = Home::new();
    // The stand-in's own name for the command, as `ssh-agent` has no such flag.
    let program = program::with_unlocker_path();
    let run = format!("exec {} agent \"$@\"", program.display());
    let agent = launch(home)
        .wrapper(&["sh", "-c", &run])
        .flags(&["--idle", "1"])
        .start();
    let vault = Vault::new(agent.home(), &[&Key::plain(KeyKind::Ed25519)]);
    vault.hand_over(&agent).succeeds();
    assert_eq!(state(&agent)["idle_seconds"], 1);
    deadline::until("a closed vault", LIMIT, || {
        state(&agent)["state"] == "closed"
    });
    let line = record(&agent, "vault-idle-lock");
    assert_eq!(line["reason"], "no signature for 1 seconds");
    assert_eq!(line["vault"], vault.path().display().to_string());
    assert!(agent.lists(&Key::plain(KeyKind::Ed25519)));
}

#[test]
fn ssh_agent_has_no_flag_for_it() {
    let home = Home::new();
    let link = keyward_tests::agent::link(&home, &program::path());
    let refused = home.command(link).args(["--idle", "5m"]).exits(1);
    assert!(
        refused.stderr.starts_with("unknown option -- -"),
        "{refused:?}"
    );
    let mut own = home.command(program::path());
    let refused = own.args(["agent", "--idle", "soon"]).exits(64);
    assert!(
        refused
            .stderr
            .starts_with("error: invalid time \"soon\" for --idle\n"),
        "{refused:?}"
    );
    let help = home
        .command(program::path())
        .args(["agent", "--help"])
        .succeeds();
    assert!(help.stdout.contains("--idle <TIME>"), "{}", help.stdout);
}

#[test]
fn constraints_of_the_vault_are_kept() {
    let (agent, vault) = locked(&[KeyKind::Ed25519, KeyKind::EcdsaP256]);
    let confirm = vec![2];
    vault.set_key(0, "constraints", confirm);
    // A lifetime of one second.
    vault.set_key(1, "constraints", vec![1, 0, 0, 0, 1]);
    vault.hand_over(&agent).succeeds();
    signing(&agent, &Key::plain(KeyKind::Ed25519), "message").exits(255);
    let reason = record(&agent, "sign")["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(reason.starts_with("nobody can be asked: "), "{reason}");
    let short = Key::plain(KeyKind::EcdsaP256);
    deadline::until("the end of a key", LIMIT, || !agent.lists(&short));
    assert!(agent.lists(&Key::plain(KeyKind::Ed25519)));
    assert_eq!(record(&agent, "expire")["comment"], "ecdsa256");
}

#[test]
fn what_is_left_out_of_a_changed_vault_goes_and_the_rest_stays() {
    let (agent, vault) = locked(&[KeyKind::Ed25519, KeyKind::EcdsaP256]);
    vault.hand_over(&agent).succeeds();
    let keeper = agent.processes()[1];
    vault.set("purpose", "update");
    vault.set("generation", 2);
    vault.set_key(0, "held", true);
    vault.truncate(1);
    let said = vault.hand_over(&agent).succeeds().stdout;
    assert_eq!(said, "{\"keys\":1,\"refused\":[]}\n");
    assert_eq!(agent.list().lines().count(), 1);
    signing(&agent, &Key::plain(KeyKind::Ed25519), "message").succeeds();
    assert_eq!(vault.questions().len(), 2);
    assert_eq!(state(&agent)["generation"], 2);
    assert_eq!(agent.processes()[1], keeper);
}

#[test]
fn keys_are_known_after_a_restart() {
    let home = Home::new();
    let key = Key::plain(KeyKind::Ed25519);
    let vault = Vault::new(&home, &[&key]);
    let file = remembered(&home, &vault, &key);
    let agent = launch(home).start();
    let listed = agent.ssh_add(&["-l"]).succeeds().stdout;
    assert!(
        listed.contains(&key.fingerprint()) && listed.contains("keyward (locked)"),
        "{listed}"
    );
    signing(&agent, &key, "message").succeeds();
    assert_eq!(vault.questions().len(), 1);
    let listed = agent.ssh_add(&["-l"]).succeeds().stdout;
    assert!(!listed.contains("(locked)"), "{listed}");
    assert!(file.is_file());
}

#[test]
fn keys_that_others_could_have_noted_are_not_believed() {
    let home = Home::new();
    let key = Key::plain(KeyKind::Ed25519);
    let vault = Vault::new(&home, &[&key]);
    let file = remembered(&home, &vault, &key);
    home.command("chmod").arg("644").arg(file).succeeds();
    let agent = launch(home).start();
    assert!(!agent.lists(&key));
    assert!(
        agent
            .output()
            .contains("the keys of the vault are not listed"),
        "{}",
        agent.output()
    );
    assert!(state(&agent).is_null());
}

/// Notes a key as one who opens the vault does.
fn remembered(home: &Home, vault: &Vault, key: &Key) -> PathBuf {
    use base64ct::{Base64, Encoding};
    fs::create_dir_all(home.path("state/keyward")).unwrap();
    let text = serde_json::json!({
        "path": vault.path(),
        "vault": "00112233445566778899aabbccddeeff",
        "keys": [Base64::encode_string(&key.blob())],
    });
    home.write("state/keyward/vault-keys.json", text.to_string())
}

#[test]
fn status_tells_of_the_vault() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    let line = || {
        let text = agent
            .command(program::path())
            .arg("status")
            .succeeds()
            .stdout;
        let line = text.lines().find_map(|line| line.strip_prefix("vault "));
        line.unwrap().trim().to_owned()
    };
    assert_eq!(line(), format!("{}, locked, 1 key", vault.path().display()));
    vault.hand_over(&agent).succeeds();
    let open = "open, 1 key, locked after 15 min without a signature";
    assert_eq!(line(), format!("{}, {open}", vault.path().display()));
    assert!(process::runs(agent.pid()));
}
