//! Keeps one keeper running, and starts another when it ends.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{self, Instant};

use super::link::{Ends, Gone, Link};
use crate::keeper::channel::{Answer, Ask, KeyId};
use crate::keeper::process::LOCKED_ARGUMENT;
use crate::seclusion;
use crate::secret_memory::region::Protection;

/// The name under which our program runs as keeper.
pub const KEEPER_NAME: &str = "keyward-keeper";

/// How long to wait before a keeper that could not be started is tried again: out of descriptors
/// or memory, trying in a loop would make it worse.
const RETRY: Duration = Duration::from_millis(200);

/// How many keepers in a row may end within [`RETRY`] before the next one has to wait.
const SHORT_LIVED_MAX: u32 = 20;

/// How a keeper comes into being.
#[derive(Debug)]
pub enum Origin {
    /// This program in a process of its own.
    Process {
        /// Our executable.
        program: PathBuf,
        /// The best protection of memory to try for.
        memory: Protection,
    },
    /// A thread of this process, unconfined: for tests of what stands before the keeper.
    #[cfg(test)]
    Thread,
}

/// The one place that knows which keeper is the current one.
#[derive(Debug)]
pub struct Supervisor {
    origin: Origin,
    current: RefCell<Option<Rc<Running>>>,
    last_key: Cell<u64>,
    ended: Notify,
    /// When the current keeper was started; none before the first.
    started: Cell<Option<Instant>>,
    /// How many keepers in a row ended soon after their start.
    short_lived: Cell<u32>,
}

#[derive(Debug)]
struct Running {
    link: Rc<Link>,
    child: RefCell<Option<Child>>,
    /// Whether a key or a passphrase was ever handed to it.
    used: Cell<bool>,
}

impl Supervisor {
    /// Knows how to start keepers, and has not started one.
    pub fn new(origin: Origin) -> Rc<Self> {
        Rc::new(Self {
            origin,
            current: RefCell::default(),
            last_key: Cell::new(0),
            ended: Notify::new(),
            started: Cell::default(),
            short_lived: Cell::new(0),
        })
    }

    /// Returns a name for a new key. None is given twice, so that an answer meant for a dead
    /// keeper cannot reach another key.
    pub fn next_key(&self) -> KeyId {
        self.last_key.set(self.last_key.get() + 1);
        KeyId(self.last_key.get())
    }

    /// Returns the process id of the current keeper.
    pub fn keeper_pid(&self) -> Option<u32> {
        self.current
            .borrow()
            .as_ref()?
            .child
            .borrow()
            .as_ref()
            .map(Child::id)
    }

    /// Asks the current keeper; one that comes before the first keeper is started has it started.
    ///
    /// # Errors
    /// [`Gone`] when there is none now, or it ended before it answered.
    pub async fn ask(self: &Rc<Self>, ask: Ask<'_>) -> Result<Answer, Gone> {
        self.start().map_err(|_| Gone)?;
        let running = self.current.borrow().clone().ok_or(Gone)?;
        if ask.carries_secret() {
            running.used.set(true);
        }
        running.link.ask(ask).await
    }

    /// Asks the current keeper without waiting for the answer, of a request without secrets.
    pub fn tell(&self, ask: Ask<'_>) {
        if let Some(running) = &*self.current.borrow() {
            running.link.tell(ask);
        }
    }

    /// Says whether the current keeper was ever handed a secret.
    pub fn is_used(&self) -> bool {
        let current = self.current.borrow();
        current.as_ref().is_some_and(|running| running.used.get())
    }

    /// Says whether nobody waits for an answer of the current keeper.
    pub fn is_idle(&self) -> bool {
        let current = self.current.borrow();
        let busy = current
            .as_ref()
            .is_some_and(|running| !running.link.is_idle());
        !busy
    }

    /// Starts the first keeper, unless it was started.
    ///
    /// # Errors
    /// What the system said; then there is none.
    pub fn start(self: &Rc<Self>) -> io::Result<()> {
        if self.started.get().is_some() {
            return Ok(());
        }
        self.renew()
    }

    /// Starts a keeper in place of the current one, which ends. Only for when no key is held.
    ///
    /// # Errors
    /// What the system said; then the current keeper stays.
    pub fn renew(self: &Rc<Self>) -> io::Result<()> {
        let (ends, child) = self.origin.start()?;
        let link = match Link::new(ends) {
            Ok(link) => link,
            Err(error) => {
                end(child);
                return Err(error);
            }
        };
        self.started.set(Some(Instant::now()));
        let running = Rc::new(Running {
            link,
            child: RefCell::new(child),
            used: Cell::new(false),
        });
        let old = self.current.replace(Some(Rc::clone(&running)));
        if let Some(old) = old {
            old.link.close();
        }
        let supervisor = Rc::clone(self);
        tokio::task::spawn_local(async move {
            running.link.run().await;
            running.reap();
            supervisor.note_end(&running);
        });
        Ok(())
    }

    /// Waits until the current keeper has ended without being asked to.
    pub async fn ended(&self) {
        self.ended.notified().await;
    }

    /// Starts another keeper after one has ended, however long it takes.
    ///
    /// One that ends as soon as it starts, on a system that will not run it, is not started over
    /// and over without a pause.
    pub async fn restart(self: &Rc<Self>) {
        let age = self.started.get().map(|started| started.elapsed());
        let soon = age.is_some_and(|age| age < RETRY);
        self.short_lived
            .set(if soon { self.short_lived.get() + 1 } else { 0 });
        if self.short_lived.get() > SHORT_LIVED_MAX {
            time::sleep(RETRY).await;
        }
        while self.renew().is_err() {
            time::sleep(RETRY).await;
        }
    }

    fn note_end(&self, running: &Rc<Running>) {
        let was_current = self
            .current
            .borrow()
            .as_ref()
            .is_some_and(|current| Rc::ptr_eq(current, running));
        if was_current {
            self.current.replace(None);
            self.ended.notify_one();
        }
    }
}

impl Running {
    fn reap(&self) {
        end(self.child.take());
    }
}

/// Ends a keeper's process, if it has not ended, and collects its status.
fn end(child: Option<Child>) {
    if let Some(mut child) = child {
        // It may have ended by itself already.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Origin {
    fn start(&self) -> io::Result<(Ends, Option<Child>)> {
        match self {
            Self::Process { program, memory } => {
                let seen = seclusion::is_seen_at_start(program);
                let (ends, their_requests, their_answers) = Ends::with_keeper(seen)?;
                let mut command = Command::new(program);
                command
                    .arg0(KEEPER_NAME)
                    .env_clear()
                    // Signals that a terminal sends to the agent's group are not for the keeper.
                    .process_group(0)
                    .stdin(their_requests)
                    .stdout(their_answers)
                    .stderr(Stdio::null());
                if *memory == Protection::Locked {
                    command.arg(LOCKED_ARGUMENT);
                }
                command.spawn().map(|child| (ends, Some(child)))
            }
            #[cfg(test)]
            Self::Thread => {
                use crate::keeper::{sandbox::Confinement, serve, workers::Workers};
                let (ends, their_requests, their_answers) = Ends::with_keeper(false)?;
                let memory = Protection::Unlocked;
                let workers = Workers::start(1, memory)?;
                let terms = serve::Terms {
                    memory,
                    confinement: Confinement::default(),
                    workers,
                };
                let channel = serve::Channel::new(their_requests, their_answers)?;
                std::thread::spawn(move || serve::serve(channel, terms));
                Ok((ends, None))
            }
        }
    }
}
