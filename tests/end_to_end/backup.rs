//! Copies of the vault on this machine: made, tried and brought back.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use keyward_tests::{
    Agent, CheapVault, Home, PlantedVault, Run, Terminal, cheap_vault::PASSPHRASE, message,
    planted_vault, program,
};
use serde_json::Value;

/// A vault with two keys, and a folder for copies.
fn scene() -> (CheapVault, PathBuf) {
    let vault = CheapVault::new();
    for name in ["one", "two"] {
        vault.keyward(&format!("generate {name}")).succeeds();
    }
    let folder = vault.home().path("stick");
    fs::create_dir(&folder).unwrap();
    (vault, folder)
}

fn copies(folder: &PathBuf) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn create_copies_byte_for_byte_and_keeps_the_last() {
    let (vault, folder) = scene();
    let said = vault.bare("backup create stick").succeeds();
    assert!(
        said.stderr.starts_with("Copied generation 3 to "),
        "{said:?}"
    );
    let [name] = &copies(&folder)[..] else {
        panic!("{:?}", copies(&folder));
    };
    assert!(
        name.starts_with("keyward-") && name.ends_with("-g3.vault"),
        "{name}"
    );
    let copy = folder.join(name);
    assert_eq!(fs::read(&copy).unwrap(), fs::read(vault.path()).unwrap());
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let again = vault.bare("backup create stick").succeeds().stderr;
    assert!(
        again.starts_with("Generation 3 is there already, and whole: "),
        "{again}"
    );
    for number in 0..3 {
        vault
            .keyward(&format!("edit one --notes {number}"))
            .succeeds();
        vault.bare("backup create stick --keep 2").succeeds();
    }
    fs::write(folder.join("keyward-mine.vault"), "not a copy").unwrap();
    vault.bare("backup create stick --keep 1").succeeds();
    let left = copies(&folder);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(
        left.iter().any(|name| name.ends_with("-g6.vault")),
        "{left:?}"
    );
    // A file, which must not exist.
    vault.bare("backup create file.copy").succeeds();
    let said = vault.bare("backup create file.copy").exits(1).stderr;
    assert!(said.contains("file.copy"), "{said}");
    vault.bare("backup create nowhere/file.copy").exits(1);
}

#[test]
fn verify_tells_how_a_copy_stands_to_the_vault() {
    let (vault, folder) = scene();
    vault.bare("backup create stick").succeeds();
    let copy = format!("stick/{}", copies(&folder)[0]);
    let verified = |flags: &str| -> Value {
        let said = vault
            .bare(&format!("backup verify {copy} --json {flags}"))
            .outcome();
        serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"))
    };
    let found = verified("");
    assert_eq!(
        (&found["whole"], &found["standing"]),
        (&true.into(), &"same".into())
    );
    assert_eq!(
        (&found["generation"], &found["records"]),
        (&3.into(), &4.into())
    );
    vault.keyward("remove one").succeeds();
    assert_eq!(verified("")["standing"], "older");
    assert_eq!(verified("")["saves"], 1);
    assert_eq!(
        verified("--full --passphrase-file passphrase")["whole"],
        true
    );
    vault.bare(&format!("backup verify {copy} --full")).exits(1);
    let path = folder.join(&copies(&folder)[0]);
    let mut bytes = fs::read(&path).unwrap();
    bytes[700] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let said = vault.bare(&format!("backup verify {copy}")).exits(4).stdout;
    assert!(said.contains(": damaged\n"), "{said}");
    assert_eq!(verified("")["whole"], false);
    let other = CheapVault::new();
    let found = other.bare(&format!("backup verify {} --json", vault.path().display()));
    let mut found = found;
    let found: Value = serde_json::from_str(&found.succeeds().stdout).unwrap();
    assert_eq!(found["standing"], "another");
}

