//! Files of private keys.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use keyward_vault::import::{self, Encryption, Format, Found, ImportError, Kdf};
use keyward_vault::key::{KeyError, PublicKey};

use super::{Kind, Level, OLD_DAYS, Review, Seen, permissions, sizes};
use crate::vault::files as content;

/// The fewest rounds of bcrypt that `ssh-keygen` ever made unless told otherwise.
const BCRYPT_ROUNDS_MIN: u32 = 16;

/// The fewest iterations of PBKDF2 that are not spoken of: OpenSSL's 2,048 take a graphics card no time.
const PBKDF2_ITERATIONS_MIN: u32 = 100_000;

/// Looks at a file that is one of a private key.
pub(super) fn look(path: &Path, metadata: &Metadata, review: &mut Review) {
    // Who shreds a second name of a file shreds the file.
    if !review.inodes.insert((metadata.dev(), metadata.ino())) {
        return;
    }
    let subject = path.to_string_lossy().into_owned();
    let about = (Kind::File, subject.as_str());
    review.files += 1;
    permissions::key_file(path, metadata, review);
    let looked = content::read(path).map_err(|error| error.to_string());
    let looked = looked.and_then(|bytes| look_inside(path, &bytes, review));
    match looked {
        Ok(()) => age(path, about, review),
        Err(error) => review.leave_out(path.display(), error),
    }
}

fn look_inside(path: &Path, bytes: &[u8], review: &mut Review) -> Result<(), String> {
    let found = import::recognise(bytes);
    let looked = found.and_then(|found| contents(path, &found, review));
    let subject = path.to_string_lossy();
    let about = (Kind::File, &*subject);
    match looked {
        Ok(()) => return Ok(()),
        Err(ImportError::Key(KeyError::Dsa)) => sizes::dsa(about, review),
        Err(ImportError::Key(KeyError::RsaBits { bits })) if bits < 2048 => {
            sizes::weak_rsa(bits, about, review);
        }
        Err(error) => return Err(error.to_string()),
    }
    // No vault takes such a key.
    if !is_marked_encrypted(bytes) {
        unencrypted(
            path,
            format!("ssh-keygen -p -f {}", super::quoted(path)),
            review,
        );
    }
    Ok(())
}

/// Says whether a file that is not read further says of itself that it is encrypted.
fn is_marked_encrypted(bytes: &[u8]) -> bool {
    // The header of OpenSSH's format up to the name of its cipher, in Base64: none.
    const OPENSSH_NONE: &[u8] = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    match has(b"OPENSSH PRIVATE KEY") {
        true => !has(OPENSSH_NONE),
        false => has(b"ENCRYPTED") || has(b"\nEncryption: aes"),
    }
}

fn contents(path: &Path, found: &Found<'_>, review: &mut Review) -> Result<(), ImportError> {
    let subject = path.to_string_lossy().into_owned();
    let about = (Kind::File, subject.as_str());
    let outside = found.public_blob().map(<[u8]>::to_vec);
    let outside = outside.map(PublicKey::from_blob).transpose()?;
    let is_token = |key: &PublicKey| key.key_type().is_security_key();
    let key = match found.encryption() {
        // What is in it is of no use without the token.
        None if outside.as_ref().is_some_and(is_token) => outside,
        None => {
            let key = PublicKey::from_blob(found.open(None)?.key.public_blob())?;
            if !is_of_a_host(path) {
                let fix = format!("keyward import {}", super::quoted(path));
                unencrypted(path, fix, review);
            }
            Some(key)
        }
        Some(encryption) => {
            encrypted(path, found.format(), encryption, review);
            outside
        }
    };
    // The line beside a key may be another's: it tells a size, and never which key it is.
    match key.as_ref().or(beside(path).as_ref()) {
        Some(key) => sizes::look(key, about, review),
        None => review.leave_out(
            path.display(),
            "its type and size: it is encrypted, and there is no public line beside it",
        ),
    }
    if let Some(key) = key {
        review.seen.push(Seen {
            fingerprint: key.fingerprint(),
            kind: Kind::File,
            subject,
            is_sealed: found.is_encrypted(),
        });
    }
    Ok(())
}

/// Says whether it is a key of sshd's, by its name: nobody types a passphrase for that.
fn is_of_a_host(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("ssh_host_") && name.ends_with("_key")
}

fn unencrypted(path: &Path, fix: String, review: &mut Review) {
    let message = "whoever reads the file, or a copy of it, has the key".to_owned();
    let about = (Kind::File, &*path.to_string_lossy());
    review.add(Level::Wrong, "unencrypted", about, (message, fix));
}

fn encrypted(path: &Path, format: Format, encryption: &Encryption, review: &mut Review) {
    let (level, code, message) = match encryption.kdf {
        Kdf::Md5 | Kdf::Sha1 => (
            Level::Wrong,
            "legacy-encryption",
            format!(
                "one hash derives its key ({encryption}): a graphics card tries billions of passphrases in a second"
            ),
        ),
        Kdf::Bcrypt { rounds } if rounds < BCRYPT_ROUNDS_MIN => cheap(encryption),
        Kdf::Pbkdf2 { iterations, .. } if iterations < PBKDF2_ITERATIONS_MIN => cheap(encryption),
        _ => return,
    };
    let quoted = super::quoted(path);
    let fix = match format {
        Format::Ppk2 | Format::Ppk3 => {
            format!("keyward import {quoted}")
        }
        _ => format!("ssh-keygen -p -a 64 -f {quoted}"),
    };
    let about = (Kind::File, &*path.to_string_lossy());
    review.add(level, code, about, (message, fix));
}

fn cheap(encryption: &Encryption) -> (Level, &'static str, String) {
    let message = format!("a guess at its passphrase costs little ({encryption})");
    (Level::Note, "cheap-derivation", message)
}

/// Says of a file that it is old. A change of the passphrase writes it anew, and the public line not.
fn age(path: &Path, about: (Kind, &str), review: &mut Review) {
    let paths = [path.to_path_buf(), with_ending(path)];
    let times = paths.iter().filter_map(|path| {
        let written = fs::metadata(path).and_then(|metadata| metadata.modified());
        Timestamp::try_from(written.ok()?).ok()
    });
    let days = times.min().map_or(0, super::days_since);
    if days > OLD_DAYS {
        let message = format!("it is {} old", super::age(days));
        review.add(
            Level::Note,
            "old-key",
            about,
            (message, sizes::successor(about.1)),
        );
    }
}

/// Returns the public key in the file beside a private one.
fn beside(path: &Path) -> Option<PublicKey> {
    let text = content::read(&with_ending(path)).ok()?;
    let blob = text.split(u8::is_ascii_whitespace).nth(1)?;
    let blob = Base64::decode_vec(core::str::from_utf8(blob).ok()?).ok()?;
    PublicKey::from_blob(blob).ok()
}

fn with_ending(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}
