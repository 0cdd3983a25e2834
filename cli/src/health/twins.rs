//! The same key in several places: who steals one of them has it, and who replaces one forgets the other.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Kind, Level, Review, Seen};

/// Says of every key that was seen twice where else it is.
pub(super) fn look(review: &mut Review) {
    let seen = core::mem::take(&mut review.seen);
    let mut groups: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for one in &seen {
        groups.entry(&one.fingerprint).or_default().push(one);
    }
    for group in groups.values_mut() {
        group.sort_by_key(|one| rank(one));
        let Some((first, others)) = group.split_first() else {
            continue;
        };
        for other in others {
            twin(first, other, review);
        }
    }
}

/// Returns where a key stands among those that are the same: what is to stay comes first, the vault's before all, and a
/// sealed file before one in the clear.
fn rank(one: &Seen) -> (bool, bool, bool, usize) {
    let is_usual = one.subject.contains("/id_");
    let is_file = one.kind != Kind::Key;
    (is_file, !one.is_sealed, !is_usual, one.subject.len())
}

/// Says of one key that it is another's twin, which is to stay.
fn twin(first: &Seen, other: &Seen, review: &mut Review) {
    let path = super::quoted(Path::new(&other.subject));
    let (level, message) = match first.kind {
        Kind::Key => (
            Level::Note,
            format!("the vault has this key too, as \"{}\"", first.subject),
        ),
        _ => (
            Level::Wrong,
            format!("the same key is in {}", first.subject),
        ),
    };
    let fix = format!("shred -u {path}");
    review.add(
        level,
        "duplicate",
        (other.kind, &other.subject),
        (message, fix),
    );
}
