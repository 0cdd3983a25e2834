//! A key of a locked vault is wanted, and a person is asked where they are.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use keyward_tests::{
    Agent, Console, Home, Key, KeyKind, Run, Server, VaultFile, agent::Launch, agent::signal_to,
    askpass::Askpass, deadline, message, process, program, vault_file::PASSPHRASE,
};
use keyward_vault::Metadata;
use rustix::process::Signal;

use crate::clients::{LIMIT, is_good, record, records, refused, signing, state};

/// What is asked.
const PROMPT: &str = "Passphrase: ";

/// An agent with this environment that knows a vault, which is locked.
fn locked_in(
    home: Home,
    environment: Vec<(&'static str, String)>,
    kinds: &[KeyKind],
) -> (Agent, VaultFile) {
    let agent = Launch::new(home).environment(environment).start();
    let keys: Vec<Key> = kinds.iter().map(|kind| Key::plain(*kind)).collect();
    let vault = VaultFile::new(agent.home(), &keys.iter().collect::<Vec<_>>());
    vault.unlock(&agent);
    VaultFile::lock(&agent);
    (agent, vault)
}

fn locked(kinds: &[KeyKind]) -> (Agent, VaultFile) {
    locked_in(Home::new(), vec![], kinds)
}

/// The command without any terminal.
fn apart(command: &Command) -> Command {
    let mut apart = Command::new("setsid");
    apart.arg("--wait").arg(command.get_program());
    apart.args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        apart.env(name, value.unwrap());
    }
    apart.current_dir(command.get_current_dir().unwrap());
    apart
}

#[track_caller]
fn ends(mut client: Child) -> Option<i32> {
    deadline::eventually("the end of a client", LIMIT, || client.try_wait().unwrap()).code()
}

/// Waits until only front and keeper are left.
#[track_caller]
fn nobody_asks(agent: &Agent) {
    deadline::until("the end of the unlocker", LIMIT, || {
        agent.processes().len() == 2
    });
}

/// The line of a shell that runs a command.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
    words.join(" ")
}

#[test]
fn prompt_comes_at_the_terminal_of_the_client() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    let cache = agent.home().path("state/keyward/vault-keys.json");
    fs::remove_file(&cache).unwrap();
    let console = Console::new();
    let client = console.start(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    let pid = client.id();
    console.asks(PROMPT, 1);
    let shown = console.shown();
    let asks = format!("/ssh-keygen (pid {pid}) asks for the key \"ed25519\".");
    assert!(shown.contains(&asks), "{shown}");
    assert!(shown.contains(&format!("The vault {} is locked.", vault.path())));
    console.types("wrong\n");
    console.asks(PROMPT, 2);
    assert!(console.shown().contains("That does not open it."));
    console.types(&format!("{PASSPHRASE}\n"));
    assert_eq!(ends(client), Some(0), "{}", console.shown());
    is_good(&agent, "message");
    nobody_asks(&agent);
    assert!(console.echoes());
    assert!(!console.shown().contains("battery"), "{}", console.shown());
    assert_eq!(state(&agent)["state"], "open");
    assert!(cache.is_file());
    signing(&agent, &Key::plain(KeyKind::Ed25519), "message").succeeds();
    assert_eq!(console.shown().matches(PROMPT).count(), 2);
}

#[test]
fn shares_of_a_recovery_code_are_taken_one_after_the_other() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    let add = [
        "slot",
        "add",
        "recovery",
        "--shares",
        "2-of-2",
        "--recovery-out",
        "shares",
    ];
    vault.opening(&agent, &add).succeeds();
    let share = |number: u8| {
        let path = agent
            .home()
            .path(&format!("shares/share-{number}-of-2.txt"));
        fs::read_to_string(path)
            .unwrap()
            .lines()
            .nth(1)
            .unwrap()
            .to_owned()
    };
    let console = Console::new();
    let client = console.start(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    console.asks(PROMPT, 1);
    console.types(&format!("{}\n", share(2)));
    console.asks(PROMPT, 2);
    assert!(console.shown().contains("Share 2 of the 2 that it takes"));
    console.types(&format!("{}\n", share(1)));
    assert_eq!(ends(client), Some(0), "{}", console.shown());
    is_good(&agent, "message");
}

