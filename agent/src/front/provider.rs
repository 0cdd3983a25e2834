//! Libraries that may talk to a device on the agent's behalf (ssh-agent(1), `-P`).

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use thiserror::Error;

use crate::front::pattern;

/// A library that has been found and may be loaded, by a process that holds no keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provider {
    /// The one built into `ssh-sk-helper`, for authenticators on USB.
    Internal,
    /// A file, by its real path.
    Library(PathBuf),
}

impl Provider {
    /// The name of [`Provider::Internal`], in any case.
    pub const INTERNAL: &str = "internal";

    /// Returns the name by which OpenSSH's helpers know the provider.
    pub fn name(&self) -> &[u8] {
        match self {
            Self::Internal => Self::INTERNAL.as_bytes(),
            Self::Library(path) => path.as_os_str().as_bytes(),
        }
    }
}

/// Says why a provider is not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// No file has the path, or it could not be looked at.
    #[error("provider {name:?} is not found")]
    NotFound {
        /// The path that was asked for.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file lies outside the folders that providers may come from.
    #[error("provider {0:?} is not allowed")]
    NotAllowed(PathBuf),
}

/// The pattern list that the real path of a provider has to match.
///
/// Whoever may add a key names a library; without the list they would have code of their choice run
/// in the name of the agent's owner.
#[derive(Debug, Clone)]
pub struct AllowedProviders(Vec<u8>);

impl AllowedProviders {
    /// OpenSSH's own list: the folders where systems keep libraries.
    pub const DEFAULT: &str = "/usr/lib*/*,/usr/local/lib*/*";

    /// Takes a list as after `-P`: patterns parted by commas (ssh_config(5), PATTERNS).
    pub fn new(list: impl Into<Vec<u8>>) -> Self {
        Self(list.into())
    }

    /// Finds the provider `name` stands for: `internal`, or a path whose real path the list allows.
    ///
    /// The file system is asked on a thread of its own, for a path may lead to a server that does
    /// not answer.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] and [`ProviderError::NotAllowed`].
    pub async fn find(&self, name: &str) -> Result<Provider, ProviderError> {
        if name.eq_ignore_ascii_case(Provider::INTERNAL) {
            return Ok(Provider::Internal);
        }
        let asked = PathBuf::from(name);
        let real = tokio::task::spawn_blocking(move || asked.canonicalize())
            .await
            .unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
            .map_err(|source| ProviderError::NotFound {
                name: name.to_owned(),
                source,
            })?;
        if pattern::list_allows(real.as_os_str().as_bytes(), &self.0) {
            Ok(Provider::Library(real))
        } else {
            Err(ProviderError::NotAllowed(real))
        }
    }
}

impl Default for AllowedProviders {
    fn default() -> Self {
        Self::new(Self::DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::front::test_runtime::run;

    fn find(allowed: &AllowedProviders, name: &str) -> Result<Provider, ProviderError> {
        run(allowed.find(name))
    }

    #[test]
    fn internal_needs_no_file() {
        let none = AllowedProviders::new("");
        assert_eq!(find(&none, "Internal").unwrap(), Provider::Internal);
    }

    #[test]
    fn real_path_decides_and_not_the_one_given() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().canonicalize().unwrap().join("lib");
        std::fs::create_dir(&inside).unwrap();
        let (good, bad) = (inside.join("good.so"), folder.path().join("bad.so"));
        std::fs::write(&good, "").unwrap();
        std::fs::write(&bad, "").unwrap();
        symlink(&bad, inside.join("link.so")).unwrap();
        let allowed = AllowedProviders::new(format!("{}/*", inside.display()));

        let name = |path: PathBuf| path.display().to_string();
        assert_eq!(
            find(&allowed, &name(good.clone())).unwrap(),
            Provider::Library(good)
        );
        for path in [inside.join("link.so"), inside.join("../bad.so"), bad] {
            let refused = find(&allowed, &name(path)).unwrap_err();
            assert!(matches!(refused, ProviderError::NotAllowed(_)));
        }
    }

    #[test]
    fn missing_file_is_not_found() {
        for name in ["/usr/lib/nonexistent.so", "", "/usr/lib/\0x"] {
            let refused = find(&AllowedProviders::default(), name).unwrap_err();
            assert!(matches!(refused, ProviderError::NotFound { .. }), "{name}");
        }
    }
}
