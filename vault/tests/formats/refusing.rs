//! What is refused, and in which words.

use keyward_vault::KeyError;
use keyward_vault::import::{self, ImportError, recognise};

use super::corpus::{self, PASSPHRASE};

fn error(bytes: &[u8]) -> ImportError {
    match recognise(bytes) {
        Ok(found) => found.open(Some(PASSPHRASE)).unwrap_err(),
        Err(error) => error,
    }
}

/// What stands in a file of the corpus, with one text in place of another.
fn replaced(name: &str, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(corpus::read(name)).unwrap();
    assert!(text.contains(from), "{name}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn every_refusal_says_what_was_found() {
    let dsa = "DSA keys are not supported: they are too weak, and OpenSSH takes none since 10.0";
    let cases = [
        (
            "camellia.pkcs8",
            "cipher \"1.2.392.200011.61.1.1.1.4\" is not supported",
        ),
        (
            "camellia.sec1",
            "cipher \"CAMELLIA-256-CBC\" is not supported",
        ),
        ("dsa.openssh", dsa),
        ("dsa.pem", dsa),
        ("dsa.pkcs8", dsa),
        ("dsa.ppk", dsa),
        ("dsa.pub", "file is a public key, not a private key"),
        ("ed448.pkcs8", "keys for Ed448 are not supported"),
        (
            "explicit.pkcs8",
            "curve given by its parameters is not supported",
        ),
        (
            "explicit.sec1",
            "curve given by its parameters is not supported",
        ),
        ("p256.der", "binary DER is not supported"),
        (
            "pbes1.pkcs8",
            "cipher \"pbeWithSHAAnd3-KeyTripleDES-CBC\" is not supported",
        ),
        ("public.pem", "file is a public key, not a private key"),
        ("public.pkcs1", "file is a public key, not a private key"),
        (
            "public.rfc4716",
            "file is a public key, as PuTTY and ssh.com save it, not a private key",
        ),
        (
            "rsa-1024.pkcs1",
            "RSA key has 1024 bits, expected 2048 to 16384",
        ),
        ("rsa-pss.pkcs8", "keys for RSA-PSS are not supported"),
        (
            "rsa-three.pkcs1",
            "RSA with more than two factors is not supported",
        ),
        ("secp256k1.pkcs8", "curve secp256k1 is not supported"),
        ("secp256k1.sec1", "curve secp256k1 is not supported"),
        (
            "ssh.com",
            "the private key format of ssh.com is not supported",
        ),
        ("x25519.pkcs8", "keys for X25519 are not supported"),
        (
            "x509.pem",
            "file is an X.509 certificate, not a private key",
        ),
    ];
    for (name, expected) in cases {
        let bytes = corpus::read(&format!("refused/{name}"));
        assert_eq!(error(&bytes).to_string(), expected, "{name}");
    }
}

#[test]
fn other_files_are_named() {
    let cases: [(&[u8], &str); 12] = [
        (b"", "file is empty"),
        (b" \r\n\t", "file is empty"),
        (b"hello", "file holds no private key"),
        (b"\xff\xfe-\0-\0", "file is UTF-16 text, not a private key"),
        (
            b"SSH PRIVATE KEY FILE FORMAT 1.1\n\0",
            "version 1 of SSH is not supported",
        ),
        (
            b"PuTTY-User-Key-File-1: ssh-rsa\n",
            "this version of PuTTY's format is not supported",
        ),
        (
            b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n-----END PGP PRIVATE KEY BLOCK-----\n",
            "file is an OpenPGP key, not a private key",
        ),
        (
            b"-----BEGIN A\x1b[1m-----\n-----END A\x1b[1m-----\n",
            "file has a PEM block \"A\\u{1b}[1m\", not a private key",
        ),
        (
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n",
            "file is damaged: PEM block has no end",
        ),
        (
            b"-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n",
            "file is damaged: Base64 is not valid",
        ),
        (
            b"restrict ssh-ed25519 AAAA",
            "file is a public key, not a private key",
        ),
        (
            b"ssh-ed25519-cert-v01@openssh.com AAAA",
            "file is an SSH certificate, not a private key",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(error(bytes).to_string(), expected);
    }
}

#[test]
fn keys_of_mldsa_are_named() {
    let name = b"ssh-mldsa44-ed25519@openssh.com";
    let string = |bytes: &[u8]| {
        [
            &u32::try_from(bytes.len()).unwrap().to_be_bytes()[..],
            bytes,
        ]
        .concat()
    };
    let public = [string(name), string(&[7; 1344])].concat();
    let file = [
        b"openssh-key-v1\0".to_vec(),
        string(b"none"),
        string(b"none"),
        string(b""),
        vec![0, 0, 0, 1],
        string(&public),
        string(&[0; 64]),
    ];
    let text = pem("OPENSSH PRIVATE KEY", &file.concat());
    let expected = "key type \"ssh-mldsa44-ed25519@openssh.com\" is not supported";
    assert_eq!(error(&text).to_string(), expected);
}

#[test]
fn files_that_are_too_long_are_not_read() {
    let mut bytes = corpus::read("ed25519.openssh");
    bytes.resize(import::FILE_BYTES_MAX, b'\n');
    assert!(recognise(&bytes).is_ok());
    bytes.push(b'\n');
    let expected = ImportError::FileTooLong { bytes: bytes.len() };
    assert_eq!(error(&bytes), expected);
    assert_eq!(import::certificate(&bytes).unwrap_err(), expected);
}

#[test]
fn two_keys_in_a_file_are_one_too_many() {
    let two = [corpus::read("ed25519.openssh"), corpus::read("p256.sec1")].concat();
    assert_eq!(error(&two), ImportError::SeveralKeys);
    let chain = [corpus::read("refused/x509.pem"), corpus::read("p256.sec1")].concat();
    assert!(recognise(&chain).unwrap().open(None).is_ok());
}

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
        cost("scrypt memory in bytes", 2 << 30, 256 << 20)
    );
    let long = scrypt(&[0x02, 0x02, 0x40, 0], &[0x02, 0x02, 0x03, 0xe8]);
    let memory = 16_384 * 128 * 1000;
    assert_eq!(
        error(&long),
        cost("scrypt memory in bytes", memory, 256 << 20)
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

#[test]
fn unknown_names_are_told() {
    let base = "ed25519.ppk3.encrypted";
    let cases = [
        (
            replaced(base, "Argon2id", "Argon3"),
            "key derivation \"Argon3\" is not supported",
        ),
        (
            replaced(base, "aes256-cbc", "rot13"),
            "cipher \"rot13\" is not supported",
        ),
        (
            replaced("p256.sec1.encrypted", "AES-128-CBC", "DES-CBC"),
            "cipher \"DES-CBC\" is not supported",
        ),
        (
            replaced("p256.sec1.encrypted", "Proc-Type: 4,ENCRYPTED", ""),
            "SEC 1 (PEM) file is damaged: headers of the encryption",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(error(&bytes).to_string(), expected);
    }
}

#[test]
fn damage_is_told_from_a_wrong_passphrase_where_it_can_be() {
    let changed = replaced("ed25519.ppk3", "Comment: e", "Comment: f");
    assert_eq!(
        error(&changed).to_string(),
        "PuTTY 3 file is damaged: checksum"
    );
    let changed = replaced("ed25519.ppk3.encrypted", "Comment: e", "Comment: f");
    assert_eq!(error(&changed), ImportError::WrongPassphraseOrDamaged);
    // The last byte of padding lies behind the numbers that tell the passphrase.
    let mut bytes = decoded("ed25519.openssh.aes256-ctr");
    *bytes.last_mut().unwrap() ^= 1;
    let error = error(&pem("OPENSSH PRIVATE KEY", &bytes));
    assert_eq!(error.to_string(), "OpenSSH file is damaged: padding");
}

#[test]
fn a_foreign_public_key_is_refused() {
    let mut bytes = decoded("ed25519.openssh");
    // In the public part, before the private one.
    bytes[70] ^= 1;
    let error = error(&pem("OPENSSH PRIVATE KEY", &bytes));
    let expected = "OpenSSH file is damaged: public key is not that of the private key";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn certificates_that_are_none_are_refused() {
    let plain = corpus::read("ed25519.pub");
    assert_eq!(
        import::certificate(&plain).unwrap_err(),
        ImportError::NotCertificate
    );
    assert_eq!(import::certificate(b"\n").unwrap_err(), ImportError::Empty);
    let text = String::from_utf8(corpus::read("ed25519-cert.pub")).unwrap();
    let twice = format!("{text}{text}");
    assert!(import::certificate(twice.as_bytes()).is_err());
    let other = text.replacen("ssh-ed25519", "ssh-rsa", 1);
    assert!(import::certificate(other.as_bytes()).is_err());
    let cut = text.replacen("== ", " ", 1).replacen("AAAA", "", 1);
    assert!(import::certificate(cut.as_bytes()).is_err());
}

#[test]
fn errors_of_keys_are_passed_on() {
    let bytes = corpus::read("refused/rsa-1024.pkcs1");
    assert_eq!(
        error(&bytes),
        ImportError::Key(KeyError::RsaBits { bits: 1024 })
    );
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
    let numbers = [n, r, &[0x02, 0x01, 1]].concat();
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

fn der(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap();
    match length {
        0..0x80 => [&[tag, length], body].concat(),
        _ => [&[tag, 0x81, length], body].concat(),
    }
}

pub(crate) fn decoded(name: &str) -> Vec<u8> {
    use base64ct::{Base64, Encoding};
    let text = String::from_utf8(corpus::read(name)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    Base64::decode_vec(&lines.collect::<String>()).unwrap()
}

pub(crate) fn pem(label: &str, bytes: &[u8]) -> Vec<u8> {
    use base64ct::{Base64, Encoding};
    let body = Base64::encode_string(bytes);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").into_bytes()
}
