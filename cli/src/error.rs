//! Why a command failed: the fact, and the exit code that stands for it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use keyward_agent::client::ClientError;
use keyward_agent::key::error::KeyError;
use keyward_vault::export::ExportError;
use keyward_vault::import::ImportError;
use keyward_vault::key::KeyError as FieldsError;
use keyward_vault::paper::PaperError;
use keyward_vault::passphrase::PassphraseError;
use keyward_vault::shares::SharesError;
use keyward_vault::store::Error as StoreError;
use keyward_vault::strength::Verdict;
use keyward_vault::{Class, Error as VaultError};
use thiserror::Error;

use crate::ask::AskError;
use crate::config::ConfigError;
use crate::destination::DestinationError;
use crate::output;
use crate::start::StartError;
use crate::start::flags::FlagError;

/// Exit code of a command that could not be done.
const FAILED: u8 = 1;

/// Exit code when there is no agent to ask, as `ssh-add` has it.
const NO_AGENT: u8 = 2;

/// Exit code of a command that was not understood (`EX_USAGE` of sysexits.h).
pub(crate) const USAGE: u8 = 64;

/// Exit code of a shell whose command is there but cannot be run (POSIX, 2.8.2).
const CANNOT_RUN: u8 = 126;

/// Exit code of a shell whose command is not there (POSIX, 2.8.2).
const NOT_FOUND: u8 = 127;

/// Exit code when the vault cannot be opened: it is not there, or the secret does not open it.
const CANNOT_OPEN: u8 = 3;

/// Exit code when the vault is damaged.
pub(crate) const DAMAGED: u8 = 4;

/// Exit code of a command that the person interrupted (128 and the number of SIGINT).
const INTERRUPTED: u8 = 130;

