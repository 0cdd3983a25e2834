//! The sources of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates of the workspace, the lowest first.
pub(crate) const CRATES: [&str; 4] = ["vault", "agent", "cli", "tests"];

/// One file.
pub(crate) struct Source {
    /// Its path from the top of the workspace.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    fn read(top: &Path, path: &Path) -> Self {
        Self {
            path: path.strip_prefix(top).unwrap().to_owned(),
            text: fs::read_to_string(path).unwrap(),
        }
    }

    /// Says whether the file is part of what is shipped, and not only of tests.
    pub(crate) fn is_production(&self) -> bool {
        let is_test = |part: &str| part == "tests" || part.starts_with("test_");
        let path = self.path.with_extension("");
        let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
        parts.contains(&"src") && parts[0] != "tests" && !parts.into_iter().any(is_test)
    }

    /// Returns what stands before the tests.
    pub(crate) fn production(&self) -> &str {
        let end = self.text.find("\n#[cfg(test)]\nmod tests");
        &self.text[..end.unwrap_or(self.text.len())]
    }

    /// Returns what stands before the tests, without comments.
    pub(crate) fn code(&self) -> String {
        let lines = self.production().lines();
        let code = lines.map(|line| line.split("//").next().unwrap_or_default());
        code.collect::<Vec<_>>().join("\n")
    }
}

/// Reads every Rust file of the workspace but those that programs made.
pub(crate) fn workspace() -> Vec<Source> {
    let top = top();
    let mut sources = Vec::new();
    for name in CRATES {
        walk(&top, &top.join(name), &mut sources);
    }
    assert!(sources.len() > 100, "only {} files", sources.len());
    sources
}

/// Returns the sources of one crate, without its tests.
pub(crate) fn of_crate(name: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let top = top();
    walk(&top, &top.join(name).join("src"), &mut sources);
    sources
}

fn top() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap().to_owned()
}

fn walk(top: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            walk(top, &path, sources);
        } else if name.ends_with(".rs") {
            sources.push(Source::read(top, &path));
        }
    }
}
