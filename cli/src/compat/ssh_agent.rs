//! `ssh-agent` as OpenSSH 10.5 has it: the same words, streams and exit codes.

use std::ffi::OsString;
use std::process::ExitCode;

use keyward_agent::front::socket::SocketError;

use crate::config::Config;
use crate::output::{self, reason};
use crate::start::flags::{FlagError, Flags};
use crate::start::process::Called;
use crate::start::stop::StopError;
use crate::start::{StartError, start};

/// What OpenSSH's `fatal()` exits with.
const FATAL: u8 = 255;

const USAGE: &str = "\
usage: ssh-agent [-c | -s] [-DdTU] [-a bind_address] [-E fingerprint_hash]
                 [-O option] [-P allowed_providers] [-t life]
       ssh-agent [-TU] [-a bind_address] [-E fingerprint_hash] [-O option]
                 [-P allowed_providers] [-t life] command [arg ...]
       ssh-agent [-c | -s] -k
       ssh-agent -u
       ssh-agent -V
";

/// Programs read the OpenSSH version to know what they may send; people read the rest.
const VERSION: &str = concat!(
    "OpenSSH_10.5 (keyward ",
    env!("CARGO_PKG_VERSION"),
    "), AWS-LC\n"
);

/// Does what `ssh-agent` would with `arguments`.
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    let refusal = match Flags::parse(arguments) {
        Ok(flags) if flags.version => {
            output::say(VERSION);
            return ExitCode::SUCCESS;
        }
        Ok(mut flags) => {
            configure(&mut flags);
            match start(&flags, Called::SshAgent) {
                Ok(code) => return code,
                Err(error) => of_start(&error),
            }
        }
        Err(error) => of_flags(&error),
    };
    output::say(&refusal.text);
    ExitCode::from(refusal.code)
}

/// Fills in what the configuration says. Whoever starts a session with this program has no session without it, so
/// that a configuration that is wrong is not used, and no more.
fn configure(flags: &mut Flags) {
    if !flags.starts() {
        return;
    }
    match Config::load() {
        Ok(config) => config.complete(flags),
        Err(error) => output::say(&format!("warning: {error}; nothing of it is used\n")),
    }
}

/// What is said, and the exit code.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    text: String,
    code: u8,
}

impl Refusal {
    fn usage(fact: &str) -> Self {
        let text = format!("{fact}{USAGE}");
        Self { text, code: 1 }
    }

    /// As `perror` has it.
    fn plain(fact: &str) -> Self {
        let text = format!("{fact}\n");
        Self { text, code: 1 }
    }

    /// As OpenSSH's log has it, which ends lines for terminals in raw mode.
    fn logged(fact: &str, code: u8) -> Self {
        let text = format!("{fact}\r\n");
        Self { text, code }
    }
}

fn of_flags(error: &FlagError) -> Refusal {
    match error {
        FlagError::Conflict(_) => Refusal::usage(""),
        FlagError::Getopt(error) => Refusal::usage(&format!("{error}\r\n")),
        FlagError::Hash(name) => {
            Refusal::logged(&format!("Invalid hash algorithm \"{name}\""), FATAL)
        }
        FlagError::Lifetime(_) => Refusal::usage("Invalid lifetime\n"),
        // Unreachable: under this name there is no such flag.
        FlagError::Idle(_) => Refusal::usage(""),
        FlagError::UnknownOption(_) => Refusal::logged("Unknown -O option", FATAL),
        FlagError::NotText(_) | FlagError::ProvidersTwice | FlagError::WebsafeTwice => {
            Refusal::logged(&error.to_string(), FATAL)
        }
    }
}

fn of_start(error: &StartError) -> Refusal {
    match error {
        StartError::Activation(error) => Refusal::logged(&error.to_string(), FATAL),
        StartError::Command { program, source } => {
            Refusal::plain(&format!("{}: {}", program.display(), reason(source)))
        }
        StartError::Ended(_) | StartError::Prepare(_) => Refusal::plain(&error.to_string()),
        StartError::HomeUnknown => Refusal::logged("Couldn't determine home directory", FATAL),
        StartError::HomeSocket(error) => {
            let fact = of_socket(error);
            Refusal::logged(
                &format!("{fact}\r\nmain: Couldn't prepare agent socket"),
                FATAL,
            )
        }
        StartError::Output(source) => Refusal::plain(&format!("write: {}", reason(source))),
        StartError::Process(source) => Refusal::plain(&format!("fork: {}", reason(source))),
        StartError::Socket(SocketError::Directory { source, .. }) => {
            Refusal::plain(&format!("mkdtemp: private socket dir: {}", reason(source)))
        }
        StartError::Socket(error) => Refusal::logged(&of_socket(error), 1),
        StartError::Stop(
            error @ (StopError::NoPid | StopError::BadPid { .. } | StopError::Signal(_)),
        ) => Refusal::plain(&error.to_string()),
    }
}

fn of_socket(error: &SocketError) -> String {
    match error {
        SocketError::PathTooLong { path } => format!(
            "unix_listener: path \"{}\" too long for Unix domain socket (108 bytes with its final \
             zero): choose a shorter one with -a",
            path.display()
        ),
        SocketError::Bind { path, source } => format!(
            "unix_listener: cannot bind to path {}: {}",
            path.display(),
            reason(source)
        ),
        SocketError::Directory { path, source } => {
            format!("mkdir {}: {}", path.display(), reason(source))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn refused(line: &str) -> Refusal {
        let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        of_flags(&Flags::parse(&arguments).unwrap_err())
    }

    #[test]
    fn usage_errors_exit_with_1() {
        for (line, fact) in [
            ("-x", "unknown option -- x\r\n"),
            ("--idle 5", "unknown option -- -\r\n"),
            ("-t", "option requires an argument -- t\r\n"),
            ("-t 1x", "Invalid lifetime\n"),
            ("-cs", ""),
            ("-k true", ""),
        ] {
            let refusal = refused(line);
            assert_eq!(refusal.code, 1, "{line}");
            assert_eq!(refusal.text, format!("{fact}{USAGE}"), "{line}");
        }
    }

    #[test]
    fn fatal_errors_exit_with_255() {
        for (line, text) in [
            ("-E sha1", "Invalid hash algorithm \"sha1\"\r\n"),
            ("-O nonsense", "Unknown -O option\r\n"),
            ("-P a -P b", "-P option already specified\r\n"),
            (
                "-Owebsafe-allow=a -Owebsafe-allow=b",
                "websafe-allow already set\r\n",
            ),
        ] {
            let refusal = refused(line);
            assert_eq!(refusal.code, 255, "{line}");
            assert_eq!(refusal.text, text, "{line}");
        }
    }

    #[test]
    fn command_that_cannot_be_run_is_named() {
        let error = StartError::Command {
            program: "nosuch".into(),
            source: io::Error::from_raw_os_error(2),
        };
        assert_eq!(
            of_start(&error),
            Refusal::plain("nosuch: No such file or directory")
        );
    }

    #[test]
    fn long_path_is_fatal_in_the_home_only() {
        let too_long = || SocketError::PathTooLong { path: "/x".into() };
        assert_eq!(of_start(&StartError::Socket(too_long())).code, 1);
        assert_eq!(of_start(&StartError::HomeSocket(too_long())).code, 255);
    }
}
