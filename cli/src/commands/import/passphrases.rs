//! The secrets of files: from a file, or asked for, and tried again on the files after it.

use std::path::{Path, PathBuf};

use keyward_vault::Secret;
use keyward_vault::import::{Found, ImportError, Imported};
use keyward_vault::paper::{Opened, Paper, PaperError};

use crate::ask::{self, AskError};
use crate::error::Error;
use crate::output;
use crate::vault::unlock::{self, Given};

/// How often a secret is asked for.
const TRIES: usize = 3;

/// The secrets that were given so far.
pub(super) struct Passphrases {
    file: Option<PathBuf>,
    known: Vec<Secret<Vec<u8>>>,
}

impl Passphrases {
    pub(super) const fn new(file: Option<PathBuf>) -> Self {
        Self {
            file,
            known: Vec::new(),
        }
    }

    /// Opens a key file.
    pub(super) fn open(&mut self, path: &Path, found: &Found<'_>) -> Result<Imported, Error> {
        if !found.is_encrypted() {
            return Ok(found.open(None)?);
        }
        self.try_all("Passphrase", path, |secret| {
            Ok(found.open(Some(secret.expose()))?)
        })
    }

    /// Opens a key on paper.
    pub(super) fn open_paper(&mut self, path: &Path, paper: &Paper) -> Result<Opened, Error> {
        let what = match paper.takes_passphrase() {
            true => "Passphrase",
            false => "Recovery code",
        };
        self.try_all(what, path, |secret| {
            let given = Given::of(secret)?;
            Ok(paper.open(&given.opener())?)
        })
    }

    fn try_all<T>(
        &mut self,
        what: &str,
        path: &Path,
        open: impl Fn(&Secret<Vec<u8>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(file) = self.file.take() {
            self.known.push(ask::secret(Some(&file), "")?);
        }
        let mut wrong = Error::from(ImportError::WrongPassphrase);
        for known in &self.known {
            match open(known) {
                Err(error) if is_wrong(&error) => wrong = error,
                opened => return opened,
            }
        }
        let mut prompt = format!("{what} for {}: ", output::shown(path));
        for _ in 0..TRIES {
            let typed = match ask::secret(None, &prompt) {
                Err(AskError::NobodyToAsk) if self.known.is_empty() => {
                    return Err(ImportError::PassphraseNeeded.into());
                }
                Err(AskError::NobodyToAsk) => break,
                typed => unlock::gathered(typed?)?,
            };
            if typed.expose().is_empty() {
                return Err(ImportError::PassphraseNeeded.into());
            }
            match open(&typed) {
                Err(error) if is_wrong(&error) => {
                    prompt = format!("Wrong. {what} for {}: ", output::shown(path));
                    wrong = error;
                }
                opened => {
                    self.known.push(typed);
                    return opened;
                }
            }
        }
        Err(match wrong {
            Error::Paper(_) => wrong,
            _ => ImportError::WrongPassphrase.into(),
        })
    }
}

/// Says whether another secret might do.
const fn is_wrong(error: &Error) -> bool {
    matches!(
        error,
        Error::Import(ImportError::WrongPassphrase | ImportError::WrongPassphraseOrDamaged)
            | Error::Paper(PaperError::Locked)
    )
}
