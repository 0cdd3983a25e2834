//! Every file of the corpus is read, and as the programs read it.

use keyward_vault::import::{self, Format, ImportError, Imported, Kdf};

use super::corpus::{self, File, PASSPHRASE};
use super::judge::{self, Desk};

fn open(file: &File) -> Imported {
    let found =
        import::recognise(&file.bytes).unwrap_or_else(|error| panic!("{}: {error}", file.name));
    assert_eq!(found.is_encrypted(), file.is_encrypted(), "{}", file.name);
    let imported = found.open(Some(PASSPHRASE));
    imported.unwrap_or_else(|error| panic!("{}: {error}", file.name))
}

#[test]
fn every_file_holds_the_key_that_its_name_says() {
    for file in corpus::files() {
        let imported = open(&file);
        let expected = corpus::without_comment(&file.public_line());
        assert_eq!(
            imported.key.public_key().line(b""),
            expected,
            "{}",
            file.name
        );
    }
}

#[test]
fn the_same_key_has_the_same_fields_in_every_format() {
    for file in corpus::files() {
        let (key, ..) = file.parts();
        assert!(
            open(&file).key.fields() == corpus::key(key).fields(),
            "{}",
            file.name
        );
    }
}

#[test]
fn every_file_is_read_as_its_own_program_reads_it() {
    let desk = Desk::new();
    for file in corpus::files() {
        let passphrase = if file.is_encrypted() {
            "correct horse"
        } else {
            ""
        };
        let path = desk.put("key", &file.bytes);
        let judged = match file.parts() {
            // It prints the certificate.
            (_, _, "certificate") => continue,
            (_, "ppk2" | "ppk3", _) => judge::puttygen(&path, passphrase),
            // ssh-keygen of Debian 12 does not read it.
            ("ed25519", "pkcs8", _) => {
                let plain = judge::openssl(&desk.put("plain", &corpus::read("ed25519.pkcs8")), "");
                assert_eq!(judge::openssl(&path, passphrase), plain, "{}", file.name);
                continue;
            }
            _ => judge::ssh_keygen(&path, passphrase),
        };
        let ours = open(&file).key.public_key().line(b"");
        assert_eq!(ours, corpus::without_comment(&judged), "{}", file.name);
    }
}

#[test]
fn comments_are_those_of_the_file() {
    for file in corpus::files() {
        let (key, format, _) = file.parts();
        let found = import::recognise(&file.bytes).unwrap();
        let expected = match format {
            "openssh" | "ppk2" | "ppk3" => format!("{key} key"),
            _ => String::new(),
        };
        assert_eq!(open(&file).comment, expected.as_bytes(), "{}", file.name);
        let is_readable =
            format.starts_with("ppk") || (format == "openssh" && !file.is_encrypted());
        let readable = is_readable.then_some(expected.as_bytes());
        assert_eq!(found.comment(), readable, "{}", file.name);
    }
}

#[test]
fn formats_are_told_before_the_passphrase() {
    for file in corpus::files() {
        let found = import::recognise(&file.bytes).unwrap();
        let (_, format, _) = file.parts();
        let expected = match format {
            "openssh" => Format::OpenSsh,
            "pkcs1" => Format::Pkcs1,
            "sec1" => Format::Sec1,
            "pkcs8" => Format::Pkcs8,
            "ppk2" => Format::Ppk2,
            "ppk3" => Format::Ppk3,
            other => panic!("{other}"),
        };
        assert_eq!(found.format(), expected, "{}", file.name);
        if ["openssh", "ppk2", "ppk3"].contains(&format) {
            let key = open(&file).key;
            assert_eq!(
                found.public_blob(),
                Some(&*key.public_blob()),
                "{}",
                file.name
            );
        }
    }
}

#[test]
fn ciphers_and_costs_are_told_before_the_passphrase() {
    let shown = |name: &str| {
        let bytes = corpus::read(name);
        let found = import::recognise(&bytes).unwrap();
        found.encryption().unwrap().to_string()
    };
    let pairs = [
        ("ed25519.openssh.encrypted", "aes256-ctr, bcrypt, 1 rounds"),
        ("ed25519.openssh.3des-cbc", "3des-cbc, bcrypt, 2 rounds"),
        ("rsa.pkcs1.encrypted", "AES-128-CBC, MD5, once"),
        ("p256.sec1.des3", "DES-EDE3-CBC, MD5, once"),
        (
            "ed25519.pkcs8.pbkdf2-sha1",
            "AES-256-CBC, PBKDF2-Sha1, 1 iterations",
        ),
        (
            "ed25519.pkcs8.pbkdf2-sha512",
            "AES-256-CBC, PBKDF2-Sha512, 1 iterations",
        ),
        (
            "ed25519.pkcs8.scrypt",
            "AES-256-CBC, scrypt, N 2^1, r 1, p 1",
        ),
        ("ed25519.ppk2.encrypted", "aes256-cbc, SHA-1, once"),
        (
            "ed25519.ppk3.argon2d",
            "aes256-cbc, Argon2d, 64 KiB, 2 passes, 2 lanes",
        ),
    ];
    for (name, expected) in pairs {
        assert_eq!(shown(name), expected, "{name}");
    }
}

