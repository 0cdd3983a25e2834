//! The lines of a PuTTY file.

use super::super::armor;
use super::super::error::ImportError;
use super::super::kdf::Argon2Kind;
use super::super::traditional::hex;
use super::Format;
use super::protection::{Argon2, Protection, Version};
use crate::key::shown;
use crate::secret::Secret;

/// A file taken apart. Nothing of it is believed before its checksum was computed.
pub(super) struct Text<'a> {
    pub(super) algorithm: &'a [u8],
    pub(super) comment: &'a [u8],
    pub(super) public: Vec<u8>,
    pub(super) protection: Protection,
    pub(super) private: Secret<Vec<u8>>,
    pub(super) mac: Vec<u8>,
}

impl<'a> Text<'a> {
    /// Reads the lines; `None` when it is no file of a version that is known.
    pub(super) fn read(text: &'a [u8]) -> Result<Option<Self>, ImportError> {
        let (version, format) = if text.starts_with(b"PuTTY-User-Key-File-2:") {
            (Version::Two, Format::Ppk2)
        } else if text.starts_with(b"PuTTY-User-Key-File-3:") {
            (Version::Three, Format::Ppk3)
        } else {
            return Ok(None);
        };
        let lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
        let lines: Vec<_> = lines.filter(|line| !line.trim_ascii().is_empty()).collect();
        let mut lines = Lines {
            format,
            rest: &lines,
        };
        let algorithm = match version {
            Version::Two => lines.value("PuTTY-User-Key-File-2")?,
            Version::Three => lines.value("PuTTY-User-Key-File-3")?,
        };
        let is_encrypted = match lines.value("Encryption")?.trim_ascii() {
            b"none" => false,
            b"aes256-cbc" => true,
            name => return Err(ImportError::Cipher { name: shown(name) }),
        };
        let comment = lines.value("Comment")?;
        let public = lines.base64("Public-Lines")?.expose().clone();
        let protection = match (is_encrypted, version) {
            (false, _) => Protection::Plain(version),
            (true, Version::Two) => Protection::Sha1,
            (true, Version::Three) => Protection::Argon2(lines.argon2()?),
        };
        let private = lines.base64("Private-Lines")?;
        let mac = hex(lines.value("Private-MAC")?.trim_ascii());
        let mac = mac.ok_or(lines.damaged("Private-MAC"))?;
        if !lines.rest.is_empty() {
            return Err(lines.damaged("lines after the key"));
        }
        Ok(Some(Self {
            algorithm: algorithm.trim_ascii(),
            comment,
            public,
            protection,
            private,
            mac,
        }))
    }

    pub(super) const fn format(&self) -> Format {
        match self.protection.version() {
            Version::Two => Format::Ppk2,
            Version::Three => Format::Ppk3,
        }
    }

    pub(super) const fn damaged(&self, what: &'static str) -> ImportError {
        let format = self.format();
        ImportError::Damaged { format, what }
    }
}

struct Lines<'l, 'a> {
    format: Format,
    rest: &'l [&'a [u8]],
}

impl<'a> Lines<'_, 'a> {
    const fn damaged(&self, what: &'static str) -> ImportError {
        let format = self.format;
        ImportError::Damaged { format, what }
    }

    /// Takes a line `name: value`. The white space of a value counts: the checksum of a comment covers it.
    fn value(&mut self, name: &'static str) -> Result<&'a [u8], ImportError> {
        let value = self.rest.split_first().and_then(|(line, rest)| {
            let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
            self.rest = rest;
            Some(value.strip_prefix(b" ").unwrap_or(value))
        });
        value.ok_or(self.damaged(name))
    }

    fn number(&mut self, name: &'static str) -> Result<u32, ImportError> {
        let value = self.value(name)?.trim_ascii();
        let number = core::str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse().ok());
        number.ok_or(self.damaged(name))
    }

    /// Takes a line that says how many follow, and those.
    fn base64(&mut self, name: &'static str) -> Result<Secret<Vec<u8>>, ImportError> {
        let count = usize::try_from(self.number(name)?).unwrap_or(usize::MAX);
        let split = self.rest.split_at_checked(count);
        let (lines, rest) = split.ok_or(self.damaged(name))?;
        self.rest = rest;
        armor::decode(lines.iter().copied())
    }

    fn argon2(&mut self) -> Result<Argon2, ImportError> {
        let name = self.value("Key-Derivation")?.trim_ascii();
        let known = |kind: &Argon2Kind| kind.name().as_bytes() == name;
        let kind = Argon2Kind::ALL.into_iter().find(known);
        let kind = kind.ok_or_else(|| ImportError::KeyDerivation { name: shown(name) })?;
        let memory_kib = self.number("Argon2-Memory")?;
        let passes = self.number("Argon2-Passes")?;
        let lanes = self.number("Argon2-Parallelism")?;
        let salt = hex(self.value("Argon2-Salt")?.trim_ascii());
        let salt = salt.ok_or(self.damaged("Argon2-Salt"))?;
        let parameters = argon2::Params::new(memory_kib, passes, lanes, Some(80));
        if parameters.is_err() || salt.len() < argon2::MIN_SALT_LEN {
            return Err(self.damaged("parameters of Argon2"));
        }
        Ok(Argon2 {
            kind,
            memory_kib,
            passes,
            lanes,
            salt,
        })
    }
}
