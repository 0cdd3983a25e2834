//! `keyward passphrase generate`: passphrases that chance makes.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use keyward_vault::strength::LENGTH_MIN;
use keyward_vault::strength::generate::{
    Generated, LENGTH_MAX, LENGTH_SAFE, LISTS, List, SEPARATOR_MAX, WORDS_MAX, WORDS_MIN,
};
use serde::Serialize;

use super::shown;
use crate::error::Error;
use crate::vault::arguments;
use crate::{generated, output};

const EXAMPLES: &str = "\
Examples:
  keyward passphrase generate
  keyward passphrase generate --language de --words 8 --separator ' '
  keyward passphrase generate --length 20 --count 5
  keyward passphrase generate --layout-safe

Words are from the large list of the EFF, seven of them; other languages have shorter lists, and
eight or nine. With --layout-safe there are only letters that lie at the same place on QWERTY, QWERTZ and
AZERTY keyboards. The bits are exact: every other one was as likely.

JSON: {secret, bits, exact, words} or {secret, bits, exact, length}; an array with --count.";

/// What is printed as JSON.
#[derive(Debug, Serialize)]
struct Listing<'a> {
    secret: &'a str,
    bits: f64,
    exact: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<usize>,
}

/// What is to be made.
#[derive(Debug, Clone, Copy)]
enum Wanted<'a> {
    Words {
        list: List,
        count: usize,
        separator: &'a str,
    },
    Password {
        length: usize,
        layout_safe: bool,
    },
}

/// Describes it.
pub(super) fn describe() -> Command {
    let number = |name: &'static str, help: &'static str, least: usize, most: usize| {
        let limits = (wide(least))..=(wide(most));
        let argument = Arg::new(name).long(name).value_name("N").help(help);
        argument.value_parser(value_parser!(u64).range(limits))
    };
    let language = Arg::new("language")
        .long("language")
        .value_name("LANGUAGE")
        .help("Take words of this language: cs, de, en, es, fr, it or pt (BCP 47)")
        .value_parser(language);
    let separator = Arg::new("separator")
        .long("separator")
        .value_name("TEXT")
        .help("Put this between the words [default: -]")
        .value_parser(separator);
    let length = number(
        "length",
        "Make a password of N characters",
        LENGTH_MIN,
        LENGTH_MAX,
    );
    let layout_safe = arguments::flag(
        "layout-safe",
        "Make a password of letters that are at the same place on all keyboards",
    );
    Command::new("generate")
        .about("Make a passphrase")
        .arg(number(
            "words",
            "Take N words [default: as many as give 90 bits]",
            WORDS_MIN,
            WORDS_MAX,
        ))
        .arg(length.conflicts_with_all(["words", "language", "separator"]))
        .arg(language)
        .arg(separator)
        .arg(layout_safe.conflicts_with_all(["words", "language", "separator"]))
        .arg(number("count", "Make N of them", 1, 1000))
        .arg(arguments::json())
        .after_help(EXAMPLES)
}

/// Finds the list of a language.
fn language(tag: &str) -> Result<List, String> {
    let tags = LISTS.map(|list| list.tag).join(", ");
    List::of(tag).ok_or_else(|| format!("there are words of {tags}"))
}

/// Reads a separator, which becomes a part of a passphrase.
fn separator(text: &str) -> Result<String, String> {
    match text.len() <= SEPARATOR_MAX && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "it has {SEPARATOR_MAX} bytes at most, and no control characters"
        )),
    }
}

/// Makes passphrases and prints them.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let wanted = Wanted::read(matches);
    let count = number(matches, "count");
    let made = (0..count.unwrap_or(1)).map(|_| wanted.make());
    let made = made.collect::<Result<Vec<_>, _>>()?;
    if matches.get_flag("json") {
        let listings: Vec<Listing> = made.iter().map(|made| wanted.listing(made)).collect();
        return match (&listings[..], count) {
            ([listing], None) => super::super::print_json(listing),
            (listings, _) => super::super::print_json(&listings),
        };
    }
    for made in &made {
        output::write(made.secret.expose().as_bytes())?;
        output::write(b"\n")?;
    }
    // A program that reads the passphrase from a pipe gets nothing else.
    if let Some(first) = made.first().filter(|_| io::stdout().is_terminal()) {
        output::say(&format!(
            "{:.1} bits, exactly: {}\n",
            first.bits,
            wanted.shape()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

impl<'a> Wanted<'a> {
    fn read(matches: &'a ArgMatches) -> Self {
        let layout_safe = matches.get_flag("layout-safe");
        let length = number(matches, "length").or(layout_safe.then_some(LENGTH_SAFE));
        if let Some(length) = length {
            return Self::Password {
                length,
                layout_safe,
            };
        }
        let [english, ..] = LISTS;
        let list = matches.get_one::<List>("language").copied();
        let list = list.unwrap_or(english);
        let separator = matches.get_one::<String>("separator");
        Self::Words {
            list,
            count: number(matches, "words").unwrap_or_else(|| list.default_count()),
            separator: separator.map_or("-", String::as_str),
        }
    }

    fn make(self) -> Result<Generated, Error> {
        match self {
            Self::Words {
                list,
                count,
                separator,
            } => generated::words(list, Some(count), separator),
            Self::Password {
                length,
                layout_safe,
            } => generated::password(length, layout_safe),
        }
    }

    fn listing(self, made: &Generated) -> Listing<'_> {
        let (words, length) = match self {
            Self::Words { count, .. } => (Some(count), None),
            Self::Password { length, .. } => (None, Some(length)),
        };
        Listing {
            secret: made.secret.expose(),
            bits: shown::rounded(made.bits),
            exact: true,
            words,
            length,
        }
    }

    fn shape(self) -> String {
        match self {
            Self::Words { list, count, .. } => format!("{count} words × {:.2}", list.bits()),
            Self::Password { length, .. } => format!("{length} characters"),
        }
    }
}

fn number(matches: &ArgMatches, name: &str) -> Option<usize> {
    let given = matches.get_one::<u64>(name)?;
    usize::try_from(*given).ok()
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
