//! Keys of a vault as they are shown: JSON objects, a table, and one key in full.
//!
//! The agent keeps the same objects while a vault is open in it, so that listing asks for no passphrase.

use std::fmt::Write;

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use keyward_agent::front::escape::Escaped;
use keyward_agent::protocol::wire::Reader;
use keyward_vault::KeyRecord;
use keyward_vault::key::PublicKey;
use serde::Serialize;
use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

/// Characters of a name or comment that a table shows.
const COLUMN_MAX: usize = 40;

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// What is said of one key. The names of the fields are a promise: README.md documents them.
#[derive(Debug, Serialize)]
pub(crate) struct Listing {
    /// What the owner calls it.
    pub(crate) name: String,
    /// `ED25519`, `ECDSA`, `RSA`, `ED25519-SK` or `ECDSA-SK`, as `ssh-keygen -l` has it.
    #[serde(rename = "type")]
    pub(crate) key_type: String,
    /// Bits of the modulus or the curve.
    pub(crate) bits: usize,
    /// `SHA256:` and base64.
    pub(crate) fingerprint: String,
    /// The line for `authorized_keys`.
    pub(crate) public: String,
    /// The comment of the public line.
    pub(crate) comment: String,
    /// When it came into the vault (RFC 3339).
    pub(crate) created: Option<String>,
    /// When it was used last, as far as is known (RFC 3339).
    pub(crate) last_used: Option<String>,
    /// The line of its certificate.
    pub(crate) certificate: Option<String>,
    /// What its uses are bound to.
    pub(crate) constraints: Constraints,
    /// What the owner noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<String>,
    /// When it was removed, of a key that can be brought back (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) removed: Option<String>,
}

/// The constraints of one key in an agent.
#[derive(Debug, Serialize)]
pub(crate) struct Constraints {
    /// Whether a person is asked before each use.
    pub(crate) confirm: bool,
    /// How long it stays after an unlock, in seconds.
    pub(crate) lifetime: Option<u64>,
    /// Where it may be used, as `ssh-add -h` has it; anywhere when empty.
    pub(crate) destinations: Vec<String>,
}

impl Listing {
    /// Says what there is to say of a key, which this machine knows to have been used last then.
    pub(crate) fn of(key: &KeyRecord, used: Option<u64>) -> Self {
        let metadata = key.metadata();
        let comment = String::from_utf8_lossy(&metadata.comment).into_owned();
        let public = PublicKey::from_blob(key.public_key().to_vec()).ok();
        let kind = public.as_ref().map(PublicKey::key_type);
        let certificate = &metadata.certificate;
        Self {
            name: key.name().to_owned(),
            key_type: kind.map_or_else(String::new, |kind| kind.short_name().to_owned()),
            bits: public.as_ref().map_or(0, PublicKey::bits),
            fingerprint: key.fingerprint().to_string(),
            public: line(key.key_type(), key.public_key(), &comment),
            certificate: (!certificate.is_empty())
                .then(|| line(&first_string(certificate), certificate, &comment)),
            comment,
            created: time(key.created().0),
            last_used: used
                .max(metadata.last_used.map(|used| used.0))
                .and_then(time),
            constraints: Constraints {
                confirm: metadata.confirm,
                lifetime: metadata
                    .lifetime_seconds
                    .map(|seconds| u64::from(seconds.get())),
                destinations: metadata.destinations.clone(),
            },
            notes: Some(metadata.notes.clone()).filter(|notes| !notes.is_empty()),
            removed: key.removed().and_then(|removed| time(removed.0)),
        }
    }
}

/// Writes a key as a line of `authorized_keys` (sshd(8)); a comment with line ends would be more than one.
fn line(key_type: &str, blob: &[u8], comment: &str) -> String {
    let comment: String = comment
        .chars()
        .filter(|letter| !letter.is_control())
        .collect();
    let line = format!("{key_type} {} {comment}", Base64::encode_string(blob));
    line.trim_end().to_owned()
}

/// Returns the name that a blob begins with.
fn first_string(blob: &[u8]) -> String {
    let name = Reader::new(blob).string().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// Draws a key, as `ssh-keygen` does.
pub(crate) fn randomart(key: &KeyRecord) -> String {
    let public = PublicKey::from_blob(key.public_key().to_vec());
    public.map(|public| public.randomart()).unwrap_or_default()
}

/// Writes a time as RFC 3339 has it; `None` for one that no calendar has.
pub(crate) fn time(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok()?;
    Timestamp::from_second(seconds)
        .ok()
        .map(|time| time.to_string())
}

/// The columns that a narrow terminal has no room for, first those that are missed least.
const SPARE: [usize; 3] = [4, 3, 1];

/// Writes the keys as a table, a line each, of so many columns at most where that is possible.
pub(crate) fn table(keys: &[Value], colours: bool, columns: Option<usize>) -> String {
    let titles = ["NAME", "TYPE", "FINGERPRINT", "COMMENT", "LAST USED", ""];
    let mut rows = vec![titles.map(str::to_owned)];
    rows.extend(keys.iter().map(row));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let is_too_wide = |widths: &[usize; 6]| {
        let whole: usize = widths
            .iter()
            .filter(|width| **width > 0)
            .map(|width| width + 2)
            .sum();
        columns.is_some_and(|columns| whole.saturating_sub(2) > columns)
    };
    for spare in SPARE {
        if is_too_wide(&widths)
            && let Some(width) = widths.get_mut(spare)
        {
            *width = 0;
        }
    }
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let line = cells.fold(String::new(), |line, (cell, width)| {
            let padding = width.saturating_sub(cell.width());
            line + cell + &" ".repeat(padding + 2)
        });
        let line = line.trim_end();
        // Writing to a string does not fail.
        let _ = match colours && index == 0 {
            true => writeln!(text, "{BOLD}{line}{PLAIN}"),
            false => writeln!(text, "{line}"),
        };
    }
    text
}

