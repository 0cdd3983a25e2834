//! What to type next, for every failure that has an answer.

mod state;
mod store;

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::ExitCode;

use keyward_agent::client::{Client, ClientError};
use keyward_agent::front::socket::SocketError;

use keyward_vault::import::ImportError;
use keyward_vault::paper::PaperError;
use keyward_vault::{Class, Error as VaultError};

use crate::ask::AskError;
use crate::config::ConfigError;
use crate::destination::DestinationError;
use crate::error::Error;
use crate::generated;
use crate::output;
use crate::start::StartError;
use crate::start::shape::quoted;
use crate::start::stop::StopError;

/// What can be a passphrase.
const PASSPHRASE: &str = "a passphrase is 1 to 1,024 bytes of text without control characters";

/// Tells the person what failed and what to type next, and returns what the program exits with.
pub(crate) fn report(error: &Error) -> ExitCode {
    output::failure(error, advice(error).as_deref());
    ExitCode::from(error.code())
}

/// Tells the person what failed with one file of several.
pub(crate) fn report_of(path: &Path, error: &Error) {
    let hint = advice(error);
    if error.names_its_file() {
        return output::failure(error, hint.as_deref());
    }
    let fact = format!("{}: {error}", path.display());
    output::failure(&fact, hint.as_deref());
}

/// Returns the advice for `error`.
pub(crate) fn advice(error: &Error) -> Option<String> {
    let text = match error {
        Error::AgentLocked => "unlock it first: ssh-add -X",
        Error::AuthSockUnset | Error::Client(ClientError::NoAgent { .. }) => {
            "start one with eval \"$(keyward agent)\", or set SSH_AUTH_SOCK"
        }
        Error::Config(error) => return of_config(error),
        Error::Flags(_) | Error::LongFlag(_) => "keyward agent --help",
        Error::NoControl { .. } => {
            "it is another program's agent, or its path is too long for a second socket beside it; \
             start one of ours with eval \"$(keyward agent)\""
        }
        Error::NoCopyId => "use the ssh-copy-id of OpenSSH; it works with this agent",
        Error::Start(error) => return of_start(error),
        Error::Store(error) => return store::of(error),
        Error::Vault(error) => return of_vault(error),
        _ => return of_verb(error),
    };
    Some(text.to_owned())
}

/// Returns the advice for an error of a verb of the vault.
fn of_verb(error: &Error) -> Option<String> {
    if let Some(text) = state::of(error) {
        return Some(text);
    }
    let text = match error {
        Error::Ask(error) => return of_ask(error),
        Error::IsNoPassphrase(_) => PASSPHRASE,
        Error::WeakPassphrase(_) => return generated::advice().ok(),
        Error::CodeNotTypedBack => {
            "start again; a new code is shown then, or written to a file: see --help"
        }
        Error::Destination(DestinationError::NoHostKeys(host)) => {
            return Some(format!(
                "connect once, so that its key is known: ssh {host}"
            ));
        }
        Error::EmptyPassphrase => "to write a file in the clear, say so: --plaintext",
        Error::Exists { .. } => "choose another path, or move away what is there",
        Error::Import(error) => return of_import(error),
        Error::Lifetime(_) => "such as 45m, 8h or 3d; to serve it without end: --no-lifetime",
        Error::NameForMany => "import the files one by one, or without --name",
        Error::NoPassphrase => "keyward slot add passphrase",
        Error::OnlyPassphrase => {
            "add another before: keyward slot add passphrase; or if only a recovery code is to open the vault: --yes"
        }
        Error::NoRemovedKey { .. } => "keyward list --removed",
        Error::NoSuchKey { .. } => "keyward list",
        Error::ManySlots(_) | Error::NoSuchSlot(_) => "keyward slot list",
        Error::UncertainRescue { .. } => {
            "if nobody else can have written to it: keyward fsck --repair --accept-rollback; \
             otherwise restore a backup"
        }
        Error::WhichPassphrase => {
            "remove the old one and add a new one: keyward slot list --labels"
        }
        Error::Contended { .. } => "nothing was saved; try again",
        Error::VaultMissing { .. } => "keyward init, or name another one with --vault",
        _ => return of_paper_or_share(error),
    };
    Some(text.to_owned())
}

fn of_ask(error: &AskError) -> Option<String> {
    let flag = match error {
        AskError::NobodyToAsk => "--passphrase-file",
        AskError::NobodyToAskNew => "--new-passphrase-file",
        _ => return None,
    };
    Some(of_file(flag))
}

