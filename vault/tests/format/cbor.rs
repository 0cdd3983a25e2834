//! CBOR as records have it, and as they must not.

/// One value.
#[derive(Clone)]
pub(crate) enum Value {
    Unsigned(u64),
    /// −1 − n
    Negative(u64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    True,
    False,
    Null,
    /// Bytes as they are.
    Raw(Vec<u8>),
}

use Value::{Array, Bytes, False, Map, Negative, Null, Raw, Text, True, Unsigned};

pub(crate) fn text(text: &str) -> Value {
    Text(text.to_owned())
}

pub(crate) fn bytes(bytes: &[u8]) -> Value {
    Bytes(bytes.to_vec())
}

impl Value {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Unsigned(number) => head(0, *number),
            Negative(number) => head(1, *number),
            Bytes(bytes) => [head(2, bytes.len() as u64), bytes.clone()].concat(),
            Text(text) => [head(3, text.len() as u64), text.clone().into_bytes()].concat(),
            Array(items) => {
                let items = items.iter().flat_map(Self::encode);
                head(4, self.count()).into_iter().chain(items).collect()
            }
            Map(pairs) => {
                let pairs = pairs.iter();
                let pairs = pairs.flat_map(|(key, value)| [key.encode(), value.encode()].concat());
                head(5, self.count()).into_iter().chain(pairs).collect()
            }
            False => vec![0xf4],
            True => vec![0xf5],
            Null => vec![0xf6],
            Raw(bytes) => bytes.clone(),
        }
    }

    fn count(&self) -> u64 {
        match self {
            Array(items) => items.len() as u64,
            Map(pairs) => pairs.len() as u64,
            _ => 0,
        }
    }
}

fn head(major: u8, number: u64) -> Vec<u8> {
    let start = major << 5;
    match number {
        0..24 => vec![start | number as u8],
        24..0x100 => vec![start | 24, number as u8],
        0x100..0x1_0000 => [&[start | 25][..], &(number as u16).to_be_bytes()].concat(),
        0x1_0000..0x1_0000_0000 => [&[start | 26][..], &(number as u32).to_be_bytes()].concat(),
        _ => [&[start | 27][..], &number.to_be_bytes()].concat(),
    }
}
