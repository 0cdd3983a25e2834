//! Private keys for tests, as the add message of a client has them.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use crate::protocol::message::{AddIdentity, Request};
use crate::protocol::wire::Writer;

/// Every kind of key that the keeper holds, by the name of its recorded add message.
pub(crate) const SOFTWARE: [&str; 10] = [
    "ed25519",
    "ed25519-certificate",
    "ecdsa-p256",
    "ecdsa-p256-certificate",
    "ecdsa-p384",
    "ecdsa-p384-certificate",
    "ecdsa-p521",
    "ecdsa-p521-certificate",
    "rsa",
    "rsa-certificate",
];

/// The numbers of an RSA key.
#[derive(Clone)]
pub(crate) struct TestRsa {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
    pub(crate) d: Vec<u8>,
    pub(crate) p: Vec<u8>,
    pub(crate) q: Vec<u8>,
    pub(crate) iqmp: Vec<u8>,
}

/// Reads the add message that a client of OpenSSH sent for the key `name`.
pub(crate) fn recorded(name: &str) -> Vec<u8> {
    fs::read(testdata().join(format!("messages/add-{name}.bin"))).unwrap()
}

/// Finds the blob and the key fields in an add message.
pub(crate) fn blob_and_fields(message: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let Ok(Request::AddIdentity(AddIdentity { key, key_bytes, .. })) = Request::decode(message)
    else {
        panic!("no add message");
    };
    (key.blob().to_vec(), key_bytes.to_vec())
}

/// Returns the key fields of the Ed25519 key `name`; the same name is the same key.
pub(crate) fn ed25519(name: &str) -> Vec<u8> {
    let seed = digest(&SHA256, name.as_bytes());
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).unwrap();
    let public = pair.public_key().as_ref();
    let mut fields = Vec::new();
    fields.put_string(b"ssh-ed25519");
    fields.put_string(public);
    fields.put_string(&[seed.as_ref(), public].concat());
    fields
}

/// Makes an add message of key fields and encoded constraints.
pub(crate) fn add(fields: &[u8], comment: &[u8], constraints: &[u8]) -> Vec<u8> {
    let mut message = vec![if constraints.is_empty() { 17 } else { 25 }];
    message.extend_from_slice(fields);
    message.put_string(comment);
    message.extend_from_slice(constraints);
    message
}

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

impl TestRsa {
    /// Reads the key with a modulus of `bits` bits.
    pub(crate) fn of_bits(bits: u32) -> Self {
        Self::from_file(&format!("rsa-{bits}.pem"))
    }

    /// Reads a key in the form of RFC 8017.
    pub(crate) fn from_file(name: &str) -> Self {
        let path = testdata().join("keys").join(name);
        let text = fs::read_to_string(path).unwrap();
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let sequence = base64(&body);
        let (mut rest, _) = der(&sequence);
        let mut numbers = Vec::new();
        while !rest.is_empty() {
            let (number, after) = der(rest);
            let start = number.iter().position(|byte| *byte != 0);
            numbers.push(number[start.unwrap_or(number.len())..].to_vec());
            rest = after;
        }
        // RFC 8017 appendix A.1.2: version, n, e, d, p, q, d mod p-1, d mod q-1, iqmp.
        let [_, n, e, d, p, q, _, _, iqmp] = numbers.try_into().unwrap();
        Self {
            n,
            e,
            d,
            p,
            q,
            iqmp,
        }
    }

    /// Returns the key fields of an add message.
    pub(crate) fn fields(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        fields.put_string(b"ssh-rsa");
        for number in [&self.n, &self.e, &self.d, &self.iqmp, &self.p, &self.q] {
            fields.put_mpint(number);
        }
        fields
    }

    /// Returns the public key blob.
    pub(crate) fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        blob.put_string(b"ssh-rsa");
        blob.put_mpint(&self.e);
        blob.put_mpint(&self.n);
        blob
    }
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = ALPHABET.iter().position(|known| *known == letter).unwrap();
        bits = (bits << 6 | u32::try_from(value).unwrap()) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

/// Splits DER into the contents of its first element and what follows it.
fn der(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, start) = match bytes[1] {
        short @ ..=0x7f => (usize::from(short), 2),
        0x81 => (usize::from(bytes[2]), 3),
        0x82 => (usize::from(bytes[2]) << 8 | usize::from(bytes[3]), 4),
        other => panic!("length {other:#x}"),
    };
    (&bytes[start..start + length], &bytes[start + length..])
}
