//! SSH servers to log in to.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{Home, Key, Run, deadline, key};

/// How long a server may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Ports are given back before the server takes them, so another process can be faster.
const ATTEMPTS: u32 = 5;

/// An `sshd` on 127.0.0.1 with keys and files of its own; killed at the end.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    port: u16,
    folder: PathBuf,
    child: Child,
}

impl Server {
    /// Starts one that lets every shared key in, and every certificate of the test authority.
    #[must_use]
    #[track_caller]
    pub fn start(home: &Home, name: &'static str) -> Self {
        let keys: Vec<String> = key::KeyKind::ALL
            .into_iter()
            .map(|kind| Key::plain(kind).public_line())
            .collect();
        let authority = format!("cert-authority {}", key::authority_line());
        Self::start_for(home, name, &format!("{}\n{authority}\n", keys.join("\n")))
    }

    /// Starts one with these lines in its `authorized_keys`.
    ///
    /// # Panics
    ///
    /// When it does not listen in time.
    #[must_use]
    #[track_caller]
    pub fn start_for(home: &Home, name: &'static str, authorized_keys: &str) -> Self {
        Self::start_as(home, name, authorized_keys, "")
    }

    /// Starts one with these lines in its `authorized_keys`, and these more in its configuration.
    ///
    /// # Panics
    ///
    /// When it does not listen in time.
    #[must_use]
    #[track_caller]
    pub fn start_as(home: &Home, name: &'static str, authorized_keys: &str, more: &str) -> Self {
        let folder = home.path(name);
        fs::create_dir(&folder).unwrap();
        home.write(&format!("{name}/authorized_keys"), authorized_keys);
        Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(folder.join("host_key"))
            .succeeds();
        // sshd separates its privileges in this folder, which a service manager would have made.
        let _ = fs::create_dir_all("/run/sshd");
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let lines = configuration(&folder, port) + more;
            home.write(&format!("{name}/sshd_config"), lines);
            let mut child = spawn(&folder);
            if listens(&mut child, port) {
                let server = Self {
                    name,
                    port,
                    folder,
                    child,
                };
                server.write_client_files(home);
                return server;
            }
        }
        panic!(
            "sshd does not start: {}",
            fs::read_to_string(folder.join("log")).unwrap_or_default()
        );
    }

    /// The port it listens on, on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The client configuration with which the server's name leads to it, and nothing of the machine's own is read.
    #[must_use]
    pub fn client_configuration(&self) -> PathBuf {
        self.folder.join("ssh_config")
    }

    /// The file with its host key, under its name.
    #[must_use]
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.join("known_hosts")
    }

    /// The host key's fingerprint, `SHA256:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let listed = Command::new("ssh-keygen")
            .arg("-lf")
            .arg(self.folder.join("host_key.pub"))
            .succeeds();
        listed.stdout.split(' ').nth(1).unwrap().to_owned()
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn write_client_files(&self, home: &Home) {
        let Self { name, port, .. } = self;
        let host_key = fs::read_to_string(self.folder.join("host_key.pub")).unwrap();
        let key = host_key.split(' ').take(2).collect::<Vec<_>>().join(" ");
        home.write(
            &format!("{name}/known_hosts"),
            format!("{name} {key}\n[127.0.0.1]:{port} {key}\n"),
        );
        let known_hosts = self.known_hosts().display().to_string();
        let lines = [
            format!("Host {name} 127.0.0.1"),
            "HostName 127.0.0.1".into(),
            format!("Port {port}"),
            "User root".into(),
            format!("HostKeyAlias {name}"),
            format!("UserKnownHostsFile {known_hosts}"),
            "GlobalKnownHostsFile /dev/null".into(),
            "StrictHostKeyChecking yes".into(),
            "UpdateHostKeys no".into(),
            "BatchMode yes".into(),
            "IdentityFile none".into(),
        ];
        home.write(&format!("{name}/ssh_config"), lines.join("\n") + "\n");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("{} wrote:\n{}", self.name, self.log());
        }
    }
}

fn configuration(folder: &std::path::Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\n\
         AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\n\
         MaxAuthTries 40\nMaxStartups 100\nSubsystem sftp internal-sftp\n"
    )
}

fn spawn(folder: &std::path::Path) -> Child {
    let mut command = Command::new("/usr/sbin/sshd");
    command
        .arg("-D")
        .arg("-f")
        .arg(folder.join("sshd_config"))
        .arg("-E")
        .arg(folder.join("log"));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
        .spawn()
        .unwrap_or_else(|error| panic!("sshd does not start: {error}"))
}

/// Waits until the server listens; false if it has ended instead.
fn listens(child: &mut Child, port: u16) -> bool {
    deadline::eventually("sshd to listen", START_LIMIT, || {
        if child.try_wait().unwrap().is_some() {
            return Some(false);
        }
        TcpStream::connect(("127.0.0.1", port))
            .is_ok()
            .then_some(true)
    })
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
