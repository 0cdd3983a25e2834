//! What a shell offers after a tab.

use keyward_tests::{Agent, CheapVault, Run, program};

/// What bash offers for a line that ends at the cursor, with our completions loaded.
fn offered(vault: &CheapVault, agent: &Agent, words: &[&str]) -> Vec<String> {
    let folder = program::path().parent().unwrap().to_owned();
    let script = "PATH=$FOLDER:$PATH; source <(keyward completions bash)\n\
        COMP_WORDS=(keyward \"$@\"); COMP_CWORD=$#; COMP_TYPE=9\n\
        $(complete -p keyward | sed 's/.*-F \\([^ ]*\\) .*/\\1/') keyward \"${!#}\" x 2>/dev/null\n\
        for word in \"${COMPREPLY[@]}\"; do echo \"$word\"; done";
    let mut bash = vault.home().command("bash");
    bash.args(["-c", script, "bash"]).args(words);
    bash.env("FOLDER", folder)
        .env("SSH_AUTH_SOCK", agent.socket());
    let said = bash.succeeds();
    assert_eq!(said.stderr, "");
    said.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_verbs_flags_and_the_keys_that_the_agent_knows() {
    let vault = CheapVault::new();
    for name in ["github", "gitlab", "work"] {
        vault.keyward(&format!("generate {name}")).succeeds();
    }
    vault.keyward("generate --").arg("$(touch evil)").succeeds();
    let agent = Agent::start(&[]);
    assert_eq!(offered(&vault, &agent, &["gen"]), ["generate"]);
    assert_eq!(
        offered(&vault, &agent, &["generate", "x", "--type", "ecdsa-p3"]),
        ["ecdsa-p384"]
    );
    assert!(offered(&vault, &agent, &["list", "--"]).contains(&"--removed".to_owned()));
    assert_eq!(offered(&vault, &agent, &["show", "git"]), [""; 0]);
    vault.beside(&agent, "unlock").succeeds();
    for verb in ["show", "public", "rename", "edit", "export", "remove"] {
        assert_eq!(
            offered(&vault, &agent, &[verb, "git"]),
            ["github", "gitlab"],
            "{verb}"
        );
    }
    assert_eq!(
        offered(&vault, &agent, &["show", ""])
            .iter()
            .filter(|name| !name.starts_with('-'))
            .count(),
        3
    );
    assert_eq!(offered(&vault, &agent, &["rm", "github", "w"]), ["work"]);
    assert!(offered(&vault, &agent, &["generate", "git"]).is_empty());
    vault.beside(&agent, "rename work home").succeeds();
    assert_eq!(offered(&vault, &agent, &["show", "ho"]), ["home"]);
    let mut lock = vault.bare("lock");
    lock.env("SSH_AUTH_SOCK", agent.socket()).succeeds();
    assert_eq!(offered(&vault, &agent, &["show", "ho"]), ["home"]);
    assert!(!vault.home().path("evil").exists());
}

#[test]
fn every_shell_gets_a_script_that_calls_the_program() {
    let vault = CheapVault::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = vault.bare("completions").arg(shell).succeeds().stdout;
        assert!(script.contains("KEYWARD_COMPLETE"), "{shell}: {script}");
        let mut complete = vault.bare("-- keyward gen");
        complete
            .env("KEYWARD_COMPLETE", shell)
            .env("_CLAP_COMPLETE_INDEX", "1");
        let said = complete.succeeds().stdout;
        assert!(said.contains("generate"), "{shell}: {said}");
    }
    vault.bare("completions tcsh").exits(64);
    // The variable alone changes nothing.
    vault
        .keyward("list")
        .env("KEYWARD_COMPLETE", "bash")
        .succeeds();
    vault
        .bare("-- keyward gen")
        .env("KEYWARD_COMPLETE", "tcsh")
        .exits(64);
}

#[test]
fn list_and_show_ask_for_nothing_while_the_agent_has_the_vault_open() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let agent = Agent::start(&[]);
    vault.beside(&agent, "unlock").succeeds();
    let ask = |words: &str| {
        let mut command = vault.bare(words);
        command.env("SSH_AUTH_SOCK", agent.socket());
        command
    };
    let from_file = vault.json("show one");
    let from_agent = ask("show one --json").succeeds().stdout;
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&from_agent).unwrap(),
        from_file
    );
    assert_eq!(
        ask("list").succeeds().stdout,
        vault.keyward("list").succeeds().stdout
    );
    assert!(
        ask("public one")
            .succeeds()
            .stdout
            .starts_with("ssh-ed25519 ")
    );
    ask("show two").exits(1);
    // What changes the vault, or is of another one, has to open it.
    ask("rename one two").exits(1);
    ask("list --removed").exits(1);
    ask("list --vault other").exits(3);
}
