//! Private keys for the vectors: real ones, so that no reader has to be lenient.

use std::fs;

use curve25519_dalek::EdwardsPoint;
use sha2::{Digest, Sha256, Sha512};

/// The fields of a private key, from its type on, and its public key blob.
#[derive(Clone)]
pub(crate) struct Private {
    pub(crate) fields: Vec<u8>,
    pub(crate) blob: Vec<u8>,
}

pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

pub(crate) fn strings(strings: &[&[u8]]) -> Vec<u8> {
    strings.iter().flat_map(|bytes| string(bytes)).collect()
}

/// An Ed25519 key whose seed is the digest of a name (RFC 8032 section 5.1.5).
pub(crate) fn ed25519(name: &str) -> Private {
    let (seed, public) = ed25519_parts(name);
    let both = [seed, public].concat();
    Private {
        fields: strings(&[b"ssh-ed25519", &public, &both]),
        blob: strings(&[b"ssh-ed25519", &public]),
    }
}

fn ed25519_parts(name: &str) -> ([u8; 32], [u8; 32]) {
    let seed: [u8; 32] = Sha256::digest(name).into();
    let hash = Sha512::digest(seed);
    let scalar: [u8; 32] = hash[..32].try_into().unwrap();
    (seed, EdwardsPoint::mul_base_clamped(scalar).compress().0)
}

/// A security key, of which only the handle is stored.
pub(crate) fn sk_ed25519(name: &str) -> Private {
    let (_, public) = ed25519_parts(name);
    let label = b"sk-ssh-ed25519@openssh.com";
    let mut fields = strings(&[label, &public, b"ssh:"]);
    fields.push(1);
    fields.extend(strings(&[&[0x5a; 64], b""]));
    Private {
        fields,
        blob: strings(&[label, &public, b"ssh:"]),
    }
}

/// A security key of the other kind, with the point of a key that `ssh-keygen` made.
pub(crate) fn sk_ecdsa() -> Private {
    let label = b"sk-ecdsa-sha2-nistp256@openssh.com";
    let ecdsa = openssh("ecdsa-256");
    let point = fields_of(&ecdsa.fields)[2].clone();
    let mut fields = strings(&[label, b"nistp256", &point, b"ssh:"]);
    fields.push(5);
    fields.extend(strings(&[&[0xa5; 70], b""]));
    Private {
        fields,
        blob: strings(&[label, b"nistp256", &point, b"ssh:"]),
    }
}

/// A key of `testdata/vector_keys/`, which `ssh-keygen` made.
pub(crate) fn openssh(name: &str) -> Private {
    let path = format!("{}/testdata/vector_keys/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let file = <base64ct::Base64 as base64ct::Encoding>::decode_vec(&body).unwrap();
    // PROTOCOL.key: magic, cipher, KDF, its options, one key; public key; private section.
    let header = fields_of(&file["openssh-key-v1\0".len()..][..20 + 4]);
    assert_eq!(header[0], b"none");
    let after = &file["openssh-key-v1\0".len() + 8 + 8 + 4 + 4..];
    let sections = fields_of(after);
    let blob = sections[0].clone();
    // Two check numbers before the fields; an empty comment and padding after them.
    let private = &sections[1][8..];
    let count = match &fields_of(private)[0][..] {
        b"ssh-rsa" => 7,
        _ => 4,
    };
    let length: usize = fields_of(private)[..count]
        .iter()
        .map(|field| 4 + field.len())
        .sum();
    Private {
        fields: private[..length].to_vec(),
        blob,
    }
}

/// The strings that stand at the start of `bytes`.
pub(crate) fn fields_of(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((field, rest)) = rest.split_at_checked(length) else {
            break;
        };
        fields.push(field.to_vec());
        bytes = rest;
    }
    fields
}
