//! The verbs of the vault, one after the other, with their flags, their JSON and their refusals.

use std::fs;

use keyward_tests::{Agent, CheapVault, Key, KeyKind, Run};
use serde_json::{Value, json};

/// The judge of a public line: OpenSSH's fingerprint of it.
fn fingerprint(vault: &CheapVault, line: &str) -> String {
    let file = vault.home().write("line.pub", format!("{line}\n"));
    let mut keygen = vault.home().command("ssh-keygen");
    let said = keygen.arg("-lf").arg(file).succeeds().stdout;
    said.split(' ').nth(1).unwrap().to_owned()
}

fn generated(names: &[&str]) -> CheapVault {
    let vault = CheapVault::new();
    for name in names {
        vault.keyward(&format!("generate {name}")).succeeds();
    }
    vault
}

#[test]
fn generate_makes_a_key_of_every_type() {
    let vault = CheapVault::new();
    for (word, name, short, bits) in [
        ("ed25519", "ssh-ed25519", "ED25519", 256),
        ("ecdsa-p256", "ecdsa-sha2-nistp256", "ECDSA", 256),
        ("ecdsa-p384", "ecdsa-sha2-nistp384", "ECDSA", 384),
        ("ecdsa-p521", "ecdsa-sha2-nistp521", "ECDSA", 521),
        ("rsa-3072", "ssh-rsa", "RSA", 3072),
        ("rsa-4096", "ssh-rsa", "RSA", 4096),
    ] {
        let key = vault.json(&format!(
            "generate {word} --type {word} --comment me@{word}"
        ));
        let public = key["public"].as_str().unwrap();
        assert!(public.starts_with(&format!("{name} AAAA")), "{public}");
        assert!(public.ends_with(&format!(" me@{word}")), "{public}");
        assert_eq!(key["fingerprint"], fingerprint(&vault, public));
        assert_eq!(key["type"], short);
        assert_eq!(key["bits"], bits);
    }
    assert_eq!(vault.names().len(), 6);
}

#[test]
fn generate_shows_what_goes_into_authorized_keys() {
    let vault = CheapVault::new();
    let said = vault.keyward("generate github").succeeds().stdout;
    let key = vault.json("show github");
    let public = key["public"].as_str().unwrap();
    assert_eq!(said.lines().last(), Some(public));
    assert!(said.starts_with(&format!("{} github\n", fingerprint(&vault, public))));
    let file = vault.home().write("line.pub", format!("{public}\n"));
    let mut keygen = vault.home().command("ssh-keygen");
    let drawn = keygen.arg("-lvf").arg(file).succeeds().stdout;
    let picture: Vec<&str> = drawn.lines().skip(1).collect();
    assert_eq!(said.lines().skip(1).take(11).collect::<Vec<_>>(), picture);
}

#[test]
fn json_has_the_documented_fields() {
    let vault = generated(&["github"]);
    let keys = vault.json("list");
    let key = &keys[0];
    let mut fields: Vec<&String> = key.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "bits",
            "certificate",
            "comment",
            "constraints",
            "created",
            "fingerprint",
            "last_used",
            "name",
            "public",
            "type",
        ]
    );
    assert_eq!(
        key["constraints"],
        json!({"confirm": false, "lifetime": null, "destinations": []})
    );
    assert_eq!(key["certificate"], Value::Null);
    assert_eq!(key["last_used"], Value::Null);
    let created = key["created"].as_str().unwrap();
    assert!(
        created.starts_with("20") && created.ends_with('Z'),
        "{created}"
    );
    assert_eq!(&vault.json("show github"), key);
}

