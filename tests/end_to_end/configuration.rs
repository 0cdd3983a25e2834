//! The configuration file, and what goes before it.

use std::fs;

use keyward_tests::{
    Agent, CommandLine, Home, Key, KeyKind, Run, VaultFile, agent::Launch, deadline, program,
};
use serde_json::Value;

use crate::clients::{LIMIT, record, signing, state};

/// A home with this configuration.
fn configured(text: &str) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.path("config/keyward")).unwrap();
    home.write("config/keyward/config.toml", text);
    home
}

/// `keyward agent` with these flags in this home.
#[track_caller]
fn own(home: Home, flags: &[&str]) -> Agent {
    let run = format!("exec {} agent \"$@\"", program::path().display());
    Launch::new(home)
        .wrapper(&["sh", "-c", &run])
        .flags(flags)
        .start()
}

/// What `keyward status` says of an agent that holds a vault and its key.
#[track_caller]
fn status(agent: &Agent) -> (Value, String) {
    let vault = VaultFile::new(agent.home(), &[&Key::plain(KeyKind::Ed25519)]);
    vault.unlock(agent);
    let mut status = agent.command(program::path());
    status.args(["status", "--json"]);
    let all: Value = serde_json::from_str(&status.succeeds().stdout).unwrap();
    let protection = all["memory"]["protection"].as_str().unwrap().to_owned();
    (all["vault"]["idle_seconds"].clone(), protection)
}

const BOTH: &str = "idle = \"1h30m\"\nmemory = \"locked\"\n";

#[test]
fn agent_takes_idle_and_memory_from_the_file() {
    let told = (Value::from(5400), "mlock".to_owned());
    assert_eq!(status(&own(configured(BOTH), &[])), told);
    let agent = Launch::new(configured(BOTH)).start();
    assert_eq!(status(&agent), told);
    assert_eq!(agent.output().lines().count(), 2, "{}", agent.output());
}

#[test]
fn command_line_goes_before_the_file() {
    let flags = ["--idle", "never", "-O", "memory=secret"];
    let (idle, memory) = status(&own(configured(BOTH), &flags));
    assert!(idle.is_null());
    assert_eq!(memory, "memfd_secret");
    let by_name = Launch::new(configured(BOTH)).flags(&["-O", "memory=secret"]);
    assert_eq!(status(&by_name.start()).1, "memfd_secret");
}

#[test]
fn without_a_file_it_is_a_quarter_of_an_hour_and_secret_memory() {
    let told = (Value::from(900), "memfd_secret".to_owned());
    assert_eq!(status(&own(Home::new(), &[])), told);
    assert_eq!(status(&own(configured(""), &[])), told);
}

#[test]
fn agents_in_the_background_take_it_too() {
    let line = CommandLine::new();
    fs::create_dir_all(line.home.path("config/keyward")).unwrap();
    line.home.write("config/keyward/config.toml", BOTH);
    let vault = VaultFile::new(&line.home, &[&Key::plain(KeyKind::Ed25519)]);
    let keyward = program::path().display().to_string();
    let script = format!(
        "{keyward} unlock --passphrase-file passphrase 2> /dev/null && {keyward} status --json"
    );
    let own = format!(
        "eval \"$({keyward} agent)\" > /dev/null; {script}; {keyward} agent -k > /dev/null"
    );
    let around = format!("exec {keyward} shell sh -c '{script}'");
    for run in [own, around] {
        let said = line.home.command("sh").args(["-c", &run]).succeeds();
        let said: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(said["vault"]["idle_seconds"], 5400);
        assert_eq!(said["vault"]["path"], vault.path());
        assert_eq!(said["memory"]["protection"], "mlock");
    }
}