#[test]
fn encrypted_files_want_their_passphrase() {
    for file in corpus::files().iter().filter(|file| file.is_encrypted()) {
        let found = import::recognise(&file.bytes).unwrap();
        let without = found.open(None).unwrap_err();
        assert_eq!(without, ImportError::PassphraseNeeded, "{}", file.name);
        for wrong in [&b"wrong"[..], b"", b"correct horse "] {
            let error = found.open(Some(wrong)).unwrap_err();
            let is_summed = file.name.contains("ppk")
                || file.name.contains("gcm")
                || file.name.contains("poly");
            let expected = match is_summed && !(wrong.is_empty() && file.name.contains("openssh")) {
                true => ImportError::WrongPassphraseOrDamaged,
                false => ImportError::WrongPassphrase,
            };
            assert_eq!(error, expected, "{}", file.name);
        }
    }
}

#[test]
fn puttys_certificate_comes_with_the_key() {
    let bytes = corpus::read("ed25519.ppk3.certificate");
    let imported = import::recognise(&bytes).unwrap().open(None).unwrap();
    let certificate = import::certificate(&corpus::read("ed25519-cert.pub")).unwrap();
    assert_eq!(imported.certificate.as_deref(), Some(certificate.blob()));
    assert_eq!(imported.key.public_key(), certificate.public_key());
}

#[test]
fn certificates_say_which_key_they_are_for() {
    for key in corpus::KEYS {
        let bytes = corpus::read(&format!("{key}-cert.pub"));
        let certificate = import::certificate(&bytes).unwrap();
        assert_eq!(certificate.public_key(), corpus::key(key).public_key());
        assert_eq!(certificate.key_id(), format!("id of {key}").as_bytes());
        assert_eq!(certificate.comment(), format!("{key} key").as_bytes());
    }
}

#[test]
fn the_form_of_the_text_does_not_matter() {
    for file in corpus::files() {
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        let is_pem = !file.name.contains("ppk");
        let windows = text.replace('\n', "\r\n");
        let trailing = text.replace('\n', "  \t\n");
        let mut forms = vec![
            windows.clone(),
            format!("\u{feff}{windows}"),
            format!("\n \n{text}\n\n"),
            text.trim_end().to_owned(),
        ];
        // Comments of PuTTY end with the line, and count.
        if is_pem {
            forms.push(trailing);
            forms.push(format!(
                "Bag Attributes\n  friendlyName: x\n{text}and more\n"
            ));
            forms.push(rewrapped(&text, 48));
            forms.push(rewrapped(&text, 76));
            forms.push(rewrapped(&text, 5000));
        }
        for form in forms {
            let found = import::recognise(form.as_bytes()).unwrap();
            let imported = found.open(Some(PASSPHRASE)).unwrap();
            assert!(
                imported.key.fields() == open(&file).key.fields(),
                "{}",
                file.name
            );
        }
    }
}

/// The same blocks with lines of another width.
fn rewrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut letters = String::new();
    for line in text.lines() {
        if line.starts_with('-') || line.contains(':') || line.is_empty() {
            for chunk in letters.as_bytes().chunks(width) {
                out += str::from_utf8(chunk).unwrap();
                out.push('\n');
            }
            letters.clear();
            out += line;
            out.push('\n');
        } else {
            letters += line;
        }
    }
    out
}

#[test]
fn costs_at_the_limit_are_shown_and_not_refused() {
    let text = String::from_utf8(corpus::read("ed25519.ppk3.encrypted")).unwrap();
    let text = text.replace("Argon2-Memory: 8", "Argon2-Memory: 1048576");
    let text = text.replace("Argon2-Passes: 1", "Argon2-Passes: 16");
    let found = import::recognise(text.as_bytes()).unwrap();
    let Kdf::Argon2 { memory_kib, .. } = found.encryption().unwrap().kdf else {
        panic!("no Argon2");
    };
    assert_eq!(memory_kib, 1 << 20);
}
