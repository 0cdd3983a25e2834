//! How many words of each language are refused, and that nothing random is.
//!
//! The words are in `testdata/strength`: 600 of each language, of 14 letters and more, that the word data was not made
//! from; `testdata/strength_own` has some that it was made from. With `KEYWARD_LONG=1` all of them are judged, or those in `words/target/held_out`, where `words/held_out.py`
//! has written some, a million random phrases and a million random passwords.

use std::path::Path;
use std::{fs, thread};

use keyward_vault::random::EntropyError;
use keyward_vault::strength::generate::{self, Generated, LISTS};
use keyward_vault::strength::personal::Personal;
use keyward_vault::strength::{Judge, WordData};
use keyward_vault::{Entropy, Passphrase};

/// The least share of a language's words that is refused, in percent.
const REFUSED_MIN: f64 = 97.0;

/// The same for the few words that are judged by default, of which one or two more may be missed by chance.
const REFUSED_MIN_OF_FEW: f64 = 95.0;

/// The least share in every form of them: signs for letters, and the year, cost something as well.
const FORMS_REFUSED_MIN: f64 = 88.0;

/// The least share of the words that the data was made from.
const OWN_REFUSED_MIN: f64 = 99.0;

/// Bytes that look random and are the same each time (SplitMix64).
struct Repeatable(u64);

impl Entropy for Repeatable {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

fn is_long() -> bool {
    std::env::var_os("KEYWARD_LONG").is_some()
}

fn is_accepted(words: &WordData<'_>, text: &str) -> bool {
    let personal = Personal::default();
    let judge = Judge::new(words, &personal);
    judge.check(&Passphrase::new(text).unwrap()).is_accepted()
}

/// What people do to a word, by the name of it.
fn decorated(word: &str) -> [(&'static str, String); 7] {
    let mut letters = word.chars();
    let first = letters.next().unwrap().to_uppercase();
    let capital: String = first.chain(letters).collect();
    let signs = |letter| match letter {
        'a' => '4',
        'e' => '3',
        'i' => '1',
        'o' => '0',
        's' => '5',
        other => other,
    };
    [
        ("plain", word.to_owned()),
        ("capital", capital.clone()),
        ("1!", format!("{capital}1!")),
        ("year", format!("{capital}1998")),
        ("leet", word.chars().map(signs).collect()),
        ("doubled", format!("{word}{word}")),
        ("reversed", word.chars().rev().collect()),
    ]
}

/// Judges the words of one language; returns the shares that are refused, in percent.
fn shares(words: &[String]) -> [f64; 7] {
    let data = WordData::shipped();
    let mut refused = [0_u32; 7];
    for word in words {
        for (count, (_, text)) in refused.iter_mut().zip(decorated(word)) {
            *count += u32::from(!is_accepted(&data, &text));
        }
    }
    let all = f64::from(u32::try_from(words.len()).unwrap());
    refused.map(|count| f64::from(count) * 100.0 / all)
}

/// Judges every `step`th word of each language in a folder, and prints the shares that are refused. None may be less than
/// `least`, of the words as they are and in each form.
#[expect(clippy::print_stdout, reason = "the table is what it is run for")]
#[track_caller]
fn refused_in_every_form(folder: &Path, languages: usize, step: usize, least: (f64, f64)) {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), languages);
    let forms = decorated("x").map(|(name, _)| name);
    println!("{:8} {:>8} {forms:?}", "language", "words");
    let mut missed = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let words: Vec<String> = text.lines().step_by(step).map(str::to_owned).collect();
        let found = shares(&words);
        let row = found.map(|share| format!("{share:.1}")).join("  ");
        let tag = path.file_name().unwrap().to_string_lossy().into_owned();
        println!("{tag:8} {:8} {row}", words.len());
        if found[0] < least.0 || found.iter().any(|share| *share < least.1) {
            missed.push(tag);
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn words_of_thirty_languages_are_refused_in_every_form() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = root.join("words/target/held_out");
    let (folder, step, least) = match (is_long(), all.is_dir()) {
        (true, true) => (all, 1, REFUSED_MIN),
        (true, false) => (root.join("testdata/strength"), 1, REFUSED_MIN),
        (false, _) => (root.join("testdata/strength"), 8, REFUSED_MIN_OF_FEW),
    };
    refused_in_every_form(&folder, 30, step, (least, FORMS_REFUSED_MIN));
}

#[test]
fn words_of_our_own_lists_are_refused_in_every_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/strength_own");
    let step = if is_long() { 1 } else { 8 };
    let least = (OWN_REFUSED_MIN, OWN_REFUSED_MIN);
    refused_in_every_form(&folder, 49, step, least);
}

