//! Keys of a vault for the eyes: a table, and one key in full.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use keyward_agent::front::escape::Escaped;
use unicode_width::UnicodeWidthStr;

use super::{Constraints, Listing};

/// Characters of a name or comment that a table shows.
const COLUMN_MAX: usize = 40;

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

const TITLES: [&str; 6] = ["NAME", "TYPE", "FINGERPRINT", "COMMENT", "LAST USED", ""];

/// The columns that a narrow terminal has no room for, first those that are missed least.
const SPARE: [usize; 3] = [4, 3, 1];

/// A table of keys: the titles, and a line for each.
#[derive(Debug)]
pub(crate) struct Table {
    /// What stands in the cells, one after the other.
    text: String,
    rows: Vec<[Cell; 6]>,
    /// The widest cell of each column.
    widths: [usize; 6],
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    /// Where it ends in the text.
    end: usize,
    /// Its width on a terminal.
    width: usize,
}

impl Default for Table {
    fn default() -> Self {
        let mut table = Self {
            text: String::new(),
            rows: Vec::new(),
            widths: [0; 6],
        };
        table.push_row(TITLES.each_ref().map(|title| -> &dyn Display { title }));
        table
    }
}

impl Table {
    /// Adds a key.
    pub(crate) fn push(&mut self, key: &Listing) {
        let used = key.last_used.as_deref().unwrap_or_default();
        let (day, _) = used.split_once('T').unwrap_or(("-", ""));
        let mut marks = constraints(&key.constraints);
        if key.certificate.is_some() {
            marks.push("certificate".to_owned());
        }
        self.push_row([
            &Escaped::shortened(key.name.as_bytes(), COLUMN_MAX),
            &kind(key),
            &Escaped::new(key.fingerprint.as_bytes()),
            &Escaped::shortened(key.comment.as_bytes(), COLUMN_MAX),
            &Escaped::shortened(day.as_bytes(), COLUMN_MAX),
            &marks.join(", "),
        ]);
    }

    fn push_row(&mut self, shown: [&dyn Display; 6]) {
        let mut row = [Cell::default(); 6];
        for ((cell, widest), shown) in row.iter_mut().zip(&mut self.widths).zip(shown) {
            let start = self.text.len();
            // Writing to a string does not fail.
            let _ = write!(self.text, "{shown}");
            let text = self.text.get(start..).unwrap_or_default();
            *cell = Cell {
                end: self.text.len(),
                width: text.width(),
            };
            *widest = cell.width.max(*widest);
        }
        self.rows.push(row);
    }

    /// Writes it, of so many columns at most where that is possible.
    ///
    /// # Errors
    /// What `out` said.
    pub(crate) fn write(
        &self,
        colours: bool,
        columns: Option<usize>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let widths = self.fitting(columns);
        let mut line = String::new();
        let mut start = 0;
        for (index, row) in self.rows.iter().enumerate() {
            line.clear();
            for (cell, width) in row.iter().zip(widths) {
                if width > 0 {
                    line.push_str(self.text.get(start..cell.end).unwrap_or_default());
                    let padding = width.saturating_sub(cell.width) + 2;
                    line.extend(core::iter::repeat_n(' ', padding));
                }
                start = cell.end;
            }
            let line = line.trim_end();
            match colours && index == 0 {
                true => writeln!(out, "{BOLD}{line}{PLAIN}")?,
                false => writeln!(out, "{line}")?,
            }
        }
        Ok(())
    }

    /// Returns the widths of the columns; one of none is left out.
    fn fitting(&self, columns: Option<usize>) -> [usize; 6] {
        let mut widths = self.widths;
        let is_too_wide = |widths: &[usize; 6]| {
            let shown = widths.iter().filter(|width| **width > 0);
            let whole: usize = shown.map(|width| width + 2).sum();
            columns.is_some_and(|columns| whole.saturating_sub(2) > columns)
        };
        for spare in SPARE {
            if is_too_wide(&widths)
                && let Some(width) = widths.get_mut(spare)
            {
                *width = 0;
            }
        }
        widths
    }
}

