//! The agent as a process: accepting clients, signals, timers, and the end.

use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{self, Pid, PidfdFlags, Resource, Rlimit};
use tokio::io::unix::AsyncFd;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::{self, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::{self, LocalSet};
use tokio::time;

use super::agent::{Agent, Parts};
use super::audit::{Audit, Event, Outcome, PeerRecord, Record};
use super::clock::{self, Alarm, BootTime};
use super::connection;
use super::control::{self, About, Caller};
use super::intake::Intake;
use super::options::Options;
use super::peer::{self, Peer};
use super::prompt::Prompter;
use super::security_key;
use super::socket::Place;
use super::supervisor::{Origin, Supervisor};
use super::unlocker::Unlocker;
use crate::footprint::Code;
use crate::seclusion;
use crate::secret_memory::region::Protection;

/// How long accepting rests when there is no descriptor for another connection. Waiting clients
/// stay in the kernel's queue meanwhile.
const REST: Duration = Duration::from_millis(50);

/// Connections to the control socket at a time. They come out of [`RESERVED`]; further ones wait in
/// the kernel's queue.
const CONTROLS_MAX: usize = 16;

/// Descriptors that connections may not take: for prompts, tokens, a new keeper, the log, and
/// the control socket.
const RESERVED: usize = 44;

/// Connections that are served at a time even where descriptors are very few.
const CONNECTIONS_MIN: usize = 20;

/// The exit code of an agent that was told to end, as OpenSSH's.
const ENDED: u8 = 2;

/// Clients that connected while the agent started are answered before the keeper is started, which takes as long as
/// all else. With one look a client is accepted, with the next its request is read and answered; as many again are
/// for those who come a moment later.
const EARLY_LOOKS: usize = 4;

/// An agent that catches signals and does not serve yet.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    signals: Signals,
}

impl Server {
    /// Keeps this process's memory from core files and from the user's other processes, and catches signals: from
    /// now on one that ends the agent does so in order, in [`Server::run`].
    ///
    /// # Errors
    /// What the system said.
    pub fn prepare() -> io::Result<Self> {
        seclusion::hide_memory()?;
        seclusion::forbid_core_files()?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let signals = {
            let _entered = runtime.enter();
            Signals::new()?
        };
        Ok(Self { runtime, signals })
    }

    /// Serves until a signal, or the end of the parent, ends it.
    ///
    /// Exit code 2 then, as of OpenSSH's agent; 0 when a supervisor that made the socket sent SIGTERM;
    /// 1 when the agent could not start.
    pub fn run(self, options: Options) -> ExitCode {
        let place = options.place.clone();
        let activated = options.activated;
        // As a task it is polled when it has something to do, not whenever any task has.
        let served = async { task::spawn_local(serve(self.signals, options)).await };
        let ended = LocalSet::new()
            .block_on(&self.runtime, served)
            .map_err(io::Error::from)
            .flatten();
        place.remove();
        match ended {
            Ok(End::Terminated) if activated => ExitCode::SUCCESS,
            Ok(_) => ExitCode::from(ENDED),
            Err(error) => {
                tracing::error!(%error, "the agent could not start");
                ExitCode::FAILURE
            }
        }
    }
}

/// What ended the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Terminated,
    Other,
}

async fn serve(signals: Signals, options: Options) -> io::Result<End> {
    let descriptors = raise_descriptor_limit();
    let agent = assemble(&options);
    task::spawn_local(keep(Rc::clone(&agent), [Alarm::new()?, Alarm::new()?]));
    start_control(&agent, &options.place, options.memory)?;
    agent.record(&Record::new(
        clock::wall_time(),
        Event::Start,
        Outcome::Allow,
    ));
    let limit = descriptors.saturating_sub(RESERVED).max(CONNECTIONS_MIN);
    let end = serve_clients(&agent, limit, signals, options).await;
    agent.record(&Record::new(
        clock::wall_time(),
        Event::Stop,
        Outcome::Allow,
    ));
    agent.close_audit();
    end
}

async fn serve_clients(
    agent: &Rc<Agent>,
    limit: usize,
    signals: Signals,
    options: Options,
) -> io::Result<End> {
    let clients = Clients {
        listener: watch(options.listener)?,
        intake: Rc::new(Intake::new(options.memory)?),
        limit,
    };
    let accepting = task::spawn_local(clients.accept(Rc::clone(agent)));
    for _ in 0..EARLY_LOOKS {
        task::yield_now().await;
    }
    agent.supervisor.start()?;
    options.ready.announce();
    Code::of_this_process().give_back();
    tokio::select! {
        ended = accepting => ended.map(|()| End::Other).map_err(io::Error::from),
        end = signals.act(agent, options.interrupt_ends) => Ok(end),
        ended = parent_ended(options.parent) => ended.map(|()| End::Other),
    }
}

fn assemble(options: &Options) -> Rc<Agent> {
    let agent = Agent::new(Parts {
        supervisor: Supervisor::new(Origin::Process {
            program: options.program.clone(),
            memory: options.memory,
        }),
        prompter: Prompter::from_environment(&options.environment.askpass),
        tokens: security_key::Signer::new(options.environment.ssh_sk_helper.clone()),
        rules: options.rules.clone(),
        lifetime: options.lifetime,
        fingerprint_hash: options.fingerprint_hash,
        audit: open_audit(options.environment.audit_path.as_deref()),
        unlocker: Unlocker {
            program: options.program.clone(),
            control_socket: options.place.control(),
        },
        vault_idle: options.vault_idle,
    });
    if let Some(path) = &options.environment.vault_keys {
        agent.remember_vault(path);
    }
    agent
}