/// Judges `count` of what `make` makes; returns those that are refused.
fn refusals(count: usize, mut make: impl FnMut(usize) -> Generated) -> Vec<String> {
    let data = WordData::shipped();
    let made = (0..count).map(|index| make(index).secret.expose().clone());
    made.filter(|text| !is_accepted(&data, text)).collect()
}

#[test]
fn nothing_that_chance_makes_is_refused() {
    // With KEYWARD_LONG=1 a million phrases, and as many passwords.
    let (phrases, count) = match is_long() {
        true => (150_000, 340_000),
        false => (400, 400),
    };
    let lists = LISTS.map(|list| {
        thread::spawn(move || {
            let mut random = Repeatable(7);
            refusals(phrases, |index| {
                let separator = ["", "-", "", " ", "."][index % 5];
                generate::words(list, 5 + index % 4, separator, &mut random).unwrap()
            })
        })
    });
    let passwords = [(14, false), (16, false), (18, true)].map(|(length, layout_safe)| {
        thread::spawn(move || {
            let mut random = Repeatable(11);
            refusals(count, |_| {
                generate::password(length, layout_safe, &mut random).unwrap()
            })
        })
    });
    for refused in lists.into_iter().chain(passwords) {
        assert_eq!(refused.join().unwrap(), Vec::<String>::new());
    }
}

/// Texts in twenty scripts, as one keyboard writes them.
const SCRIPTS: [&str; 20] = [
    "größe übung",
    "élève naïf",
    "cấu trúc",
    "źdźbło łąka",
    "ναύτης ήλιος",
    "ёлка йогурт",
    "їжак ґава",
    "հայերեն",
    "ქართული",
    "עִבְרִית",
    "العَرَبِيَّة",
    "हिन्दी क़लम",
    "বাংলা ড়",
    "தமிழ் கொ",
    "తెలుగు",
    "ಕನ್ನಡ ಕೋ",
    "ไทย",
    "한국어 각",
    "がぎぐ パ",
    "漢字 語",
];

#[test]
fn ten_thousand_texts_in_twenty_scripts_are_the_same_however_they_are_written() {
    use unicode_normalization::UnicodeNormalization;
    let blanks = ['\u{3000}', '\u{a0}', '\u{2003}', '\u{202f}', '\u{1680}'];
    let mut random = Repeatable(3);
    let mut draw = |end: usize| {
        let mut bytes = [0; 4];
        random.fill(&mut bytes).unwrap();
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % end
    };
    for index in 0..10_000 {
        let letters: Vec<char> = SCRIPTS[index % 20].nfc().collect();
        let text: String = (0..14 + draw(10))
            .map(|_| letters[draw(letters.len())])
            .collect();
        let text = format!("x{text}");
        let usual = Passphrase::new(&text.nfc().collect::<String>()).unwrap();
        let blank = blanks[draw(blanks.len())];
        let wide = text.replace(' ', &blank.to_string());
        for other in [
            text.nfd().collect(),
            wide.clone(),
            wide.nfd().collect::<String>(),
            text,
        ] {
            assert_eq!(
                Passphrase::new(&other).unwrap().bytes(),
                usual.bytes(),
                "{other:?}"
            );
        }
    }
}
