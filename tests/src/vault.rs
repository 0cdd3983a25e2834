//! A stand-in for a vault, and for the person who opens it.
//!
//! It is a file that names key files. The program `keyward-with-unlocker` is the program under test but for its unlocker, which
//! reads such a file and asks nobody; what it is told is written down beside it.

use std::{
    cell::RefCell,
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{Agent, Home, Key, KeyKind, agent::Launch, message, program, secret_forms};

/// A file that names keys.
#[derive(Debug)]
pub struct Vault {
    path: PathBuf,
    content: RefCell<Value>,
}

impl Vault {
    /// Makes one with these keys, whose names are their kinds'.
    #[must_use]
    pub fn new(home: &Home, keys: &[&Key]) -> Self {
        let keys: Vec<Value> = keys.iter().map(|key| entry(key)).collect();
        let vault = Self {
            path: home.path("vault"),
            content: RefCell::new(json!({
                "vault": "00112233445566778899aabbccddeeff",
                "generation": 1,
                "state": "open",
                "purpose": "unlock",
                "code": 0,
                "wait": false,
                "keys": keys,
            })),
        };
        vault.write();
        vault
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Changes a field: `code` is what the unlocker exits with, and with `wait` it first waits to be told to go on.
    pub fn set(&self, field: &str, value: impl Into<Value>) {
        self.content.borrow_mut()[field] = value.into();
        self.write();
    }

    /// Changes a field of the key at `index`: `constraints` are bytes as in an add message, `held` leaves the private part out.
    pub fn set_key(&self, index: usize, field: &str, value: impl Into<Value>) {
        self.content.borrow_mut()["keys"][index][field] = value.into();
        self.write();
    }

    /// Takes keys out, beginning at `index`.
    ///
    /// # Panics
    ///
    /// Never: there is a list of keys.
    pub fn truncate(&self, index: usize) {
        let mut content = self.content.borrow_mut();
        content["keys"].as_array_mut().unwrap().truncate(index);
        drop(content);
        self.write();
    }

    /// A person opens it, or a command changes it, as its fields say.
    #[must_use]
    pub fn hand_over(&self, agent: &Agent) -> Command {
        // Whoever is answered finds the control socket too: it is made before anyone is served.
        agent.connect().ask(&message::LIST);
        let mut command = agent.home().command(program::with_unlocker_path());
        command
            .arg0("keyward-unlock")
            .arg(control(agent))
            .arg(&self.path);
        command
    }

    /// Tells an unlocker that waits to go on.
    ///
    /// # Panics
    ///
    /// When the file system does not let it.
    pub fn go_on(&self) {
        fs::write(self.path.with_extension("go"), "").unwrap();
    }

    /// What unlockers were told, a line for each: their arguments, parted by bars.
    #[must_use]
    pub fn questions(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path.with_extension("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn write(&self) {
        // All at once, for whoever reads it now.
        let new = self.path.with_extension("new");
        fs::write(&new, self.content.borrow().to_string()).unwrap();
        fs::rename(new, &self.path).unwrap();
    }
}

/// A launch of the program with the stand-in as its unlocker.
#[must_use]
pub fn launch(home: Home) -> Launch {
    Launch::new(home).program(program::with_unlocker_path())
}

/// The agent's control socket.
#[must_use]
pub fn control(agent: &Agent) -> PathBuf {
    let name = agent.socket().file_name().unwrap().to_str().unwrap();
    agent.socket().with_file_name(format!("control.{name}"))
}

/// The body of an add message for a key file of `ssh-keygen`, up to its comment; `certified` with the certificate beside it.
///
/// # Panics
///
/// When there is no such file, or it is sealed.
#[must_use]
pub fn add_body(key: &Key, certified: bool) -> Vec<u8> {
    let fields = secret_forms::private_fields(&key.path);
    let (public, count) = match key.kind {
        KeyKind::Ed25519 => (1..1, 4),
        KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521 => (1..3, 5),
        KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => (1..3, 8),
        KeyKind::SkEd25519 | KeyKind::SkEcdsaP256 => panic!("{:?} has another form", key.kind),
    };
    let mut body = Vec::new();
    if certified {
        let certificate = certificate(key);
        let length = usize::try_from(u32::from_be_bytes(certificate[..4].try_into().unwrap()));
        body.extend(&certificate[..4 + length.unwrap()]);
        body.extend(message::string(&certificate));
    } else {
        body.extend(message::string(&fields[0]));
    }
    for (index, field) in fields.iter().enumerate().take(count).skip(1) {
        if !(certified && public.contains(&index)) {
            body.extend(message::string(field));
        }
    }
    body
}

/// The blob of the certificate beside a key file.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn certificate(key: &Key) -> Vec<u8> {
    use base64ct::{Base64, Encoding};
    let line = fs::read_to_string(key.certificate_path()).expect("a certificate");
    Base64::decode_vec(line.split(' ').nth(1).unwrap()).expect("ssh-keygen writes base64")
}

fn entry(key: &Key) -> Value {
    let kind = KeyKind::ALL.iter().position(|kind| *kind == key.kind);
    json!({
        "path": key.path,
        "kind": kind,
        "name": key.kind.name(),
        "record": format!("{:032x}", kind.unwrap() + 1),
        "version": 1,
        "certified": key.certificate_path().is_file(),
        "held": false,
        "constraints": [],
    })
}