/// Writes everything that is said of one key, a line for each part.
pub(crate) fn details(key: &Value, colours: bool) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = match colours {
            true => writeln!(text, "{BOLD}{label:12}{PLAIN}{value}"),
            false => writeln!(text, "{label:12}{value}"),
        };
    };
    line("name", &shown(key, "name", usize::MAX));
    let bits = key.get("bits").and_then(Value::as_u64).unwrap_or_default();
    line("type", &format!("{} {bits}", shown(key, "type", 20)));
    line("fingerprint", &shown(key, "fingerprint", usize::MAX));
    let optional = [
        ("comment", "comment"),
        ("created", "created"),
        ("last used", "last_used"),
        ("removed", "removed"),
        ("notes", "notes"),
        ("certificate", "certificate"),
    ];
    for (label, field) in optional {
        let value = shown(key, field, usize::MAX);
        if !value.is_empty() {
            line(label, &value);
        }
    }
    let constraints = constraints(key);
    if !constraints.is_empty() {
        line("constraints", &constraints.join(", "));
    }
    line("public", &shown(key, "public", usize::MAX));
    text
}

fn row(key: &Value) -> [String; 6] {
    let bits = key.get("bits").and_then(Value::as_u64).unwrap_or_default();
    let used = shown(key, "last_used", COLUMN_MAX);
    let (day, _) = used.split_once('T').unwrap_or(("-", ""));
    let mut marks = constraints(key);
    if key.get("certificate").is_some_and(Value::is_string) {
        marks.push("certificate".to_owned());
    }
    [
        shown(key, "name", COLUMN_MAX),
        format!("{} {bits}", shown(key, "type", 20)),
        shown(key, "fingerprint", usize::MAX),
        shown(key, "comment", COLUMN_MAX),
        day.to_owned(),
        marks.join(", "),
    ]
}

/// Says in words what the uses of a key are bound to.
fn constraints(key: &Value) -> Vec<String> {
    let empty = Map::new();
    let constraints = key.get("constraints").and_then(Value::as_object);
    let constraints = constraints.unwrap_or(&empty);
    let mut words = Vec::new();
    if constraints.get("confirm").and_then(Value::as_bool) == Some(true) {
        words.push("confirm".to_owned());
    }
    if let Some(seconds) = constraints.get("lifetime").and_then(Value::as_u64) {
        words.push(format!("for {}", span(seconds)));
    }
    let destinations = constraints.get("destinations").and_then(Value::as_array);
    for destination in destinations.into_iter().flatten() {
        let destination = destination.as_str().unwrap_or_default();
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

/// Returns a text of a key, fit for a terminal; empty where there is none.
fn shown(key: &Value, field: &str, characters_max: usize) -> String {
    let text = key.get(field).and_then(Value::as_str).unwrap_or_default();
    Escaped::shortened(text.as_bytes(), characters_max).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Value {
        let listing = Listing {
            name: name.to_owned(),
            key_type: "ED25519".to_owned(),
            bits: 256,
            fingerprint: "SHA256:abc".to_owned(),
            public: "ssh-ed25519 AAAA c".to_owned(),
            comment: "a\x1b[31mb".to_owned(),
            created: time(0),
            last_used: time(86_400),
            certificate: None,
            constraints: Constraints {
                confirm: true,
                lifetime: Some(60),
                destinations: vec!["git@web".to_owned()],
            },
            notes: None,
            removed: None,
        };
        serde_json::to_value(listing).unwrap()
    }

    #[test]
    fn the_table_is_aligned_and_holds_no_control_character() {
        let text = table(&[key("a"), key("a longer name")], false, None);
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
        let text = table(&keys, false, Some(200));
        let place = |line: &str| line.split_once("ED25519").unwrap().0.width();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(place(lines[1]), place(lines[2]));
        let widest = |columns| {
            let text = table(&keys, false, Some(columns));
            text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
        };
        for columns in [80, 70, 60] {
            assert!(widest(columns) <= columns, "{columns}");
        }
        let narrow = table(&keys, false, Some(10));
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
