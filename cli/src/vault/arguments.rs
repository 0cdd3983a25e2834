//! The arguments that every verb of the vault takes, and what they say.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::config::Config;
use crate::environment;
use crate::error::Error;

/// The variable that names the vault.
const VARIABLE: &str = "KEYWARD_VAULT";

/// Where the vault is, and how it is to be opened.
#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    /// The vault's path, absolute.
    pub(crate) path: PathBuf,
    /// `--passphrase-file`.
    pub(crate) passphrase_file: Option<PathBuf>,
    /// `--recovery-file`.
    pub(crate) recovery_file: Option<PathBuf>,
    /// `--accept-rollback`.
    pub(crate) accept_rollback: bool,
    /// `--accept-changed-keys`.
    pub(crate) accept_changed_keys: bool,
    /// `--allow-large-kdf`.
    pub(crate) allow_large_kdf: bool,
}

/// Adds the arguments that say which vault it is.
pub(crate) fn with_path(command: Command) -> Command {
    command.arg(
        Arg::new("vault")
            .long("vault")
            .value_name("PATH")
            .help("Use the vault at PATH [default: $KEYWARD_VAULT, or the configuration's, or ~/.local/share/keyward/vault]")
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath),
    )
}

/// Adds the arguments that say which vault it is, and how it is opened.
pub(crate) fn with_secret(command: Command) -> Command {
    with_path(command)
        .arg(file(
            "passphrase-file",
            "Read the vault's passphrase from FILE (\"-\": standard input)",
        ))
        .arg(
            file(
                "recovery-file",
                "Read the recovery code, or shares of it, from FILE (\"-\": standard input)",
            )
            .conflicts_with("passphrase-file"),
        )
        .arg(flag(
            "accept-rollback",
            "Open a vault that is older than this machine has seen it, or was saved in two places",
        ))
        .arg(flag(
            "accept-changed-keys",
            "Open a vault under a key that was renewed since, or with a way in that was replaced",
        ))
        .arg(flag(
            "allow-large-kdf",
            "Open a vault whose key derivation takes more than half of the free memory",
        ))
}

/// Describes an argument that names a file.
pub(crate) fn file(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("FILE")
        .help(help)
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath)
}

/// Describes an argument that is there or not.
pub(crate) fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .help(help)
        .action(ArgAction::SetTrue)
}

/// Describes `--json`.
pub(crate) fn json() -> Arg {
    flag("json", "Print JSON")
}

impl Arguments {
    /// Reads them; the first of command line, environment and configuration that names a vault counts.
    ///
    /// # Errors
    /// What is wrong with the configuration, or that there is no home.
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let path_of = |name: &str| {
            let given = matches.try_get_one::<PathBuf>(name).ok().flatten();
            given.cloned()
        };
        let flag_of = |name: &str| {
            let given = matches.try_get_one::<bool>(name).ok().flatten();
            given.copied().unwrap_or_default()
        };
        Ok(Self {
            path: path(path_of("vault"))?,
            passphrase_file: path_of("passphrase-file"),
            recovery_file: path_of("recovery-file"),
            accept_rollback: flag_of("accept-rollback"),
            accept_changed_keys: flag_of("accept-changed-keys"),
            allow_large_kdf: flag_of("allow-large-kdf"),
        })
    }

    /// Returns the arguments for a vault at `path` that a person is asked to open.
    pub(crate) const fn of(path: PathBuf) -> Self {
        Self {
            path,
            passphrase_file: None,
            recovery_file: None,
            accept_rollback: false,
            accept_changed_keys: false,
            allow_large_kdf: false,
        }
    }
}

fn path(given: Option<PathBuf>) -> Result<PathBuf, Error> {
    let named = given.or_else(|| environment::filled(VARIABLE).map(PathBuf::from));
    let path = match named {
        Some(path) => path,
        None => match Config::load()?.vault {
            Some(path) => path,
            None => environment::data_home()
                .map(|home| home.join("keyward/vault"))
                .ok_or(Error::HomeUnknown)?,
        },
    };
    Ok(std::path::absolute(&path).unwrap_or(path))
}

/// Returns the folder of what this machine notes about vaults.
///
/// # Errors
/// [`Error::HomeUnknown`].
pub(crate) fn state_folder() -> Result<PathBuf, Error> {
    let home = environment::state_home().ok_or(Error::HomeUnknown)?;
    Ok(home.join("keyward"))
}