/// Makes room for as many connections as the system allows. Returns how many descriptors there may be.
fn raise_descriptor_limit() -> usize {
    let limit = process::getrlimit(Resource::Nofile);
    // With the old limit it works as well, for fewer clients.
    let _ = process::setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    );
    let current = process::getrlimit(Resource::Nofile).current;
    current
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX)
}

/// An agent without a log is better than none: a full disk must not keep people from logging in.
fn open_audit(path: Option<&Path>) -> Audit {
    let Some(path) = path else {
        return Audit::off();
    };
    Audit::open(path).unwrap_or_else(|error| {
        tracing::warn!(%error, path = %path.display(), "no audit log");
        Audit::off()
    })
}

/// Does what goes on in the background.
async fn keep(agent: Rc<Agent>, [of_keys, of_vault]: [Alarm; 2]) {
    let restarts = async {
        loop {
            agent.supervisor.ended().await;
            agent.note_lost_keeper();
            agent.supervisor.restart().await;
        }
    };
    tokio::join!(
        agent.keep_time(of_keys),
        agent.keep_vault(of_vault),
        agent.keep_fresh(),
        agent.keep_log(),
        restarts
    );
}

fn watch(listener: StdListener) -> io::Result<UnixListener> {
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

/// Where clients come from, and how many are served at a time.
struct Clients {
    listener: UnixListener,
    intake: Rc<Intake>,
    limit: usize,
}

impl Clients {
    /// Accepts clients for ever.
    async fn accept(self, agent: Rc<Agent>) {
        loop {
            if agent.connections.get() >= self.limit {
                time::sleep(REST).await;
                continue;
            }
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    if let Some(peer) = admit(&agent, &stream) {
                        let (agent, intake) = (Rc::clone(&agent), Rc::clone(&self.intake));
                        task::spawn_local(connection::serve(agent, intake, stream, peer));
                    }
                }
                // Out of descriptors or memory, or a client that has gone: none ends the agent, and
                // trying again at once would spin.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    time::sleep(REST).await;
                }
            }
        }
    }
}

/// Lets in the agent's owner and root; whatever the mode of the socket says.
fn admit(agent: &Agent, stream: &UnixStream) -> Option<Peer> {
    let peer = Peer::of(stream).ok()?;
    if peer::admit(peer.uid, process::geteuid().as_raw()) {
        return Some(peer);
    }
    tracing::warn!(uid = peer.uid, "refused a connection of another user");
    agent.record(&Record {
        peer: Some(PeerRecord::of(&peer)),
        ..Record::new(clock::wall_time(), Event::RefuseConnection, Outcome::Deny)
    });
    None
}

fn start_control(agent: &Rc<Agent>, place: &Place, memory: Protection) -> io::Result<()> {
    let about = Rc::new(About {
        socket: place.path().display().to_string(),
        control_socket: place.control().map(|path| path.display().to_string()),
        audit_log: agent.audit_file().map(|path| path.display().to_string()),
        started: BootTime::now(),
    });
    let listener = match place.listen_for_control() {
        Ok(Some(listener)) => listener,
        Ok(None) => return Ok(()),
        // Whoever listens there in our place would be handed the vault's keys.
        Err(error) => return Err(io::Error::other(error)),
    };
    let listener = watch(listener)?;
    let agent = Rc::clone(agent);
    let places = Arc::new(Semaphore::new(CONTROLS_MAX));
    task::spawn_local(async move {
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let Some(peer) = admit(&agent, &stream) else {
                        continue;
                    };
                    let caller = Caller { peer, memory };
                    let (agent, about) = (Rc::clone(&agent), Rc::clone(&about));
                    let served = control::serve(agent, about, stream, caller);
                    task::spawn_local(async {
                        // Whatever ended the connection, nobody is left to be told.
                        drop(served.await);
                        drop(place);
                    });
                }
                Err(_) => time::sleep(REST).await,
            }
        }
    });
    Ok(())
}

/// The signals that mean something to an agent, caught from here on.
#[derive(Debug)]
struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
    drop_keys: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            drop_keys: signal(SignalKind::user_defined1())?,
        })
    }

    /// Acts on signals until one ends the agent.
    async fn act(mut self, agent: &Agent, interrupt_ends: bool) -> End {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => return End::Other,
                _ = self.terminate.recv() => return End::Terminated,
                _ = self.interrupt.recv() => if interrupt_ends { return End::Other },
                _ = self.drop_keys.recv() => {
                    agent.drop_keys().await;
                    let event = Event::RemoveAll;
                    agent.record(&Record::new(clock::wall_time(), event, Outcome::Allow));
                }
            }
        }
    }
}

/// Waits until the process with which the agent has to end is gone; for ever without one.
#[expect(
    deprecated,
    reason = "the sound ways are unsafe calls, whose demands an `OwnedFd` always meets"
)]
async fn parent_ended(parent: Option<u32>) -> io::Result<()> {
    let Some(parent) = parent else {
        return std::future::pending().await;
    };
    let parent = i32::try_from(parent).ok().and_then(Pid::from_raw);
    let watched = parent.and_then(|pid| process::pidfd_open(pid, PidfdFlags::empty()).ok());
    let is_ours = parent.is_some() && process::getppid() == parent;
    match watched {
        Some(pidfd) if is_ours => {
            let pidfd = AsyncFd::new(pidfd)?;
            pidfd.readable().await.map(|_| ())
        }
        // Gone before it could be watched.
        _ => Ok(()),
    }
}