#[test]
fn drill_opens_a_copy_and_signs_with_every_key() {
    let (vault, folder) = scene();
    for kind in ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-3072"] {
        vault
            .keyward(&format!("generate {kind} --type {kind}"))
            .succeeds();
    }
    let said = vault.keyward("backup drill").exits(1).stderr;
    assert!(said.contains("there is no copy at this machine"), "{said}");
    vault.bare("backup create stick").succeeds();
    let found = vault.json("backup drill");
    assert_eq!(
        (&found["right"], &found["slot"]),
        (&true.into(), &"passphrase".into())
    );
    assert_eq!(found["keys"].as_array().unwrap().len(), 6);
    assert!(
        found["keys"]
            .as_array()
            .unwrap()
            .iter()
            .all(|key| key["signs"] == true)
    );
    let copy = format!("stick/{}", copies(&folder)[0]);
    let drill = format!("backup drill {copy} --recovery-file recovery");
    let said = vault.bare(&drill).succeeds().stdout;
    assert!(
        said.contains("opened with its recovery code\n6 of 6 keys are right"),
        "{said}"
    );
    vault.bare(&drill).args(["--slot", "passphrase"]).exits(1);
    vault.bare(&drill).args(["--slot", "recovery"]).succeeds();
    fs::write(vault.home().path("wrong"), "another passphrase").unwrap();
    vault
        .bare(&format!("backup drill {copy} --passphrase-file wrong"))
        .exits(3);
}

#[test]
fn restore_shows_a_plan_and_puts_the_copy_in_place_by_one_save() {
    let (vault, folder) = scene();
    vault.bare("backup create stick").succeeds();
    let copy = format!("stick/{}", copies(&folder)[0]);
    vault.keyward("edit one --comment changed").succeeds();
    vault.keyward("remove two").succeeds();
    vault.keyward("generate three").succeeds();
    let before = fs::read(vault.path()).unwrap();
    let plan = vault.json(&format!("backup restore {copy} --dry-run"));
    let plan: Vec<_> = plan
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["name"].as_str().unwrap(),
                line["change"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        plan,
        [("one", "older"), ("three", "missing"), ("two", "new")]
    );
    assert_eq!(fs::read(vault.path()).unwrap(), before);
    let said = vault
        .keyward(&format!("backup restore {copy}"))
        .exits(1)
        .stderr;
    assert!(
        said.contains("is generation 3, and this machine has seen 6"),
        "{said}"
    );
    assert_eq!(fs::read(vault.path()).unwrap(), before);
}

#[test]
fn restore_of_one_key_is_no_way_back_for_the_rest_and_of_the_whole_follows_what_was_there() {
    let (vault, folder) = scene();
    vault.bare("backup create stick").succeeds();
    let copy = format!("stick/{}", copies(&folder)[0]);
    vault.keyward("edit one --comment changed").succeeds();
    vault.keyward("remove two").succeeds();
    vault.keyward("generate three").succeeds();
    let before = fs::read(vault.path()).unwrap();
    vault
        .keyward(&format!("backup restore {copy} --records two"))
        .succeeds();
    assert_eq!(vault.names(), ["one", "three", "two"]);
    assert_eq!(vault.json("show one")["comment"], "changed");
    vault
        .keyward(&format!("backup restore {copy} --records none"))
        .exits(1);
    vault
        .keyward(&format!("backup restore {copy} --accept-rollback"))
        .succeeds();
    assert_eq!(vault.names(), ["one", "two"]);
    assert_ne!(vault.json("show one")["comment"], "changed");
    // It follows what was there, which is kept.
    let older = fs::read(vault.path().with_extension("1")).unwrap();
    assert_ne!(older, before);
    vault.keyward("generate four").succeeds();
    let said = vault.bare("fsck").succeeds().stdout;
    assert!(said.contains("generation 9, "), "{said}");
}

