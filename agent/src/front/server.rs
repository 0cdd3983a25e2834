//! Serves clients on a socket until a signal ends it.

use std::ffi::OsString;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::socket::Place;

/// How fingerprints are written in prompts and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FingerprintHash {
    /// `MD5:` and hexadecimal pairs, as before OpenSSH 6.8.
    Md5,
    /// `SHA256:` and base64 without padding.
    #[default]
    Sha256,
}

/// What the front takes from the environment it was started in.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `SSH_ASKPASS`: the program that asks questions in a window.
    pub ssh_askpass: Option<OsString>,
    /// `SSH_ASKPASS_REQUIRE`: `force`, `prefer` or `never`.
    pub ssh_askpass_require: Option<OsString>,
    /// Whether `DISPLAY` or `WAYLAND_DISPLAY` names a display.
    pub display: bool,
    /// `SSH_SK_HELPER`: the program that talks to security keys.
    pub ssh_sk_helper: Option<PathBuf>,
    /// Where the audit lines go; none when there is no home.
    pub audit_path: Option<PathBuf>,
}

/// Everything the front has to know at its start.
#[derive(Debug)]
pub struct Options {
    /// The socket clients connect to; it listens already.
    pub listener: UnixListener,
    /// Where that socket is and what to remove at the end.
    pub place: Place,
    /// How long an identity stays when its own lifetime is not given.
    pub lifetime: Option<Duration>,
    /// How fingerprints are written.
    pub fingerprint_hash: FingerprintHash,
    /// Pattern list of the provider libraries that may be loaded.
    pub providers: String,
    /// Whether security keys of other applications sign only what SSH made.
    pub restrict_websafe: bool,
    /// Pattern list of the applications that count as SSH's own.
    pub websafe: String,
    /// Whether forwarded clients may load provider libraries.
    pub allow_remote_pkcs11: bool,
    /// Whether SIGINT ends the agent.
    pub interrupt_ends: bool,
    /// Whether a supervisor made the socket; SIGTERM is then a success.
    pub activated: bool,
    /// The process with which the agent ends, with exit code 2.
    pub parent: Option<u32>,
    /// Our own executable, from which the keeper is started.
    pub program: PathBuf,
    /// The environment's part.
    pub environment: Environment,
}

/// Serves until a signal ends it.
pub fn run(options: Options) -> ExitCode {
    options.place.remove();
    ExitCode::from(2)
}
