//! All forms of the words in a dictionary of Hunspell (hunspell(5)).

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

/// How many forms of one word are made at most: some Hungarian nouns have thousands.
const FORMS_MAX: usize = 3000;

/// How many forms of a language are made, about; of larger ones every n-th word is inflected.
const FORMS_WANTED: usize = 2_500_000;

/// One way to change the beginning or the end of a word.
struct Rule {
    strip: Vec<char>,
    add: Vec<char>,
    flags: Vec<u32>,
    condition: Vec<(bool, Vec<char>)>,
}

/// The rules of one flag.
struct Affix {
    crosses: bool,
    rules: Vec<Rule>,
}

/// The contents of an `.aff` file, as far as they make forms.
#[derive(Default)]
struct Affixes {
    kind: FlagKind,
    aliases: Vec<Vec<u32>>,
    suffixes: HashMap<u32, Affix>,
    prefixes: HashMap<u32, Affix>,
    need_affix: Option<u32>,
    forbidden: Option<u32>,
}

#[derive(Default, Clone, Copy)]
enum FlagKind {
    #[default]
    Short,
    Long,
    Number,
}

/// A form: its letters, whether a prefix may be added, and the flags that its last affix brought.
type Form = (Vec<char>, bool, Vec<u32>);

/// Calls `take` with the forms of the dictionary in `folder`.
pub(crate) fn forms(folder: &Path, mut take: impl FnMut(&str)) -> io::Result<()> {
    let affixes = Affixes::read(&fs::read_to_string(folder.join("index.aff"))?);
    let dictionary = fs::read_to_string(folder.join("index.dic"))?;
    let lines = dictionary.lines().skip(1);
    let entries: Vec<_> = lines.filter_map(|line| affixes.entry(line)).collect();
    let sample = entries.iter().step_by(entries.len() / 1000 + 1);
    let (mut sampled, mut made) = (0, 0);
    for (word, flags) in sample {
        sampled += 1;
        made += affixes.expand(word, flags).len();
    }
    let stride = made / sampled.max(1) * entries.len() / FORMS_WANTED + 1;
    for (index, (word, flags)) in entries.iter().enumerate() {
        if index.is_multiple_of(stride) {
            for form in affixes.expand(word, flags) {
                take(&form);
            }
        } else {
            take(word);
        }
    }
    Ok(())
}

impl Affixes {
    fn read(text: &str) -> Self {
        let mut affixes = Self::default();
        let lines = || text.lines().map(|line| line.split_whitespace().collect());
        for fields in lines() {
            let fields: Vec<&str> = fields;
            if let [name, kind, ..] = fields[..]
                && name.trim_start_matches('\u{feff}') == "FLAG"
            {
                affixes.kind = match kind {
                    "long" => FlagKind::Long,
                    "num" => FlagKind::Number,
                    _ => FlagKind::Short,
                };
            }
        }
        let mut has_count = false;
        for fields in lines() {
            let fields: Vec<&str> = fields;
            match fields[..] {
                ["AF", _, ..] if !has_count => has_count = true,
                ["AF", flags, ..] => affixes.aliases.push(affixes.kind.flags(flags)),
                ["NEEDAFFIX" | "PSEUDOROOT", flag, ..] => {
                    affixes.need_affix = affixes.kind.flags(flag).first().copied();
                }
                ["FORBIDDENWORD", flag, ..] => {
                    affixes.forbidden = affixes.kind.flags(flag).first().copied();
                }
                [kind @ ("SFX" | "PFX"), flag, ref rest @ ..] => {
                    affixes.affix(kind == "SFX", flag, rest);
                }
                _ => {}
            }
        }
        affixes
    }

    fn affix(&mut self, is_suffix: bool, flag: &str, rest: &[&str]) {
        let Some(flag) = self.kind.flags(flag).first().copied() else {
            return;
        };
        let known = match is_suffix {
            true => self.suffixes.contains_key(&flag),
            false => self.prefixes.contains_key(&flag),
        };
        let affix = match rest {
            [crosses @ ("Y" | "N"), count, ..] if !known && count.parse::<u32>().is_ok() => Affix {
                crosses: *crosses == "Y",
                rules: Vec::new(),
            },
            [strip, add, more @ ..] => {
                let (add, flags) = match add.split_once('/') {
                    Some((add, flags)) => (add, self.flags(flags)),
                    None => (*add, Vec::new()),
                };
                let rule = Rule {
                    strip: letters(strip),
                    add: letters(add),
                    flags,
                    condition: condition(more.first().copied().unwrap_or(".")),
                };
                let affixes = match is_suffix {
                    true => &mut self.suffixes,
                    false => &mut self.prefixes,
                };
                if let Some(affix) = affixes.get_mut(&flag) {
                    affix.rules.push(rule);
                }
                return;
            }
            _ => return,
        };
        match is_suffix {
            true => self.suffixes.insert(flag, affix),
            false => self.prefixes.insert(flag, affix),
        };
    }

