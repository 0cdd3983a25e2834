//! A real vault, opened by the real program.
//!
//! Its passphrase costs the least that the format lets it, so that opening it takes milliseconds; `keyward init` would make one
//! that takes a second.

use std::{fs, path::PathBuf, process::Command};

use keyward_vault::{
    Cost, Metadata, Passphrase, Secret, SystemEntropy, Timestamp, Vault, import,
    store::{Patience, Store},
    vault::{FirstSlots, NewKey},
};

use crate::{Agent, Home, Key, Run, program};

/// The passphrase of every one.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A vault where the program looks for it in a home.
#[derive(Debug)]
pub struct VaultFile {
    path: PathBuf,
    passphrase: PathBuf,
}

impl VaultFile {
    /// Makes one with these keys, and the certificates beside them. A key's name is its kind's.
    #[must_use]
    pub fn new(home: &Home, keys: &[&Key]) -> Self {
        let plain = |key: &&Key| (Key::clone(key), Metadata::default());
        let keys: Vec<_> = keys.iter().map(plain).collect();
        Self::with(home, &keys)
    }

    /// Makes one with these keys, of which more is said; a name that is empty is the kind's.
    ///
    /// # Panics
    ///
    /// When the file system does not let it, or a key is no key.
    #[must_use]
    pub fn with(home: &Home, keys: &[(Key, Metadata)]) -> Self {
        let path = home.path("data/keyward/vault");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let passphrase = Passphrase::new(PASSPHRASE).unwrap();
        let slots = FirstSlots {
            passphrase: &passphrase,
            cost: Cost::LEAST,
            recovery: None,
        };
        let now = Timestamp(1_000_000_000);
        let mut vault = Vault::create(&slots, now, &mut SystemEntropy).unwrap();
        for (key, metadata) in keys {
            let new = new_key(key, metadata);
            vault.insert(new, now, &mut SystemEntropy).unwrap();
        }
        let bytes = vault.seal(now, &mut SystemEntropy).unwrap();
        let store = Store::prepare(&path, Patience::default()).unwrap();
        store.create(&bytes, |written| written == bytes).unwrap();
        Self {
            path,
            passphrase: home.write("passphrase", format!("{PASSPHRASE}\n")),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// `keyward` with these arguments, which needs no passphrase.
    #[must_use]
    pub fn keyward(agent: &Agent, arguments: &[&str]) -> Command {
        let mut command = agent.command(program::path());
        command.args(arguments);
        command
    }

    /// `keyward` with these arguments and the passphrase.
    #[must_use]
    pub fn opening(&self, agent: &Agent, arguments: &[&str]) -> Command {
        let mut command = Self::keyward(agent, arguments);
        command.arg("--passphrase-file").arg(&self.passphrase);
        command
    }

    /// Unlocks it in the agent.
    ///
    /// # Panics
    ///
    /// When the agent does not take every key.
    #[track_caller]
    pub fn unlock(&self, agent: &Agent) {
        // Whoever is answered finds the control socket too: it is made before anyone is served.
        agent.connect().ask(&crate::message::LIST);
        self.opening(agent, &["unlock"]).succeeds();
    }

    /// Locks it in the agent.
    ///
    /// # Panics
    ///
    /// When the agent has none.
    #[track_caller]
    pub fn lock(agent: &Agent) {
        Self::keyward(agent, &["lock"]).succeeds();
    }
}

fn new_key(key: &Key, metadata: &Metadata) -> NewKey {
    let bytes = fs::read(&key.path).unwrap();
    let imported = import::recognise(&bytes).unwrap().open(None).unwrap();
    let mut metadata = metadata.clone();
    if metadata.name.is_empty() {
        key.kind.name().clone_into(&mut metadata.name);
    }
    if let Ok(bytes) = fs::read(key.certificate_path()) {
        metadata.certificate = import::certificate(&bytes).unwrap().blob().to_vec();
    }
    NewKey {
        private: Secret::new(imported.key.fields().to_vec()),
        metadata,
    }
}
