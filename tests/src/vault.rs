//! What goes over the control socket when a vault is handed over.

use std::{fs, path::PathBuf};

use crate::{Agent, Key, KeyKind, message, secret_forms};

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