    fn flags(&self, text: &str) -> Vec<u32> {
        let alias = text.parse::<usize>().ok();
        let alias = alias.and_then(|number| self.aliases.get(number.checked_sub(1)?));
        alias.cloned().unwrap_or_else(|| self.kind.flags(text))
    }

    fn entry<'a>(&self, line: &'a str) -> Option<(&'a str, Vec<u32>)> {
        let line = line.split('\t').next()?.trim();
        let line = [" po:", " st:", " is:", " al:"]
            .iter()
            .fold(line, |line, mark| line.split(mark).next().unwrap_or(line));
        let (word, flags) = match line.split_once('/') {
            Some((word, flags)) => (word, self.flags(flags.split_whitespace().next()?)),
            None => (line, Vec::new()),
        };
        let is_word = !word.is_empty() && self.forbidden.is_none_or(|flag| !flags.contains(&flag));
        is_word.then_some((word, flags))
    }

    fn expand(&self, word: &str, flags: &[u32]) -> Vec<String> {
        let mut forms = vec![(word.chars().collect(), true, Vec::new())];
        self.add_suffixes(&word.chars().collect::<Vec<_>>(), flags, 2, &mut forms);
        let mut prefixed: Vec<Form> = Vec::new();
        for (index, (form, crosses, own)) in forms.iter().enumerate() {
            for affix in flags
                .iter()
                .chain(own)
                .filter_map(|flag| self.prefixes.get(flag))
            {
                if index > 0 && !(*crosses && affix.crosses) {
                    continue;
                }
                for rule in affix.rules.iter().filter(|rule| rule.fits(form, false)) {
                    let mut new = rule.add.clone();
                    new.extend_from_slice(&form[rule.strip.len()..]);
                    if index == 0 {
                        self.add_suffixes(&new, &rule.flags, 1, &mut prefixed);
                    }
                    prefixed.push((new, false, Vec::new()));
                }
            }
            if prefixed.len() > FORMS_MAX {
                break;
            }
        }
        let needs = |flags: &[u32]| self.need_affix.is_some_and(|flag| flags.contains(&flag));
        let base = needs(flags);
        let all = forms.into_iter().chain(prefixed).enumerate();
        all.filter(|(index, form)| !(*index == 0 && base) && !needs(&form.2))
            .map(|(_, form)| form.0.into_iter().collect())
            .collect()
    }

    fn add_suffixes(&self, word: &[char], flags: &[u32], depth: u8, forms: &mut Vec<Form>) {
        for affix in flags.iter().filter_map(|flag| self.suffixes.get(flag)) {
            for rule in affix.rules.iter().filter(|rule| rule.fits(word, true)) {
                if forms.len() > FORMS_MAX {
                    return;
                }
                let mut new = word[..word.len() - rule.strip.len()].to_vec();
                new.extend_from_slice(&rule.add);
                forms.push((new.clone(), affix.crosses, rule.flags.clone()));
                if depth > 1 && !rule.flags.is_empty() {
                    self.add_suffixes(&new, &rule.flags, depth - 1, forms);
                }
            }
        }
    }
}

impl Rule {
    fn fits(&self, word: &[char], at_end: bool) -> bool {
        let (strip, condition) = (self.strip.len(), self.condition.len());
        if word.len() < strip || word.len() < condition {
            return false;
        }
        let (stripped, compared) = match at_end {
            true => (&word[word.len() - strip..], &word[word.len() - condition..]),
            false => (&word[..strip], &word[..condition]),
        };
        let mut pairs = compared.iter().zip(&self.condition);
        stripped == self.strip && pairs.all(|(letter, (not, set))| set.contains(letter) != *not)
    }
}

impl FlagKind {
    fn flags(self, text: &str) -> Vec<u32> {
        match self {
            Self::Short => text.chars().map(u32::from).collect(),
            Self::Long => {
                let letters: Vec<u32> = text.chars().map(u32::from).collect();
                letters
                    .chunks_exact(2)
                    .map(|pair| pair[0] << 16 | pair[1])
                    .collect()
            }
            Self::Number => text
                .split(',')
                .filter_map(|flag| flag.parse().ok())
                .collect(),
        }
    }
}

fn letters(text: &str) -> Vec<char> {
    match text {
        "0" => Vec::new(),
        text => text.chars().collect(),
    }
}

/// Reads a condition: letters, sets of them in brackets, and dots.
fn condition(text: &str) -> Vec<(bool, Vec<char>)> {
    let mut items = Vec::new();
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        items.push(match letter {
            '.' => (true, Vec::new()),
            '[' => {
                let set: Vec<char> = rest.by_ref().take_while(|letter| *letter != ']').collect();
                match set.split_first() {
                    Some(('^', others)) => (true, others.to_vec()),
                    _ => (false, set),
                }
            }
            letter => (false, vec![letter]),
        });
    }
    if text == "." { Vec::new() } else { items }
}
