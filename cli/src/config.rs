//! The configuration file, `$XDG_CONFIG_HOME/keyward/config.toml`.
//!
//! It holds no secret and need not exist. What is typed on a command line goes before it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use keyward_agent::secret_memory::region::Protection;
use thiserror::Error;
use toml::{Table, Value};

use crate::start::flags::Flags;
use crate::{environment, output};

/// The longest file that is read, in bytes.
const FILE_MAX: u64 = 64 << 10;

/// Every key that may be in the file.
const KEYS: [&str; 4] = ["idle", "memory", "remind", "vault"];

/// How alike a word has to be to be offered in place of a wrong one (Jaro and Winkler, 0 to 1).
const ALIKE: f64 = 0.7;

/// What the configuration file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Config {
    /// `idle`: how long after its last use an agent forgets the vault's keys; inside, never when there is no time.
    pub(crate) idle: Option<Option<Duration>>,
    /// `memory`: the best protection of memory to try for.
    pub(crate) memory: Option<Protection>,
    /// `remind`: how old the last drill of a backup may be; inside, nobody is reminded of backups when there is no time.
    pub(crate) remind: Option<Option<Duration>>,
    /// `vault`: the vault's path.
    pub(crate) vault: Option<PathBuf>,
}

/// Returns the best protection of memory that a command should try for. What is wrong with the file is said where it
/// matters more.
pub(crate) fn memory_wanted() -> Protection {
    let config = Config::load().unwrap_or_default();
    config.memory.unwrap_or(Protection::MemfdSecret)
}

/// Says what is wrong with the configuration file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ConfigError {
    #[error("cannot read {}: {}", path.display(), output::reason(source))]
    File { path: PathBuf, source: io::Error },
    #[error("{} is longer than {FILE_MAX} bytes", .0.display())]
    TooLong(PathBuf),
    #[error("{}: {}", path.display(), source.message())]
    Toml {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("{}: unknown key {key:?}", path.display())]
    UnknownKey {
        path: PathBuf,
        key: String,
        /// The known key that is most like it.
        nearest: Option<&'static str>,
    },
    #[error("{}: {key} = {value} is not {wanted}", path.display())]
    Value {
        path: PathBuf,
        key: &'static str,
        value: String,
        wanted: &'static str,
    },
}

impl Config {
    /// Reads the file; one that is not there says nothing.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read or says what is not understood.
    pub(crate) fn load() -> Result<Self, ConfigError> {
        environment::config_home().map_or_else(
            || Ok(Self::default()),
            |home| Self::read(&home.join("keyward/config.toml")),
        )
    }

    /// Fills in what the command line of an agent leaves open.
    pub(crate) const fn complete(&self, flags: &mut Flags) {
        if flags.idle.is_none() {
            flags.idle = self.idle;
        }
        if flags.memory.is_none() {
            flags.memory = self.memory;
        }
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let failed = |source| ConfigError::File {
            path: path.to_path_buf(),
            source,
        };
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
        };
        let mut text = String::new();
        file.take(FILE_MAX + 1)
            .read_to_string(&mut text)
            .map_err(failed)?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_MAX {
            return Err(ConfigError::TooLong(path.to_path_buf()));
        }
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let table = text.parse::<Table>().map_err(|source| ConfigError::Toml {
            path: path.to_path_buf(),
            source: Box::new(source),
        })?;
        let mut config = Self::default();
        for (key, value) in &table {
            config.take(key, value, path)?;
        }
        Ok(config)
    }

    fn take(&mut self, key: &str, value: &Value, path: &Path) -> Result<(), ConfigError> {
        let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
            return Err(ConfigError::UnknownKey {
                path: path.to_path_buf(),
                key: key.to_owned(),
                nearest: nearest(key),
            });
        };
        let understood = match key {
            "idle" => idle(value).map(|idle| self.idle = Some(idle)),
            "memory" => memory(value).map(|memory| self.memory = Some(memory)),
            "remind" => idle(value).map(|remind| self.remind = Some(remind)),
            _ => vault(value).map(|vault| self.vault = Some(vault)),
        };
        understood.ok_or_else(|| ConfigError::Value {
            path: path.to_path_buf(),
            key,
            value: value.to_string(),
            wanted: match key {
                "idle" => "a time such as \"15m\" or \"8h\", or \"never\"",
                "remind" => "a time such as \"90d\", or \"never\"",
                "memory" => "\"secret\" or \"locked\"",
                _ => "an absolute path, or one that begins with \"~/\"",
            },
        })
    }
}

/// Returns the known key that is most like `key`, if any is like it at all.
fn nearest(key: &str) -> Option<&'static str> {
    KEYS.into_iter()
        .map(|known| (strsim::jaro_winkler(key, known), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

fn idle(value: &Value) -> Option<Option<Duration>> {
    match value.as_str()? {
        "never" => Some(None),
        time => crate::start::lifetime::parse(time),
    }
}

fn memory(value: &Value) -> Option<Protection> {
    match value.as_str()? {
        "secret" => Some(Protection::MemfdSecret),
        "locked" => Some(Protection::Locked),
        _ => None,
    }
}

fn vault(value: &Value) -> Option<PathBuf> {
    let text = value.as_str()?;
    match text.strip_prefix("~/") {
        Some(rest) => environment::home().map(|home| home.join(rest)),
        None => Some(PathBuf::from(text)).filter(|path| path.is_absolute()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("/c")).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_is_understood() {
        let config = parse("idle = \"1h30m\"\nmemory = \"locked\"\nvault = \"/v\"\n").unwrap();
        assert_eq!(config.idle, Some(Some(Duration::from_secs(5400))));
        assert_eq!(config.memory, Some(Protection::Locked));
        assert_eq!(config.vault, Some(PathBuf::from("/v")));
        assert_eq!(parse("idle = \"never\"").unwrap().idle, Some(None));
        assert_eq!(parse("").unwrap(), Config::default());
    }

    #[test]
    fn what_is_wrong_is_said_with_the_nearest_word() {
        let error = Config::parse("idel = \"1h\"", Path::new("/c")).unwrap_err();
        assert!(matches!(
            error,
            ConfigError::UnknownKey {
                nearest: Some("idle"),
                ..
            }
        ));
        assert!(parse("colour = 1").unwrap_err().contains("unknown key"));
        for wrong in ["idle = 5", "memory = \"fast\"", "vault = \"relative\""] {
            assert!(parse(wrong).unwrap_err().contains("is not"), "{wrong}");
        }
        assert!(parse("idle = ").is_err());
    }

    #[test]
    fn command_line_goes_before_the_file() {
        let config = parse("idle = \"1h\"\nmemory = \"locked\"\n").unwrap();
        let mut flags = Flags::default();
        config.complete(&mut flags);
        assert_eq!(flags.idle, Some(Some(Duration::from_secs(3600))));
        assert_eq!(flags.memory, Some(Protection::Locked));
        flags.idle = Some(None);
        flags.memory = Some(Protection::MemfdSecret);
        config.complete(&mut flags);
        assert_eq!(flags.idle, Some(None));
        assert_eq!(flags.memory, Some(Protection::MemfdSecret));
    }

    #[test]
    fn a_file_that_is_not_there_says_nothing() {
        let config = Config::read(Path::new("/nonexistent/config.toml")).unwrap();
        assert_eq!(config, Config::default());
    }
}
