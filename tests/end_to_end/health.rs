//! `keyward health`: what is wrong with key files and the vault, judged on files that other programs made.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use keyward_tests::{
    Agent, CheapVault, Home, PlantedVault, Run, Terminal, cheap_vault::PASSPHRASE,
    key::SECURITY_KEY_PROVIDER, program,
};
use serde_json::Value;

const SECRET: &str = "a passphrase of six words here";

fn health(home: &Home, words: &[&str]) -> Command {
    let mut command = home.command(program::path());
    command.arg("health").args(words);
    command
}

/// The findings, each as its code and the last part of what it is about, and what the program exits with.
fn found(home: &Home, words: &[&str]) -> (Option<i32>, Vec<String>) {
    let outcome = health(home, &["--json"]).args(words).outcome();
    let review: Value =
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.both()));
    let findings = review["findings"].as_array().unwrap().iter();
    let mut said: Vec<String> = findings
        .map(|finding| {
            assert!(!finding["fix"].as_str().unwrap().is_empty(), "{finding}");
            let subject = finding["subject"].as_str().unwrap();
            let name = subject.rsplit('/').next().unwrap();
            format!("{} {name}", finding["code"].as_str().unwrap())
        })
        .collect();
    said.sort();
    (outcome.code, said)
}

#[track_caller]
fn finds(home: &Home, expected: &[&str]) {
    let (code, said) = found(home, &[]);
    assert_eq!(said, expected);
    assert_eq!(code, Some(i32::from(!expected.is_empty())));
}

fn keygen(home: &Home, name: &str, passphrase: &str, flags: &[&str]) {
    let mut keygen = home.command("ssh-keygen");
    keygen.args(["-q", "-N", passphrase, "-f"]);
    keygen.arg(format!(".ssh/{name}")).args(flags).succeeds();
}

