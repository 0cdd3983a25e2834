//! The flags of `ssh-agent` (OpenSSH 10.5), for whoever takes them.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use keyward_agent::front::ring::FingerprintHash;
use keyward_agent::front::socket::Scope;
use keyward_agent::secret_memory::region::Protection;
use thiserror::Error;

use super::getopt::{Flag, Getopt, GetoptError};
use super::lifetime;
use super::shape::Shape;

/// The flags without a value.
pub(crate) const PLAIN: &str = "cDdksTuUV";

/// The flags with a value.
pub(crate) const VALUED: &str = "EaOPt";

/// The letter that stands for `--idle`.
const IDLE_LETTER: char = 'I';

/// The flags of `keyward agent` alone, which have a value, and the letters that stand for them.
const LONG: &[(&str, char)] = &[("idle", IDLE_LETTER)];

/// Where provider libraries may be loaded from unless `-P` says otherwise.
const PROVIDERS: &str = "/usr/lib*/*,/usr/local/lib*/*";

/// The security key applications that count as SSH's own unless `-O websafe-allow` says otherwise.
const WEBSAFE: &str = "ssh:*";

/// How an agent stays in the foreground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreground {
    /// `-D`.
    Quiet,
    /// `-d`.
    Debug,
}

/// What the flags ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flags {
    /// `-a`.
    pub(crate) address: Option<PathBuf>,
    /// `-O allow-remote-pkcs11`.
    pub(crate) allow_remote_pkcs11: bool,
    /// `-u`, `-uu`.
    pub(crate) clean: Option<Scope>,
    /// What follows the flags.
    pub(crate) command: Vec<OsString>,
    /// `-E`.
    pub(crate) fingerprint_hash: FingerprintHash,
    /// `-d`, `-D`.
    pub(crate) foreground: Option<Foreground>,
    /// `-U`.
    pub(crate) keep_stale: bool,
    /// `-t`.
    pub(crate) lifetime: Option<Duration>,
    /// `-P`.
    pub(crate) providers: String,
    /// Cleared by `-O no-restrict-websafe`.
    pub(crate) restrict_websafe: bool,
    /// `-c`, `-s`.
    pub(crate) shape: Option<Shape>,
    /// `-k`.
    pub(crate) stop: bool,
    /// `-T`.
    pub(crate) temporary: bool,
    /// `-V`.
    pub(crate) version: bool,
    /// `-O websafe-allow=…`.
    pub(crate) websafe: String,
    /// `-O memory=…`, which OpenSSH does not have.
    pub(crate) memory: Option<Protection>,
    /// `--idle`, which only `keyward agent` takes; inside, never when there is no time.
    pub(crate) idle: Option<Option<Duration>>,
}

/// Says what is wrong with the flags.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum FlagError {
    #[error("{0}")]
    Conflict(&'static str),
    #[error(transparent)]
    Getopt(#[from] GetoptError),
    #[error("invalid hash algorithm \"{0}\"")]
    Hash(String),
    #[error("invalid time \"{0}\" for --idle")]
    Idle(String),
    #[error("invalid lifetime \"{0}\"")]
    Lifetime(String),
    #[error("value of -{0} is not UTF-8")]
    NotText(char),
    #[error("-P option already specified")]
    ProvidersTwice,
    #[error("unknown -O option \"{0}\"")]
    UnknownOption(String),
    #[error("websafe-allow already set")]
    WebsafeTwice,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            address: None,
            allow_remote_pkcs11: false,
            clean: None,
            command: Vec::new(),
            fingerprint_hash: FingerprintHash::default(),
            foreground: None,
            keep_stale: false,
            lifetime: None,
            providers: PROVIDERS.to_owned(),
            restrict_websafe: true,
            shape: None,
            stop: false,
            temporary: false,
            version: false,
            websafe: WEBSAFE.to_owned(),
            memory: None,
            idle: None,
        }
    }
}

