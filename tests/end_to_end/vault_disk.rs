//! What commands of the vault write to a disk: no secret, in no form, not even for a moment.
//!
//! Every file below the home is searched after each command, and every byte that was written on the way. The latter takes the
//! build that does not wipe, which is the same but for where its memory lies: the kernel shows nobody what is written from
//! secret memory.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use keyward_tests::{
    Agent, Home, Key, KeyKind, PlantedVault, Run, Server,
    agent::Launch,
    kill_points::traced,
    memory_scan, message, planted_vault, program,
    secret_forms::{self, Form},
    vault_keys,
};

const PASSPHRASE: &str = "qmwnebrvtcyxuziolkajshdgfp";
const NEW: &str = "plmoknijbuhvygctfxrdzeswaq";
const SECOND: &str = "zaqwsxcderfvbgtyhnmjuiklop";

/// What is written by a person, or for one.
const FOR_PEOPLE: [&str; 7] = [
    "passphrase",
    "new",
    "code",
    "code-2",
    "plain",
    "second",
    "trace",
];

struct Scene {
    home: Home,
    vault: PlantedVault,
    secrets: Vec<Form>,
    /// What commands have written to files.
    written: Vec<u8>,
    is_traced: bool,
}

impl Scene {
    fn new(program: PathBuf, is_traced: bool) -> Self {
        let home = Home::new();
        let vault = PlantedVault::empty(&home, PASSPHRASE).program(program);
        vault.change(|vault| {
            let _ = planted_vault::add_passphrase(vault, SECOND);
        });
        for (name, text) in [("new", NEW), ("second", SECOND)] {
            home.write(name, text);
        }
        let mut scene = Self {
            home,
            vault,
            secrets: vec![],
            written: vec![],
            is_traced,
        };
        for phrase in [PASSPHRASE, NEW, SECOND] {
            let forms = secret_forms::of_phrase(phrase, phrase);
            scene.secrets.extend(forms);
        }
        let code = scene.vault.code().to_owned();
        scene.secrets.extend(secret_forms::of_phrase("code", &code));
        scene.has_its_keys();
        scene
    }

    /// Looks for the vault's own keys too, as they are now.
    fn has_its_keys(&mut self) {
        let forms = vault_keys::forms(&self.vault.bytes(), PASSPHRASE);
        self.secrets.extend(forms);
    }

    /// Runs a command, and searches all files after it.
    #[track_caller]
    fn run(&mut self, command: &Command) {
        if self.is_traced {
            let list = self.home.path("trace").display().to_string();
            let calls = "trace=write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg";
            let flags = [
                "--seccomp-bpf",
                "-y",
                "-xx",
                "-s",
                "1048576",
                "-e",
                calls,
                "-o",
                &list,
            ];
            traced(&self.home, command, &flags).succeeds();
            let text = fs::read_to_string(list).unwrap();
            let own = self.home.folder().display().to_string();
            let lines = text.lines().filter_map(|line| written_to(line, &own));
            lines.for_each(|bytes| self.written.extend(bytes));
        } else {
            traced(
                &self.home,
                command,
                &["-o", "/dev/null", "-e", "trace=none"],
            )
            .succeeds();
        }
        self.finds_nothing(&format!("{command:?}"));
    }

    #[track_caller]
    fn keyward(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let command = self.vault.keyward(&self.home, &words);
        self.run(&command);
    }

    /// Makes a copy, tries it, and brings it back over a change.
    fn copy_and_restore(&mut self) {
        let program = self.vault.keyward(&self.home, &[]).get_program().to_owned();
        let mut create = self.home.command(&program);
        create.args(["backup", "create", "copy"]);
        self.run(&create);
        let login = Key::fresh(&self.home, KeyKind::Ed25519, "login", "");
        let server = Server::start_as(&self.home, "jump", &(login.public_line() + "\n"), "");
        let far = format!("root@127.0.0.1:{}", self.home.path("far").display());
        for words in [&["push"][..], &["pull"]] {
            let mut there = self.home.command(&program);
            there.arg("backup").args(words).arg(&far);
            for line in fs::read_to_string(server.client_configuration())
                .unwrap()
                .lines()
                .skip(1)
            {
                let line = line.replacen(' ', "=", 1).replace("=none", "=login");
                there.args(["-o", &line]);
            }
            self.run(&there);
        }
        drop(server);
        self.keyward("backup verify copy --full");
        self.keyward("backup drill copy");
        self.keyward("remove fresh-2");
        self.keyward("backup restore copy --records fresh-2");
        self.keyward("backup restore copy --accept-rollback");
    }

    #[track_caller]
    fn finds_nothing(&self, at: &str) {
        for path in files(self.home.folder()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if FOR_PEOPLE.contains(&name) {
                continue;
            }
            let found = memory_scan::in_bytes(&fs::read(&path).unwrap(), &self.secrets);
            assert!(found.is_empty(), "{at}: {}: {found:?}", path.display());
        }
        let found = memory_scan::in_bytes(&self.written, &self.secrets);
        assert!(found.is_empty(), "{at}: written: {found:?}");
    }
}

/// What a line of a trace says was written to a file below `own`.
fn written_to(line: &str, own: &str) -> Option<Vec<u8>> {
    let (_, rest) = line.split_once('<')?;
    let (path, rest) = rest.split_once('>')?;
    let path = String::from_utf8(bytes(path)).ok()?;
    let name = Path::new(&path).file_name()?.to_str()?;
    // A transfer goes through a file in memory, which another program reads.
    let is_transfer = path.contains("memfd:keyward-backup");
    if !path.starts_with(own) && !is_transfer || FOR_PEOPLE.contains(&name) {
        return None;
    }
    let strings = rest.split('"').skip(1).step_by(2);
    Some(strings.flat_map(bytes).collect())
}

