//! How likely letters follow one another in the words of a language.
//!
//! A model holds, for every run of up to four letters, the letters that come after it in the words
//! of a language and what each of them costs: the bits by which it surprises. The sum over a word
//! is what an attacker needs who tries the likeliest texts first. Words that are in no dictionary,
//! inflected forms and compounds cost hardly more than those that are.
//!
//! The data is made by `vault/words/build`, and `vault/words/README.md` says from what.

use core::cmp::Ordering;

use super::known::Known;

/// What the four bits that stand for a cost mean, in [`BIT`]s.
pub const COSTS: [u16; 16] = [
    1, 4, 10, 19, 32, 48, 64, 83, 106, 131, 160, 192, 230, 275, 330, 400,
];

/// One bit, in the unit in which costs are counted.
pub const BIT: u32 = 32;

/// The longest run of letters that is looked at before a letter.
pub const CONTEXT: usize = 4;

/// How many letters a language has at most, and one more for the end of a word.
pub const SYMBOLS: usize = 32;

/// How many contexts of the longest length there are.
const CONTEXTS: usize = SYMBOLS * SYMBOLS * SYMBOLS * SYMBOLS;

/// How many contexts share one place in the list of costs.
pub const GROUP: usize = 16;

/// What a letter costs that the language does not have.
const FOREIGN: u32 = 12 * BIT;

/// The letters of one language, as they lie in the data.
#[derive(Debug, Clone)]
pub struct Language<'a> {
    tag: &'a str,
    alphabet: Vec<char>,
    tables: Vec<Table<'a>>,
}

/// The contexts of one length.
#[derive(Debug, Clone)]
struct Table<'a> {
    /// How many contexts come before each sixteenth of what keys can be.
    sixteenths: Vec<usize>,
    /// The lower 16 bits of each context, in order.
    keys: &'a [[u8; 2]],
    /// Which symbols follow each of them.
    followers: &'a [[u8; 4]],
    /// Where the costs of every sixteenth context begin, in half bytes.
    starts: &'a [[u8; 4]],
    /// For each context what it costs to look at a shorter one, and what each follower costs.
    costs: &'a [u8],
}

/// Reads the data of all languages, and the words before it that the letters do not tell; what is not
/// in the form that `build` writes ends it.
pub fn read(data: &[u8]) -> (Vec<Language<'_>>, Known<'_>) {
    let mut reader = Reader(data);
    let count = reader.number();
    let known = count.and_then(|count| reader.chunks(count));
    let mut languages = Vec::new();
    while let Some(language) = reader.language() {
        languages.push(language);
    }
    (languages, Known(known.unwrap_or_default()))
}

impl<'a> Language<'a> {
    /// Returns the tag of the language (BCP 47).
    pub fn tag(&self) -> &'a str {
        self.tag
    }

    /// Returns what letters cost as one word, in [`BIT`]s; `None` when that is more than `limit`.
    pub fn cost(&self, letters: &[char], limit: u32) -> Option<u32> {
        let mut context = 0_usize;
        let mut known = 1_usize;
        let mut sum = 0_u32;
        for letter in letters.iter().map(Some).chain([None]) {
            let symbol = match letter {
                None => Some(0),
                Some(letter) => self.symbol(*letter),
            };
            match symbol {
                None => {
                    sum += FOREIGN;
                    known = 0;
                }
                Some(symbol) => {
                    sum += self.step(context, known, symbol);
                    context = (context * SYMBOLS + symbol) % CONTEXTS;
                    known = CONTEXT.min(known + 1);
                }
            }
            if sum > limit {
                return None;
            }
        }
        Some(sum)
    }

    fn symbol(&self, letter: char) -> Option<usize> {
        let place = self.alphabet.iter().position(|own| *own == letter)?;
        Some(place + 1)
    }

    /// Returns what a symbol costs after the last `known` symbols of `context`.
    fn step(&self, context: usize, known: usize, symbol: usize) -> u32 {
        let mut sum = 0;
        for length in (0..=known).rev() {
            let key = context % SYMBOLS.pow(u32::try_from(length).unwrap_or_default());
            let found = self
                .tables
                .get(length)
                .and_then(|table| table.find(key, symbol));
            match found {
                Some(Found::Follows(cost)) => return sum + cost,
                Some(Found::Shorter(cost)) => sum += cost,
                None => {}
            }
        }
        sum + FOREIGN
    }
}

/// What a context says of a symbol.
enum Found {
    /// It follows, at this cost.
    Follows(u32),
    /// It does not: a shorter context says more, at this cost.
    Shorter(u32),
}

impl Table<'_> {
    fn find(&self, key: usize, symbol: usize) -> Option<Found> {
        let sixteenth = key >> 16;
        let low = u16::try_from(key & 0xffff).ok()?;
        let start = *self.sixteenths.get(sixteenth)?;
        let end = *self.sixteenths.get(sixteenth + 1)?;
        let keys = self.keys.get(start..end)?;
        let order = |own: &[u8; 2]| -> Ordering { u16::from_le_bytes(*own).cmp(&low) };
        let index = start + keys.binary_search_by(order).ok()?;
        let group = index / GROUP;
        let mut place = usize::try_from(u32::from_le_bytes(*self.starts.get(group)?)).ok()?;
        for before in self.followers.get(group * GROUP..index)? {
            place += 1 + ones(u32::from_le_bytes(*before))?;
        }
        let followers = u32::from_le_bytes(*self.followers.get(index)?);
        if followers >> symbol & 1 == 0 {
            return Some(Found::Shorter(self.cost(place)?));
        }
        let before = followers & ((1_u32 << symbol) - 1);
        Some(Found::Follows(self.cost(place + 1 + ones(before)?)?))
    }

    fn cost(&self, place: usize) -> Option<u32> {
        let byte = *self.costs.get(place / 2)?;
        let half = if place.is_multiple_of(2) {
            byte & 15
        } else {
            byte >> 4
        };
        COSTS.get(usize::from(half)).copied().map(u32::from)
    }
}

fn ones(mask: u32) -> Option<usize> {
    usize::try_from(mask.count_ones()).ok()
}

/// The data that is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    }

    fn chunks<const N: usize>(&mut self, count: usize) -> Option<&'a [[u8; N]]> {
        let bytes = self.take(count.checked_mul(N)?)?;
        Some(bytes.as_chunks().0)
    }

    fn language(&mut self) -> Option<Language<'a>> {
        let length = self.number()?;
        let tag = core::str::from_utf8(self.take(length)?).ok()?;
        // One symbol stands for the end of a word.
        let count = self.number().filter(|count| *count < SYMBOLS)?;
        let letters = self.chunks::<4>(count)?.iter();
        let alphabet = letters
            .map(|code| char::from_u32(u32::from_le_bytes(*code)))
            .collect::<Option<_>>()?;
        let mut tables = Vec::with_capacity(CONTEXT + 1);
        for _ in 0..=CONTEXT {
            tables.push(self.table()?);
        }
        Some(Language {
            tag,
            alphabet,
            tables,
        })
    }

    fn table(&mut self) -> Option<Table<'a>> {
        let mut sixteenths = vec![0];
        for _ in 0..16 {
            sixteenths.push(self.number()?);
        }
        let count = *sixteenths.last()?;
        let keys = self.chunks(count)?;
        let followers = self.chunks(count)?;
        let starts = self.chunks(count.div_ceil(GROUP))?;
        let bytes = self.number()?;
        Some(Table {
            sixteenths,
            keys,
            followers,
            starts,
            costs: self.take(bytes)?,
        })
    }
}