#[test]
fn login_is_named_in_the_prompt() {
    let (agent, _vault) = locked(&[KeyKind::EcdsaP256]);
    let server = Server::start(agent.home(), "server");
    let console = Console::new();
    let mut ssh = agent.command("ssh");
    ssh.arg("-F")
        .arg(server.client_configuration())
        .args(["server", "echo", "hello"]);
    let client = console.start(&ssh);
    console.asks(PROMPT, 1);
    let login = format!(
        "to log in as \"root\" to the host with the key {}",
        server.fingerprint()
    );
    assert!(
        console.shown().replace("\r\n", "").contains(&login),
        "{}",
        console.shown()
    );
    console.types(&format!("{PASSPHRASE}\n"));
    assert_eq!(ends(client), Some(0), "{}", console.shown());
    console.says("hello");
}

#[test]
fn person_can_say_no() {
    for no in ["\n", "\x03", "\x04"] {
        let (agent, _vault) = locked(&[KeyKind::Ed25519, KeyKind::EcdsaP256]);
        let server = Server::start(agent.home(), "server");
        let console = Console::new();
        let mut ssh = agent.command("ssh");
        ssh.arg("-F")
            .arg(server.client_configuration())
            .args(["server", "true"]);
        let client = console.start(&ssh);
        console.asks(PROMPT, 1);
        console.types(no);
        assert_eq!(ends(client), Some(255), "{no:?} {}", console.shown());
        nobody_asks(&agent);
        assert!(console.echoes());
        let line = refused(&agent, "opening the vault was cancelled");
        assert_eq!(line["outcome"], "deny");
        // It tried the other key too, without a question.
        assert_eq!(console.shown().matches(PROMPT).count(), 1);
    }
}

