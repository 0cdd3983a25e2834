//! Where little memory may be locked. The heap of secrets is then smaller than what a vault takes, and the rest lies in
//! ordinary memory: a vault that does not fit must not look like one that is damaged.

use std::{os::unix::process::CommandExt, process::Command};

use keyward_agent::key::generate::{Kind, generate};
use keyward_tests::{Home, PlantedVault, Run, planted_vault, secret_forms::words};

/// More keys than 32 KiB have room for.
const KEYS: u8 = 200;

/// The usual limits in containers, and on machines, in bytes. Root is bound by them without this capability only.
const LIMITS: [&str; 2] = ["65536", "8388608"];

const WITHOUT_RIGHT: [&str; 2] = ["--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"];

fn scene() -> (Home, PlantedVault) {
    let home = Home::new();
    let vault = PlantedVault::empty(&home, &words());
    vault.change(|vault| {
        for number in 0..KEYS {
            let private = generate(Kind::Ed25519).unwrap();
            planted_vault::insert(vault, &format!("key {number}"), private.expose().clone());
        }
    });
    (home, vault)
}

/// `keyward` where it may lock no more than so many bytes.
fn keyward(home: &Home, vault: &PlantedVault, limit: &str, arguments: &[&str]) -> Command {
    let keyward = vault.keyward(home, arguments);
    let mut command = home.command("setpriv");
    command.args(WITHOUT_RIGHT);
    command.args(["prlimit", &format!("--memlock={limit}")]);
    command.arg(keyward.get_program()).args(keyward.get_args());
    command.arg0("setpriv");
    command
}

#[test]
fn vault_that_does_not_fit_opens_and_is_changed() {
    for limit in LIMITS {
        let (home, vault) = scene();
        let run = |arguments: &[&str]| keyward(&home, &vault, limit, arguments).succeeds();
        let listed = run(&["list"]).stdout.lines().count();
        assert_eq!(listed, usize::from(KEYS) + 1, "{limit}");
        run(&["rename", "key 7", "seven"]);
        run(&["fsck", "--full"]);
        assert!(vault.contents().has("seven"), "{limit}");
    }
}

#[test]
fn mending_a_vault_that_does_not_fit_loses_what_is_damaged_only() {
    for limit in LIMITS {
        let (home, vault) = scene();
        let mut bytes = vault.bytes();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        vault.put_back(&home, &bytes);
        keyward(&home, &vault, limit, &["fsck", "--repair"]).exits(1);
        assert_eq!(
            vault.contents().keys.len(),
            usize::from(KEYS) - 1,
            "{limit}"
        );
    }
}
