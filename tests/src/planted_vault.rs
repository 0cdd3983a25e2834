//! A real vault that opens in no time, and what is in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use keyward_vault::{
    Cost, Metadata, NewSlot, Opener, Passphrase, RecoveryCode, Sealed, Secret, SystemEntropy,
    Timestamp, Vault,
    store::{Outcome, Patience, Store},
    vault::{FirstSlots, NewKey},
};

use crate::{Home, Key, KeyKind, program, vault};

/// When all of it was made: long before now, and not so long that removed keys are gone.
const ONE_DAY: u64 = 24 * 60 * 60;

/// What a vault holds, as one who opens it sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contents {
    /// How often it was saved.
    pub generation: u64,
    /// Fingerprint and comment of each key, by name.
    pub keys: BTreeMap<String, String>,
    /// The names of keys that can be brought back.
    pub removed: BTreeSet<String>,
    /// The ids of the ways in.
    pub slots: Vec<String>,
}

/// A vault in a home's usual place, with a passphrase at the least cost there is and a recovery code.
#[derive(Debug)]
pub struct PlantedVault {
    path: PathBuf,
    passphrase: String,
    code: String,
    program: PathBuf,
}

impl PlantedVault {
    /// Makes one with these keys, whose names are those of their files, and saves it four times, so that there are older
    /// versions of it.
    #[must_use]
    pub fn new(home: &Home, keys: &[&Key]) -> Self {
        let cheap = Self::empty(home, "passphrase of a vault for tests");
        cheap.change(|vault| {
            for key in keys {
                let name = key.path.file_name().unwrap().to_str().unwrap();
                insert(vault, name, private(key));
            }
        });
        for _ in 0..3 {
            cheap.change(touch);
        }
        cheap
    }

    /// Makes one without keys that opens with this passphrase.
    #[must_use]
    pub fn empty(home: &Home, passphrase: &str) -> Self {
        let code = RecoveryCode::generate(&mut SystemEntropy).unwrap();
        let words = Passphrase::new(passphrase).unwrap();
        let slots = FirstSlots {
            passphrase: &words,
            cost: Cost::LEAST,
            recovery: Some(&code),
        };
        let vault = Vault::create(&slots, now(), &mut SystemEntropy).unwrap();
        let path = home.path("data/keyward/vault");
        let store = Store::prepare(&path, Patience::default()).unwrap();
        let bytes = vault.seal(now(), &mut SystemEntropy).unwrap();
        store.create(&bytes, |_| true).unwrap();
        home.write("passphrase", format!("{passphrase}\n"));
        Self {
            path,
            passphrase: passphrase.to_owned(),
            code: code.format().expose().clone(),
            program: program::path(),
        }
    }

    /// Makes one with a key, and nothing but a passphrase, at a time in the past.
    ///
    /// # Panics
    ///
    /// When the file system does not let it.
    #[must_use]
    pub fn with_one_passphrase(home: &Home, passphrase: &str, then: Timestamp) -> Self {
        let words = Passphrase::new(passphrase).unwrap();
        let slots = FirstSlots {
            passphrase: &words,
            cost: Cost::LEAST,
            recovery: None,
        };
        let mut vault = Vault::create(&slots, then, &mut SystemEntropy).unwrap();
        let key = Key::plain(KeyKind::Ed25519);
        let new = NewKey {
            private: Secret::new(private(&key)),
            metadata: Metadata {
                name: "ed25519".to_owned(),
                ..Metadata::default()
            },
        };
        vault.insert(new, then, &mut SystemEntropy).unwrap();
        let path = home.path("data/keyward/vault");
        let store = Store::prepare(&path, Patience::default()).unwrap();
        let bytes = vault.seal(then, &mut SystemEntropy).unwrap();
        store.create(&bytes, |_| true).unwrap();
        home.write("passphrase", format!("{passphrase}\n"));
        Self {
            path,
            passphrase: passphrase.to_owned(),
            code: String::new(),
            program: program::path(),
        }
    }

    /// Has another build of the program work on it.
    #[must_use]
    pub fn program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What opens it.
    #[must_use]
    pub fn passphrase(&self) -> &str {
        &self.passphrase
    }

