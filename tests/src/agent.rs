//! The program under test, running as `ssh-agent`.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{Connection, Home, Key, KeyKind, Run, deadline, key, process, program};

/// How long the agent may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(20);

/// How an agent is to be started.
#[derive(Debug)]
pub struct Launch {
    home: Home,
    program: PathBuf,
    wrapper: Vec<String>,
    flags: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Launch {
    /// The program under test, in this home.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self {
            home,
            program: program::path(),
            wrapper: vec![],
            flags: vec![],
            environment: vec![],
        }
    }

    /// Another build of the program.
    #[must_use]
    pub fn program(mut self, path: PathBuf) -> Self {
        self.program = path;
        self
    }

    /// A command that runs the agent as its last arguments, in its own process: `prlimit --nofile=64`.
    #[must_use]
    pub fn wrapper(mut self, words: &[&str]) -> Self {
        self.wrapper = words.iter().map(ToString::to_string).collect();
        self
    }

    /// Further flags of `ssh-agent`.
    #[must_use]
    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.flags = flags.iter().map(ToString::to_string).collect();
        self
    }

    /// Further environment.
    #[must_use]
    pub fn environment(
        mut self,
        variables: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        self.environment.extend(
            variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        self
    }

    /// Starts it in the foreground and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it ends, or does not listen in time.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> Agent {
        let socket = self.home.path("agent.sock");
        let link = link(&self.home, &self.program);
        let words = self
            .wrapper
            .iter()
            .map(OsStr::new)
            .chain([link.as_os_str()])
            .collect::<Vec<_>>();
        let mut command = self.home.command(words[0]);
        command
            .args(&words[1..])
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .args(&self.flags)
            .envs(self.environment);
        command.stdin(Stdio::null());
        command.stdout(File::create(self.home.path("agent.out")).unwrap());
        command.stderr(File::create(self.home.path("agent.err")).unwrap());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let mut agent = Agent {
            home: self.home,
            child,
            socket,
        };
        deadline::until("the agent to listen", START_LIMIT, || {
            assert!(
                agent.child.try_wait().unwrap().is_none(),
                "the agent ended at once: {}",
                agent.output()
            );
            Connection::try_open(&agent.socket).is_ok()
        });
        agent
    }
}

/// A running agent in a home of its own; killed at the end.
#[derive(Debug)]
pub struct Agent {
    home: Home,
    child: Child,
    socket: PathBuf,
}

impl Agent {
    /// Starts one with these flags, in a fresh home.
    #[must_use]
    #[track_caller]
    pub fn start(flags: &[&str]) -> Self {
        Launch::new(Home::new()).flags(flags).start()
    }

    /// Starts one that holds a key of every kind.
    #[must_use]
    #[track_caller]
    pub fn start_with_every_key() -> Self {
        let agent = Self::start(&[]);
        for kind in KeyKind::ALL {
            agent.add(&Key::plain(kind));
        }
        agent
    }

    /// Ends it with SIGTERM, and returns its home.
    #[must_use]
    #[track_caller]
    pub fn end(mut self) -> Home {
        self.signal(rustix::process::Signal::TERM);
        self.wait();
        std::mem::take(&mut self.home)
    }

    /// Its home.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its process id: that of the process which was started.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process ids of the agent and all it has started.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        process::family(self.pid())
    }

    /// A command that finds this agent through `SSH_AUTH_SOCK`.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.home.command(program);
        command
            .env("SSH_AUTH_SOCK", &self.socket)
            .env("SSH_SK_PROVIDER", key::SECURITY_KEY_PROVIDER);
        command
    }

    /// `ssh-add` with these arguments.
    #[must_use]
    pub fn ssh_add(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("ssh-add");
        command.args(arguments);
        command
    }

    /// Adds a key with `ssh-add`.
    ///
    /// # Panics
    ///
    /// When `ssh-add` does not succeed.
    #[track_caller]
    pub fn add(&self, key: &Key) {
        self.ssh_add(&["-q"]).arg(&key.path).succeeds();
    }

    /// What `ssh-add -L` prints: the public keys.
    ///
    /// # Panics
    ///
    /// When `ssh-add` cannot contact the agent.
    #[must_use]
    #[track_caller]
    pub fn list(&self) -> String {
        let outcome = self.ssh_add(&["-L"]).outcome();
        assert!(matches!(outcome.code, Some(0 | 1)), "{outcome:?}");
        outcome.stdout
    }

    /// Whether the list has this key.
    #[must_use]
    #[track_caller]
    pub fn lists(&self, key: &Key) -> bool {
        self.list().contains(&key.public_fields())
    }

    /// Opens a connection.
    #[must_use]
    #[track_caller]
    pub fn connect(&self) -> Connection {
        Connection::open(&self.socket)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        signal_to(self.pid(), signal);
    }

    /// Waits for its end and returns its exit status; none if a signal ended it.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    #[track_caller]
    pub fn wait(&mut self) -> Option<i32> {
        deadline::eventually("the agent's end", START_LIMIT, || {
            self.child.try_wait().unwrap()
        })
        .code()
    }

    /// What it has written to its standard output and error so far.
    #[must_use]
    pub fn output(&self) -> String {
        ["agent.out", "agent.err"]
            .map(|name| fs::read_to_string(self.home.path(name)).unwrap_or_default())
            .concat()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let output = self.output();
            println!("the agent wrote:\n{output}");
        }
    }
}

/// Sends a signal to any process.
///
/// # Panics
///
/// When there is no such process.
#[track_caller]
pub fn signal_to(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).expect("the process is there");
}

/// A symbolic link named `ssh-agent` to the program, which goes by the name it is called by.
///
/// # Panics
///
/// When the file system does not let it.
#[must_use]
pub fn link(home: &Home, program: &Path) -> PathBuf {
    let link = home.path("ssh-agent");
    if !link.exists() {
        symlink(program, &link).unwrap();
    }
    link
}
