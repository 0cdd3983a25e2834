//! What is wrong with a person's keys, and what to type.

mod certificates;
mod permissions;
mod sizes;
mod files;
mod folders;
mod twins;
mod vault;

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::environment;
use crate::error::Error;
use crate::start::shape::{quoted, quoted_name};
use crate::vault::arguments::Arguments;

/// From how many days on a key is old: the longest that NIST SP 800-57 part 1 (5.3.6) has for keys that authenticate.
const OLD_DAYS: i64 = 2 * 365;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// It is to be mended.
    Wrong,
    /// It is to be thought about.
    Note,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A file, by its path.
    File,
    /// A folder, by its path.
    Folder,
    /// A key of the vault, by its name.
    Key,
    /// The vault, by its path.
    Vault,
}

/// One thing that was found. The names of the fields, and the codes, are a promise: README.md documents them.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// Its word for programs.
    pub(crate) code: &'static str,
    pub(crate) kind: Kind,
    /// The path, or the name of the key.
    pub(crate) subject: String,
    /// What is so.
    pub(crate) message: String,
    /// What to type.
    pub(crate) fix: String,
}

/// Something that was not looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Unchecked {
    pub(crate) subject: String,
    pub(crate) message: String,
}

/// What was found. The names of the fields are a promise: README.md documents them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Review {
    pub(crate) findings: Vec<Finding>,
    pub(crate) not_checked: Vec<Unchecked>,
    /// How many files of private keys were looked at.
    pub(crate) files: usize,
    /// How many keys of the vault.
    pub(crate) keys: usize,
    #[serde(skip)]
    seen: Vec<Seen>,
    /// The files that were looked at.
    #[serde(skip)]
    inodes: BTreeSet<(u64, u64)>,
}

/// A key that was seen somewhere.
#[derive(Debug)]
struct Seen {
    fingerprint: String,
    kind: Kind,
    subject: String,
    is_sealed: bool,
}

impl Review {
    /// Looks at files and folders, or at `~/.ssh` where none is named, and at the vault.
    ///
    /// # Errors
    /// A path that was named is not there, or the vault does not open with the secret that was given for it.
    pub(crate) fn of(paths: &[PathBuf], arguments: &Arguments) -> Result<Self, Error> {
        let mut review = Self::default();
        // First, so that files know what the vault has.
        vault::look(arguments, &mut review)?;
        for path in paths {
            folders::look(path, &mut review)?;
        }
        let usual = environment::home().map(|home| home.join(".ssh"));
        if let Some(folder) = usual.filter(|folder| paths.is_empty() && folder.is_dir()) {
            folders::look(&folder, &mut review)?;
        }
        twins::look(&mut review);
        review.findings.sort_by(|one, other| {
            let key = |finding: &Finding| (finding.level, finding.subject.clone());
            key(one).cmp(&key(other))
        });
        Ok(review)
    }

    /// Says whether something is to be mended.
    pub(crate) fn is_wrong(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| finding.level == Level::Wrong)
    }

    fn add(
        &mut self,
        level: Level,
        code: &'static str,
        about: (Kind, &str),
        words: (String, String),
    ) {
        let ((kind, subject), (message, fix)) = (about, words);
        self.findings.push(Finding {
            level,
            code,
            kind,
            subject: subject.to_owned(),
            message,
            fix,
        });
    }

    fn leave_out(&mut self, subject: impl ToString, message: impl ToString) {
        self.not_checked.push(Unchecked {
            subject: subject.to_string(),
            message: message.to_string(),
        });
    }
}

/// Returns how many whole days have gone by since a time.
fn days_since(time: Timestamp) -> i64 {
    now().duration_since(time).as_secs() / (24 * 60 * 60)
}

fn now() -> Timestamp {
    Timestamp::try_from(environment::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Says how old something is.
fn age(days: i64) -> String {
    format!("{} years", days / 365)
}
