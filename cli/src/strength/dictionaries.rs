//! The dictionaries that are installed: those of Hunspell, and the lists in `/usr/share/dict`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use keyward_vault::strength::fold::fold;
use keyward_vault::strength::language::BIT;
use keyward_vault::strength::reading::Reading;

/// Where they are.
const FOLDERS: [&str; 3] = [
    "/usr/share/hunspell",
    "/usr/share/myspell/dicts",
    "/usr/share/dict",
];

/// How much of all of them is read, in bytes: a quarter of a second's worth.
const READ_MAX: u64 = 64 << 20;

/// How many letters an inflected form has at most that its dictionary's entry has not.
const ENDING_MAX: usize = 4;

/// The shortest entry that counts with an ending after it.
const STEM_MIN: usize = 10;

/// What a word is worth that an installed dictionary has, in bits.
const WORD: u32 = 30;

/// What such a word is worth at most with all that stands around it: more is no single word any longer.
const WORD_MAX: u32 = 60;

/// Returns what a text is worth, in bits, if one of its readings is in one of the dictionaries, or is an entry with an
/// ending.
pub(super) fn find(mut readings: Vec<Reading>) -> Option<u32> {
    let bits = |reading: &Reading| WORD + reading.extra / BIT;
    readings.retain(|reading| bits(reading) <= WORD_MAX);
    if readings.is_empty() || !files().iter().any(|path| has(path, &readings)) {
        return None;
    }
    readings.iter().map(bits).min()
}

fn files() -> Vec<PathBuf> {
    let mut left = READ_MAX;
    let folders = FOLDERS.iter().flat_map(fs::read_dir);
    let mut paths: Vec<PathBuf> = folders
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| is_list(path))
        // One file has several names, for its countries.
        .filter_map(|path| fs::canonicalize(path).ok())
        .collect();
    paths.sort();
    paths.dedup();
    paths.retain(|path| {
        let size = fs::metadata(path).map_or(u64::MAX, |metadata| metadata.len());
        let fits = size <= left;
        if fits {
            left -= size;
        }
        fits
    });
    paths
}

fn is_list(path: &Path) -> bool {
    let is_dict = path.parent() == Some(Path::new("/usr/share/dict"));
    let ending = path.extension();
    path.is_file() && (ending.is_some_and(|ending| ending == "dic") || is_dict && ending.is_none())
}

fn has(path: &Path, readings: &[Reading]) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let mut lines = BufReader::with_capacity(64 << 10, file.take(READ_MAX));
    let mut line = Vec::new();
    while let Ok(1..) = lines.read_until(b'\n', &mut line) {
        let entry = line
            .split(|byte| matches!(byte, b'/' | b'\t' | b'\r' | b'\n'))
            .next();
        let entry = entry.and_then(|entry| core::str::from_utf8(entry).ok());
        if entry.is_some_and(|entry| is_read(entry, readings)) {
            return true;
        }
        line.clear();
    }
    false
}

fn is_read(entry: &str, readings: &[Reading]) -> bool {
    // Most entries are none of the readings by their first letter.
    let first = entry.chars().next().filter(char::is_ascii);
    let begins = |reading: &Reading| {
        let own = reading.letters.first();
        first.is_none_or(|first| own == Some(&first.to_ascii_lowercase()))
    };
    if !readings.iter().any(begins) {
        return false;
    }
    let entry = fold(entry);
    readings.iter().any(|reading| {
        let ending = reading.letters.strip_prefix(entry.as_slice());
        ending.is_some_and(|ending| {
            !entry.is_empty()
                && (ending.is_empty() || entry.len() >= STEM_MIN && ending.len() <= ENDING_MAX)
        })
    })
}

#[cfg(test)]
mod tests {
    use keyward_vault::strength::reading::readings;

    use super::*;

    #[test]
    fn entries_and_their_forms_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xx.dic");
        fs::write(&path, "3\nZwyxwvutsrqpo/AB\nFoo\nÉclatante\n").unwrap();
        for text in [
            "zwyxwvutsrqpo",
            "Zwyxwvutsrqpo1!",
            "zwyxwvutsrqpoing",
            "eclatante1998",
        ] {
            assert!(has(&path, &readings(text)), "{text}");
        }
        for text in ["zwyxwvutsrqpoabcdef", "foobarbazqux", "zwyxwvutsrq"] {
            assert!(!has(&path, &readings(text)), "{text}");
        }
    }
}