/// Writes everything that is said of one key, a line for each part.
pub(crate) fn details(key: &Listing, colours: bool) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = match colours {
            true => writeln!(text, "{BOLD}{label:12}{PLAIN}{value}"),
            false => writeln!(text, "{label:12}{value}"),
        };
    };
    line("name", &shown(&key.name, usize::MAX));
    line("type", &kind(key));
    line("fingerprint", &shown(&key.fingerprint, usize::MAX));
    let optional = [
        ("comment", Some(&key.comment)),
        ("created", key.created.as_ref()),
        ("last used", key.last_used.as_ref()),
        ("removed", key.removed.as_ref()),
        ("notes", key.notes.as_ref()),
        ("certificate", key.certificate.as_ref()),
    ];
    for (label, value) in optional {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            line(label, &shown(value, usize::MAX));
        }
    }
    let constraints = constraints(&key.constraints);
    if !constraints.is_empty() {
        line("constraints", &constraints.join(", "));
    }
    line("public", &shown(&key.public, usize::MAX));
    text
}

fn kind(key: &Listing) -> String {
    format!("{} {}", shown(&key.key_type, 20), key.bits)
}

/// Says in words what the uses of a key are bound to.
fn constraints(constraints: &Constraints) -> Vec<String> {
    let mut words = Vec::new();
    if constraints.confirm {
        words.push("confirm".to_owned());
    }
    if let Some(seconds) = constraints.lifetime {
        words.push(format!("for {}", span(seconds)));
    }
    for destination in &constraints.destinations {
        words.push(format!("to {}", Escaped::new(destination.as_bytes())));
    }
    words
}

/// Writes a time as it is typed: `8h`, `1h30m`, `45s`.
fn span(seconds: u64) -> String {
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect()
}

/// Returns a text of a key, fit for a terminal.
fn shown(text: &str, characters_max: usize) -> String {
    Escaped::shortened(text.as_bytes(), characters_max).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::time;
    use super::*;

    fn key(name: &str) -> Listing {
        Listing {
            name: name.to_owned(),
            key_type: "ED25519".to_owned(),
            bits: 256,
            fingerprint: "SHA256:abc".to_owned(),
            public: "ssh-ed25519 AAAA c".to_owned(),
            comment: "a\x1b[31mb".to_owned(),
            created: time(0),
            last_used: time(86_400),
            constraints: Constraints {
                confirm: true,
                lifetime: Some(60),
                destinations: vec!["git@web".to_owned()],
            },
            ..Listing::default()
        }
    }

    fn table(keys: &[Listing], columns: Option<usize>) -> String {
        let mut text = Vec::new();
        let mut table = Table::default();
        keys.iter().for_each(|key| table.push(key));
        table.write(false, columns, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_table_is_aligned_and_holds_no_control_character() {
        let text = table(&[key("a"), key("a longer name")], None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = lines[0].find("TYPE").unwrap();
        assert!(lines.iter().all(|line| line.is_char_boundary(column)));
        assert_eq!(&lines[1][column..column + 11], "ED25519 256");
        assert!(lines[1].contains("1970-01-02"));
        assert!(lines[1].ends_with("confirm, for 1m, to git@web"));
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn columns_are_of_cells_and_go_where_there_is_no_room() {
        let keys = [key("schlüssel 日本"), key("plain")];
        let text = table(&keys, Some(200));
        let place = |line: &str| line.split_once("ED25519").unwrap().0.width();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(place(lines[1]), place(lines[2]));
        let widest = |columns| {
            let text = table(&keys, Some(columns));
            text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
        };
        for columns in [80, 70, 60] {
            assert!(widest(columns) <= columns, "{columns}");
        }
        let narrow = table(&keys, Some(10));
        assert!(narrow.starts_with("NAME") && narrow.contains("SHA256:abc"));
    }

    #[test]
    fn details_leave_out_what_there_is_not() {
        let text = details(&key("a"), false);
        assert!(text.contains("created     1970-01-01T00:00:00Z\n"));
        assert!(!text.contains("notes"));
        assert!(!text.contains('\x1b'));
    }
}
