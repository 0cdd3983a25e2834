//! What root finds in the agent's memory.
//!
//! All readable memory of all its processes is searched for every form of every secret; see `secret_forms`. Each test also finds
//! the public keys, so that it does not pass by looking in the wrong place, and a build that does not wipe must fail.

use std::{
    fs::{self, File},
    io::Read,
    time::Duration,
};

use keyward_tests::{
    Agent, Connection, Home, Key, KeyKind, Run, VaultFile,
    agent::{Launch, signal_to},
    askpass::Askpass,
    deadline,
    memory_scan::{self, Finding},
    message, process, program,
    secret_forms::{self, Form},
    vault,
    vault_file::PASSPHRASE,
};
use rustix::process::Signal;

const LIMIT: Duration = Duration::from_secs(20);

const KINDS: [KeyKind; 5] = [
    KeyKind::Ed25519,
    KeyKind::EcdsaP256,
    KeyKind::EcdsaP384,
    KeyKind::EcdsaP521,
    KeyKind::Rsa3072,
];

/// An agent that got keys made for this test alone, and all that must not be found in it.
struct Scene {
    agent: Agent,
    keys: Vec<Key>,
    phrase: String,
    secrets: Vec<Form>,
}

impl Scene {
    /// Adds the keys from sealed files, by `ssh-add`.
    fn new(program: std::path::PathBuf) -> Self {
        let agent = Launch::new(Home::new()).program(program).start();
        let home = agent.home();
        let [passphrase, phrase, wrong] = std::array::from_fn(|_| random_words());
        let keys: Vec<Key> = KINDS
            .into_iter()
            .map(|kind| Key::fresh(home, kind, kind.name(), ""))
            .collect();
        let mut secrets: Vec<Form> = keys.iter().flat_map(secret_forms::of_key).collect();
        secrets.extend(secret_forms::of_phrase(
            "passphrase of the files",
            &passphrase,
        ));
        secrets.extend(secret_forms::of_phrase("lock phrase", &phrase));
        secrets.extend(secret_forms::of_phrase("wrong lock phrase", &wrong));
        let askpass = Askpass::answering(home, "askpass", &passphrase, 0);
        for key in &keys {
            home.command("ssh-keygen")
                .args(["-q", "-p", "-P", "", "-N", &passphrase, "-f"])
                .arg(&key.path)
                .succeeds();
            agent
                .ssh_add(&["-q"])
                .arg(&key.path)
                .envs(askpass.environment())
                .succeeds();
        }
        let scene = Self {
            agent,
            keys,
            phrase: format!("{phrase} {wrong}"),
            secrets,
        };
        scene.finds_public_keys();
        scene
    }

    /// Hands the keys over as those of a vault.
    fn of_vault(flags: &[&str]) -> (Self, Askpass) {
        let home = Home::new();
        let askpass = Askpass::answering(&home, "askpass", PASSPHRASE, 0);
        let agent = Launch::new(home)
            .environment(askpass.environment())
            .flags(flags)
            .start();
        let keys: Vec<Key> = KINDS
            .into_iter()
            .map(|kind| Key::fresh(agent.home(), kind, kind.name(), ""))
            .collect();
        VaultFile::new(agent.home(), &keys.iter().collect::<Vec<_>>()).unlock(&agent);
        let mut secrets: Vec<Form> = keys.iter().flat_map(secret_forms::of_key).collect();
        secrets.push(Form {
            name: "passphrase of the vault".into(),
            bytes: PASSPHRASE.into(),
        });
        let scene = Self {
            secrets,
            phrase: String::new(),
            agent,
            keys,
        };
        scene.finds_public_keys();
        (scene, askpass)
    }

    fn phrases(&self) -> (&str, &str) {
        self.phrase.split_once(' ').unwrap()
    }

    fn sign(&self, times: usize) {
        let mut connection = self.agent.connect();
        for key in &self.keys {
            for _ in 0..times {
                message::signature(&connection.ask(&message::sign(&key.blob(), b"data", 4)));
            }
        }
    }

    fn lock(&self) {
        assert_eq!(
            self.agent.connect().ask(&message::lock(self.phrases().0)),
            message::SUCCESS
        );
    }

