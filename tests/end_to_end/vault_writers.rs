//! Several commands that change one vault at once.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    process::Stdio,
    thread,
    time::Duration,
};

use keyward_tests::{
    Agent, CheapVault, Home, Key, KeyKind, PlantedVault, Run, Terminal, cheap_vault::PASSPHRASE,
    message,
};
use keyward_vault::Sealed;
use serde_json::json;

const WRITERS: usize = 8;
const KEYS_EACH: usize = 3;

fn name(writer: usize, number: usize) -> String {
    format!("key-{writer}-{number}")
}

#[test]
fn writers_at_once_lose_no_key() {
    let home = Home::new();
    let vault = PlantedVault::new(&home, &[&Key::plain(KeyKind::Ed25519)]);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (home, vault) = (&home, &vault);
            scope.spawn(move || {
                for number in 0..KEYS_EACH {
                    let name = name(writer, number);
                    vault.keyward(home, &["generate", &name]).succeeds();
                }
            });
        }
    });
    let contents = vault.contents();
    assert_eq!(contents.keys.len(), 1 + WRITERS * KEYS_EACH);
    let generations = u64::try_from(WRITERS * KEYS_EACH).unwrap();
    assert_eq!(contents.generation, 5 + generations);
}

#[test]
fn writers_at_once_lose_no_key_while_others_are_killed() {
    let home = Home::new();
    let vault = PlantedVault::new(&home, &[&Key::plain(KeyKind::Ed25519)]);
    let (home, vault) = (&home, &vault);
    let saved: BTreeSet<String> = thread::scope(|scope| {
        let writers = (0..WRITERS).map(|writer| {
            scope.spawn(move || {
                let mut saved = vec![];
                for number in 0..KEYS_EACH {
                    let name = name(writer, number);
                    let mut generate = vault.keyward(home, &["generate", &name]);
                    if writer % 2 == 0 {
                        generate.succeeds();
                        saved.push(name);
                        continue;
                    }
                    let mut child = generate.stdout(Stdio::null()).spawn().unwrap();
                    // Any moment will do, as long as it is another one each time.
                    let moment = 40 + 50 * (writer * KEYS_EACH + number) % 170;
                    thread::sleep(Duration::from_millis(u64::try_from(moment).unwrap()));
                    let _ = child.kill();
                    if child.wait().unwrap().success() {
                        saved.push(name);
                    }
                }
                saved
            })
        });
        let writers: Vec<_> = writers.collect();
        let saved = writers.into_iter().map(|writer| writer.join().unwrap());
        saved.flatten().collect()
    });
    vault.keyward(home, &["generate", "last"]).succeeds();
    let contents = vault.contents();
    let lost: Vec<_> = saved.iter().filter(|name| !contents.has(name)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(saved.len() >= WRITERS / 2 * KEYS_EACH);
    let left = ["vault", "vault.1", "vault.2", "vault.3", "vault.lock"];
    assert_eq!(vault.names(), left);
}

#[test]
fn slow_reader_does_not_take_back_what_was_noted_since() {
    let vault = CheapVault::new();
    vault.home().write("new", "the new one, of five words");
    vault.home().command("mkfifo").arg("pipe").succeeds();
    let mut slow = vault.bare("list --passphrase-file pipe");
    let mut slow = slow.stdout(Stdio::null()).spawn().unwrap();
    // It opens once the reader does, which has read the vault by then.
    let mut pipe = fs::OpenOptions::new()
        .write(true)
        .open(vault.home().path("pipe"))
        .unwrap();
    vault.keyward("passwd --new-passphrase-file new").succeeds();
    pipe.write_all(PASSPHRASE.as_bytes()).unwrap();
    drop(pipe);
    assert!(slow.wait().unwrap().success());
    vault.bare("list --passphrase-file new").succeeds();
}

#[test]
fn an_older_copy_that_is_put_back_while_a_person_types_is_not_merged() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let older = fs::read(vault.path()).unwrap();
    vault.keyward("generate two").succeeds();
    let mut terminal = Terminal::run(&vault.bare("generate three"));
    terminal.expects("Passphrase for ");
    fs::write(vault.path(), &older).unwrap();
    terminal.types_hidden(PASSPHRASE);
    let shown = terminal.exits(3);
    assert!(shown.contains("this machine has seen 3"), "{shown}");
    assert_eq!(fs::read(vault.path()).unwrap(), older);
}

#[test]
fn what_others_change_while_a_person_unlocks_holds() {
    let vault = CheapVault::new();
    for name in ["one", "two"] {
        vault.keyward(&format!("generate {name}")).succeeds();
    }
    let agent = Agent::start(&[]);
    // Whoever is answered finds the control socket too.
    agent.connect().ask(&message::LIST);
    let mut terminal = Terminal::run(vault.bare("unlock").env("SSH_AUTH_SOCK", agent.socket()));
    terminal.expects("Passphrase for ");
    vault.keyward("remove one").succeeds();
    terminal.types_hidden(PASSPHRASE);
    let shown = terminal.exits(0);
    assert!(shown.contains("Unlocked: 1 key."), "{shown}");
    assert!(agent.list().lines().count() == 1, "{}", agent.list());
}

#[test]
fn an_agent_that_says_a_vault_is_open_is_not_handed_its_keys() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let agent = Agent::start(&[]);
    vault.beside(&agent, "unlock").succeeds();
    let mut lock = vault.bare("lock");
    lock.env("SSH_AUTH_SOCK", agent.socket()).succeeds();
    let control = agent.socket().with_file_name(format!(
        "control.{}",
        agent.socket().file_name().unwrap().display()
    ));
    let mut stream = UnixStream::connect(control).unwrap();
    let id = Sealed::read(fs::read(vault.path()).unwrap())
        .unwrap()
        .vault_id();
    let path = vault.path().display().to_string();
    let begin = json!({
        "request": "vault begin", "vault": id.to_string(), "path": path, "generation": 9,
        "state": "open", "purpose": "unlock",
    });
    for request in [begin, json!({"request": "vault commit"})] {
        let request = request.to_string();
        let length = u32::try_from(request.len()).unwrap().to_be_bytes();
        stream
            .write_all(&[&length, request.as_bytes()].concat())
            .unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        stream.read_exact(&mut answer).unwrap();
    }
    vault.beside(&agent, "edit one --notes x").succeeds();
    let status = vault
        .bare("status")
        .env("SSH_AUTH_SOCK", agent.socket())
        .succeeds();
    assert!(
        status.stdout.contains(", locked, 1 key"),
        "{}",
        status.stdout
    );
}
