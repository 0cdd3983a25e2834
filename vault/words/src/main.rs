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

use crate::model::Counts;

/// The shortest word that tells something about long ones.
const LETTERS_MIN: usize = 4;

/// How many joined words are made up for a language that joins words.
const JOINED: usize = 300_000;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let [_, folder, output] = &arguments[..] else {
        return Err(io::Error::other("usage: keyward-words FOLDER OUTPUT"));
    };
    let folder = Path::new(folder);
    let mut data = Vec::new();
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
        if joins {
            join(&mut words);
        }
        let before = data.len();
        Counts::of(&words).write(tag, &mut data);
        println!(
            "{tag}: {} words, {} bytes",
            words.len(),
            data.len() - before
        );
    }
    fs::write(output, data)
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