    fn unlock_wrongly(&self) {
        assert_eq!(
            self.agent.connect().ask(&message::unlock(self.phrases().1)),
            message::FAILURE
        );
    }

    fn unlock(&self) {
        assert_eq!(
            self.agent.connect().ask(&message::unlock(self.phrases().0)),
            message::SUCCESS
        );
    }

    fn remove(&self) {
        assert_eq!(
            self.agent.connect().ask(&message::REMOVE_ALL),
            message::SUCCESS
        );
    }

    fn found(&self) -> Vec<Finding> {
        loop {
            let processes = self.agent.processes();
            let found = memory_scan::scan(&processes, &self.secrets);
            // A keeper that was replaced meanwhile was not read to its end, nor the new one.
            if !found.is_empty() || self.agent.processes() == processes {
                return found;
            }
        }
    }

    #[track_caller]
    fn finds_no_secret(&self) {
        let found = self.found();
        assert!(
            found.is_empty(),
            "{} found:\n{}",
            found.len(),
            summary(&found)
        );
    }

    /// The control of the search.
    #[track_caller]
    fn finds_public_keys(&self) {
        let public = |key: &Key| {
            let blob = key.blob();
            Form {
                name: key.kind.name().into(),
                bytes: blob[blob.len() - 32..].to_vec(),
            }
        };
        let forms: Vec<Form> = self.keys.iter().map(public).collect();
        let found = memory_scan::scan(&self.agent.processes(), &forms);
        assert!(!found.is_empty(), "not even a public key was found");
    }
}

/// 40 letters nobody else has.
fn random_words() -> String {
    let mut bytes = [0; 40];
    File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    bytes
        .iter()
        .map(|byte| char::from(b'a' + byte % 26))
        .collect()
}

/// One line for each place and form.
fn summary(found: &[Finding]) -> String {
    let line = |each: &Finding| {
        format!(
            "process {} {:x} {}: {}\n",
            each.pid, each.address, each.region, each.form
        )
    };
    found.iter().map(line).take(40).collect()
}

fn scene() -> Scene {
    Scene::new(program::path())
}

#[test]
fn holds_no_secret_after_adding() {
    scene().finds_no_secret();
}

#[test]
fn holds_no_secret_after_one_signature() {
    let scene = scene();
    scene.sign(1);
    scene.finds_no_secret();
}

#[test]
fn holds_no_secret_after_a_hundred_signatures() {
    let scene = scene();
    scene.sign(100);
    scene.finds_no_secret();
}

#[test]
fn holds_no_secret_while_locked() {
    let scene = scene();
    scene.sign(1);
    scene.lock();
    scene.finds_no_secret();
}

#[test]
fn holds_no_secret_after_a_wrong_unlocking() {
    let scene = scene();
    scene.lock();
    scene.unlock_wrongly();
    scene.finds_no_secret();
}

#[test]
fn holds_no_wrong_phrase_while_its_sender_has_to_wait() {
    let scene = scene();
    scene.lock();
    for _ in 0..10 {
        scene.unlock_wrongly();
    }
    // The eleventh answer comes more than a second after the passphrase was tried.
    // The keeper cannot be looked at while it derives a key: its memory comes and goes.
    let in_front = || memory_scan::scan(&[scene.agent.pid()], &scene.secrets);
    let mut last = in_front();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| scene.unlock_wrongly());
        loop {
            let found = in_front();
            if answer.is_finished() {
                break;
            }
            last = found;
        }
    });
    assert!(last.is_empty(), "found:\n{}", summary(&last));
}

#[test]
fn holds_no_secret_after_unlocking() {
    let scene = scene();
    scene.lock();
    scene.unlock();
    scene.finds_no_secret();
    scene.sign(1);
    scene.finds_no_secret();
}

#[test]
fn holds_no_secret_after_removing() {
    let scene = scene();
    scene.sign(1);
    scene.remove();
    scene.finds_no_secret();
}

#[test]
fn holds_no_secret_after_a_refused_key() {
    let scene = scene();
    let (frame, forms) = new_key();
    // Its type, and behind its fields a constraint that nobody knows.
    let request = [&[25], &frame[5..], &[99]].concat();
    assert_eq!(scene.agent.connect().ask(&request), message::FAILURE);
    let found = memory_scan::scan(&scene.agent.processes(), &forms);
    assert!(found.is_empty(), "{}", summary(&found));
}

