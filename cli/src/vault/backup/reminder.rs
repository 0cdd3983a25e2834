//! What a person is reminded of: that there is no copy, that it is old, that none was ever tried.

use core::fmt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use keyward_agent::front::escape::Escaped;
use keyward_vault::VaultId;
use serde::{Serialize, Serializer};

use super::super::arguments::Arguments;
use super::copy;
use super::notes::{Drilled, Made, Notes};
use crate::config::Config;
use crate::start::shape::quoted;
use crate::{environment, output};

/// How old the last drill may be where the configuration does not say.
const DRILL_AGE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What is known of the copies of the vault. The names of the fields are a promise: `status --json` has them.
#[derive(Debug, Serialize)]
pub(crate) struct Backups {
    /// The newest copy at each place.
    pub(crate) copies: Vec<Made>,
    /// How many saves the newest of them is behind; null where there is none.
    pub(crate) behind: Option<u64>,
    /// The last drill that found everything right.
    pub(crate) drill: Option<Drilled>,
    /// What is to be done.
    pub(crate) reminders: Vec<Reminder>,
}

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reminder {
    /// What is so.
    pub(crate) message: String,
    /// What to type.
    pub(crate) fix: String,
}

impl Reminder {
    fn new(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            fix: fix.into(),
        }
    }
}

impl fmt::Display for Reminder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.fix)
    }
}

impl Serialize for Reminder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Backups {
    /// Looks at the vault that the arguments name; `None` where there is none that can be read.
    pub(crate) fn of(arguments: &Arguments) -> Option<Self> {
        let vault = copy::present(arguments)?;
        Some(Self::of_save(vault.vault_id(), vault.generation()))
    }

    /// Looks at this generation of a vault.
    pub(crate) fn of_save(vault: VaultId, generation: u64) -> Self {
        let notes = Notes::of(vault);
        let behind = notes
            .newest()
            .map(|made| generation.saturating_sub(made.generation));
        let reminders = match Config::load().unwrap_or_default().remind {
            Some(None) => Vec::new(),
            age => reminders(
                &notes,
                generation,
                age.flatten().unwrap_or(DRILL_AGE),
                now(),
            ),
        };
        Self {
            copies: notes.copies,
            behind,
            drill: notes.drill,
            reminders,
        }
    }

    /// Says the reminders on standard error.
    pub(crate) fn remind(&self) {
        for reminder in &self.reminders {
            let reminder = reminder.to_string();
            output::say(&format!("note: {}\n", Escaped::new(reminder.as_bytes())));
        }
    }
}

fn now() -> Timestamp {
    Timestamp::try_from(environment::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn reminders(notes: &Notes, generation: u64, age: Duration, now: Timestamp) -> Vec<Reminder> {
    let Some(newest) = notes.newest() else {
        let fix = "keyward backup create FOLDER";
        return vec![Reminder::new("the vault has no backup", fix)];
    };
    let mut reminders = Vec::new();
    let behind = generation.saturating_sub(newest.generation);
    if behind > 0 {
        let saves = copy::saves_of(behind);
        let message = format!("the backup is {saves} behind the vault");
        reminders.push(Reminder::new(message, again(newest)));
    }
    let last = notes
        .drill
        .as_ref()
        .map(|drill| drill.time.parse::<Timestamp>());
    let days = match last {
        Some(Ok(time)) => Some(now.duration_since(time)),
        _ => None,
    };
    let limit = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    match days {
        Some(since) if since.as_secs() <= limit => {}
        Some(since) => {
            let days = since.as_secs() / (24 * 60 * 60);
            let message = format!("the last drill was {days} days ago");
            reminders.push(Reminder::new(message, "keyward backup drill"));
        }
        None => {
            let message = "no backup was ever tried";
            reminders.push(Reminder::new(message, "keyward backup drill"));
        }
    }
    reminders
}

/// Returns what to type for another copy at the same place.
fn again(made: &Made) -> String {
    let is_file = made.copy == made.place;
    let place = quoted(Path::new(&made.place));
    match (super::place::Remote::parse(&made.place), is_file) {
        (Some(_), _) => format!("keyward backup push {place}"),
        (None, false) => format!("keyward backup create {place}"),
        (None, true) => "keyward backup create FOLDER".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: Duration = Duration::from_secs(90 * 86_400);

    fn noted(generation: u64, drill: Option<&str>) -> Notes {
        let made = Made {
            place: "/mnt".to_owned(),
            copy: "/nowhere/stick/keyward-3f3f3f3f-2026-11-24-g12.vault".to_owned(),
            generation,
            time: "2026-11-24T00:00:00Z".to_owned(),
        };
        Notes {
            copies: vec![made],
            drill: drill.map(|time| Drilled {
                generation,
                time: time.to_owned(),
            }),
        }
    }

    fn said(notes: &Notes, generation: u64) -> Vec<String> {
        let now = "2026-11-24T00:00:00Z".parse().unwrap();
        let reminders = reminders(notes, generation, AGE, now);
        reminders.iter().map(Reminder::to_string).collect()
    }

    #[test]
    fn says_what_is_missing_and_what_to_type() {
        let none = said(&Notes::default(), 3);
        assert_eq!(
            none,
            ["the vault has no backup: keyward backup create FOLDER"]
        );
        let fresh = noted(3, Some("2026-10-01T00:00:00Z"));
        assert_eq!(said(&fresh, 3), [""; 0]);
        assert_eq!(
            said(&fresh, 5),
            ["the backup is 2 saves behind the vault: keyward backup create /mnt"]
        );
        let old = noted(3, Some("2026-08-01T00:00:00Z"));
        assert_eq!(
            said(&old, 3),
            ["the last drill was 115 days ago: keyward backup drill"]
        );
        let never = ["no backup was ever tried: keyward backup drill"];
        assert_eq!(said(&noted(3, None), 3), never);
        assert_eq!(said(&noted(3, Some("nonsense")), 3), never);
    }
}
