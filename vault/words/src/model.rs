//! Counts which letters follow which, and writes it as `keyward_vault::strength::language` reads it.

use std::collections::HashMap;

use keyward_vault::strength::language::{BIT, CONTEXT, COSTS, GROUP, SYMBOLS};

/// How many contexts of the two longest lengths are kept: those that tell most.
const KEPT: [usize; 2] = [16_000, 14_000];

/// The counts of one language.
pub(crate) struct Counts {
    alphabet: Vec<char>,
    /// For each length of context, how often each symbol follows each context.
    counts: Vec<Vec<u32>>,
}

/// A context that is written: its key, and half a byte for each cost.
struct Row {
    key: usize,
    followers: u32,
    costs: Vec<u8>,
}

impl Counts {
    /// Counts in folded words.
    pub(crate) fn of(words: &[Vec<char>]) -> Self {
        let mut frequencies: HashMap<char, u64> = HashMap::new();
        for letter in words.iter().flatten() {
            *frequencies.entry(*letter).or_default() += 1;
        }
        let mut letters: Vec<(char, u64)> = frequencies.into_iter().collect();
        letters.sort_by_key(|(letter, count)| (u64::MAX - count, *letter));
        letters.truncate(SYMBOLS - 1);
        let alphabet: Vec<char> = letters.into_iter().map(|(letter, _)| letter).collect();
        let symbols: HashMap<char, usize> = alphabet.iter().copied().zip(1..).collect();
        let size = |length: usize| SYMBOLS.pow(u32::try_from(length).unwrap() + 1);
        let mut counts: Vec<Vec<u32>> = (0..=CONTEXT).map(|length| vec![0; size(length)]).collect();
        for word in words {
            let inner = word.iter().map(|letter| symbols.get(letter).copied());
            let Some(inner) = inner.collect::<Option<Vec<usize>>>() else {
                continue;
            };
            let run: Vec<usize> = [0].into_iter().chain(inner).chain([0]).collect();
            for end in 1..run.len() {
                for length in 0..=CONTEXT.min(end) {
                    let key = run[end - length..=end]
                        .iter()
                        .fold(0, |key, symbol| key * SYMBOLS + symbol);
                    counts[length][key] += 1;
                }
            }
        }
        Self { alphabet, counts }
    }

    /// Appends the language to the data.
    pub(crate) fn write(&self, tag: &str, data: &mut Vec<u8>) {
        number(tag.len(), data);
        data.extend_from_slice(tag.as_bytes());
        number(self.alphabet.len(), data);
        for letter in &self.alphabet {
            data.extend_from_slice(&u32::from(*letter).to_le_bytes());
        }
        // What a shorter context says, in bits, for each symbol after each context.
        let mut shorter = vec![f64::from(u32::try_from(SYMBOLS).unwrap()).log2(); SYMBOLS];
        for (length, counts) in self.counts.iter().enumerate() {
            let (rows, costs) = rows(length, counts, &shorter);
            table(&rows, data);
            shorter = costs;
        }
    }
}

/// Returns the contexts of one length to write, and what they and the shorter ones say in all.
///
/// The estimate is Witten and Bell's: a context that has been followed by many symbols gives much
/// to those that have not followed it yet.
fn rows(length: usize, counts: &[u32], shorter: &[f64]) -> (Vec<Row>, Vec<f64>) {
    let contexts = counts.len() / SYMBOLS;
    let below = |key: usize| &shorter[key % (shorter.len() / SYMBOLS) * SYMBOLS..][..SYMBOLS];
    let mut ranked: Vec<(f64, usize, Vec<f64>)> = Vec::new();
    for key in 0..contexts {
        let own = &counts[key * SYMBOLS..][..SYMBOLS];
        let total: f64 = own.iter().copied().map(f64::from).sum();
        if total == 0.0 {
            continue;
        }
        let kinds = own
            .iter()
            .filter(|count| **count > 0)
            .map(|_| 1.0)
            .sum::<f64>();
        let costs: Vec<f64> = own
            .iter()
            .zip(below(key))
            .map(|(count, shorter)| {
                -((f64::from(*count) + kinds * (-shorter).exp2()) / (total + kinds)).log2()
            })
            .collect();
        let saved = own.iter().zip(below(key)).zip(&costs);
        let gain = saved
            .map(|((count, shorter), cost)| f64::from(*count) * (shorter - cost))
            .sum();
        ranked.push((gain, key, costs));
    }
    ranked.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    if length + KEPT.len() > CONTEXT {
        ranked.truncate(KEPT[length + KEPT.len() - CONTEXT - 1]);
    }
    let mut all: Vec<f64> = (0..contexts).flat_map(|key| below(key).to_vec()).collect();
    let mut rows = Vec::with_capacity(ranked.len());
    for (_, key, costs) in ranked {
        let own = &counts[key * SYMBOLS..][..SYMBOLS];
        let total: f64 = own.iter().copied().map(f64::from).sum();
        let kinds = own
            .iter()
            .filter(|count| **count > 0)
            .map(|_| 1.0)
            .sum::<f64>();
        let mut row = Row {
            key,
            followers: 0,
            costs: vec![nearest(-(kinds / (total + kinds)).log2())],
        };
        for (symbol, count) in own.iter().enumerate().filter(|(_, count)| **count > 0) {
            debug_assert!(*count > 0);
            row.followers |= 1 << symbol;
            row.costs.push(nearest(costs[symbol]));
        }
        all[key * SYMBOLS..][..SYMBOLS].copy_from_slice(&costs);
        rows.push(row);
    }
    rows.sort_by_key(|row| row.key);
    (rows, all)
}

fn table(rows: &[Row], data: &mut Vec<u8>) {
    for sixteenth in 1..=16 {
        number(rows.partition_point(|row| row.key < sixteenth << 16), data);
    }
    for row in rows {
        data.extend_from_slice(&row.key.to_le_bytes()[..2]);
    }
    for row in rows {
        data.extend_from_slice(&row.followers.to_le_bytes());
    }
    let mut halves: Vec<u8> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if index.is_multiple_of(GROUP) {
            number(halves.len(), data);
        }
        halves.extend_from_slice(&row.costs);
    }
    number(halves.len().div_ceil(2), data);
    for pair in halves.chunks(2) {
        data.push(pair[0] | pair.get(1).copied().unwrap_or_default() << 4);
    }
}

/// Returns the half byte whose meaning is nearest to some bits.
fn nearest(bits: f64) -> u8 {
    let wanted = bits * f64::from(BIT);
    let distance = |index: &u8| (f64::from(COSTS[usize::from(*index)]) - wanted).abs();
    (0..16)
        .min_by(|left, right| distance(left).total_cmp(&distance(right)))
        .unwrap()
}

fn number(value: usize, data: &mut Vec<u8>) {
    data.extend_from_slice(&u32::try_from(value).unwrap().to_le_bytes());
}