#[test]
fn prompt_goes_with_the_last_client() {
    let (agent, _vault) = locked(&[KeyKind::Ed25519]);
    let console = Console::new();
    let mut client = console.start(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    console.asks(PROMPT, 1);
    assert_eq!(agent.processes().len(), 3);
    client.kill().unwrap();
    client.wait().unwrap();
    nobody_asks(&agent);
    assert!(console.echoes());
    refused(&agent, "client went away before it was answered");
    // What a shell says next begins a line of its own.
    console.says(&format!("{PROMPT}\r\n"));
}

#[test]
fn prompt_goes_when_somebody_else_unlocks() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    let console = Console::new();
    let client = console.start(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    console.asks(PROMPT, 1);
    vault.unlock(&agent);
    assert_eq!(ends(client), Some(0));
    nobody_asks(&agent);
    assert!(console.echoes());
}

#[test]
fn ten_clients_bring_one_prompt() {
    let (agent, _vault) = locked(&[KeyKind::Ed25519, KeyKind::Rsa2048]);
    let keys = [KeyKind::Ed25519, KeyKind::Rsa2048].map(Key::plain);
    let prepare = |number: usize| {
        let mut client = signing(&agent, &keys[number % 2], &format!("message{number}"));
        let null = Stdio::null;
        client.stdin(null()).stdout(null()).stderr(null());
        client
    };
    // Each writes files that they share.
    let mut clients: Vec<Command> = (0..10).map(prepare).collect();
    let console = Console::new();
    let first = console.start(&clients[0]);
    console.asks(PROMPT, 1);
    let start = |client: &mut Command| client.spawn().unwrap();
    let others: Vec<Child> = clients[1..].iter_mut().map(start).collect();
    assert!(agent.lists(&keys[1]));
    console.types(&format!("{PASSPHRASE}\n"));
    for client in std::iter::once(first).chain(others) {
        assert_eq!(ends(client), Some(0));
    }
    assert_eq!(console.shown().matches(PROMPT).count(), 1);
}

#[test]
fn after_three_wrong_passphrases_the_client_is_told_no() {
    let (agent, _vault) = locked(&[KeyKind::Ed25519]);
    let console = Console::new();
    let client = console.start(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    for times in 1..4 {
        console.asks(PROMPT, times);
        console.types("wrong\n");
    }
    assert_eq!(ends(client), Some(255));
    console.says("error: no slot opens with this secret\r\n");
    let line = refused(
        &agent,
        "vault was not opened: no slot opens with this secret",
    );
    assert_eq!(line["outcome"], "fail");
}

#[test]
fn damaged_vault_is_named_as_such() {
    let (agent, vault) = locked(&[KeyKind::Ed25519]);
    fs::write(vault.path(), "no vault").unwrap();
    signing(&agent, &Key::plain(KeyKind::Ed25519), "message").exits(255);
    let line = refused(&agent, "vault was not opened: not a keyward vault");
    assert_eq!(line["outcome"], "fail");
}

#[test]
fn agent_on_the_terminal_of_its_client_asks_there() {
    let home = Home::new();
    let key = Key::plain(KeyKind::Ed25519);
    let _vault = VaultFile::new(&home, &[&key]);
    let [socket, message] = ["agent.sock", "message"].map(|name| home.path(name));
    fs::write(&message, "the quick brown fox").unwrap();
    let (keyward, public) = (program::path(), key.public_copy(&home));
    let script = format!(
        "export SSH_AUTH_SOCK={0}\n{1} agent -D -a {0} &\nagent=$!\n\
         until {1} status > /dev/null 2>&1; do :; done\n\
         {1} unlock --passphrase-file passphrase; {1} lock\n\
         ssh-keygen -Y sign -n file -f {2} {3}\ncode=$?\nkill $agent\nwait\nexit $code",
        socket.display(),
        keyward.display(),
        public.display(),
        message.display(),
    );
    let mut shell = home.command("sh");
    shell.args(["-c", &script]);
    let console = Console::new();
    let shell = console.start(&shell);
    console.asks(PROMPT, 1);
    console.types(&format!("{PASSPHRASE}\n"));
    assert_eq!(ends(shell), Some(0), "{}", console.shown());
    assert!(console.echoes());
}

#[test]
fn terminal_in_use_by_another_host_is_left_alone() {
    let home = Home::new();
    let askpass = Askpass::pressing(&home, "askpass", 1);
    let [program, _, display] = askpass.environment();
    // It is asked where there is no terminal, not before it.
    let environment = vec![program, display];
    let (agent, _vault) = locked_in(home, environment, &[KeyKind::Ed25519]);
    let opened = Key::plain(KeyKind::EcdsaP256);
    agent.add(&opened);
    let near = Server::start(agent.home(), "near");
    let remote = line(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    let identity = opened.public_copy(agent.home());
    let mut ssh = agent.command("ssh");
    ssh.args(["-A", "-tt", "-o", "IdentitiesOnly=yes", "-F"])
        .arg(near.client_configuration())
        .arg("-i")
        .arg(identity)
        .args(["near", &remote]);
    let console = Console::new();
    assert_eq!(ends(console.start(&ssh)), Some(255));
    assert!(!console.shown().contains(PROMPT), "{}", console.shown());
    refused(&agent, "opening the vault was cancelled");
    let question = askpass.questions();
    assert!(
        question.contains(", through a forwarded connection."),
        "{question}"
    );
}

#[test]
fn terminal_that_a_program_reads_letter_by_letter_is_left_alone() {
    let (agent, _vault) = locked(&[KeyKind::Ed25519]);
    let sign = line(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    let mut editor = agent.command("sh");
    let script = format!("stty raw -echo; {sign}; code=$?; stty sane; exit $code");
    editor.args(["-c", &script]);
    let console = Console::new();
    assert_eq!(ends(console.start(&editor)), Some(255));
    assert!(!console.shown().contains(PROMPT), "{}", console.shown());
    refused(&agent, "nobody can be asked for the vault's passphrase: ");
}

#[test]
fn client_in_the_background_does_not_ask_at_its_terminal() {
    let (agent, _vault) = locked(&[KeyKind::Ed25519]);
    let sign = line(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    let mut shell = agent.command("sh");
    shell.args(["-c", &format!("set -m; {sign} & wait $!")]);
    let console = Console::new();
    assert_eq!(ends(console.start(&shell)), Some(255));
    assert!(!console.shown().contains(PROMPT), "{}", console.shown());
}

#[test]
fn where_nobody_can_be_asked_clients_fail_at_once() {
    let (agent, _vault) = locked(&[KeyKind::Ed25519]);
    let mut fastest = LIMIT;
    for _ in 0..3 {
        let mut client = apart(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
        let start = Instant::now();
        client.exits(255);
        fastest = fastest.min(start.elapsed());
    }
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
    let line = refused(&agent, "nobody can be asked for the vault's passphrase: ");
    assert_eq!(line["outcome"], "deny");
    assert_eq!(line["comment"], "ed25519");
}

/// A pinentry that writes down what it is told and answers with these lines.
fn pinentry(home: &Home, answer: &str) -> Vec<(&'static str, String)> {
    fs::create_dir(home.path("bin")).unwrap();
    let log = home.path("pinentry.log");
    let body = format!(
        "echo OK Pleased to meet you\nwhile read -r line; do\n  printf '%s\\n' \"$line\" >> {}\n  \
         case $line in\n    GETPIN) printf '{answer}\\n' ;;\n    OPTION*no-grab) echo ERR 83886254 Unknown option ;;\n    \
         *) echo OK ;;\n  esac\ndone",
        log.display()
    );
    home.script("bin/pinentry", &body);
    let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
    vec![("PATH", path), ("DISPLAY", ":0".into())]
}

#[test]
fn pinentry_asks_clients_without_a_terminal() {
    let home = Home::new();
    let answer = "S PASSWORD_FROM_CACHE\\nD correct horse%%20battery staple\\nOK";
    let environment = pinentry(&home, answer);
    let (agent, vault) = locked_in(home, environment, &[KeyKind::Ed25519]);
    apart(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message")).succeeds();
    is_good(&agent, "message");
    let log = fs::read_to_string(agent.home().path("pinentry.log")).unwrap();
    assert!(log.contains("SETDESC "), "{log}");
    assert!(
        log.contains("asks for the key \"ed25519\".%0AThe vault "),
        "{log}"
    );
    assert!(log.contains(&vault.path()), "{log}");
    nobody_asks(&agent);
}

#[test]
fn pinentry_can_be_closed() {
    let home = Home::new();
    let environment = pinentry(&home, "ERR 83886179 Operation cancelled <Pinentry>");
    let (agent, _vault) = locked_in(home, environment, &[KeyKind::Ed25519]);
    apart(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message")).exits(255);
    refused(&agent, "opening the vault was cancelled");
}

#[test]
fn pinentry_without_a_screen_leaves_the_question_to_askpass() {
    let home = Home::new();
    let mut environment = pinentry(&home, "ERR 83886340 No pinentry");
    let askpass = Askpass::answering(&home, "askpass", PASSPHRASE, 0);
    environment.push(("SSH_ASKPASS", askpass.environment()[0].1.clone()));
    let (agent, _vault) = locked_in(home, environment, &[KeyKind::Ed25519]);
    apart(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message")).succeeds();
    let question = askpass.questions();
    assert!(
        question.contains("asks for the key \"ed25519\".\nThe vault "),
        "{question}"
    );
    assert!(question.trim_end().ends_with("Passphrase:"), "{question}");
}

#[test]
fn askpass_comes_first_where_it_is_required() {
    let home = Home::new();
    let askpass = Askpass::answering(&home, "askpass", PASSPHRASE, 0);
    let environment = askpass.environment().to_vec();
    let (agent, _vault) = locked_in(home, environment, &[KeyKind::Ed25519]);
    let console = Console::new();
    let client = console.start(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    assert_eq!(ends(client), Some(0));
    assert!(!console.shown().contains(PROMPT));
    assert!(askpass.questions().contains("asks for the key \"ed25519\""));
}

#[test]
fn use_is_confirmed_after_the_vault_is_open() {
    let home = Home::new();
    let press = format!("[ \"$SSH_ASKPASS_PROMPT\" = confirm ] || echo {PASSPHRASE}");
    let askpass = Askpass::running(&home, "askpass", &press);
    let agent = Launch::new(home).environment(askpass.environment()).start();
    let key = Key::plain(KeyKind::Ed25519);
    let confirmed = Metadata {
        confirm: true,
        ..Metadata::default()
    };
    let vault = VaultFile::with(agent.home(), &[(key.clone(), confirmed)]);
    vault.unlock(&agent);
    VaultFile::lock(&agent);
    signing(&agent, &key, "message").succeeds();
    let questions = askpass.questions();
    let [passphrase, confirm] = ["|", "confirm|"].map(|kind| questions.find(kind).unwrap());
    assert!(passphrase < confirm, "{questions}");
    assert_eq!(record(&agent, "sign")["outcome"], "allow");
}

#[test]
fn askpass_goes_with_the_client() {
    let home = Home::new();
    let askpass = Askpass::running(&home, "askpass", "sleep 600 & wait");
    let environment = askpass.environment().to_vec();
    let (agent, _vault) = locked_in(home, environment, &[KeyKind::Ed25519]);
    let mut client = signing(&agent, &Key::plain(KeyKind::Ed25519), "message");
    let mut client = client.stdin(Stdio::null()).spawn().unwrap();
    deadline::until("a question", LIMIT, || !askpass.questions().is_empty());
    let asking = agent.processes();
    client.kill().unwrap();
    client.wait().unwrap();
    nobody_asks(&agent);
    deadline::until("the end of the dialogue", LIMIT, || {
        asking[2..].iter().all(|pid| !process::runs(*pid))
    });
}

#[test]
fn end_of_the_agent_ends_its_prompt() {
    let (mut agent, _vault) = locked(&[KeyKind::Ed25519]);
    let console = Console::new();
    let client = console.start(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    console.asks(PROMPT, 1);
    let unlocker = agent.processes()[2];
    agent.signal(Signal::TERM);
    agent.wait();
    assert_eq!(ends(client), Some(255));
    deadline::until("the end of the prompt", LIMIT, || !process::runs(unlocker));
    assert!(console.echoes());
}

#[test]
fn signal_to_the_prompt_puts_the_terminal_back() {
    let (agent, _vault) = locked(&[KeyKind::Ed25519]);
    let console = Console::new();
    let client = console.start(&signing(&agent, &Key::plain(KeyKind::Ed25519), "message"));
    console.asks(PROMPT, 1);
    signal_to(agent.processes()[2], Signal::TERM);
    assert_eq!(ends(client), Some(255));
    assert!(console.echoes());
    let line = refused(&agent, "vault was not opened: ");
    assert!(
        line["reason"].as_str().unwrap().contains("signal"),
        "{line}"
    );
    assert!(records(&agent).len() > 2);
}

/// The agent closes connections that say nothing, and has only so many: none is held while a person types.
#[test]
fn unlock_holds_no_connection_while_it_asks() {
    let agent = Agent::start(&[]);
    let _vault = VaultFile::new(agent.home(), &[&Key::plain(KeyKind::Ed25519)]);
    let console = Console::new();
    let unlock = console.start(&VaultFile::keyward(&agent, &["unlock"]));
    console.asks("Passphrase for ", 1);
    let files = fs::read_dir(format!("/proc/{}/fd", unlock.id())).unwrap();
    let links = files.filter_map(|file| fs::read_link(file.unwrap().path()).ok());
    let links: Vec<_> = links.map(|link| link.display().to_string()).collect();
    assert!(
        links.iter().any(|link| link.starts_with("/dev/")),
        "{links:?}"
    );
    // Signals tell each other through a pair of sockets, which are connected to nothing else.
    let sockets = fs::read_to_string("/proc/net/unix").unwrap();
    let path = agent
        .home()
        .path("control.agent.sock")
        .display()
        .to_string();
    let served = sockets.lines().filter(|line| line.ends_with(&path)).count();
    assert_eq!(served, 1, "more than the listener: {sockets}");
    console.types(&format!("{PASSPHRASE}\n"));
    assert_eq!(ends(unlock), Some(0), "{}", console.shown());
    console.says("Unlocked: 1 key.");
}

#[test]
fn key_that_cannot_be_served_is_named_at_the_terminal() {
    let agent = Launch::new(Home::new()).start();
    let bound = Metadata {
        name: "for far".into(),
        destinations: vec!["far".into()],
        ..Metadata::default()
    };
    let key = Key::plain(KeyKind::Ed25519);
    let keys = [
        (key.clone(), Metadata::default()),
        (Key::plain(KeyKind::EcdsaP256), bound),
    ];
    let vault = VaultFile::with(agent.home(), &keys);
    agent.connect().ask(&message::LIST);
    vault.opening(&agent, &["unlock"]).exits(1);
    VaultFile::lock(&agent);
    let console = Console::new();
    let client = console.start(&signing(&agent, &key, "message"));
    console.asks(PROMPT, 1);
    console.types(&format!("{PASSPHRASE}\n"));
    assert_eq!(ends(client), Some(0));
    console.says("warning: for far is not served: no host keys found for destination \"far\"");
}
