//! Keys of every type, made once by `ssh-keygen` and shared by all tests.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use rustix::fs::{FlockOperation, flock};
use ssh_agent_lib::ssh_key::PrivateKey;

use crate::{Home, Run, program};

/// OpenSSH's software security key: no device, the key handle is the private key.
pub const SECURITY_KEY_PROVIDER: &str = "/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so";

/// A type and size of key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the key types")]
pub enum KeyKind {
    Ed25519,
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    SkEd25519,
    SkEcdsaP256,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::SkEd25519,
        Self::SkEcdsaP256,
    ];
    /// The kinds whose private key the agent itself holds.
    pub const SOFTWARE: [Self; 7] = [
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
    ];

    /// Whether a security key signs for it.
    #[must_use]
    pub const fn is_security_key(self) -> bool {
        matches!(self, Self::SkEd25519 | Self::SkEcdsaP256)
    }

    /// A short name, for file names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa256",
            Self::EcdsaP384 => "ecdsa384",
            Self::EcdsaP521 => "ecdsa521",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::SkEd25519 => "ed25519-sk",
            Self::SkEcdsaP256 => "ecdsa-sk",
        }
    }

    const fn type_and_bits(self) -> [&'static str; 2] {
        match self {
            Self::Ed25519 => ["ed25519", "256"],
            Self::EcdsaP256 => ["ecdsa", "256"],
            Self::EcdsaP384 => ["ecdsa", "384"],
            Self::EcdsaP521 => ["ecdsa", "521"],
            Self::Rsa2048 => ["rsa", "2048"],
            Self::Rsa3072 => ["rsa", "3072"],
            Self::Rsa4096 => ["rsa", "4096"],
            Self::SkEd25519 => ["ed25519-sk", "256"],
            Self::SkEcdsaP256 => ["ecdsa-sk", "256"],
        }
    }
}

/// A key pair in a file, with its `.pub` and perhaps its `-cert.pub` beside it.
#[derive(Clone, Debug)]
pub struct Key {
    /// The private key's file.
    pub path: PathBuf,
    /// Its kind.
    pub kind: KeyKind,
}

impl Key {
    /// The shared key of this kind, without a certificate.
    #[must_use]
    pub fn plain(kind: KeyKind) -> Self {
        Self {
            path: shared().join("plain").join(kind.name()),
            kind,
        }
    }

    /// The shared key of this kind with a certificate of the test authority beside it, for the principal `root`.
    #[must_use]
    pub fn certified(kind: KeyKind) -> Self {
        Self {
            path: shared().join("certified").join(kind.name()),
            kind,
        }
    }

    /// A fresh key in `home`, sealed with `passphrase`; its comment is `name`.
    #[must_use]
    pub fn fresh(home: &Home, kind: KeyKind, name: &str, passphrase: &str) -> Self {
        let path = home.path(name);
        generate(&path, kind, passphrase);
        Self { path, kind }
    }

    /// The file with the public key.
    #[must_use]
    pub fn public_path(&self) -> PathBuf {
        self.beside(".pub")
    }

    /// The file with the certificate.
    #[must_use]
    pub fn certificate_path(&self) -> PathBuf {
        self.beside("-cert.pub")
    }

    /// The line of the public key file, without its newline.
    #[must_use]
    pub fn public_line(&self) -> String {
        read(&self.public_path())
    }

    /// The key type's name and the base64 of the public key blob.
    #[must_use]
    pub fn public_fields(&self) -> String {
        self.public_line()
            .split(' ')
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The public key blob.
    #[must_use]
    pub fn blob(&self) -> Vec<u8> {
        use base64ct::{Base64, Encoding};
        Base64::decode_vec(self.public_line().split(' ').nth(1).unwrap())
            .expect("ssh-keygen writes base64")
    }

    /// The fingerprint as `ssh-add -l` prints it, `SHA256:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let listed = Command::new("ssh-keygen")
            .arg("-lf")
            .arg(self.public_path())
            .succeeds();
        listed.stdout.split(' ').nth(1).unwrap().to_owned()
    }

    /// Copies the public key alone into `home`, so that a client has to turn to the agent for the private one.
    #[must_use]
    pub fn public_copy(&self, home: &Home) -> PathBuf {
        home.write(
            &format!("{}.pub", self.kind.name()),
            self.public_line() + "\n",
        )
    }

    fn beside(&self, ending: &str) -> PathBuf {
        PathBuf::from(format!("{}{ending}", self.path.display()))
    }
}

/// The line of the authority's public key that signs the certificates.
#[must_use]
pub fn authority_line() -> String {
    read(&shared().join("authority.pub"))
}

/// The folder of the shared keys; makes them when they are not there yet.
fn shared() -> PathBuf {
    let tmp = program::shared_folder();
    fs::create_dir_all(&tmp).unwrap();
    let folder = tmp.join("keys");
    // Tests run as processes of their own: only a lock of the kernel keeps two from making the keys at once.
    let lock = File::create(tmp.join("keys.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    if !folder.is_dir() {
        let unfinished = tmp.join("keys.new");
        let _ = fs::remove_dir_all(&unfinished);
        generate_all(&unfinished);
        fs::rename(&unfinished, &folder).unwrap();
    }
    folder
}

fn generate_all(folder: &Path) {
    for name in ["plain", "certified"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let authority = folder.join("authority");
    generate(&authority, KeyKind::Ed25519, "");
    for kind in KeyKind::ALL {
        generate_readable(&folder.join("plain").join(kind.name()), kind);
        let certified = folder.join("certified").join(kind.name());
        generate(&certified, kind, "");
        let mut sign = Command::new("ssh-keygen");
        sign.arg("-qs")
            .arg(&authority)
            .args(["-I", kind.name(), "-n", "root"])
            .arg(certified.with_extension("pub"));
        sign.succeeds();
    }
}

/// `ssh-agent-lib` reads no ECDSA key whose scalar begins with a zero byte, which half of the P-521 keys do.
fn generate_readable(path: &Path, kind: KeyKind) {
    loop {
        generate(path, kind, "");
        if kind.is_security_key() || PrivateKey::from_openssh(read(path)).is_ok() {
            return;
        }
        fs::remove_file(path).unwrap();
    }
}

fn generate(path: &Path, kind: KeyKind, passphrase: &str) {
    let [name, bits] = kind.type_and_bits();
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-t", name, "-b", bits, "-N", passphrase, "-f"])
        .arg(path);
    command.arg("-C").arg(path.file_name().unwrap());
    if kind.is_security_key() {
        assert!(
            Path::new(SECURITY_KEY_PROVIDER).is_file(),
            "{SECURITY_KEY_PROVIDER} is missing: install openssh-tests"
        );
        command.env("SSH_SK_PROVIDER", SECURITY_KEY_PROVIDER);
    }
    command.succeeds();
}

fn read(path: &Path) -> String {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.trim_end().to_owned()
}
