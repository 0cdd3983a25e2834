//! The part of CBOR that records are written in: RFC 8949, deterministic encoding of section 4.2.1.
//!
//! One value has one encoding, and every other one is refused. So what a reader keeps without
//! understanding it goes back byte for byte, and nobody can hide a second meaning in a record.

use crate::error::Broken;
use crate::wire::Reader;

/// How deep arrays and maps may be nested, the map of the record included.
pub(crate) const DEPTH_MAX: usize = 8;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;

/// `true`, the only one of the simple values that a known key has.
pub(crate) const TRUE: u8 = 0xf5;

/// One value inside a record, in its encoding, which was checked.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// Returns the encoding, to be written back as it is.
    pub(crate) fn raw(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn unsigned(self) -> Option<u64> {
        let (major, argument) = head(&mut Reader::new(self.0)).ok()?;
        (major == UNSIGNED).then_some(argument)
    }

    pub(crate) fn is_true(self) -> bool {
        self.0 == [TRUE]
    }

    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        self.string(BYTES)
    }

    pub(crate) fn text(self) -> Option<&'a str> {
        core::str::from_utf8(self.string(TEXT)?).ok()
    }

    /// Returns the texts of an array that holds nothing else.
    pub(crate) fn texts(self) -> Option<Vec<&'a str>> {
        let mut reader = Reader::new(self.0);
        let (major, count) = head(&mut reader).ok()?;
        if major != ARRAY {
            return None;
        }
        // Each takes a byte at least, so that nothing is allocated for texts that are not there.
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count <= self.0.len())?;
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            texts.push(item(&mut reader, DEPTH_MAX).ok()?.text()?);
        }
        Some(texts)
    }

    fn string(self, expected: u8) -> Option<&'a [u8]> {
        let mut reader = Reader::new(self.0);
        let (major, _) = head(&mut reader).ok()?;
        (major == expected).then_some(reader.rest())
    }
}

/// Reads a record: one map with unsigned keys, in ascending order, and nothing after it.
pub(crate) fn entries(content: &[u8]) -> Result<Entries<'_>, Broken> {
    let mut reader = Reader::new(content);
    let (major, left) = head(&mut reader)?;
    if major != MAP {
        return Err(Broken("record is not a CBOR map"));
    }
    Ok(Entries {
        reader,
        left,
        previous: None,
    })
}

/// The keys and values of a record, in order. What comes out was checked; what comes after an error
/// was not.
pub(crate) struct Entries<'a> {
    reader: Reader<'a>,
    left: u64,
    previous: Option<u64>,
}

impl<'a> Entries<'a> {
    fn entry(&mut self) -> Result<(u64, Value<'a>), Broken> {
        self.left -= 1;
        let (major, key) = head(&mut self.reader)?;
        if major != UNSIGNED {
            return Err(Broken("key of the record is not an unsigned integer"));
        }
        if self.previous.is_some_and(|previous| previous >= key) {
            return Err(Broken("keys of a map are not in ascending order"));
        }
        self.previous = Some(key);
        Ok((key, item(&mut self.reader, 1)?))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(u64, Value<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            let end = self.reader.is_empty();
            self.reader = Reader::new(&[]);
            return (!end).then_some(Err(Broken("bytes stand after the record")));
        }
        let entry = self.entry();
        if entry.is_err() {
            (self.left, self.reader) = (0, Reader::new(&[]));
        }
        Some(entry)
    }
}

/// Takes one value and all that is in it; `depth` levels are open around it.
fn item<'a>(reader: &mut Reader<'a>, depth: usize) -> Result<Value<'a>, Broken> {
    let start = reader.rest();
    let (major, argument) = head(reader)?;
    match major {
        UNSIGNED | NEGATIVE | SIMPLE => {}
        BYTES | TEXT => string(reader, major, argument)?,
        ARRAY | MAP if depth >= DEPTH_MAX => {
            return Err(Broken("CBOR is nested deeper than 8 levels"));
        }
        ARRAY => {
            for _ in 0..argument {
                item(reader, depth + 1)?;
            }
        }
        MAP => map(reader, argument, depth + 1)?,
        _ => return Err(Broken("CBOR has a tag")),
    }
    let length = start.len() - reader.rest().len();
    Ok(Value(start.get(..length).unwrap_or_default()))
}