impl Flags {
    /// Reads flags of `ssh-agent` and the command after them.
    ///
    /// As OpenSSH does, it judges one flag after the other and looks no further after `-V`.
    ///
    /// # Errors
    /// [`FlagError`] for the first flag that is wrong.
    pub(crate) fn parse(arguments: &[OsString]) -> Result<Self, FlagError> {
        Self::read(Getopt::new(arguments, PLAIN, VALUED))
    }

    /// Reads the same, and the flags that only `keyward agent` takes.
    ///
    /// # Errors
    /// [`FlagError`] for the first flag that is wrong.
    pub(crate) fn parse_own(arguments: &[OsString]) -> Result<Self, FlagError> {
        Self::read(Getopt::new(arguments, PLAIN, VALUED).with_long(LONG))
    }

    fn read(mut getopt: Getopt<'_>) -> Result<Self, FlagError> {
        let mut reading = Reading::default();
        while let Some(flag) = getopt.next()? {
            reading.take(&flag)?;
            if reading.flags.version {
                return Ok(reading.flags);
            }
        }
        reading.finish(getopt.rest())
    }

    /// Says whether an agent is to be started, rather than ended or cleaned up after.
    pub(crate) const fn starts(&self) -> bool {
        !self.stop && self.clean.is_none()
    }

    /// Writes the flags that matter to an agent's own process, for [`Flags::parse_own`] to read.
    pub(super) fn to_arguments(&self) -> Vec<OsString> {
        let mut arguments = vec![];
        let mut put = |flag: &str, value: &str| arguments.extend([flag.into(), value.into()]);
        put("-P", &self.providers);
        put("-O", &format!("{WEBSAFE_ALLOW}{}", self.websafe));
        if self.fingerprint_hash == FingerprintHash::Md5 {
            put("-E", "md5");
        }
        if !self.restrict_websafe {
            put("-O", NO_RESTRICT_WEBSAFE);
        }
        if self.allow_remote_pkcs11 {
            put("-O", ALLOW_REMOTE_PKCS11);
        }
        match self.memory {
            Some(Protection::Locked) => put("-O", MEMORY_LOCKED),
            Some(_) => put("-O", MEMORY_SECRET),
            None => {}
        }
        if let Some(lifetime) = self.lifetime {
            put("-t", &lifetime.as_secs().to_string());
        }
        match self.idle {
            Some(Some(idle)) => put("--idle", &idle.as_secs().to_string()),
            Some(None) => put("--idle", NEVER),
            None => {}
        }
        arguments
    }
}

const ALLOW_REMOTE_PKCS11: &str = "allow-remote-pkcs11";
const NO_RESTRICT_WEBSAFE: &str = "no-restrict-websafe";
const WEBSAFE_ALLOW: &str = "websafe-allow=";
const MEMORY_LOCKED: &str = "memory=locked";
const MEMORY_SECRET: &str = "memory=secret";
const NEVER: &str = "never";

/// The flags read so far, and which of those that come once have come.
#[derive(Default)]
struct Reading {
    flags: Flags,
    has_providers: bool,
    has_websafe: bool,
}

impl Reading {
    fn take(&mut self, flag: &Flag<'_>) -> Result<(), FlagError> {
        let flags = &mut self.flags;
        match flag.letter {
            'c' => return self.set_shape(Shape::C),
            's' => return self.set_shape(Shape::Bourne),
            'D' => return self.set_foreground(Foreground::Quiet),
            'd' => return self.set_foreground(Foreground::Debug),
            'k' => flags.stop = true,
            'T' => flags.temporary = true,
            'U' => flags.keep_stale = true,
            'V' => flags.version = true,
            'u' if flags.clean.is_some() => flags.clean = Some(Scope::EveryHost),
            'u' => flags.clean = Some(Scope::ThisHost),
            'a' => flags.address = Some(flag.value.into()),
            'E' => flags.fingerprint_hash = hash(flag.value)?,
            'O' => return self.set_option(text(flag)?),
            'P' => return self.set_providers(text(flag)?),
            IDLE_LETTER => flags.idle = Some(idle(flag.value)?),
            _ => flags.lifetime = seconds(flag.value)?,
        }
        Ok(())
    }