fn bytes(escaped: &str) -> Vec<u8> {
    let pairs = escaped.split("\\x").skip(1);
    pairs
        .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
        .collect()
}

/// The regular files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn every_command(program: PathBuf, is_traced: bool) -> Scene {
    let mut scene = Scene::new(program, is_traced);
    let plain = Key::fresh(&scene.home, KeyKind::EcdsaP256, "plain", "");
    scene.secrets.extend(secret_forms::of_key(&plain));
    scene.keyward("import plain");
    scene.keyward("generate fresh");
    scene.keyward("generate fresh-2");
    let vault = scene.vault.open();
    let id = vault.key_named("fresh").unwrap().id();
    let seed = vault.private(id).unwrap();
    let seed = &seed.expose()[4 + 11 + 4 + 32 + 4..][..32];
    scene.secrets.extend(secret_forms::of_value("seed", seed));
    for line in [
        "list",
        "list --json",
        "show fresh",
        "rename fresh other",
        "edit other --comment text --notes notes",
        "remove other",
        "undelete other",
        "export other --out one --new-passphrase-file new",
        "export other --format pkcs8 --out two --new-passphrase-file new",
        "export plain --format ppk --out three --new-passphrase-file new",
        "backup paper other --out four.svg --new-passphrase-file new",
        "backup paper plain --out five.pdf --new-passphrase-file new --label text",
        "backup paper plain --out six.txt --recovery",
        "slot add recovery --recovery-out code-2",
    ] {
        scene.keyward(line);
    }
    let code = fs::read_to_string(scene.home.path("code-2")).unwrap();
    let forms = secret_forms::of_phrase("second code", code.trim());
    scene.secrets.extend(forms);
    let second = scene.vault.contents().slots[2].clone();
    scene.keyward(&format!("slot remove {second}"));
    scene.copy_and_restore();
    scene.has_its_keys();
    scene.finds_nothing("at the end");
    scene
}

#[test]
fn no_secret_is_ever_written() {
    let mut scene = every_command(program::unwiped_path(), true);
    assert!(scene.written.len() > 20_000, "{}", scene.written.len());
    let magic = [Form {
        name: "vault".into(),
        bytes: b"\x89KWV\r\n\x1a\n".to_vec(),
    }];
    assert!(memory_scan::in_bytes(&scene.written, &magic).len() > 5);
    // What is written for people is found where it is not left out.
    let code = secret_forms::of_phrase("code", "0123-4567-89AB-CDEF-GHJK");
    let mut plant = scene.home.command("sh");
    scene.home.write("new", "0123-4567-89AB-CDEF-GHJK\n");
    plant.args(["-c", "read -r text <new; echo $text >planted"]);
    scene.secrets.clear();
    scene.run(&plant);
    assert!(!memory_scan::in_bytes(&scene.written, &code).is_empty());
}

#[test]
fn no_secret_lies_in_a_file() {
    let _ = every_command(program::path(), false);
}

/// Derivations at their full cost.
#[test]
fn no_secret_is_written_with_a_new_passphrase() {
    let mut scene = Scene::new(program::unwiped_path(), true);
    scene.keyward("passwd --new-passphrase-file new");
    let mut init = scene.home.command(program::unwiped_path());
    let arguments = "init --vault other --new-passphrase-file second --recovery-file code";
    init.args(arguments.split(' '));
    scene.run(&init);
    let code = fs::read_to_string(scene.home.path("code")).unwrap();
    let forms = secret_forms::of_phrase("code", code.trim());
    scene.secrets.extend(forms);
    scene.finds_nothing("at the end");
}

#[test]
fn no_secret_is_written_by_an_agent_with_the_vault() {
    let home = Home::new();
    let vault = PlantedVault::empty(&home, PASSPHRASE);
    let key = Key::fresh(&home, KeyKind::Ed25519, "plain", "");
    vault.change(|vault| planted_vault::insert(vault, "plain", planted_vault::private(&key)));
    let mut secrets = secret_forms::of_key(&key);
    secrets.extend(vault_keys::forms(&vault.bytes(), PASSPHRASE));
    secrets.extend(secret_forms::of_phrase("passphrase", PASSPHRASE));
    let agent: Agent = Launch::new(home).start();
    let run = |arguments: &[&str]| {
        let mut command = vault.keyward(agent.home(), arguments);
        command.env("SSH_AUTH_SOCK", agent.socket()).succeeds();
    };
    // Whoever is answered finds the control socket too.
    agent.connect().ask(&message::LIST);
    run(&["unlock"]);
    let signed = agent.connect().ask(&message::sign(&key.blob(), b"data", 4));
    message::signature(&signed);
    run(&["edit", "plain", "--comment", "text"]);
    agent.command(program::path()).arg("lock").succeeds();
    let files = files(agent.home().folder());
    for name in ["audit.jsonl", "vault-keys.json"] {
        assert!(files.iter().any(|path| path.ends_with(name)), "{files:?}");
    }
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let found = memory_scan::in_bytes(&fs::read(&path).unwrap(), &secrets);
        // The control: what a person wrote there is found.
        let is_for_people = FOR_PEOPLE.contains(&name);
        assert_eq!(
            !found.is_empty(),
            is_for_people,
            "{}: {found:?}",
            path.display()
        );
    }
}