fn string(reader: &mut Reader<'_>, major: u8, length: u64) -> Result<(), Broken> {
    let bytes = usize::try_from(length)
        .ok()
        .and_then(|length| reader.take(length));
    let bytes = bytes.ok_or(TRUNCATED)?;
    if major == TEXT && core::str::from_utf8(bytes).is_err() {
        return Err(Broken("CBOR text is not UTF-8"));
    }
    Ok(())
}

/// Takes the pairs of a map inside a record; their keys are integers or texts.
fn map(reader: &mut Reader<'_>, pairs: u64, depth: usize) -> Result<(), Broken> {
    let mut previous: &[u8] = &[];
    for _ in 0..pairs {
        let major = reader.rest().first().map(|byte| byte >> 5);
        if !matches!(major, None | Some(UNSIGNED | NEGATIVE | TEXT)) {
            return Err(Broken("key of a map is neither an integer nor a text"));
        }
        let key = item(reader, DEPTH_MAX)?;
        if previous >= key.0 {
            return Err(Broken("keys of a map are not in ascending order"));
        }
        previous = key.0;
        item(reader, depth)?;
    }
    Ok(())
}

const TRUNCATED: Broken = Broken("CBOR ends too early");

/// Takes the head of a value: its major type, and its argument in its shortest form.
fn head(reader: &mut Reader<'_>) -> Result<(u8, u64), Broken> {
    let [initial] = reader.array().ok_or(TRUNCATED)?;
    let major = initial >> 5;
    let (argument, least) = match initial & 31 {
        small @ 0..24 => (Some(u64::from(small)), 0),
        24 => (reader.array().map(|[byte]| u64::from(byte)), 24),
        25 => (reader.u16().map(u64::from), 1 << 8),
        26 => (reader.u32().map(u64::from), 1 << 16),
        27 => (reader.u64(), 1 << 32),
        _ => return Err(Broken("CBOR has an indefinite or reserved length")),
    };
    let argument = argument.ok_or(TRUNCATED)?;
    if argument < least {
        return Err(Broken("CBOR is not in its shortest form"));
    }
    if major == SIMPLE && !(0xf4..=0xf6).contains(&initial) {
        return Err(Broken(
            "CBOR has a simple value other than false, true and null",
        ));
    }
    Ok((major, argument))
}

/// Writes the head of a value.
pub(crate) fn put_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let start = major << 5;
    let [.., a, b, c, d, e, f, g, h] = argument.to_be_bytes();
    match argument {
        0..24 => out.push(start | h),
        24..0x100 => out.extend([start | 24, h]),
        0x100..0x1_0000 => out.extend([start | 25, g, h]),
        0x1_0000..0x1_0000_0000 => out.extend([start | 26, e, f, g, h]),
        _ => out.extend([start | 27, a, b, c, d, e, f, g, h]),
    }
}

/// The longest head, in bytes.
pub(crate) const HEAD_MAX: usize = 9;

pub(crate) fn put_unsigned(out: &mut Vec<u8>, value: u64) {
    put_head(out, UNSIGNED, value);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_head(out, BYTES, length(bytes.len()));
    out.extend_from_slice(bytes);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_head(out, TEXT, length(text.len()));
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn put_array(out: &mut Vec<u8>, count: usize) {
    put_head(out, ARRAY, length(count));
}

pub(crate) fn put_map(out: &mut Vec<u8>, pairs: usize) {
    put_head(out, MAP, length(pairs));
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