/// A key that nobody else has, in an add message, and the forms of its secret.
fn new_key() -> (Vec<u8>, Vec<Form>) {
    let mut seed = [0; 32];
    File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut seed)
        .unwrap();
    let form = |half: &[u8]| Form {
        name: "seed of a new key".into(),
        bytes: half.to_vec(),
    };
    (
        message::string(&message::add(&seed, "new")),
        seed.chunks(16).map(form).collect(),
    )
}

/// Sends a message with a key, except for its last byte.
fn send_most_of_a_key(agent: &Agent) -> (Connection, Vec<Form>) {
    let (frame, forms) = new_key();
    let mut connection = agent.connect();
    connection.send_bytes(&frame[..frame.len() - 1]).unwrap();
    (connection, forms)
}

#[test]
fn holds_nothing_of_a_key_whose_message_is_not_whole() {
    let agent = Agent::start(&[]);
    // A keeper that has not begun to serve cannot be looked at: its memory comes and goes.
    agent.add(&Key::plain(KeyKind::Ed25519));
    let (mut connection, forms) = send_most_of_a_key(&agent);
    let maps = format!("/proc/{}/maps", agent.pid());
    deadline::until("the agent to read it", LIMIT, || {
        fs::read_to_string(&maps).unwrap().contains("secretmem")
    });
    let found = memory_scan::scan(&agent.processes(), &forms);
    assert!(found.is_empty(), "{}", summary(&found));
    // The last byte is of the comment.
    connection.send_bytes(b"w").unwrap();
    assert_eq!(connection.receive().unwrap(), message::SUCCESS);
    // Secret memory keeps the machine from hibernating. It is given back once the answer is out.
    deadline::until("the agent to give it back", LIMIT, || {
        !fs::read_to_string(&maps).unwrap().contains("secretmem")
    });
}

/// Sends a message on which the keeper derives a key, stops the keeper while it does, and looks.
fn found_while_deriving(scene: &Scene, message: &[u8]) -> Vec<Finding> {
    let keeper = scene.agent.processes()[1];
    let mut connection = scene.agent.connect();
    // The derivation takes 64 MiB more.
    let much = resident_kibibytes(keeper) + (32 << 10);
    let is_deriving = || resident_kibibytes(keeper) > much;
    connection.send(message);
    deadline::until("the keeper to derive a key", LIMIT, is_deriving);
    signal_to(keeper, Signal::STOP);
    deadline::until("the keeper to stop", LIMIT, || {
        process::status(keeper, "State").starts_with('T')
    });
    assert!(is_deriving(), "stopped too late");
    let found = scene.found();
    signal_to(keeper, Signal::CONT);
    assert_eq!(connection.receive().unwrap(), message::SUCCESS);
    found
}

