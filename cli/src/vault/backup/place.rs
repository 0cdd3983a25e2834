//! Where copies lie on other machines.

use keyward_vault::backup::CopyName;

/// A folder of another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    /// `[USER@]HOST`, as `ssh` takes it.
    pub(crate) host: String,
    /// The folder; the account's own where it is empty.
    pub(crate) path: String,
}

/// What `ssh` is to be told besides the person's configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) port: Option<u16>,
    /// As `ssh -o` takes them.
    pub(crate) ssh: Vec<String>,
}

impl Remote {
    /// Reads `[USER@]HOST:PATH`; `None` for what is a path of this machine, as for `scp`: one with a slash before its
    /// first colon, or without a colon.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, path) = match text.rsplit_once("]:") {
            Some((host, path)) if host.contains('[') => (format!("{host}]"), path),
            _ => text
                .split_once(':')
                .map(|(host, path)| (host.to_owned(), path))?,
        };
        let bare = host.replace(['[', ']'], "");
        let is_host = !bare.is_empty() && !bare.contains('/') && !bare.starts_with('-');
        let is_line = !text.contains(char::is_control);
        (is_host && is_line).then(|| Self {
            host: bare,
            path: path.to_owned(),
        })
    }

    /// Returns a copy in the folder, as it is typed.
    pub(crate) fn of_copy(&self, name: &CopyName) -> String {
        let separator = match self.path.is_empty() || self.path.ends_with('/') {
            true => "",
            false => "/",
        };
        format!("{}{separator}{name}", self.place())
    }

    /// Returns it as it is typed.
    pub(crate) fn place(&self) -> String {
        let Self { host, path } = self;
        match host
            .rsplit('@')
            .next()
            .is_some_and(|name| name.contains(':'))
        {
            true => match host.rsplit_once('@') {
                Some((user, name)) => format!("{user}@[{name}]:{path}"),
                None => format!("[{host}]:{path}"),
            },
            false => format!("{host}:{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_other_machines_are_told_from_paths() {
        let parsed = |text| Remote::parse(text).map(|remote| (remote.host, remote.path));
        let remote = |host: &str, path: &str| Some((host.to_owned(), path.to_owned()));
        assert_eq!(parsed("me@jump:keys/old"), remote("me@jump", "keys/old"));
        assert_eq!(parsed("jump:"), remote("jump", ""));
        assert_eq!(parsed("me@[::1]:/x"), remote("me@::1", "/x"));
        for path in [
            "/mnt/a:b",
            "./a:b",
            "folder",
            "",
            ":x",
            "-oProxyCommand=x:y",
            "a\nb:c",
        ] {
            assert_eq!(parsed(path), None, "{path}");
        }
        for text in ["me@jump:keys", "me@[::1]:/x", "[::1]:x"] {
            assert_eq!(Remote::parse(text).unwrap().place(), text);
        }
    }
}
