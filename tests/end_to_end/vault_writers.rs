//! Several commands that change one vault at once.

use std::{collections::BTreeSet, fs, io::Write, process::Stdio, thread, time::Duration};

use keyward_tests::{CheapVault, Home, Key, KeyKind, PlantedVault, Run, cheap_vault::PASSPHRASE};

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
    vault.home().write("new", "the new one");
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