/// Returns the advice for an error with what people keep apart from the machine.
fn of_paper_or_share(error: &Error) -> Option<String> {
    let text = match error {
        Error::NoCodes { .. } => {
            "take the picture from above, with all of the code sharp in it; or type the lines below the codes"
        }
        Error::Paper(error) => return of_paper(error),
        Error::PaperMemory { .. } => "if you trust the page: --allow-large-kdf",
        Error::NoScreen => {
            "write them to files: --recovery-out FOLDER; with init: --recovery-file FOLDER"
        }
        Error::OneRecoveryFile => "to split the code: --shares 2-of-3",
        Error::ShareFiles { .. } => "name one folder for all shares, or a file for each",
        Error::Shares(_) => {
            "a share is a line of 20 words, or of the first four letters of each, in any order of the lines"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn of_paper(error: &PaperError) -> Option<String> {
    let text = match error {
        PaperError::Locked => return Some(of_file("--key-passphrase-file")),
        PaperError::Text { .. } => "compare these lines with the page, symbol by symbol",
        PaperError::PartsMissing { .. } => {
            "name the pictures of all codes at once: keyward import FILE…"
        }
        PaperError::Version { .. } | PaperError::Slot { .. } => {
            "a newer keyward wrote it: install that"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn of_import(error: &ImportError) -> Option<String> {
    if matches!(
        error,
        ImportError::Other("a PDF document" | "an XML document")
    ) {
        let text = "a page is read from a scan or photograph (PNG, JPEG), or from its lines typed into a file";
        return Some(text.to_owned());
    }
    let is_about_secret = matches!(
        error,
        ImportError::PassphraseNeeded | ImportError::WrongPassphrase
    );
    is_about_secret.then(|| of_file("--key-passphrase-file"))
}

fn of_file(flag: &str) -> String {
    format!("name a file that holds it: {flag} FILE (\"-\": standard input)")
}

fn of_config(error: &ConfigError) -> Option<String> {
    match error {
        ConfigError::UnknownKey {
            nearest: Some(nearest),
            ..
        } => Some(format!("did you mean {nearest:?}?")),
        ConfigError::UnknownKey { .. } => {
            Some("known are idle, memory, remind and vault".to_owned())
        }
        _ => None,
    }
}

fn of_vault(error: &VaultError) -> Option<String> {
    let text = match error.class() {
        _ if matches!(error, VaultError::NameTaken { .. }) => {
            "choose another; taken are: keyward list"
        }
        _ if matches!(error, VaultError::LastSlot) => {
            "add another way in before: keyward slot add passphrase"
        }
        _ if matches!(error, VaultError::Work { .. }) => {
            "remove a passphrase that is not needed: keyward slot list"
        }
        _ if matches!(error, VaultError::MemoryCeiling { .. }) => {
            "if you trust the file: --allow-large-kdf"
        }
        _ if matches!(error, VaultError::OutOfMemory { .. }) => "end other programs, and try again",
        _ if matches!(error, VaultError::RecoveryCode(_)) => {
            "it is seven groups of four letters and digits, as keyward init showed it"
        }
        _ if matches!(error, VaultError::Passphrase(_)) => PASSPHRASE,
        Some(Class::NotAVault) => "name the vault with --vault, or create one with keyward init",
        Some(Class::Locked) => {
            "try again, or type the recovery code in its place; from a file: --recovery-file FILE"
        }
        Some(Class::Damaged | Class::Forged | Class::Invalid) => {
            "see what is whole with keyward fsck, and mend it with keyward fsck --repair"
        }
        Some(Class::Unsupported) => "a newer keyward wrote it: install that",
        _ => return None,
    };
    Some(text.to_owned())
}

fn of_start(error: &StartError) -> Option<String> {
    let text = match error {
        StartError::Command { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            "what follows is run as a command; what keyward itself does: keyward --help"
        }
        StartError::Ended(_) => "see why: keyward agent -D",
        StartError::HomeUnknown => "set HOME, or choose a place with \"keyward agent -a PATH\"",
        StartError::HomeSocket(error) | StartError::Socket(error) => return of_socket(error),
        StartError::Process(source) if source.kind() == io::ErrorKind::NotFound => {
            "mount /proc: the agent's process is started through it"
        }
        StartError::Stop(StopError::NoPid | StopError::BadPid { .. }) => {
            "set SSH_AGENT_PID to the agent's process id, or end it with kill"
        }
        StartError::Stop(StopError::Signal(_)) => {
            "if it has ended already: unset SSH_AUTH_SOCK SSH_AGENT_PID"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn of_socket(error: &SocketError) -> Option<String> {
    match error {
        SocketError::PathTooLong { .. } => {
            Some("choose a shorter one: keyward agent -a /run/user/$(id -u)/agent".to_owned())
        }
        SocketError::Directory { .. } => {
            Some("choose another place: keyward agent -a PATH".to_owned())
        }
        SocketError::Bind { path, source } => match source.kind() {
            io::ErrorKind::AddrInUse => Some(of_taken(path)),
            io::ErrorKind::NotFound => of_missing(path),
            _ => None,
        },
        _ => None,
    }
}

/// Says what is at a path already; only a dead agent's socket is nothing to anybody.
fn of_taken(path: &Path) -> String {
    let shown = quoted(path);
    let is_socket = path
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.file_type().is_socket());
    match Client::connect(path) {
        Ok(_) => format!("an agent is there: use it with export SSH_AUTH_SOCK={shown}"),
        Err(ClientError::NoAgent { .. }) if is_socket => {
            format!("its agent has ended: rm {shown}")
        }
        Err(_) => "something else is there: choose another path".to_owned(),
    }
}

fn of_missing(path: &Path) -> Option<String> {
    let directory = path.parent().filter(|parent| !parent.exists())?;
    let shown = quoted(directory);
    Some(format!("make its directory: mkdir -m 700 -p {shown}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_the_socket_of_an_ended_agent_is_to_be_removed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("id_ed25519");
        std::fs::write(&file, "a key").unwrap();
        assert_eq!(
            of_taken(&file),
            "something else is there: choose another path"
        );
        let path = directory.path().join("a socket");
        let listener = UnixListener::bind(&path).unwrap();
        assert!(of_taken(&path).starts_with("an agent is there"));
        drop(listener);
        let expected = format!("its agent has ended: rm '{}'", path.display());
        assert_eq!(of_taken(&path), expected);
    }

    #[test]
    fn a_missing_directory_is_to_be_made() {
        let directory = tempfile::tempdir().unwrap();
        let hint = of_missing(&directory.path().join("no/agent")).unwrap();
        assert!(hint.ends_with("/no"), "{hint}");
        assert_eq!(of_missing(&directory.path().join("agent")), None);
        assert_eq!(of_missing(Path::new("")), None);
    }
}
