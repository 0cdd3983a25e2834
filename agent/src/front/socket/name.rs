//! Names of sockets that nobody can guess.

use rustix::rand::GetRandomFlags;
use sha2::{Digest, Sha512};

/// The characters names are made of (OpenSSH's `presentation_chars`).
const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Characters of the host's hash in a name (OpenSSH's `SOCKET_HOSTNAME_HASHLEN`).
const HOST_LENGTH: usize = 10;

/// Random characters at the end of a socket's name.
const RANDOM_LENGTH: usize = 10;

/// Random characters of a temporary directory's name (OpenSSH's `mktemp_proto`).
const DIRECTORY_LENGTH: usize = 12;

/// Returns a new name `s.<host>.agent.<random>`.
pub(super) fn socket() -> String {
    format!(
        "{}agent.{}",
        host_prefix(&host()),
        random_text(RANDOM_LENGTH)
    )
}

/// Returns a new name `ssh-<random>`.
pub(super) fn temporary_directory() -> String {
    format!("ssh-{}", random_text(DIRECTORY_LENGTH))
}

/// Returns what the names of all sockets of the host `name` start with.
///
/// Homes may be shared between hosts: a socket of another host looks dead from here.
pub(super) fn host_prefix(name: &[u8]) -> String {
    let hash = Sha512::digest(name);
    let text: String = hash
        .iter()
        .take(HOST_LENGTH)
        .map(|byte| letter(*byte))
        .collect();
    format!("s.{text}.")
}

/// Returns this host's name.
pub(super) fn host() -> Vec<u8> {
    rustix::system::uname().nodename().to_bytes().to_vec()
}

fn random_text(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0; 32];
        let filled = rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty()).unwrap_or(0);
        let fair = bytes.iter().take(filled).filter(|byte| is_fair(**byte));
        text.extend(fair.take(length - text.len()).map(|byte| letter(*byte)));
    }
    text
}

/// Says whether a random byte leaves every letter equally likely.
const fn is_fair(byte: u8) -> bool {
    byte < 62 * 4
}

fn letter(byte: u8) -> char {
    let place = usize::from(byte) % ALPHABET.len();
    char::from(ALPHABET.get(place).copied().unwrap_or(b'a'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_host_as_openssh_does() {
        // The first ten bytes of SHA-512("localhost"), each modulo 62.
        assert_eq!(host_prefix(b"localhost"), "s.ty5jXgL98F.");
    }

    #[test]
    fn two_names_differ() {
        assert_ne!(socket(), socket());
        assert_ne!(temporary_directory(), temporary_directory());
    }

    #[test]
    fn random_text_has_only_letters_and_digits() {
        let text = random_text(400);
        assert_eq!(text.len(), 400);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
