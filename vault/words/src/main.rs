//! Makes `letters` from the lists of words that `build` has fetched.
//!
//! `keyward-words FOLDER OUTPUT`: in FOLDER there is `languages`, whose lines are a tag, `+` where
//! the language joins words to new ones, and where its words are: `hunspell:FOLDER` or `list:FILE`.

mod hunspell;
mod model;

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs, io};

use keyward_vault::strength::fold::fold;
use keyward_vault::strength::known::{LENGTH, LETTERS_MIN as KNOWN_MIN, hash};
use keyward_vault::strength::language::{self, BIT};
use keyward_vault::strength::word_max;

use crate::model::Counts;

/// The shortest word that tells something about long ones.
const LETTERS_MIN: usize = 4;

/// What is left for capitals, digits and signs around a word, in bits.
const ROOM: u32 = 12;

/// How many words are written to be judged, and how long they are.
const SAMPLE: usize = 100;
const SAMPLE_MIN: usize = 14;
const SAMPLE_MAX: usize = 60;

/// How many joined words are made up for a language that joins words.
const JOINED: usize = 300_000;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let [_, folder, output] = &arguments[..] else {
        return Err(io::Error::other("usage: keyward-words FOLDER OUTPUT"));
    };
    let folder = Path::new(folder);
    let mut data = Vec::new();
    let mut known = BTreeSet::new();
    for word in fs::read_to_string(folder.join("longest"))?.lines() {
        known.insert(hash(&fold(word)));
    }
    for line in fs::read_to_string(folder.join("languages"))?.lines() {
        let mut fields = line.split_whitespace();
        let Some(tag) = fields.next() else { continue };
        let mut words = BTreeSet::new();
        let mut joins = false;
        for field in fields {
            match field.split_once(':') {
                Some(("hunspell", name)) => {
                    hunspell::forms(&folder.join(name), |form| take(form, &mut words))?;
                }
                Some((_, name)) => {
                    let list = fs::read_to_string(folder.join(name))?;
                    list.lines().for_each(|word| take(word, &mut words));
                }
                None => joins = true,
            }
        }
        let mut words: Vec<Vec<char>> = words.into_iter().collect();
        let own = words.len();
        sample(&words, folder, tag)?;
        if joins {
            join(&mut words);
        }
        let before = data.len();
        Counts::of(&words).write(tag, &mut data);
        let missed = missed(&words[..own], &data[before..]);
        println!(
            "{tag}: {own} words, {} bytes, {} words apart",
            data.len() - before,
            missed.len()
        );
        known.extend(missed);
    }
    let count = u32::try_from(known.len()).map_err(io::Error::other)?;
    let known: Vec<u8> = known.into_iter().flatten().collect();
    fs::write(output, [&count.to_le_bytes()[..], &known, &data].concat())
}

/// Writes some of the words, to see whether they are refused in every form.
fn sample(words: &[Vec<char>], folder: &Path, tag: &str) -> io::Result<()> {
    let folder = folder.join("own");
    fs::create_dir_all(&folder)?;
    let is_long = |word: &&Vec<char>| (SAMPLE_MIN..=SAMPLE_MAX).contains(&word.len());
    let long: Vec<&Vec<char>> = words.iter().filter(is_long).collect();
    let step = long.len().div_ceil(SAMPLE).max(1);
    let lines: Vec<String> = long
        .iter()
        .step_by(step)
        .map(|word| word.iter().collect())
        .collect();
    fs::write(folder.join(tag), lines.join("\n") + "\n")
}

/// Returns the hashes of the words that cost more than a word of the language does.
fn missed(words: &[Vec<char>], language: &[u8]) -> Vec<[u8; LENGTH]> {
    // As in the data, without any words apart.
    let data = [&[0; 4][..], language].concat();
    let (languages, _) = language::read(&data);
    let language = &languages[0];
    let most = (word_max(language.tag()) - ROOM) * BIT;
    let is_missed =
        |word: &&Vec<char>| word.len() >= KNOWN_MIN && language.cost(word, most).is_none();
    words
        .iter()
        .filter(is_missed)
        .map(|word| hash(word))
        .collect()
}

fn take(word: &str, words: &mut BTreeSet<Vec<char>>) {
    let letters = fold(word);
    if letters.len() >= LETTERS_MIN && !word.contains([' ', '.']) {
        words.insert(letters.to_vec());
    }
}

/// Adds words joined of two that are not long, the same ones each time.
fn join(words: &mut Vec<Vec<char>>) {
    let parts: Vec<Vec<char>> = words
        .iter()
        .filter(|word| word.len() <= 9)
        .cloned()
        .collect();
    let mut state = 1_u64;
    let mut pick = || {
        // Knuth's multiplier (MMIX); its upper bits are good enough for that.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        &parts[usize::try_from(state >> 33).unwrap() % parts.len()]
    };
    for _ in 0..JOINED {
        words.push([pick().as_slice(), pick().as_slice()].concat());
    }
}
