//! Base64 between lines of dashes (RFC 7468, and RFC 1421 for headers).

use base64ct::{Base64, Encoding};

use super::error::ImportError;
use crate::secret::Secret;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// What stands between two lines of dashes.
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    lines: Vec<&'a [u8]>,
}

impl<'a> Block<'a> {
    /// Returns the value of a header, without the white space around it.
    pub(super) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.lines.iter().find_map(|line| {
            let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
            Some(value.trim_ascii())
        })
    }

    /// Decodes what the block holds. Lines may have any width.
    pub(super) fn decode(&self) -> Result<Secret<Vec<u8>>, ImportError> {
        let body = self.lines.iter().filter(|line| !line.contains(&b':'));
        decode(body.copied())
    }
}

/// Finds all blocks of a text, and skips what is around them.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Result<Block<'_>, ImportError>> {
    let mut lines = lines(text);
    core::iter::from_fn(move || {
        let label = lines.find_map(|line| label(line, BEGIN))?;
        let mut block = Block {
            label,
            lines: Vec::new(),
        };
        for line in lines.by_ref() {
            if label_is(line, label) {
                return Some(Ok(block));
            }
            if line.starts_with(DASHES) {
                break;
            }
            block.lines.push(line);
        }
        Some(Err(ImportError::Text("PEM block has no end")))
    })
}

/// Splits a text into lines of any kind, without the white space around them.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii)
}

/// Decodes Base64 in lines, into a buffer that is as large as it has to be from the start.
pub(super) fn decode<'a>(
    lines: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<Secret<Vec<u8>>, ImportError> {
    let length = lines.clone().map(<[u8]>::len).sum();
    let mut secret = Secret::new(Vec::with_capacity(length));
    let bytes = secret.expose_mut();
    for line in lines {
        bytes.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
    }
    let length = Base64::decode_in_place(bytes)
        .map_err(|_| ImportError::Text("Base64 is not valid"))?
        .len();
    bytes.truncate(length);
    Ok(secret)
}

/// Writes Base64 in lines of `width` letters, each ended, to the end of `text`.
pub(crate) fn encode(bytes: &[u8], width: usize, text: &mut Vec<u8>) {
    let mut letters = Secret::new(vec![0; Base64::encoded_len(bytes)]);
    // It is exactly as long as the letters are.
    let _ = Base64::encode(bytes, letters.expose_mut());
    for line in letters.expose().chunks(width) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
}

/// Returns how many bytes [`encode`] appends at most.
pub(crate) const fn room(length: usize) -> usize {
    let letters = length.div_ceil(3) * 4;
    letters + letters / 32 + 1
}

/// Writes a PEM block into a buffer that is large enough from the start.
pub(crate) fn block(label: &str, bytes: &[u8], width: usize) -> Secret<Vec<u8>> {
    let room = room(bytes.len()) + 2 * label.len() + 40;
    let mut secret = Secret::new(Vec::with_capacity(room));
    let text = secret.expose_mut();
    text.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    encode(bytes, width, text);
    text.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    secret
}

fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a str> {
    let label = line.strip_prefix(start)?.strip_suffix(DASHES)?;
    core::str::from_utf8(label).ok()
}

fn label_is(line: &[u8], expected: &str) -> bool {
    label(line, END) == Some(expected)
}