    /// What opens it too.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Its bytes.
    #[must_use]
    #[track_caller]
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).expect("the vault is there")
    }

    /// Puts bytes in its place, as if nobody had seen another version of it.
    pub fn put_back(&self, home: &Home, bytes: &[u8]) {
        let _ = fs::remove_dir_all(home.path("state"));
        fs::write(&self.path, bytes).unwrap();
        fs::set_permissions(&self.path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Opens it.
    ///
    /// # Panics
    ///
    /// When that cannot be.
    #[must_use]
    #[track_caller]
    pub fn open(&self) -> Vault {
        open(self.bytes(), &self.passphrase)
    }

    /// What it holds.
    #[must_use]
    #[track_caller]
    pub fn contents(&self) -> Contents {
        Contents::of(&self.open())
    }

    /// Changes and saves it, as one program does that is alone with it.
    ///
    /// # Panics
    ///
    /// When it cannot be saved.
    pub fn change(&self, change: impl FnOnce(&mut Vault)) {
        let base = self.bytes();
        let mut vault = open(base.clone(), &self.passphrase);
        change(&mut vault);
        let bytes = vault.seal(now(), &mut SystemEntropy).unwrap();
        let store = Store::open(&self.path, Patience::default()).unwrap();
        let saved = store.save(&bytes, |current| current == base, |_| true);
        assert_eq!(saved.unwrap(), Outcome::Saved);
    }

    /// The names in its folder.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path.parent().unwrap()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// `keyward` with these arguments and the file of the passphrase.
    #[must_use]
    pub fn keyward(&self, home: &Home, arguments: &[&str]) -> Command {
        let mut command = home.command(&self.program);
        command.args(arguments).arg("--passphrase-file");
        command.arg(home.path("passphrase"));
        command
    }
}

impl Contents {
    /// What this vault holds.
    #[must_use]
    pub fn of(vault: &Vault) -> Self {
        let line = |key: &keyward_vault::KeyRecord| {
            let comment = String::from_utf8_lossy(&key.metadata().comment).into_owned();
            (
                key.name().to_owned(),
                format!("{} {comment}", key.fingerprint()),
            )
        };
        Self {
            generation: vault.generation(),
            keys: vault.keys().map(line).collect(),
            removed: vault.removed().map(|key| key.name().to_owned()).collect(),
            slots: vault
                .slots()
                .map(|view| view.slot.id().to_string())
                .collect(),
        }
    }

    /// Whether there is a key of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.keys.contains_key(name)
    }
}

/// Opens the bytes of a vault.
///
/// # Panics
///
/// When they are none, or another passphrase's.
#[must_use]
#[track_caller]
pub fn open(bytes: Vec<u8>, passphrase: &str) -> Vault {
    let passphrase = Passphrase::new(passphrase).unwrap();
    let sealed = Sealed::read(bytes).unwrap_or_else(|error| panic!("the vault is torn: {error}"));
    let opened = sealed.unlock(&Opener::Passphrase(&passphrase));
    opened.unwrap_or_else(|error| panic!("the vault does not open: {error}"))
}

/// The private part of a key file of `ssh-keygen`, from the key type on, as a vault has it.
#[must_use]
pub fn private(key: &Key) -> Vec<u8> {
    let mut fields = vault::add_body(key, false);
    let line = key.public_line();
    let comment = line.splitn(3, ' ').nth(2).unwrap_or_default();
    fields.truncate(fields.len() - 4 - comment.len());
    fields
}

/// Adds a key to an open vault.
///
/// # Panics
///
/// When the name is taken.
pub fn insert(vault: &mut Vault, name: &str, private: Vec<u8>) {
    let new = NewKey {
        private: Secret::new(private),
        metadata: Metadata {
            name: name.to_owned(),
            ..Metadata::default()
        },
    };
    vault.insert(new, now(), &mut SystemEntropy).unwrap();
}

/// Adds another passphrase to an open vault, at the least cost.
///
/// # Panics
///
/// When there are as many ways in as there may be.
pub fn add_passphrase(vault: &mut Vault, passphrase: &str) -> String {
    let passphrase = Passphrase::new(passphrase).unwrap();
    let slot = NewSlot::Passphrase(&passphrase, Cost::LEAST);
    let id = vault.add_slot(&slot, "second", now(), &mut SystemEntropy);
    id.unwrap().to_string()
}

/// Changes something that nobody looks at.
fn touch(vault: &mut Vault) {
    let id = vault.slots().next().unwrap().slot.id();
    let label = format!("save {}", vault.generation());
    vault
        .relabel_slot(id, &label, now(), &mut SystemEntropy)
        .unwrap();
}

/// A day ago.
///
/// # Panics
///
/// When the clock says that it is 1970.
#[must_use]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp(since.as_secs() - ONE_DAY)
}