#[test]
fn file_names_the_vault_and_the_environment_and_a_flag_go_before_it() {
    let home = configured("vault = \"~/of-file\"\n");
    let told = |variable: Option<&str>, flags: &[&str]| {
        let mut list = home.command(program::path());
        list.arg("list").args(flags);
        if let Some(path) = variable {
            list.env("KEYWARD_VAULT", path);
        }
        list.exits(3).stderr
    };
    let missing = |path: &str| format!("error: no vault at {path}\n");
    let of_file = missing(&home.path("of-file").display().to_string());
    assert!(told(None, &[]).starts_with(&of_file));
    assert!(told(Some("/of-variable"), &[]).starts_with(&missing("/of-variable")));
    let flag = ["--vault", "/of-flag"];
    assert!(told(Some("/of-variable"), &flag).starts_with(&missing("/of-flag")));
}

#[test]
fn what_is_wrong_in_it_is_refused_with_the_nearest_word() {
    let home = configured("idel = \"1h\"\n");
    let path = home.path("config/keyward/config.toml");
    let expected = format!(
        "error: {}: unknown key \"idel\"\nhint: did you mean \"idle\"?\n",
        path.display()
    );
    for line in [&["agent", "true"][..], &["shell", "true"], &["list"]] {
        let refused = home.command(program::path()).args(line).exits(1);
        assert_eq!(refused.stderr, expected);
    }
    for (text, said) in [
        (
            "idle = 5\n",
            "idle = 5 is not a time such as \"15m\" or \"8h\", or \"never\"",
        ),
        (
            "memory = \"fast\"\n",
            "memory = \"fast\" is not \"secret\" or \"locked\"",
        ),
        (
            "vault = \"v\"\n",
            "vault = \"v\" is not an absolute path, or one that begins with \"~/\"",
        ),
        ("idle = \"1h\"\nidle = \"2h\"\n", "duplicate key"),
    ] {
        home.write("config/keyward/config.toml", text);
        let refused = home
            .command(program::path())
            .args(["agent", "true"])
            .exits(1);
        assert!(refused.stderr.contains(said), "{refused:?}");
    }
    // What starts no agent does not look into it.
    home.command(program::path())
        .args(["agent", "-V"])
        .succeeds();
    home.command(program::path())
        .args(["agent", "-u"])
        .succeeds();
}

#[test]
fn ssh_agent_starts_all_the_same() {
    let agent = Launch::new(configured("idel = \"1h\"\n")).start();
    assert!(
        agent
            .output()
            .contains("config.toml: unknown key \"idel\"; nothing of it is used\n"),
        "{}",
        agent.output()
    );
    fs::remove_file(agent.home().path("config/keyward/config.toml")).unwrap();
    assert_eq!(status(&agent).0, 900);
}

#[test]
fn idle_vault_is_locked() {
    let agent = own(Home::new(), &["--idle", "1s"]);
    let key = Key::plain(KeyKind::Ed25519);
    let vault = VaultFile::new(agent.home(), &[&key]);
    vault.unlock(&agent);
    assert_eq!(state(&agent)["idle_seconds"], 1);
    deadline::until("a locked vault", LIMIT, || {
        state(&agent)["state"] == "closed"
    });
    let line = record(&agent, "vault-idle-lock");
    assert_eq!(line["reason"], "no signature for 1 seconds");
    assert_eq!(line["vault"], vault.path());
    assert!(agent.lists(&key));
    signing(&agent, &key, "message").exits(255);
}

#[test]
fn idle_is_a_flag_of_keyward_alone() {
    let line = CommandLine::new();
    let refused = line.ssh_agent(&["--idle", "5m"]).exits(1);
    assert!(
        refused.stderr.starts_with("unknown option -- -"),
        "{refused:?}"
    );
    let own = |arguments: &[&str]| {
        let mut own = line.home.command(program::path());
        own.arg("agent").args(arguments);
        own
    };
    let refused = own(&["--idle", "soon"]).exits(64);
    let said = "error: invalid time \"soon\" for --idle\n";
    assert!(refused.stderr.starts_with(said), "{refused:?}");
    let help = own(&["--help"]).succeeds();
    assert!(help.stdout.contains("--idle <TIME>"), "{}", help.stdout);
}
