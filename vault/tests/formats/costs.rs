//! What a file may cost, and parameters that make no sense.

use keyward_vault::import::ImportError;

use super::corpus::{decoded, der, error, pem, replaced};

#[test]
fn costs_above_the_limit_are_refused_with_their_number() {
    let cost = |what, value, max| ImportError::Cost { what, value, max };
    let memory = replaced(
        "ed25519.ppk3.encrypted",
        "Argon2-Memory: 8",
        "Argon2-Memory: 1048577",
    );
    assert_eq!(
        error(&memory),
        cost("Argon2 memory in KiB", 1_048_577, 1 << 20)
    );
    let passes = replaced(
        "ed25519.ppk3.encrypted",
        "Argon2-Passes: 1",
        "Argon2-Passes: 4294967295",
    );
    let work = 8 * 4_294_967_295;
    assert_eq!(
        error(&passes),
        cost("Argon2 memory times passes in KiB", work, 1 << 24)
    );
    assert_eq!(error(&with_rounds(2049)), cost("bcrypt rounds", 2049, 2048));
    assert_eq!(
        error(&with_rounds(u32::MAX)),
        cost("bcrypt rounds", u64::from(u32::MAX), 2048)
    );
    assert_eq!(
        error(&pbkdf2(&[0x02, 0x04, 0, 0x98, 0x96, 0x81])),
        cost("PBKDF2 iterations", 10_000_001, 10_000_000)
    );
    let wide = scrypt(&[0x02, 0x03, 0x20, 0, 0], &[0x02, 0x01, 8]);
    assert_eq!(
        error(&wide),
        cost("scrypt memory in bytes", (2 << 30) + 1024, 256 << 20)
    );
    let long = scrypt(&[0x02, 0x02, 0x40, 0], &[0x02, 0x02, 0x03, 0xe8]);
    let memory = 16_385 * 128 * 1000;
    assert_eq!(
        error(&long),
        cost("scrypt memory in bytes", memory, 256 << 20)
    );
    let parallel = scrypt_in_parallel(&[0x02, 0x02, 0x40, 0], &[0x02, 0x01, 8], 65);
    assert_eq!(
        error(&parallel),
        cost("scrypt work in bytes", 65 << 24, 1 << 30)
    );
}

#[test]
fn costs_that_make_no_sense_are_refused() {
    let broken = "PKCS #8 (PEM) file is damaged: parameters of the key derivation";
    assert_eq!(error(&pbkdf2(&[0x02, 0x01, 0])).to_string(), broken);
    assert_eq!(error(&pbkdf2(&[0x02, 0x01, 0xff])).to_string(), broken);
    for n in [0, 1, 3, 0x7f] {
        assert_eq!(
            error(&scrypt(&[0x02, 0x01, n], &[0x02, 0x01, 1])).to_string(),
            broken
        );
    }
    assert_eq!(
        error(&scrypt(&[0x02, 0x01, 2], &[0x02, 0x01, 0])).to_string(),
        broken
    );
    let passes = replaced(
        "ed25519.ppk3.encrypted",
        "Argon2-Passes: 1",
        "Argon2-Passes: 0",
    );
    let expected = "PuTTY 3 file is damaged: parameters of Argon2";
    assert_eq!(error(&passes).to_string(), expected);
    let expected = "OpenSSH file is damaged: options of the key derivation";
    assert_eq!(error(&with_rounds(0)).to_string(), expected);
}

/// An initialisation vector that is too short ended programs that used the library's reader.
#[test]
fn a_short_initialisation_vector_is_refused() {
    let file = encrypted(
        &PBKDF2,
        &[0x02, 0x01, 1],
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07],
        &[1; 4],
    );
    let expected = "PKCS #8 (PEM) file is damaged: initialisation vector";
    assert_eq!(error(&file).to_string(), expected);
}

fn with_rounds(rounds: u32) -> Vec<u8> {
    let mut bytes = decoded("ed25519.openssh.encrypted");
    // Behind the magic and the names of cipher and function: a string with a salt of sixteen bytes and the rounds.
    let at = 15 + 4 + 10 + 4 + 6 + 4 + 4 + 16;
    assert_eq!(bytes[at..at + 4], [0, 0, 0, 1]);
    bytes[at..at + 4].copy_from_slice(&rounds.to_be_bytes());
    pem("OPENSSH PRIVATE KEY", &bytes)
}

const PBKDF2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
const SCRYPT: [u8; 9] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
const AES256: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

fn pbkdf2(iterations: &[u8]) -> Vec<u8> {
    encrypted(&PBKDF2, iterations, &AES256, &[1; 16])
}

fn scrypt(n: &[u8], r: &[u8]) -> Vec<u8> {
    scrypt_in_parallel(n, r, 1)
}

fn scrypt_in_parallel(n: &[u8], r: &[u8], p: u8) -> Vec<u8> {
    let numbers = [n, r, &[0x02, 0x01, p]].concat();
    encrypted(&SCRYPT, &numbers, &AES256, &[1; 16])
}

/// An encrypted key of PKCS #8 with any parameters.
fn encrypted(function: &[u8], numbers: &[u8], cipher: &[u8], iv: &[u8]) -> Vec<u8> {
    let pbes2 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
    let parameters = [der(4, &[9; 8]), numbers.to_vec()].concat();
    let function = der(0x30, &[der(6, function), der(0x30, &parameters)].concat());
    let cipher = der(0x30, &[der(6, cipher), der(4, iv)].concat());
    let scheme = [der(6, &pbes2), der(0x30, &[function, cipher].concat())].concat();
    let whole = [der(0x30, &scheme), der(4, &[0; 48])].concat();
    pem("ENCRYPTED PRIVATE KEY", &der(0x30, &whole))
}
