//! The map of a record, split into what is known and what is kept.

use crate::cbor::{self, HEAD_MAX, Value};
use crate::error::Broken;
use crate::secret::Secret;

/// How many keys this version knows: 0 to 15.
const KNOWN: usize = 16;

/// The keys of a record, all checked.
pub(super) struct Fields<'a> {
    known: [Option<Value<'a>>; KNOWN],
    unknown: Vec<(u64, Value<'a>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn read(content: &'a [u8]) -> Result<Self, Broken> {
        let mut fields = Self {
            known: [None; KNOWN],
            unknown: Vec::new(),
        };
        for entry in cbor::entries(content)? {
            let (key, value) = entry?;
            let known = usize::try_from(key)
                .ok()
                .and_then(|key| fields.known.get_mut(key));
            match known {
                Some(known) => *known = Some(value),
                None => fields.unknown.push((key, value)),
            }
        }
        Ok(fields)
    }

    pub(super) fn get(&self, key: u64) -> Option<Value<'a>> {
        let key = usize::try_from(key).ok()?;
        self.known.get(key).copied().flatten()
    }

    /// Says whether one of these keys is there.
    pub(super) fn has_any(&self, keys: impl IntoIterator<Item = u64>) -> bool {
        keys.into_iter().any(|key| self.get(key).is_some())
    }

    /// Returns what this version does not know, in order.
    pub(super) fn unknown(&self) -> &[(u64, Value<'a>)] {
        &self.unknown
    }
}

/// Writes a map, whose keys come in ascending order, into memory that does not move.
pub(super) struct Writer {
    pairs: usize,
    out: Secret<Vec<u8>>,
}

impl Writer {
    /// Starts a map of which `capacity` bytes at most will be written, heads of values not counted.
    pub(super) fn new(capacity: usize) -> Self {
        let heads = 2 * (KNOWN + 1) * HEAD_MAX;
        let out = Secret::new(Vec::with_capacity(capacity + heads));
        Self { pairs: 0, out }
    }

    /// Writes a key, and returns where its value goes.
    pub(super) fn key(&mut self, key: u64) -> &mut Vec<u8> {
        self.pairs += 1;
        let out = self.out.expose_mut();
        cbor::put_unsigned(out, key);
        out
    }

    /// Writes back what this version does not know.
    pub(super) fn keep(&mut self, unknown: &[(u64, Value<'_>)]) {
        for (key, value) in unknown {
            self.key(*key).extend_from_slice(value.raw());
        }
    }

    pub(super) fn finish(self) -> Secret<Vec<u8>> {
        let body = self.out.expose();
        let mut content = Secret::new(Vec::with_capacity(HEAD_MAX + body.len()));
        cbor::put_map(content.expose_mut(), self.pairs);
        content.expose_mut().extend_from_slice(body);
        content
    }
}

/// Returns how many bytes [`Writer::keep`] will write.
pub(super) fn kept_length(unknown: &[(u64, Value<'_>)]) -> usize {
    let lengths = unknown
        .iter()
        .map(|(_, value)| HEAD_MAX + value.raw().len());
    lengths.sum()
}