/// Says why a command failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Error {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("the agent is locked, as by ssh-add -x")]
    AgentLocked,
    #[error("no agent: SSH_AUTH_SOCK is not set")]
    AuthSockUnset,
    #[error("certificate {} is for another key", path.display())]
    CertificateOfAnother { path: PathBuf },
    #[error("the recovery code was not typed back; nothing was written")]
    CodeNotTypedBack,
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    #[error("{} is there already", path.display())]
    Exists { path: PathBuf },
    #[error("{}: {}", path.display(), output::reason(source))]
    File { path: PathBuf, source: io::Error },
    #[error("{} is too long for a key file", path.display())]
    FileTooLong { path: PathBuf },
    #[error("{} is saved by others again and again, or its ways in were changed meanwhile", path.display())]
    Contended { path: PathBuf },
    #[error("{} was saved on this machine and elsewhere from the same state, as generation {generation}", path.display())]
    Fork { path: PathBuf, generation: u64 },
    #[error("home directory is not known")]
    HomeUnknown,
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    IsNoPassphrase(PassphraseError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    KeyFields(#[from] FieldsError),
    #[error("a label is at most 64 letters of Latin-1")]
    Label,
    #[error("invalid lifetime \"{0}\"")]
    Lifetime(String),
    #[error("more than one way in has an id that begins with \"{0}\"")]
    ManySlots(String),
    #[error("there is no memory for secrets: {}", output::reason(.0))]
    Memory(io::Error),
    #[error("--name is for one key, and there are more")]
    NameForMany,
    #[error(transparent)]
    NotSaved(StoreError),
    #[error("sftp to {host} failed{}", source.as_ref().map_or_else(String::new, |it| format!(": {}", output::reason(it))))]
    Sftp {
        host: String,
        source: Option<io::Error>,
    },
    #[error("{host} did not keep what was sent; it was removed again")]
    SftpDiffers { host: String },
    #[error("there is no copy at {place}")]
    NoCopies { place: String },
    #[error("{place} has copies of several vaults")]
    SeveralVaults { place: String },
    #[error("--keep is for a folder, and {} is none", path.display())]
    KeepInFile { path: PathBuf },
    #[error("{} is a copy of another vault than {}", copy.display(), vault.display())]
    CopyOfAnother { copy: PathBuf, vault: PathBuf },
    #[error("the vault does not open with the copy's secret, so no key can be added to it")]
    NotToMerge,
    #[error("{0:?} is no place on another machine: [USER@]HOST:PATH")]
    NoPlace(String),
    #[error("it was not opened with a {wanted}")]
    AnotherSlot { wanted: String },
    #[error(
        "the copy is generation {found}, and this machine has seen {seen}: nothing was changed"
    )]
    OldCopy { found: u64, seen: u64 },
    #[error("what is only in the vault that is there would be gone unseen; nothing was restored")]
    BlindRestore,
    #[error("there is no page of format {0:?}: svg, pdf or txt")]
    PaperFormat(String),
    #[error("not restored")]
    NotRestored,
    #[error("more than one file is named, and there is one code")]
    OneRecoveryFile,
    #[error("it is the only passphrase; nothing was removed")]
    OnlyPassphrase,
    #[error("the name was not typed; nothing was written")]
    NameNotTyped,
    #[error("key \"{name}\" has no certificate")]
    NoCertificate { name: String },
    #[error("{} shows no QR code of a key on paper", path.display())]
    NoCodes { path: PathBuf },
    #[error("{} holds no private keys", folder.display())]
    NoKeyFiles { folder: PathBuf },
    #[error("no key is called \"{name}\"")]
    NoSuchKey { name: String },
    #[error("the vault has no passphrase to change")]
    NoPassphrase,
    #[error("shares are shown one by one at a terminal, and there is none")]
    NoScreen,
    #[error("no removed key is called \"{name}\"")]
    NoRemovedKey { name: String },
    #[error("nothing of the vault could be read")]
    NothingRescued,
    #[error("no way in has an id that begins with \"{0}\"")]
    NoSuchSlot(String),
    #[error("{} is under a vault key that was renewed since", path.display())]
    RetiredKey { path: PathBuf },
    #[error("{} has another secret under the id of way in {slot}, which was replaced outside of keyward", path.display())]
    ReplacedSlot { path: PathBuf, slot: String },
    #[error("a QR code could not be made")]
    QrCode,
    #[error("{} has generation {found}, and this machine has seen {seen}", path.display())]
    Rollback {
        path: PathBuf,
        found: u64,
        seen: u64,
    },
    #[error("a passphrase is text in UTF-8, which this is not")]
    NotText,
    #[error(transparent)]
    Paper(#[from] PaperError),
    #[error(
        "its passphrase takes {needed_kib} KiB of memory, more than the {allowed_kib} KiB allowed"
    )]
    PaperMemory { needed_kib: u32, allowed_kib: u32 },
    #[error("{} is no picture that can be read: {reason}", path.display())]
    Picture { path: PathBuf, reason: String },
    #[error("the agent speaks another protocol: {0}")]
    Protocol(String),
    #[error(transparent)]
    Shares(#[from] SharesError),
    #[error("{found} files are named for {shares} shares")]
    ShareFiles { found: usize, shares: u8 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("{} is so damaged that nothing tells whether what is left in it is the newest", path.display())]
    UncertainRescue { path: PathBuf },
    #[error("the vault has more than one passphrase, and was opened with none of them")]
    WhichPassphrase,
    #[error("the passphrase is refused: {}", .0.why())]
    WeakPassphrase(Box<Verdict>),
    #[error("no vault at {}", path.display())]
    VaultMissing { path: PathBuf },
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Flags(#[from] FlagError),
    #[error("unknown option {}", .0.display())]
    LongFlag(OsString),
    #[error("ssh-copy-id is not part of this version")]
    NoCopyId,
    #[error("agent at {} has no control socket", path.display())]
    NoControl { path: PathBuf },
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Error {
    /// Returns what the program exits with.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Ask(AskError::Interrupted) => INTERRUPTED,
            Self::AuthSockUnset | Self::NoControl { .. } => NO_AGENT,
            Self::NothingRescued | Self::UncertainRescue { .. } => DAMAGED,
            Self::Fork { .. }
            | Self::RetiredKey { .. }
            | Self::ReplacedSlot { .. }
            | Self::Rollback { .. }
            | Self::Shares(_)
            | Self::VaultMissing { .. } => CANNOT_OPEN,
            Self::Store(error) => code_of_store(error),
            Self::Vault(error) => code_of_vault(error),
            Self::Client(ClientError::NoAgent { .. } | ClientError::Unreachable { .. }) => NO_AGENT,
            Self::Flags(_) | Self::LongFlag(_) | Self::NoPlace(_) => USAGE,
            Self::Start(StartError::Command { source, .. }) => match source.kind() {
                io::ErrorKind::NotFound => NOT_FOUND,
                _ => CANNOT_RUN,
            },
            _ => FAILED,
        }
    }

    /// Says whether the person wants to stop, rather than that something is wrong.
    pub(crate) const fn is_interrupt(&self) -> bool {
        matches!(self, Self::Ask(AskError::Interrupted))
    }

    /// Says whether the file is a vault that may have been tampered with.
    pub(crate) const fn is_suspicion(&self) -> bool {
        matches!(
            self,
            Self::Fork { .. }
                | Self::RetiredKey { .. }
                | Self::ReplacedSlot { .. }
                | Self::Rollback { .. }
        )
    }

    /// Says whether the fact names the file that it is about.
    pub(crate) const fn names_its_file(&self) -> bool {
        matches!(
            self,
            Self::File { .. }
                | Self::FileTooLong { .. }
                | Self::NoCodes { .. }
                | Self::NoKeyFiles { .. }
                | Self::Picture { .. }
                | Self::CertificateOfAnother { .. }
        )
    }
}

/// A vault that cannot be reached is one that cannot be opened; one that could not be saved is [`Error::NotSaved`].
const fn code_of_store(error: &StoreError) -> u8 {
    match error {
        StoreError::Busy { .. }
        | StoreError::Differs { .. }
        | StoreError::Exists { .. }
        | StoreError::Rejected { .. }
        | StoreError::Unconfirmed { .. } => FAILED,
        StoreError::Disk { operation, .. } if operation.writes() => FAILED,
        _ => CANNOT_OPEN,
    }
}

fn code_of_vault(error: &VaultError) -> u8 {
    match error.class() {
        Some(Class::Damaged | Class::Forged | Class::Invalid) => DAMAGED,
        Some(_) => CANNOT_OPEN,
        None => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_tell_what_kind_of_failure_it_is() {
        let path = || PathBuf::from("/s");
        let command = |number| {
            Error::Start(StartError::Command {
                program: "x".into(),
                source: io::Error::from_raw_os_error(number),
            })
        };
        assert_eq!(Error::AuthSockUnset.code(), 2);
        assert_eq!(
            Error::Client(ClientError::NoAgent { path: path() }).code(),
            2
        );
        let unreachable = ClientError::Unreachable {
            path: path(),
            source: io::Error::from_raw_os_error(13),
        };
        assert_eq!(Error::Client(unreachable).code(), 2);
        assert_eq!(Error::LongFlag("--x".into()).code(), 64);
        assert_eq!(Error::Client(ClientError::TooLong(1)).code(), 1);
        assert_eq!(Error::Flags(FlagError::ProvidersTwice).code(), 64);
        assert_eq!(command(2).code(), 127);
        assert_eq!(command(13).code(), 126);
    }
}
