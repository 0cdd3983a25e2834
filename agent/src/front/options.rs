//! Everything the front has to know at its start.

use core::fmt;
use std::ffi::OsString;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use super::policy::Rules;
use super::prompt;
use super::ring::FingerprintHash;
use super::socket::Place;
use crate::secret_memory::region::Protection;

/// How long an open vault may go without a signature unless it is said.
pub const VAULT_IDLE: Duration = Duration::from_secs(15 * 60);

/// How an agent is to be run.
#[derive(Debug)]
pub struct Options {
    /// The socket that clients connect to; it listens already.
    pub listener: UnixListener,
    /// Where that socket is and what to remove at the end.
    pub place: Place,
    /// How long an identity stays when its own lifetime is not given.
    pub lifetime: Option<Duration>,
    /// How long an open vault may go without a signature before it is closed; for ever when none.
    pub vault_idle: Option<Duration>,
    /// How fingerprints are written in prompts.
    pub fingerprint_hash: FingerprintHash,
    /// What is allowed.
    pub rules: Rules,
    /// The best protection of memory to try for.
    pub memory: Protection,
    /// Whether SIGINT ends the agent.
    pub interrupt_ends: bool,
    /// Whether a supervisor made the socket; SIGTERM is then a success.
    pub activated: bool,
    /// The process with which the agent ends, with exit code 2.
    pub parent: Option<u32>,
    /// Our own executable, from which the keeper and unlockers are started.
    pub program: PathBuf,
    /// What the environment says.
    pub environment: Environment,
    /// What to do once the agent serves.
    pub ready: Ready,
}

/// What to do once the agent serves.
pub struct Ready(Box<dyn FnOnce()>);

impl Ready {
    /// Takes the action.
    pub fn new(action: impl FnOnce() + 'static) -> Self {
        Self(Box::new(action))
    }

    /// Does it.
    pub fn announce(self) {
        (self.0)();
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ready")
    }
}

/// What the front takes from the environment it was started in.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// How a person can be asked.
    pub askpass: prompt::Environment,
    /// `SSH_SK_HELPER`: the program that talks to tokens.
    pub ssh_sk_helper: Option<OsString>,
    /// Where the audit lines go; nowhere when there is no home.
    pub audit_path: Option<PathBuf>,
    /// Where the public keys of the vault are noted; nowhere when there is no home.
    pub vault_keys: Option<PathBuf>,
}
