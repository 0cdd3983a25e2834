//! What a check found.

use std::fmt;
use std::path::Path;

use keyward_vault::Sealed;
use serde::Serialize;

/// What is said of a vault. The names of the fields are a promise: `keyward fsck --help` documents them.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The file.
    pub(crate) path: String,
    /// Whether nothing is damaged.
    pub(crate) whole: bool,
    /// How many times it was saved; null if that cannot be read.
    pub(crate) generation: Option<u64>,
    /// How many records there should be, those of ways in included; null if that cannot be read.
    pub(crate) records: Option<usize>,
    /// What is damaged.
    pub(crate) damaged: Vec<String>,
    /// What was brought back from an older version.
    pub(crate) restored: Vec<String>,
    /// What is lost.
    pub(crate) lost: Vec<String>,
    /// Whether a mended vault was saved.
    pub(crate) repaired: bool,
}

impl Report {
    /// Begins with nothing known.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.display().to_string(),
            whole: false,
            generation: None,
            records: None,
            damaged: Vec::new(),
            restored: Vec::new(),
            lost: Vec::new(),
            repaired: false,
        }
    }

    pub(super) fn describe(&mut self, sealed: &Sealed) {
        self.generation = Some(sealed.generation());
        self.records = Some(sealed.records());
    }

    /// Says whether the vault can be opened as it is.
    pub(super) const fn is_readable(&self) -> bool {
        self.generation.is_some()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.whole, self.repaired, self.lost.is_empty()) {
            (true, _, _) => "whole",
            (false, true, true) => "mended, nothing is lost",
            (false, true, false) => "mended, with losses",
            (false, false, _) => "damaged",
        };
        writeln!(f, "{}: {state}", self.path)?;
        if let (Some(generation), Some(records)) = (self.generation, self.records) {
            writeln!(f, "generation {generation}, {records} records")?;
        }
        let parts = [
            ("damaged", &self.damaged),
            ("restored", &self.restored),
            ("lost", &self.lost),
        ];
        for (label, lines) in parts {
            for line in lines {
                writeln!(f, "{label}: {line}")?;
            }
        }
        Ok(())
    }
}
