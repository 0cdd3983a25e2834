//! OpenSSH's own regression tests of its agent (Debian's package `openssh-tests`), run against the program under test.
//!
//! Every script there that uses the agent is here, but for `agent-pkcs11`: smartcards are not served yet. Seconds with OpenSSH
//! 9.2 alone on a machine: agent 9, agent-restrict 41, agent-subprocess 13, agent-timeout 21, cert-file 3, hostkey-agent 5,
//! sshsig 7, agent-getpeereid and agent-ptrace below 1.
//!
//! The scripts take DSA keys where `ssh` knows them. OpenSSH 10 does not any more, and we never did, so they get an `ssh` before
//! the real one which does not name those types.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use keyward_tests::{Home, Run, agent, program};

const SCRIPTS: &str = "/usr/lib/openssh/regress";

/// One script's scratch copy of everything, so that they run beside each other.
struct Scratch {
    home: Home,
}

impl Scratch {
    fn new() -> Self {
        assert!(
            Path::new(SCRIPTS).is_dir(),
            "{SCRIPTS} is missing: install openssh-tests"
        );
        let _ = fs::create_dir_all("/run/sshd");
        let home = Home::new();
        // Not named after the script: some scripts look for words in lines that have the path in them.
        home.command("cp")
            .args(["-a", SCRIPTS])
            .arg(home.path("scratch"))
            .succeeds();
        fs::create_dir(home.path("bin")).unwrap();
        let _ = agent::link(&home, &program::path());
        home.script(
            "bin/ssh",
            "case \" $* \" in\n*' -Q key'*) /usr/bin/ssh \"$@\" | grep -v dss ;;\n*) exec /usr/bin/ssh \"$@\" ;;\nesac",
        );
        Self { home }
    }

    fn folder(&self) -> PathBuf {
        self.home.path("scratch")
    }

    /// `make` for one script.
    fn make(&self, script: &str) -> Command {
        let folder = self.folder().display().to_string();
        let mut make = self.home.command("make");
        make.current_dir(&folder).env_remove("TMPDIR");
        make.env(
            "PATH",
            format!(
                "{}:/usr/sbin:/usr/bin:/sbin:/bin",
                self.home.path("bin").display()
            ),
        );
        for name in [".OBJDIR", ".CURDIR", "BUILDDIR", "OBJ"] {
            make.arg(format!("{name}={folder}"));
        }
        make.args([
            "TEST_SHELL=sh",
            "TEST_SSH_IPV6=yes",
            "TEST_SSH_ECC=yes",
            "TEST_SSH_UNSAFE_PERMISSIONS=1",
        ]);
        make.arg(format!(
            "TEST_SSH_SSH={}",
            self.home.path("bin/ssh").display()
        ));
        make.arg("TEST_SSH_SFTPSERVER=/usr/lib/openssh/sftp-server");
        make.arg(format!(
            "TEST_SSH_SSHAGENT={}",
            self.home.path("ssh-agent").display()
        ));
        make.arg(format!("LTESTS={script}")).arg("t-exec");
        make
    }

    #[track_caller]
    fn passes(&self, make: &mut Command) {
        let outcome = make.outcome_with_input(&[0; 4096]);
        let said = outcome.both();
        if outcome.code != Some(0) {
            for name in ["failed-regress.log", "failed-ssh.log"] {
                println!(
                    "{name}: {}",
                    fs::read_to_string(self.folder().join(name)).unwrap_or_default()
                );
            }
        }
        assert_eq!(outcome.code, Some(0), "{said}");
        assert!(!said.to_lowercase().contains("skipped"), "{said}");
        assert!(said.lines().any(|line| line.starts_with("ok ")), "{said}");
    }
}

#[track_caller]
fn passes(script: &str) {
    let scratch = Scratch::new();
    scratch.passes(&mut scratch.make(script));
}

#[test]
fn agent() {
    passes("agent");
}

#[test]
fn agent_restrict() {
    passes("agent-restrict");
}

#[test]
fn agent_subprocess() {
    passes("agent-subprocess");
}

#[test]
fn agent_timeout() {
    passes("agent-timeout");
}

#[test]
fn cert_file() {
    passes("cert-file");
}

/// The script asks for every signature algorithm there is, and SHA-1 is none we sign with: RSA keys get SHA-2 instead.
#[test]
fn hostkey_agent() {
    let scratch = Scratch::new();
    let script = scratch.folder().join("hostkey-agent.sh");
    let text = fs::read_to_string(&script).unwrap();
    let changes = [
        (
            "verbose \"key type $k\"",
            "verbose \"key type $k\"; a=$k; test $k != ssh-rsa || a=rsa-sha2-512",
        ),
        ("HostKeyAlgorithms $k\"", "HostKeyAlgorithms $a\""),
        ("-oHostKeyAlgorithms=$k -F", "-oHostKeyAlgorithms=$a -F"),
        ("verbose \"cert type $k\"", "verbose \"cert type $k\"; a=$k"),
        (
            "grep 'cert-v01@openssh.com'",
            "grep 'cert-v01@openssh.com' | grep -v '^ssh-rsa'",
        ),
    ];
    let text = changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "another version of the script");
        text.replace(from, to)
    });
    fs::write(&script, text).unwrap();
    scratch.passes(&mut scratch.make("hostkey-agent"));
}

#[test]
fn sshsig() {
    passes("sshsig");
}

/// The script skips itself when run as root, and else asks `sudo` to become another user; here it is told another name and gets
/// a `sudo` that root can do without a password.
#[test]
fn agent_getpeereid() {
    let scratch = Scratch::new();
    scratch.home.script("bin/whoami", "echo somebody");
    scratch.home.script(
        "bin/sudo",
        "[ \"$1 $2 $3\" = '-S -u nobody' ] || exit 99\nshift 3\nexec setpriv --reuid=nobody --regid=nogroup --clear-groups \"$@\"",
    );
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(scratch.home.folder(), mode).unwrap();
    scratch.passes(scratch.make("agent-getpeereid").arg("SUDO=sudo"));
}

/// Root may trace anybody, so this one runs as another user. OpenSSH needs its program to be setgid for it, which is what `SUDO`
/// would do; ours has to be safe without.
#[test]
fn agent_ptrace() {
    let scratch = Scratch::new();
    let [nobody, nogroup] = ["-u", "-g"].map(|flag| {
        scratch
            .home
            .command("id")
            .args([flag, "nobody"])
            .succeeds()
            .stdout
    });
    let owner = format!("{}:{}", nobody.trim(), nogroup.trim());
    scratch
        .home
        .command("chown")
        .args(["-R", "-h", &owner])
        .arg(scratch.home.folder())
        .succeeds();
    assert_ne!(fs::metadata(scratch.home.folder()).unwrap().uid(), 0);
    let make = scratch.make("agent-ptrace");
    let mut other = scratch.home.command("setpriv");
    other
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        .arg(make.get_program())
        .args(make.get_args());
    other.arg("SUDO=true").envs(
        make.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    scratch.passes(other.current_dir(scratch.folder()));
}