fn mode(home: &Home, name: &str, mode: u32) {
    fs::set_permissions(home.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn nothing_is_wrong_with_sealed_keys_of_good_sizes() {
    let home = Home::new();
    finds(&home, &[]);
    keygen(&home, "id_ed25519", SECRET, &["-t", "ed25519"]);
    keygen(&home, "id_rsa", SECRET, &["-t", "rsa", "-b", "3072"]);
    keygen(
        &home,
        "id_ecdsa",
        SECRET,
        &["-t", "ecdsa", "-m", "PKCS8", "-Z", "aes256-ctr"],
    );
    home.write(".ssh/config", "Host *\n");
    home.write(".ssh/known_hosts", "");
    let (_, said) = found(&home, &[]);
    // OpenSSL's PKCS #8 has 2,048 iterations.
    assert_eq!(said, ["cheap-derivation id_ecdsa"]);
    let said = health(&home, &[]).succeeds().stdout;
    assert!(said.contains("Nothing is wrong. Notes: 1;"), "{said}");
    assert!(said.contains("key files looked at: 3,"), "{said}");
}

#[test]
fn files_in_the_clear_are_found_in_every_format() {
    let home = Home::new();
    keygen(&home, "id_openssh", "", &["-t", "ed25519"]);
    keygen(
        &home,
        "id_pem",
        "",
        &["-t", "rsa", "-b", "3072", "-m", "PEM"],
    );
    keygen(&home, "id_pkcs8", "", &["-t", "ecdsa", "-m", "PKCS8"]);
    let mut puttygen = home.command("puttygen");
    puttygen.args(["-q", ".ssh/id_pem", "-O", "private", "-o", ".ssh/id.ppk"]);
    puttygen.succeeds();
    finds(
        &home,
        &[
            "duplicate id.ppk",
            "unencrypted id.ppk",
            "unencrypted id_openssh",
            "unencrypted id_pem",
            "unencrypted id_pkcs8",
        ],
    );
}

#[test]
fn legacy_encryption_and_weak_keys_are_found() {
    let home = Home::new();
    keygen(
        &home,
        "legacy",
        SECRET,
        &["-t", "rsa", "-b", "3072", "-m", "PEM"],
    );
    keygen(&home, "weak", SECRET, &["-t", "rsa", "-b", "2048"]);
    keygen(&home, "weaker", "", &["-t", "rsa", "-b", "1024"]);
    let mut dsa = home.command("sh");
    dsa.arg("-c")
        .arg("openssl dsaparam -out parameters 1024 && openssl gendsa -out .ssh/dsa parameters && chmod 600 .ssh/dsa");
    dsa.succeeds();
    finds(
        &home,
        &[
            "legacy-encryption legacy",
            "unencrypted dsa",
            "unencrypted weaker",
            "weak-key dsa",
            "weak-key weak",
            "weak-key weaker",
        ],
    );
    // What is to be typed mends it.
    let said = health(&home, &[]).exits(1).stdout;
    let fix = said
        .lines()
        .find(|line| line.contains("ssh-keygen -p -a 64"))
        .unwrap();
    let mut mended = home.command("sh");
    mended
        .arg("-c")
        .arg(format!("{fix} -P '{SECRET}' -N '{SECRET}'"))
        .succeeds();
    assert!(
        !found(&home, &[])
            .1
            .contains(&"legacy-encryption legacy".to_owned())
    );
}

#[test]
fn modes_of_files_and_folders_are_found() {
    let home = Home::new();
    keygen(&home, "id", SECRET, &["-t", "ed25519"]);
    for name in ["config", "authorized_keys"] {
        home.write(&format!(".ssh/{name}"), "");
        mode(&home, &format!(".ssh/{name}"), 0o664);
    }
    mode(&home, ".ssh/id", 0o640);
    mode(&home, ".ssh/id.pub", 0o666);
    mode(&home, ".ssh", 0o777);
    finds(
        &home,
        &[
            "file-mode authorized_keys",
            "file-mode config",
            "file-mode id",
            "file-mode id.pub",
            "folder-mode .ssh",
        ],
    );
    // Each line that says what to type is a command that mends it.
    let outcome = health(&home, &["--json"]).exits(1);
    let review: Value = serde_json::from_str(&outcome.stdout).unwrap();
    for finding in review["findings"].as_array().unwrap() {
        let mut fix = home.command("sh");
        fix.arg("-c")
            .arg(finding["fix"].as_str().unwrap())
            .succeeds();
    }
    finds(&home, &[]);
    // Others who see the names of keys can do nothing with them.
    mode(&home, ".ssh", 0o755);
    assert_eq!(
        found(&home, &[]),
        (Some(0), vec!["folder-mode .ssh".to_owned()])
    );
}

#[test]
fn one_key_in_two_files_and_old_ones_are_found() {
    let home = Home::new();
    keygen(&home, "id_one", SECRET, &["-t", "ed25519"]);
    fs::copy(home.path(".ssh/id_one"), home.path(".ssh/a 'copy'")).unwrap();
    std::os::unix::fs::symlink("id_one", home.path(".ssh/another")).unwrap();
    fs::hard_link(home.path(".ssh/id_one"), home.path(".ssh/same")).unwrap();
    finds(&home, &["duplicate a 'copy'"]);
    let mut touch = home.command("touch");
    touch
        .args(["-d", "2020-01-01", ".ssh/id_one.pub", ".ssh/a 'copy'"])
        .succeeds();
    let (_, said) = found(&home, &[]);
    assert_eq!(
        said,
        ["duplicate a 'copy'", "old-key a 'copy'", "old-key id_one"]
    );
}

#[test]
fn certificates_that_end_are_found() {
    let home = Home::new();
    keygen(&home, "id", SECRET, &["-t", "ed25519"]);
    keygen(&home, "authority", SECRET, &["-t", "ed25519"]);
    let certify = |validity: &str| {
        let mut keygen = home.command("ssh-keygen");
        keygen.args([
            "-q",
            "-P",
            SECRET,
            "-s",
            ".ssh/authority",
            "-I",
            "me",
            "-n",
            "me",
        ]);
        keygen.args(["-V", validity, ".ssh/id.pub"]).succeeds();
    };
    for (validity, expected) in [
        ("always:forever", &[][..]),
        ("+90d", &[]),
        ("+3d", &["certificate-ends id-cert.pub"]),
        ("20200101:20200201", &["certificate-ends id-cert.pub"]),
    ] {
        certify(validity);
        finds(&home, expected);
    }
    home.write(".ssh/id-cert.pub", "ssh-ed25519-cert-v01@openssh.com AAAA");
    let said = health(&home, &[]).succeeds().stdout;
    assert!(
        said.contains("not checked: ") && said.contains("id-cert.pub"),
        "{said}"
    );
}

#[test]
fn the_handle_of_a_security_key_is_no_key_in_the_clear() {
    let home = Home::new();
    keygen(
        &home,
        "id",
        "",
        &["-t", "ed25519-sk", "-w", SECURITY_KEY_PROVIDER],
    );
    let said = health(&home, &[]).succeeds().stdout;
    assert!(!said.contains("unencrypted"), "{said}");
}

#[test]
fn files_and_folders_may_be_named_and_those_below_are_looked_into() {
    let home = Home::new();
    keygen(&home, "id", "", &["-t", "ed25519"]);
    fs::create_dir_all(home.path("other/below")).unwrap();
    fs::copy(home.path(".ssh/id"), home.path("other/below/key")).unwrap();
    for folder in ["other", "other/below"] {
        mode(&home, folder, 0o700);
    }
    std::os::unix::fs::symlink("..", home.path("other/below/up")).unwrap();
    assert_eq!(found(&home, &["other"]).1, ["unencrypted key"]);
    assert_eq!(found(&home, &[".ssh/id"]).1, ["unencrypted id"]);
    let said = health(&home, &["nothing"]).exits(1).stderr;
    assert!(said.contains("nothing: No such file"), "{said}");
    home.write("text", "no key at all");
    let said = health(&home, &["text"]).succeeds().stdout;
    assert!(said.contains("text: it holds no private key"), "{said}");
}

#[test]
fn strange_files_stop_nothing() {
    let home = Home::new();
    home.write(
        ".ssh/damaged",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    );
    mode(&home, ".ssh/damaged", 0o600);
    home.write(".ssh/evil\u{1b}[31m\nname", "-----BEGIN PRIVATE KEY-----\n");
    mode(&home, ".ssh/evil\u{1b}[31m\nname", 0o600);
    let mut pipe = home.command("mkfifo");
    pipe.arg(".ssh/pipe").succeeds();
    home.write(
        ".ssh/huge",
        [&b"-----BEGIN PRIVATE KEY-----\n"[..], &[b'A'; 3 << 20]].concat(),
    );
    mode(&home, ".ssh/huge", 0o600);
    let said = health(&home, &[]).succeeds().stdout;
    assert_eq!(said.matches("not checked: ").count(), 3, "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
}

#[test]
fn the_vault_and_the_keys_in_it_are_looked_at() {
    let vault = CheapVault::new();
    let home = vault.home();
    keygen(home, "weak", "", &["-t", "rsa", "-b", "2048"]);
    vault.keyward("import .ssh/weak").succeeds();
    let opened = ["--passphrase-file", "passphrase"];
    let (code, said) = found(home, &opened);
    assert_eq!(code, Some(1));
    let expected = [
        "backup vault",
        "duplicate weak",
        "unencrypted weak",
        "weak-key weak",
        "weak-key weak",
    ];
    assert_eq!(said, expected);
    // Closed, and with nobody to ask, its keys are said to be unchecked.
    let said = health(home, &[]).exits(1).stdout;
    assert!(
        said.contains("vault: the keys in it: it is closed"),
        "{said}"
    );
    fs::remove_file(home.path(".ssh/weak")).unwrap();
    fs::remove_file(home.path(".ssh/weak.pub")).unwrap();
    vault.keyward("remove weak").succeeds();
    fs::create_dir(home.path("copies")).unwrap();
    vault.bare("backup create copies").succeeds();
    vault.keyward("backup drill").succeeds();
    assert_eq!(found(home, &opened), (Some(0), vec![]));
    let mut health = health(home, &opened);
    health.arg("--recovery-file").arg("recovery").exits(64);
}

#[test]
fn the_agent_that_has_the_vault_open_is_asked_and_a_person_otherwise() {
    let agent = Agent::start(&[]);
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let mut terminal = Terminal::run(&vault.bare("health"));
    terminal.expects("Passphrase for ");
    terminal.types_hidden(PASSPHRASE);
    let shown = terminal.exits(1);
    assert!(shown.contains("keys of the vault: 1."), "{shown}");
    assert!(shown.contains("keyward backup create FOLDER"), "{shown}");
    vault.beside(&agent, "unlock").succeeds();
    let mut asked = health(vault.home(), &[]);
    let said = asked.env("SSH_AUTH_SOCK", agent.socket()).exits(1).stdout;
    assert!(said.contains("keys of the vault: 1."), "{said}");
}

#[test]
fn files_that_are_named_are_judged_as_what_they_are() {
    let home = Home::new();
    keygen(&home, "id", SECRET, &["-t", "ed25519"]);
    home.write(".ssh/config", "");
    for name in [".ssh/id.pub", ".ssh/config"] {
        mode(&home, name, 0o644);
    }
    let words = [".ssh/id", ".ssh/id.pub", ".ssh/config"];
    assert_eq!(found(&home, &words), (Some(0), vec![]));
}

#[test]
fn a_line_beside_a_key_does_not_tell_which_key_it_is() {
    let home = Home::new();
    keygen(&home, "one", SECRET, &["-t", "ed25519"]);
    keygen(
        &home,
        "only",
        SECRET,
        &["-t", "rsa", "-b", "3072", "-m", "PEM"],
    );
    fs::copy(home.path(".ssh/one.pub"), home.path(".ssh/only.pub")).unwrap();
    finds(&home, &["legacy-encryption only"]);
}

#[test]
fn what_others_own_or_wrote_is_found_and_roots_is_not() {
    let home = Home::new();
    keygen(&home, "one", SECRET, &["-t", "ed25519"]);
    let looked = |owner: &str| {
        for (name, owner) in [(".", "nobody"), (".ssh", owner), (".ssh/one", "nobody")] {
            home.command("chown").args([owner, name]).succeeds();
        }
        let mut command = home.command("setpriv");
        command.args(["--reuid=nobody", "--clear-groups"]);
        command
            .arg(program::path())
            .args(["health", "--json", ".ssh"]);
        command.outcome().stdout
    };
    mode(&home, ".ssh", 0o755);
    mode(&home, ".", 0o755);
    assert!(!looked("root").contains("\"owner\""));
    let said = looked("daemon");
    assert!(
        said.contains("\"owner\"") && said.contains("sudo chown"),
        "{said}"
    );
}

#[test]
fn what_is_to_be_typed_is_a_command_and_nothing_else() {
    let home = Home::new();
    keygen(&home, "authority", SECRET, &["-t", "ed25519"]);
    keygen(&home, "-x; touch EVIL", "", &["-t", "ed25519"]);
    let name = "\"; touch EVIL; echo \"";
    let mut certify = home.command("ssh-keygen");
    certify.args([
        "-q",
        "-P",
        SECRET,
        "-s",
        ".ssh/authority",
        "-I",
        name,
        "-n",
        "me",
        "-V",
        "+1d",
    ]);
    certify.arg(".ssh/authority.pub").succeeds();
    let outcome = health(&home, &["--json"]).exits(1);
    let review: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let findings = review["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2, "{review}");
    for finding in findings {
        let mut fix = home.command("sh");
        fix.arg("-c")
            .arg(finding["fix"].as_str().unwrap())
            .outcome();
    }
    assert!(!home.path("EVIL").exists(), "{review}");
}

#[test]
fn unused_keys_old_vaults_and_missing_codes_are_found() {
    let home = Home::new();
    let old = keyward_vault::Timestamp(1_500_000_000);
    let vault = PlantedVault::with_one_passphrase(&home, SECRET, old);
    let before = vault.bytes();
    let opened = ["--passphrase-file", "passphrase"];
    let expected = [
        "backup vault",
        "no-recovery vault",
        "old-key ed25519",
        "unused ed25519",
    ];
    assert_eq!(found(&home, &opened).1, expected);
    vault
        .keyward(&home, &["edit", "ed25519", "--notes", "x"])
        .succeeds();
    fs::write(vault.path(), before).unwrap();
    let expected = ["backup vault", "no-recovery vault", "vault vault"];
    assert_eq!(
        found(&home, &opened),
        (Some(1), expected.map(str::to_owned).to_vec())
    );
    fs::write(vault.path(), "damaged").unwrap();
    assert_eq!(found(&home, &opened).1, ["vault vault"]);
}

#[test]
fn the_sealed_one_of_two_stays_and_keys_of_hosts_are_in_the_clear() {
    let home = Home::new();
    keygen(&home, "id_ed25519", "", &["-t", "ed25519"]);
    fs::copy(home.path(".ssh/id_ed25519"), home.path(".ssh/zz")).unwrap();
    let mut seal = home.command("ssh-keygen");
    seal.args(["-q", "-p", "-P", "", "-N", SECRET, "-f", ".ssh/zz"])
        .succeeds();
    finds(&home, &["duplicate id_ed25519", "unencrypted id_ed25519"]);
    let host = Home::new();
    keygen(&host, "ssh_host_ed25519_key", "", &["-t", "ed25519"]);
    finds(&host, &[]);
}