    fn finish(mut self, command: &[OsString]) -> Result<Flags, FlagError> {
        let flags = &mut self.flags;
        let other_deed = flags.stop || flags.clean.is_some();
        if !command.is_empty()
            && (other_deed || flags.shape.is_some() || flags.foreground.is_some())
        {
            return Err(FlagError::Conflict(
                "a command excludes -c, -s, -d, -D, -k and -u",
            ));
        }
        flags.command = command.to_vec();
        Ok(self.flags)
    }

    fn set_shape(&mut self, shape: Shape) -> Result<(), FlagError> {
        if self.flags.shape.is_some_and(|earlier| earlier != shape) {
            return Err(FlagError::Conflict("-c and -s exclude each other"));
        }
        self.flags.shape = Some(shape);
        Ok(())
    }

    fn set_foreground(&mut self, foreground: Foreground) -> Result<(), FlagError> {
        match self.flags.foreground.replace(foreground) {
            Some(_) => Err(FlagError::Conflict(
                "only one of -d and -D is allowed, once",
            )),
            None => Ok(()),
        }
    }

    fn set_option(&mut self, option: &str) -> Result<(), FlagError> {
        if option == NO_RESTRICT_WEBSAFE {
            self.flags.restrict_websafe = false;
        } else if option == ALLOW_REMOTE_PKCS11 {
            self.flags.allow_remote_pkcs11 = true;
        } else if option == MEMORY_LOCKED {
            self.flags.memory = Some(Protection::Locked);
        } else if option == MEMORY_SECRET {
            self.flags.memory = Some(Protection::MemfdSecret);
        } else if let Some(patterns) = option.strip_prefix(WEBSAFE_ALLOW) {
            if std::mem::replace(&mut self.has_websafe, true) {
                return Err(FlagError::WebsafeTwice);
            }
            patterns.clone_into(&mut self.flags.websafe);
        } else {
            return Err(FlagError::UnknownOption(option.to_owned()));
        }
        Ok(())
    }

    fn set_providers(&mut self, patterns: &str) -> Result<(), FlagError> {
        if std::mem::replace(&mut self.has_providers, true) {
            return Err(FlagError::ProvidersTwice);
        }
        patterns.clone_into(&mut self.flags.providers);
        Ok(())
    }
}

fn text<'a>(flag: &Flag<'a>) -> Result<&'a str, FlagError> {
    flag.value.to_str().ok_or(FlagError::NotText(flag.letter))
}

fn hash(value: &OsStr) -> Result<FingerprintHash, FlagError> {
    // OpenSSH looks names of digests up without regard to case.
    if value.eq_ignore_ascii_case("md5") {
        Ok(FingerprintHash::Md5)
    } else if value.eq_ignore_ascii_case("sha256") {
        Ok(FingerprintHash::Sha256)
    } else {
        Err(FlagError::Hash(value.to_string_lossy().into_owned()))
    }
}

fn seconds(value: &OsStr) -> Result<Option<Duration>, FlagError> {
    value
        .to_str()
        .and_then(lifetime::parse)
        .ok_or_else(|| FlagError::Lifetime(value.to_string_lossy().into_owned()))
}

/// Reads a time as a lifetime; 0 and `never` are for ever.
fn idle(value: &OsStr) -> Result<Option<Duration>, FlagError> {
    if value == NEVER {
        return Ok(None);
    }
    let read = value.to_str().and_then(lifetime::parse);
    read.ok_or_else(|| FlagError::Idle(value.to_string_lossy().into_owned()))
}

#[cfg(test)]
mod tests;