#[test]
fn restore_brings_back_a_vault_that_is_gone_or_damaged() {
    let (vault, folder) = scene();
    vault.bare("backup create stick").succeeds();
    let copy = format!("stick/{}", copies(&folder)[0]);
    let whole = fs::read(vault.path()).unwrap();
    let said = vault
        .keyward(&format!("backup restore {copy}"))
        .succeeds()
        .stderr;
    assert!(said.contains("The vault is this very copy"), "{said}");
    fs::remove_file(vault.path()).unwrap();
    let restore = vault.keyward(&format!("backup restore {copy}")).succeeds();
    assert_eq!(fs::read(vault.path()).unwrap(), whole);
    // Nothing was there that could be kept.
    assert_eq!(restore.stderr.lines().last(), Some("Restored."));
    let mut damaged = whole;
    damaged[700] ^= 1;
    fs::write(vault.path(), &damaged).unwrap();
    vault.keyward(&format!("backup restore {copy}")).succeeds();
    assert_eq!(vault.names(), ["one", "two"]);
    assert_eq!(fs::read(vault.path().with_extension("1")).unwrap(), damaged);
    // On a machine that knows nothing, too.
    fs::remove_dir_all(vault.home().path("data")).unwrap();
    fs::remove_dir_all(vault.home().path("state")).unwrap();
    vault
        .bare(&format!("backup restore {copy} --recovery-file recovery"))
        .succeeds();
    assert_eq!(vault.names(), ["one", "two"]);
    let other = CheapVault::new();
    let foreign = vault.home().path(&copy);
    let mut restore = other.bare("backup restore");
    restore
        .arg(foreign)
        .arg("--passphrase-file")
        .arg(vault.home().path("passphrase"));
    let said = restore.exits(1).stderr;
    assert!(said.contains("is a copy of another vault than"), "{said}");
}

#[test]
fn restore_asks_at_a_terminal_and_for_the_secret_of_both() {
    let (vault, folder) = scene();
    vault.bare("backup create stick").succeeds();
    let copy = format!("stick/{}", copies(&folder)[0]);
    vault.home().write("new", "a newer passphrase");
    vault.keyward("passwd --new-passphrase-file new").succeeds();
    vault.bare("remove two --passphrase-file new").succeeds();
    let restore = format!("backup restore {copy} --records two");
    // Without a terminal there is nobody to ask for the other.
    let said = vault.keyward(&restore).exits(1).stderr;
    assert!(
        said.contains("does not open with the copy's secret"),
        "{said}"
    );
    let mut terminal = Terminal::run(&vault.bare(&restore));
    terminal.expects("Passphrase for ");
    terminal.types_hidden(PASSPHRASE);
    terminal.expects("has another secret than the copy");
    terminal.expects("Passphrase for ");
    terminal.types_hidden("a newer passphrase");
    terminal.expects("Restore? Type yes to go on: ");
    terminal.types("no");
    let shown = terminal.exits(1);
    assert!(shown.contains("error: not restored"), "{shown}");
    let listed = vault.bare("list --passphrase-file new").succeeds().stdout;
    assert!(!listed.contains("two"), "{listed}");
    // The whole copy, under the passphrase of then.
    vault
        .keyward(&format!("backup restore {copy} --accept-rollback"))
        .succeeds();
    assert_eq!(vault.names(), ["one", "two"]);
}

#[test]
fn what_is_missing_is_said_by_status_and_list() {
    let (vault, folder) = scene();
    let agent = Agent::start(&[]);
    let notes = || vault.keyward("list").succeeds().stderr;
    assert_eq!(
        notes(),
        "note: the vault has no backup: keyward backup create FOLDER\n"
    );
    vault.bare("backup create stick").succeeds();
    assert_eq!(
        notes(),
        "note: no backup was ever tried: keyward backup drill\n"
    );
    vault.keyward("backup drill").succeeds();
    assert_eq!(notes(), "");
    vault.keyward("generate three").succeeds();
    let expected = format!(
        "note: the backup is 1 save behind the vault: keyward backup create {}\n",
        folder.display()
    );
    assert_eq!(notes(), expected);
    let status = said_by_status(&vault, &agent, "status --json");
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["backup"]["behind"], 1);
    assert_eq!(status["backup"]["reminders"].as_array().unwrap().len(), 1);
    let said = said_by_status(&vault, &agent, "status");
    assert!(
        said.contains("\nbackup       the backup is 1 save behind"),
        "{said}"
    );
    fs::create_dir_all(vault.home().path("config/keyward")).unwrap();
    vault
        .home()
        .write("config/keyward/config.toml", "remind = \"never\"\n");
    assert_eq!(notes(), "");
}