#[test]
fn names_are_sorted_and_may_be_any_text() {
    let vault = CheapVault::new();
    for name in ["zebra", "a b", "Ünïcode ✓", "-dash", "--json"] {
        vault.keyward("generate --").arg(name).succeeds();
    }
    assert_eq!(
        vault.names(),
        ["--json", "-dash", "a b", "zebra", "Ünïcode ✓"]
    );
    for (name, reason) in [
        ("", "name is empty"),
        ("a\tb", "control"),
        (&*"x".repeat(129), "longer"),
    ] {
        let said = vault.keyward("generate").arg(name).exits(1).stderr;
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn the_table_shows_no_control_characters() {
    let vault = CheapVault::new();
    let mut generate = vault.keyward("generate evil --comment");
    generate.arg("a\x1b[31m\nb").succeeds();
    let said = vault.keyward("list").succeeds().stdout;
    assert_eq!(said.lines().count(), 2, "{said:?}");
    assert!(!said.contains('\x1b'), "{said:?}");
    let said = vault.keyward("public evil").succeeds().stdout;
    assert_eq!(said.lines().count(), 1, "{said:?}");
}

#[test]
fn an_empty_vault_lists_nothing_and_says_what_to_do() {
    let vault = CheapVault::new();
    let said = vault.keyward("list").succeeds();
    assert_eq!(said.stdout, "");
    assert!(
        said.stderr.contains("keyward generate NAME"),
        "{}",
        said.stderr
    );
    assert_eq!(vault.json("list"), json!([]));
    let said = vault.keyward("list --removed").succeeds().stderr;
    assert_eq!(said, "No removed key can be brought back.\n");
}

#[test]
fn a_name_that_is_not_there_is_exit_1_and_one_that_is_taken_too() {
    let vault = generated(&["one", "two"]);
    for words in [
        "show no",
        "public no",
        "rename no x",
        "edit no --confirm",
        "remove one no",
        "export no --plaintext --out x",
        "undelete no",
        "undelete one",
    ] {
        let said = vault.keyward(words).exits(1).stderr;
        assert!(said.contains("key is called"), "{words}: {said}");
        assert!(said.contains("\nhint: keyward list"), "{words}: {said}");
    }
    for words in ["generate one", "rename two one"] {
        let said = vault.keyward(words).exits(1).stderr;
        assert!(
            said.starts_with("error: name \"one\" is taken\nhint: "),
            "{said}"
        );
    }
    assert_eq!(vault.names(), ["one", "two"]);
}

#[test]
fn rename_changes_the_name_alone() {
    let vault = generated(&["old"]);
    let mut before = vault.json("show old");
    vault.keyward("rename old new").succeeds();
    before["name"] = json!("new");
    assert_eq!(vault.json("list"), json!([before]));
    vault.keyward("rename new new").succeeds();
}

#[test]
fn edit_changes_every_part_and_takes_it_away_again() {
    let vault = generated(&["prod"]);
    let mut edit = vault.keyward(
        "edit prod --confirm --lifetime 8h --destination git@github.com --destination hop>root@web --json --comment",
    );
    edit.arg("two words").arg("--notes").arg("noted\ntwice");
    let edited: Value = serde_json::from_str(&edit.succeeds().stdout).unwrap();
    assert_eq!(
        edited["constraints"],
        json!({"confirm": true, "lifetime": 28800, "destinations": ["git@github.com", "hop>root@web"]})
    );
    assert_eq!(edited["comment"], "two words");
    assert_eq!(edited["notes"], "noted\ntwice");
    assert!(edited["public"].as_str().unwrap().ends_with(" two words"));
    assert_eq!(vault.json("show prod"), edited);
    let table = vault.keyward("list").succeeds().stdout;
    assert!(
        table.contains("confirm, for 8h, to git@github.com, to hop>root@web"),
        "{table}"
    );
    vault
        .keyward("edit prod --no-confirm --no-lifetime --no-destinations --notes")
        .arg("")
        .succeeds();
    let plain = vault.json("show prod");
    assert_eq!(
        plain["constraints"],
        json!({"confirm": false, "lifetime": null, "destinations": []})
    );
    assert_eq!(plain.get("notes"), None);
    assert_eq!(plain["comment"], "two words");
}

#[test]
fn edit_takes_a_certificate_of_this_key_only() {
    let vault = CheapVault::new();
    let key = Key::certified(KeyKind::Ed25519);
    let mut import = vault.keyward("import --name work");
    fs::copy(&key.path, vault.home().path("plain")).unwrap();
    import.arg(vault.home().path("plain")).succeeds();
    let said = vault.keyward("public work --certificate").exits(1).stderr;
    assert_eq!(said, "error: key \"work\" has no certificate\n");
    let edit = |of: &Key| {
        let mut edit = vault.keyward("edit work --certificate");
        edit.arg(of.certificate_path());
        edit
    };
    let other = edit(&Key::certified(KeyKind::EcdsaP256)).exits(1).stderr;
    assert!(other.contains("is for another key"), "{other}");
    vault
        .keyward("edit work --certificate")
        .arg(key.public_path())
        .exits(1);
    edit(&key).succeeds();
    let line = vault.keyward("public work --certificate").succeeds().stdout;
    let file = vault.home().write("id-cert.pub", &line);
    let mut keygen = vault.home().command("ssh-keygen");
    let shown = keygen.arg("-Lf").arg(file).succeeds().stdout;
    assert!(shown.contains("Key ID: \"ed25519\""), "{shown}");
    let shown = vault.json("show work")["certificate"].clone();
    assert_eq!(shown.as_str(), Some(line.trim_end()));
    vault.keyward("edit work --no-certificate").succeeds();
    vault.keyward("public work --certificate").exits(1);
}

#[test]
fn edit_refuses_what_makes_no_sense() {
    let vault = generated(&["prod"]);
    for (words, code) in [
        ("edit prod", 64),
        ("edit prod --confirm --no-confirm", 64),
        ("edit prod --lifetime 1h --no-lifetime", 64),
        ("edit prod --destination a --no-destinations", 64),
        ("edit prod --lifetime 0", 1),
        ("edit prod --lifetime=-5", 1),
        ("edit prod --lifetime 1x", 1),
        ("edit prod --lifetime 99999999999999999999", 1),
        ("edit prod --destination a@b>c", 1),
        ("edit prod --destination user@", 1),
        ("edit prod --certificate nofile", 1),
    ] {
        let said = vault.keyward(words).exits(code).stderr;
        assert!(said.starts_with("error: "), "{words}: {said}");
    }
}

#[test]
fn a_removed_key_is_hidden_and_comes_back() {
    let vault = generated(&["one", "two", "three"]);
    let two = vault.json("show two");
    let said = vault.keyward("rm one two").succeeds().stderr;
    assert_eq!(
        said.matches("for 30 days: keyward undelete ").count(),
        2,
        "{said}"
    );
    assert_eq!(vault.names(), ["three"]);
    vault.keyward("show two").exits(1);
    let removed = vault.json("list --removed");
    assert_eq!(removed.as_array().unwrap().len(), 2);
    assert!(removed[1]["removed"].as_str().unwrap().ends_with('Z'));
    vault.keyward("undelete two").succeeds();
    assert_eq!(vault.json("show two"), two);
    vault.keyward("undelete two").exits(1);
    // Its name is free while it is removed.
    vault.keyward("generate one").succeeds();
    let said = vault.keyward("undelete one").exits(1).stderr;
    assert!(said.contains("name \"one\" is taken"), "{said}");
}

#[test]
fn removing_several_is_all_or_nothing() {
    let vault = generated(&["one", "two"]);
    let before = fs::read(vault.path()).unwrap();
    vault.keyward("remove one two no").exits(1);
    vault.keyward("remove one one").exits(1);
    assert_eq!(fs::read(vault.path()).unwrap(), before);
}

#[test]
fn a_running_agent_that_has_no_vault_is_left_alone() {
    let vault = generated(&["one"]);
    let agent = Agent::start(&[]);
    vault.beside(&agent, "rename one two").succeeds();
    assert_eq!(
        vault
            .beside(&agent, "list")
            .succeeds()
            .stdout
            .lines()
            .count(),
        2
    );
}

#[test]
fn every_verb_has_help_with_examples() {
    let vault = CheapVault::new();
    for verb in [
        "init",
        "generate",
        "import",
        "list",
        "show",
        "public",
        "rename",
        "edit",
        "remove",
        "undelete",
        "export",
        "passwd",
        "slot",
        "slot list",
        "slot add passphrase",
        "slot add recovery",
        "slot remove",
        "unlock",
        "lock",
        "completions",
    ] {
        let long = vault.bare(verb).arg("--help").succeeds().stdout;
        assert!(long.contains("\nExamples:\n  keyward "), "{verb}: {long}");
        let short = vault.bare(verb).arg("-h").succeeds().stdout;
        assert!(short.contains("Usage: keyward "), "{verb}: {short}");
        let said = vault.bare(verb).arg("--no-such-flag").exits(64).stderr;
        assert!(said.starts_with("error: "), "{verb}: {said}");
    }
    for words in [
        "",
        "slot",
        "slot add",
        "no-such-verb",
        "rename one",
        "export one",
        "generate",
    ] {
        vault.bare(words).exits(64);
    }
}
