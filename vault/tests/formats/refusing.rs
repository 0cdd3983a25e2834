//! What is refused, and in which words.

use keyward_vault::KeyError;
use keyward_vault::import::{self, ImportError, recognise};

use super::corpus::{self, decoded, der, error, pem, replaced};

const DSA: &str =
    "DSA keys are not supported: they are too weak, and OpenSSH takes none since 10.0";

/// The files in `refused`, and what is said of them.
const REFUSED: [(&str, &str); 23] = [
    (
        "camellia.pkcs8",
        "cipher \"1.2.392.200011.61.1.1.1.4\" is not supported",
    ),
    (
        "camellia.sec1",
        "cipher \"CAMELLIA-256-CBC\" is not supported",
    ),
    ("dsa.openssh", DSA),
    ("dsa.pem", DSA),
    ("dsa.pkcs8", DSA),
    ("dsa.ppk", DSA),
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

#[test]
fn every_refusal_says_what_was_found() {
    for (name, expected) in REFUSED {
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
fn errors_show_nothing_of_what_was_encrypted() {
    let mut bytes = decoded("ed25519.openssh");
    let name = b"ssh-ed25519";
    let at = bytes.windows(name.len()).rposition(|window| window == name);
    bytes[at.unwrap()..][..name.len()].copy_from_slice(b"hunter2hunt");
    let error = error(&pem("OPENSSH PRIVATE KEY", &bytes));
    assert_eq!(
        error.to_string(),
        "OpenSSH file is damaged: two types of key"
    );
    assert!(!format!("{error:?}").contains("hunter2"));
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
fn a_foreign_public_key_beside_a_scalar_or_a_seed_is_refused() {
    let mut bytes = decoded("p256.sec1");
    *bytes.last_mut().unwrap() ^= 1;
    let told = error(&pem("EC PRIVATE KEY", &bytes)).to_string();
    let expected = "file is damaged: public key is not that of the private key";
    assert_eq!(told, format!("SEC 1 (PEM) {expected}"));

    // Version 2 of PKCS #8 (RFC 8410 section 10.3, without attributes).
    let key = corpus::key("ed25519");
    let public = &key.public_blob()[19..];
    let seed = &decoded("ed25519.pkcs8")[16..];
    let algorithm = der(0x30, &der(6, &[0x2b, 0x65, 0x70]));
    let version_2 = |public: &[u8]| {
        let seed = der(4, &der(4, seed));
        let public = der(0x81, &[&[0], public].concat());
        let parts = [der(2, &[1]), algorithm.clone(), seed, public];
        pem("PRIVATE KEY", &der(0x30, &parts.concat()))
    };
    let file = version_2(public);
    let imported = recognise(&file).unwrap().open(None).unwrap();
    assert!(imported.key.fields() == key.fields());
    let told = error(&version_2(&[1; 32])).to_string();
    assert_eq!(told, format!("PKCS #8 (PEM) {expected}"));
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
