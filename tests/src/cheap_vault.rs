//! A real vault whose passphrase costs next to nothing to try, so that a test can open it often.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use keyward_vault::{
    Cost, Passphrase, RecoveryCode, SystemEntropy, Timestamp, Vault,
    store::{Patience, Store},
    vault::FirstSlots,
};
use serde_json::Value;

use crate::{Agent, Home, Run, message, program};

/// The passphrase of every cheap vault.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A vault at the default path of a home of its own, with a passphrase and a recovery code.
#[derive(Debug)]
pub struct CheapVault {
    home: Home,
    recovery_code: String,
}

impl CheapVault {
    /// Makes one without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Home::new())
    }

    /// Makes one without keys in this home.
    ///
    /// # Panics
    ///
    /// When the file system does not let it.
    #[must_use]
    pub fn of(home: Home) -> Self {
        let folder = home.path("data/keyward");
        fs::create_dir_all(&folder).unwrap();
        for folder in [home.path("data"), folder] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        home.write("passphrase", PASSPHRASE);
        let recovery_code = create(&home.path("data/keyward/vault"));
        home.write("recovery", &recovery_code);
        Self {
            home,
            recovery_code,
        }
    }

    /// Its home.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// The file itself.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.home.path("data/keyward/vault")
    }

    /// The recovery code; the file `recovery` in the home holds it, too.
    #[must_use]
    pub fn recovery_code(&self) -> &str {
        &self.recovery_code
    }

    /// `keyward` with these words, split at blanks, and nobody to ask.
    #[must_use]
    pub fn bare(&self, words: &str) -> Command {
        let mut command = self.home.command(program::path());
        command.args(words.split_whitespace());
        command
    }

    /// `keyward` with these words, split at blanks, and with the passphrase from a file. An option that they end with can still be
    /// given its value.
    #[must_use]
    pub fn keyward(&self, words: &str) -> Command {
        let mut words: Vec<&str> = words.split_whitespace().collect();
        let last = words.pop_if(|last| last.starts_with('-'));
        let mut command = self.bare(&words.join(" "));
        command
            .arg("--passphrase-file")
            .arg(self.home.path("passphrase"))
            .args(last);
        command
    }

    /// What a verb prints with `--json`.
    ///
    /// # Panics
    ///
    /// When it does not succeed, or prints something else.
    #[track_caller]
    pub fn json(&self, words: &str) -> Value {
        let said = self.keyward(words).arg("--json").succeeds().stdout;
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{words}: {error}: {said}"))
    }

    /// The names of the keys, in the order of the list.
    ///
    /// # Panics
    ///
    /// When the list has another form.
    #[must_use]
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        let keys = self.json("list");
        let names = keys.as_array().unwrap().iter();
        names
            .map(|key| key["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What a file of the home holds, as text.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        let path = self.home.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The verb of this vault, with an agent to tell.
    #[must_use]
    pub fn beside(&self, agent: &Agent, words: &str) -> Command {
        // Whoever is answered finds the control socket too: it is made before anyone is served.
        agent.connect().ask(&message::LIST);
        let mut command = self.keyward(words);
        command.env("SSH_AUTH_SOCK", agent.socket());
        command
    }
}

impl Default for CheapVault {
    fn default() -> Self {
        Self::new()
    }
}

/// Creates a vault at `path` and returns its recovery code.
///
/// # Panics
///
/// When the file system does not let it.
#[must_use]
pub fn create(path: &Path) -> String {
    let passphrase = Passphrase::new(PASSPHRASE).unwrap();
    let code = RecoveryCode::generate(&mut SystemEntropy).unwrap();
    let slots = FirstSlots {
        passphrase: &passphrase,
        cost: Cost::LEAST,
        recovery: Some(&code),
    };
    let now = Timestamp(1_700_000_000);
    let vault = Vault::create(&slots, now, &mut SystemEntropy).unwrap();
    let bytes = vault.seal(now, &mut SystemEntropy).unwrap();
    let store = Store::open(path, Patience::default()).unwrap();
    store.create(&bytes, |written| written == bytes).unwrap();
    code.format().expose().clone()
}