fn said_by_status(vault: &CheapVault, agent: &Agent, words: &str) -> String {
    let mut status = vault.bare(words);
    status
        .env("SSH_AUTH_SOCK", agent.socket())
        .succeeds()
        .stdout
}

#[test]
fn copies_are_listed_as_they_are_known_and_as_they_lie() {
    let (vault, _) = scene();
    let none = vault.bare("backup list").succeeds().stderr;
    assert!(none.starts_with("There is no copy."), "{none}");
    vault.bare("backup create stick").succeeds();
    vault.keyward("generate three").succeeds();
    let listed = vault.bare("backup list").succeeds().stdout;
    assert!(listed.contains("generation 3, made "), "{listed}");
    assert!(listed.contains("1 save behind"), "{listed}");
    let here = vault.bare("backup list stick").succeeds().stdout;
    assert!(
        here.contains("generation 3, older than the vault by 1 save"),
        "{here}"
    );
}

#[test]
fn newest_copies_stay_whatever_names_others_make() {
    let vault = CheapVault::new();
    let folder = vault.home().path("shared");
    fs::create_dir(&folder).unwrap();
    let create = || vault.bare("backup create shared --keep 2").succeeds();
    create();
    let genuine = || {
        let entries = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .filter(|path| path.metadata().unwrap().len() > 0)
            .count()
    };
    let name = fs::read_dir(&folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .file_name();
    let start = name
        .to_str()
        .unwrap()
        .rsplit_once("-g")
        .unwrap()
        .0
        .to_owned();
    for generation in [900, 901, 902] {
        fs::write(folder.join(format!("{start}-g{generation}.vault")), "").unwrap();
    }
    vault.keyward("generate one").succeeds();
    create();
    assert_eq!(genuine(), 2);
    vault.keyward("generate two").succeeds();
    create();
    assert_eq!(genuine(), 2);
    let said = vault.bare("backup create file --keep 2").exits(1).stderr;
    assert!(said.contains("--keep is for a folder"), "{said}");
}

#[test]
fn named_pipes_are_no_copies() {
    let vault = CheapVault::new();
    let mut make = vault.home().command("mkfifo");
    make.arg("keyward-0123abcd-2026-01-01-g1.vault").succeeds();
    let said = vault.bare("backup list .").succeeds().stdout;
    assert!(said.contains("damaged: "), "{said}");
    vault
        .bare("backup verify keyward-0123abcd-2026-01-01-g1.vault")
        .exits(1);
}

#[test]
fn a_copy_that_was_removed_is_none() {
    let vault = CheapVault::new();
    vault.bare("backup create copy").succeeds();
    let status = || vault.bare("backup list").succeeds();
    assert!(status().stdout.contains("up to date"));
    fs::remove_file(vault.home().path("copy")).unwrap();
    assert!(status().stderr.contains("There is no copy"));
    vault.keyward("generate one").succeeds();
    let said = vault.keyward("list").succeeds().stderr;
    assert!(said.contains("the vault has no backup"), "{said}");
}

#[test]
fn names_of_files_do_not_steer_the_terminal() {
    let vault = CheapVault::new();
    let name = "a\u{1b}]0;OWN\u{7}.vault";
    vault.bare("backup create").arg(name).succeeds();
    let mut terminal = Terminal::run(vault.bare("backup drill").arg(name));
    terminal.expects("Passphrase for ");
    terminal.types_hidden(PASSPHRASE);
    let shown = terminal.exits(0);
    assert!(!shown.contains("\u{1b}]0;OWN"), "{shown:?}");
}

#[test]
fn damaged_vault_is_not_replaced_by_a_copy_of_another() {
    let (vault, other) = (CheapVault::new(), CheapVault::new());
    other.bare("backup create copy").succeeds();
    vault.keyward("generate one").succeeds();
    let damaged = fs::read(vault.path()).unwrap()[..200].to_vec();
    fs::write(vault.path(), &damaged).unwrap();
    let copy = other.home().path("copy");
    let mut restore = vault.bare("backup restore --yes --passphrase-file passphrase");
    let said = restore.arg(&copy).exits(1).stderr;
    assert!(said.contains("is a copy of another vault"), "{said}");
    assert_eq!(fs::read(vault.path()).unwrap(), damaged);
}

#[test]
fn names_that_the_copy_does_not_have_are_said_before_anything() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    vault.bare("backup create copy").succeeds();
    let said = vault
        .keyward("backup restore copy --dry-run --records typo")
        .exits(1)
        .stderr;
    assert!(said.contains("no key is called \"typo\""), "{said}");
}