fn resident_kibibytes(pid: u32) -> u64 {
    let resident = process::status(pid, "VmRSS");
    resident.trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn holds_no_phrase_while_a_key_is_derived_from_it() {
    let scene = scene();
    let phrase = scene.phrases().0.to_owned();
    for message in [message::lock(&phrase), message::unlock(&phrase)] {
        let found = found_while_deriving(&scene, &message);
        assert!(found.is_empty(), "{}", summary(&found));
    }
}

#[test]
fn writes_no_secret_to_a_file() {
    let scene = scene();
    scene.sign(1);
    scene.lock();
    scene.unlock_wrongly();
    scene.unlock();
    let home = scene.agent.home();
    let log = home.path("state/keyward/audit.jsonl");
    let written =
        [log, home.path("agent.out"), home.path("agent.err")].map(|path| fs::read(path).unwrap());
    assert!(
        !written[0].is_empty(),
        "nothing is written to the audit log"
    );
    for form in &scene.secrets {
        let holds = |text: &Vec<u8>| {
            text.windows(form.bytes.len())
                .any(|part| part == form.bytes)
        };
        assert!(!written.iter().any(holds), "{}", form.name);
    }
}

#[test]
fn holds_no_secret_while_a_vault_is_open_and_after_it_was_closed() {
    let (scene, askpass) = Scene::of_vault(&[]);
    scene.finds_no_secret();
    scene.sign(2);
    scene.finds_no_secret();
    let mut control = Connection::open(&vault::control(&scene.agent));
    let keeper = scene.agent.processes()[1];
    control.ask(br#"{"request":"vault lock"}"#);
    // A keeper without keys goes, and must not while it is looked at.
    let limit = Duration::from_secs(20);
    deadline::until(
        "another keeper",
        limit,
        || matches!(scene.agent.processes()[..], [_, other] if other != keeper),
    );
    scene.finds_no_secret();
    scene.finds_public_keys();
    // A signature opens it again.
    scene.sign(1);
    deadline::until("the end of the unlocker", limit, || {
        scene.agent.processes().len() == 2
    });
    assert_eq!(askpass.questions().matches("Passphrase:").count(), 1);
    scene.finds_no_secret();
}

/// Sends a private key but for its last byte, and waits until the front has read what there is.
fn half_handed_over(scene: &Scene) -> Connection {
    let id = "00112233445566778899aabbccddeeff";
    let mut control = Connection::open(&vault::control(&scene.agent));
    let begin = format!(
        r#"{{"request":"vault begin","vault":"{id}","path":"/v","generation":2,"state":"open","purpose":"unlock"}}"#
    );
    assert_eq!(control.ask(begin.as_bytes()), b"{}");
    let marker = random_words();
    let json = format!(
        r#"{{"request":"vault key","record":"{id}","version":1,"listing":{{"name":"{marker}"}}}}"#
    );
    let body = vault::add_body(&scene.keys[0], false);
    let frame = [&[0], &*message::string(json.as_bytes()), &body].concat();
    let bytes = message::string(&frame);
    control.send_bytes(&bytes[..bytes.len() - 1]).unwrap();
    let marker = [Form {
        name: "marker".into(),
        bytes: marker.into_bytes(),
    }];
    let limit = Duration::from_secs(20);
    deadline::until("the front to read", limit, || {
        !memory_scan::scan(&[scene.agent.pid()], &marker).is_empty()
    });
    control
}

#[test]
fn private_key_that_is_being_handed_over_lies_in_secret_memory_alone() {
    let (scene, _askpass) = Scene::of_vault(&[]);
    let control = half_handed_over(&scene);
    for _ in 0..3 {
        scene.finds_no_secret();
    }
    drop(control);
}

/// The control of the test above: memory that is only locked shows the key, and nothing else does.
#[test]
fn the_scan_finds_a_private_key_that_is_being_handed_over_through_locked_memory() {
    let (scene, _askpass) = Scene::of_vault(&["-O", "memory=locked"]);
    let in_front = || memory_scan::scan(&[scene.agent.pid()], &scene.secrets);
    assert_eq!(in_front(), []);
    let open_files = process::open_files(scene.agent.pid());
    let control = half_handed_over(&scene);
    let found = deadline::eventually("the key", Duration::from_secs(20), || {
        Some(in_front()).filter(|found| !found.is_empty())
    });
    let mut regions: Vec<_> = found.iter().map(|each| &each.region).collect();
    regions.dedup();
    assert_eq!(regions.len(), 1, "{}", summary(&found));
    drop(control);
    // Memory that goes while it is looked at cannot be read.
    deadline::until("the end of the connection", Duration::from_secs(20), || {
        process::open_files(scene.agent.pid()) == open_files
    });
    assert_eq!(in_front(), []);
}

#[test]
fn the_scan_finds_secrets_in_a_build_that_does_not_wipe() {
    let scene = Scene::new(program::unwiped_path());
    scene.sign(1);
    let with_keys = scene.found();
    scene.lock();
    scene.unlock_wrongly();
    let locked = scene.found();
    assert!(
        with_keys
            .iter()
            .any(|each| KINDS.iter().any(|kind| each.form.starts_with(kind.name())))
    );
    assert!(locked.iter().any(|each| each.form.contains("lock phrase")));
    let while_deriving = found_while_deriving(&scene, &message::unlock(scene.phrases().0));
    assert!(
        while_deriving
            .iter()
            .any(|each| each.form == "lock phrase" || each.form.starts_with("lock phrase,"))
    );
    let (_connection, forms) = send_most_of_a_key(&scene.agent);
    deadline::until("half a key in memory", LIMIT, || {
        !memory_scan::scan(&[scene.agent.pid()], &forms).is_empty()
    });
}
