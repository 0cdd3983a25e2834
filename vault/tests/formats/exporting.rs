//! Every key is written in every format, and read back by the programs and by this crate.

use keyward_vault::export::{self, ExportError};
use keyward_vault::import::{self, Format, Imported};
use keyward_vault::{PrivateKey, Secret};

use super::corpus;
use super::judge::{self, Desk};

const PASSPHRASE: &str = "staple battery";

/// Bytes that count up: good for tests only.
fn counting() -> impl FnMut(&mut [u8]) -> Result<(), ExportError> {
    let mut next = 0_u8;
    move |bytes| {
        for byte in bytes {
            *byte = next;
            next = next.wrapping_add(1);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
enum Into {
    OpenSsh,
    Pkcs8,
    Ppk,
}

fn export(into: Into, key: &PrivateKey, passphrase: &str) -> Result<Secret<Vec<u8>>, ExportError> {
    let comment = b"a comment";
    let passphrase = (!passphrase.is_empty()).then_some(passphrase.as_bytes());
    match into {
        Into::OpenSsh => export::openssh(key, comment, passphrase, 2, &mut counting()),
        Into::Pkcs8 => export::pkcs8(key, passphrase, &mut counting()),
        Into::Ppk => export::ppk(key, comment, passphrase, &mut counting()),
    }
}

fn import(bytes: &[u8], passphrase: &str) -> Imported {
    let found = import::recognise(bytes).unwrap();
    assert_eq!(found.is_encrypted(), !passphrase.is_empty());
    found.open(Some(passphrase.as_bytes())).unwrap()
}

#[test]
fn what_is_written_is_read_back() {
    for name in corpus::KEYS {
        let key = corpus::key(name);
        for into in [Into::OpenSsh, Into::Pkcs8, Into::Ppk] {
            for passphrase in ["", PASSPHRASE] {
                let Ok(file) = export(into, &key, passphrase) else {
                    assert!(key.key_type().is_security_key());
                    continue;
                };
                let again = import(file.expose(), passphrase);
                assert!(again.key.fields() == key.fields(), "{name} {into:?}");
                let comment = match into {
                    Into::Pkcs8 => &b""[..],
                    _ => b"a comment",
                };
                assert_eq!(again.comment, comment);
            }
        }
    }
}

#[test]
fn ssh_keygen_reads_openssh_and_pkcs8() {
    let desk = Desk::new();
    for name in corpus::KEYS {
        let key = corpus::key(name);
        let expected = key.public_key().line(b"");
        for passphrase in ["", PASSPHRASE] {
            let file = export(Into::OpenSsh, &key, passphrase).unwrap();
            let path = desk.put("key", file.expose());
            let judged = judge::ssh_keygen(&path, passphrase);
            assert_eq!(judged, format!("{expected} a comment"));
            // ssh-keygen of Debian 12 has no Ed25519 in PKCS #8, and nobody has keys of tokens there.
            if name.ends_with("ed25519") || name.starts_with("sk") {
                continue;
            }
            let file = export(Into::Pkcs8, &key, passphrase).unwrap();
            let path = desk.put("key", file.expose());
            assert_eq!(judge::ssh_keygen(&path, passphrase), expected);
        }
    }
}

#[test]
fn openssl_reads_pkcs8_and_finds_it_consistent() {
    let desk = Desk::new();
    for name in ["ed25519", "p256", "p384", "p521", "rsa"] {
        let key = corpus::key(name);
        let made_by_openssl = desk.put("other", &corpus::read(&format!("{name}.pkcs8")));
        let expected = judge::openssl(&made_by_openssl, "");
        for passphrase in ["", PASSPHRASE] {
            let file = export(Into::Pkcs8, &key, passphrase).unwrap();
            let path = desk.put("key", file.expose());
            assert_eq!(judge::openssl(&path, passphrase), expected, "{name}");
        }
        let file = export(Into::Pkcs8, &key, "").unwrap();
        let judged = judge::openssl_check(&desk.put("key", file.expose()));
        assert_eq!(judged, "Key is valid", "{name}");
        // What is not encrypted is the same to the byte.
        let theirs = corpus::read(&format!("{name}.pkcs8"));
        assert!(file.expose() == &theirs, "{name}");
    }
}

#[test]
fn puttygen_reads_ppk() {
    let desk = Desk::new();
    for name in ["ed25519", "p256", "p384", "p521", "rsa"] {
        let key = corpus::key(name);
        for passphrase in ["", PASSPHRASE] {
            let file = export(Into::Ppk, &key, passphrase).unwrap();
            let path = desk.put("key", file.expose());
            let judged = judge::puttygen(&path, passphrase);
            assert_eq!(judged, key.public_key().line(b"a comment"));
        }
    }
}

#[test]
fn plain_ppk_is_what_puttygen_writes() {
    for name in ["ed25519", "p256", "p384", "p521", "rsa"] {
        let comment = format!("{name} key");
        let file = export::ppk(
            &corpus::key(name),
            comment.as_bytes(),
            None,
            &mut counting(),
        );
        let theirs = corpus::read(&format!("{name}.ppk3"));
        assert!(file.unwrap().expose() == &theirs, "{name}");
    }
}

#[test]
fn plain_openssh_is_what_ssh_keygen_writes() {
    for name in corpus::KEYS {
        let theirs = corpus::read(&format!("{name}.openssh"));
        let imported = import::recognise(&theirs).unwrap().open(None).unwrap();
        // The one thing that is random is a number, found at its place.
        let bytes = Secret::new(corpus::decoded(&format!("{name}.openssh")));
        let place = bytes.expose().len() - section_length(bytes.expose());
        let number = bytes.expose()[place..place + 4].to_vec();
        let mut fixed = |bytes: &mut [u8]| {
            bytes.copy_from_slice(&number);
            Ok(())
        };
        let ours = export::openssh(&imported.key, &imported.comment, None, 1, &mut fixed).unwrap();
        assert!(ours.expose() == &theirs, "{name}");
    }
}

/// The length of the last string of the file: `none`, `none`, no options, one key, its public part, and that.
fn section_length(bytes: &[u8]) -> usize {
    let number = |at: usize| {
        let number = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        usize::try_from(number).unwrap()
    };
    let public = 15 + 8 + 8 + 4 + 4;
    number(public + 4 + number(public))
}

#[test]
fn the_same_randomness_makes_the_same_file() {
    let key = corpus::key("ed25519");
    for into in [Into::OpenSsh, Into::Pkcs8, Into::Ppk] {
        let one = export(into, &key, PASSPHRASE).unwrap();
        let other = export(into, &key, PASSPHRASE).unwrap();
        assert!(one.expose() == other.expose());
    }
}

#[test]
fn keys_of_tokens_have_one_format() {
    for name in ["sk-ed25519", "sk-p256"] {
        let key = corpus::key(name);
        let error = |into| export(into, &key, PASSPHRASE).unwrap_err();
        assert_eq!(error(Into::Pkcs8), ExportError::SecurityKey(Format::Pkcs8));
        assert_eq!(error(Into::Ppk), ExportError::SecurityKey(Format::Ppk3));
    }
}

#[test]
fn empty_passphrases_and_bad_rounds_are_refused() {
    let key = corpus::key("ed25519");
    let empty = [
        export::openssh(&key, b"", Some(b""), 16, &mut counting()),
        export::pkcs8(&key, Some(b""), &mut counting()),
        export::ppk(&key, b"", Some(b""), &mut counting()),
    ];
    for result in empty {
        assert_eq!(result.unwrap_err(), ExportError::EmptyPassphrase);
    }
    for rounds in [0, 2049] {
        let error = export::openssh(&key, b"", Some(b"x"), rounds, &mut counting()).unwrap_err();
        assert_eq!(error, ExportError::Rounds { rounds });
    }
}

#[test]
fn without_randomness_nothing_is_written() {
    let key = corpus::key("ed25519");
    let mut none = |_: &mut [u8]| Err(ExportError::Randomness);
    let results = [
        export::openssh(&key, b"", None, 16, &mut none),
        export::pkcs8(&key, Some(b"x"), &mut none),
        export::ppk(&key, b"", Some(b"x"), &mut none),
    ];
    for result in results {
        assert_eq!(result.unwrap_err(), ExportError::Randomness);
    }
}

#[test]
fn comments_of_putty_stay_on_their_line() {
    let key = corpus::key("ed25519");
    let file = export::ppk(&key, b"a\r\nPrivate-Lines: 0\n", None, &mut counting()).unwrap();
    let imported = import(file.expose(), "");
    assert_eq!(imported.comment, b"aPrivate-Lines: 0");
}