#[test]
fn drill_finds_a_key_whose_public_half_is_another() {
    let home = Home::new();
    let vault = PlantedVault::empty(&home, "unglazed cosmos trickle hubcap");
    let string = |bytes: &[u8]| message::string(bytes);
    let private = [
        string(b"ssh-ed25519"),
        string(&[7; 32]),
        string(&[[9; 32], [7; 32]].concat()),
    ];
    vault.change(|vault| planted_vault::insert(vault, "wrong", private.concat()));
    let mut create = home.command(program::path());
    create.args(["backup", "create", "copy"]).succeeds();
    let drill = vault
        .keyward(&home, &["backup", "drill", "copy", "--json"])
        .exits(1);
    let report: Value = serde_json::from_str(&drill.stdout).unwrap();
    assert_eq!(report["right"], false, "{report}");
    assert_eq!(report["keys"][0]["matches"], false, "{report}");
    // Nobody is told that a drill went well.
    let said = vault.keyward(&home, &["list"]).succeeds().stderr;
    assert!(said.contains("no backup was ever tried"), "{said}");
}

#[test]
fn whole_restore_that_cannot_show_everything_is_not_done_unasked() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    vault.bare("backup create copy").succeeds();
    vault
        .home()
        .write("new", "another phrase of seven words, and newer");
    vault.keyward("passwd --new-passphrase-file new").succeeds();
    vault.bare("generate two --passphrase-file new").succeeds();
    let before = fs::read(vault.path()).unwrap();
    let restore = |words: &str| vault.keyward(&format!("backup restore copy {words}"));
    let said = restore("--dry-run").succeeds().stderr;
    assert!(said.contains("what is only in it is not shown"), "{said}");
    let said = restore("").exits(1).stderr;
    assert!(said.contains("would be gone unseen"), "{said}");
    assert_eq!(fs::read(vault.path()).unwrap(), before);
    let said = restore("--accept-rollback").succeeds().stderr;
    assert!(said.contains("vault.1"), "{said}");
    let kept = vault.path().with_added_extension("1");
    assert_eq!(fs::read(kept).unwrap(), before);
    // The copy that it came from is one.
    let said = vault.bare("backup list").succeeds().stdout;
    assert!(said.contains("/copy  generation 2"), "{said}");
}

#[test]
fn drill_says_how_old_the_copy_is() {
    let vault = CheapVault::new();
    vault.bare("backup create copy").succeeds();
    for name in ["one", "two"] {
        vault.keyward(&format!("generate {name}")).succeeds();
    }
    let said = vault.keyward("backup drill").succeeds().stdout;
    assert!(said.contains("it is 2 saves behind the vault"), "{said}");
    assert_eq!(vault.json("backup drill copy")["behind"], 2);
}

#[test]
fn places_that_are_folders_are_not_made_files() {
    let vault = CheapVault::new();
    let said = vault.bare("backup create missing/").exits(1).stderr;
    assert!(
        said.contains("missing/: No such file or directory"),
        "{said}"
    );
    assert!(!vault.home().path("missing").exists());
}
