//! What root finds in the memory of an agent that serves a real vault, and of the program that opens it.

use std::{fs, process::Child, thread, time::Duration};

use keyward_tests::{
    Agent, Home, Key, KeyKind, PlantedVault, Run,
    agent::{Launch, signal_to},
    askpass::Askpass,
    deadline, memory_scan, message, planted_vault, process, program,
    secret_forms::{self, Form},
    vault_keys,
};
use rustix::process::Signal;
use serde_json::Value;

const KINDS: [KeyKind; 5] = [
    KeyKind::Ed25519,
    KeyKind::EcdsaP256,
    KeyKind::EcdsaP384,
    KeyKind::EcdsaP521,
    KeyKind::Rsa3072,
];
const LIMIT: Duration = Duration::from_secs(30);
const WRONG: &str = "pqowieurytlaksjdhfgzmxncbv";

/// An agent, a vault with keys made for this test alone, and all that must not be found.
struct Scene {
    agent: Agent,
    vault: PlantedVault,
    keys: Vec<Key>,
    secrets: Vec<Form>,
}

impl Scene {
    /// Asked for a passphrase, somebody does what `answer` says in the shell.
    fn new(idle: &str, answer: &str) -> Self {
        let home = Home::new();
        let keys: Vec<Key> = KINDS
            .into_iter()
            .map(|kind| Key::fresh(&home, kind, kind.name(), ""))
            .collect();
        let passphrase = "mznxbcvlaksjdhfgqpwoeirutyhg";
        let vault = PlantedVault::empty(&home, passphrase);
        vault.change(|vault| {
            for key in &keys {
                planted_vault::insert(vault, key.kind.name(), planted_vault::private(key));
            }
        });
        let mut secrets: Vec<Form> = keys.iter().flat_map(secret_forms::of_key).collect();
        secrets.extend(vault_keys::forms(&vault.bytes(), passphrase));
        secrets.extend(secret_forms::of_phrase("passphrase", passphrase));
        secrets.extend(secret_forms::of_phrase("wrong passphrase", WRONG));
        let askpass = Askpass::running(
            &home,
            "askpass",
            &format!("cd {}\n{answer}", home.folder().display()),
        );
        let run = format!("exec {} agent \"$@\"", program::path().display());
        let agent = Launch::new(home)
            .wrapper(&["sh", "-c", &run])
            .flags(&["--idle", idle])
            .environment(askpass.environment())
            .start();
        // Whoever is answered finds the control socket too.
        agent.connect().ask(&message::LIST);
        let mut unlock = vault.keyward(agent.home(), &["unlock"]);
        unlock.env("SSH_AUTH_SOCK", agent.socket()).succeeds();
        Self {
            agent,
            vault,
            keys,
            secrets,
        }
    }

    fn sign(&self) {
        let mut connection = self.agent.connect();
        for key in &self.keys {
            message::signature(&connection.ask(&message::sign(&key.blob(), b"data", 4)));
        }
    }

    fn state(&self) -> String {
        let mut status = self.agent.command(program::path());
        let said = status.args(["status", "--json"]).succeeds().stdout;
        let status: Value = serde_json::from_str(&said).unwrap();
        status["vault"]["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn lock(&self) {
        let keeper = self.keeper();
        self.agent.command(program::path()).arg("lock").succeeds();
        assert_eq!(self.state(), "closed");
        Self::ends(keeper);
    }

    fn keeper(&self) -> u32 {
        self.processes()[1]
    }

    /// A keeper that held keys is replaced by a fresh one a moment later.
    fn ends(keeper: u32) {
        deadline::until("another keeper", LIMIT, || !process::runs(keeper));
    }

    /// Those of the agent's processes that are ours: who types the passphrase has it in mind.
    fn processes(&self) -> Vec<u32> {
        let is_ours = |pid: &u32| {
            fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program::path())
        };
        let family = self.agent.processes().into_iter();
        family.filter(is_ours).collect()
    }

    #[track_caller]
    fn finds_nothing(&self, count: usize) {
        let processes = deadline::eventually("processes that stay", LIMIT, || {
            let processes = self.processes();
            let stay = || processes.iter().all(|pid| process::waits(*pid));
            let are_all = processes.len() == count && stay();
            thread::sleep(Duration::from_millis(100));
            (are_all && self.processes() == processes && stay()).then_some(processes)
        });
        let found = memory_scan::scan(&processes, &self.secrets);
        assert!(found.is_empty(), "{found:#?}");
        let public = |key: &Key| {
            let blob = key.blob();
            Form {
                name: key.kind.name().into(),
                bytes: blob[blob.len() - 32..].to_vec(),
            }
        };
        let forms: Vec<Form> = self.keys.iter().map(public).collect();
        let found = memory_scan::scan(&processes, &forms);
        assert!(!found.is_empty(), "not even a public key was found");
    }

    fn ssh_keygen_signs(&self) -> Child {
        let home = self.agent.home();
        let file = home.write("message", "the quick brown fox");
        let mut command = self.agent.command("ssh-keygen");
        command.args(["-Y", "sign", "-n", "file", "-f"]);
        command.arg(self.keys[0].public_copy(home)).arg(file);
        command.spawn().unwrap()
    }
}

#[test]
fn agent_with_a_vault_holds_no_secret_from_unlock_to_lock() {
    let scene = Scene::new("1h", "exec cat passphrase");
    scene.finds_nothing(2);
    scene.sign();
    scene.finds_nothing(2);
    scene.lock();
    scene.finds_nothing(2);
    // A signature opens it again, through the unlocker.
    assert!(scene.ssh_keygen_signs().wait().unwrap().success());
    assert_eq!(scene.state(), "open");
    scene.finds_nothing(2);
    scene
        .vault
        .keyward(scene.agent.home(), &["generate", "fresh"])
        .env("SSH_AUTH_SOCK", scene.agent.socket())
        .succeeds();
    scene.finds_nothing(2);
}

#[test]
fn unlocker_that_waits_after_a_wrong_passphrase_holds_no_secret() {
    let answer = format!("test -e asked && exec sleep 60\ntouch asked\necho {WRONG}");
    let scene = Scene::new("1h", &answer);
    scene.lock();
    let mut client = scene.ssh_keygen_signs();
    let sleeps = |pid: &u32| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name == "sleep\n")
    };
    let sleeping = deadline::eventually("the second question", LIMIT, || {
        scene.agent.processes().into_iter().find(sleeps)
    });
    let unlocker = process::parent(sleeping).unwrap();
    deadline::until("the unlocker to wait", LIMIT, || process::waits(unlocker));
    assert!(scene.processes().contains(&unlocker));
    scene.finds_nothing(3);
    signal_to(sleeping, Signal::KILL);
    assert!(!client.wait().unwrap().success());
    deadline::until("its end", LIMIT, || !process::runs(unlocker));
    scene.finds_nothing(2);
}

#[test]
fn vault_closed_for_want_of_use_leaves_no_secret() {
    let scene = Scene::new("1", "exit 1");
    let keeper = scene.keeper();
    scene.sign();
    deadline::until("a closed vault", LIMIT, || scene.state() == "closed");
    Scene::ends(keeper);
    scene.finds_nothing(2);
}
