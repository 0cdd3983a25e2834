//! Every form in which a secret may lie in memory.
//!
//! A private key is not only the bytes of its file: software derives values from it, turns them round, keeps them as limbs or in
//! Montgomery form, and prints them as text. Each of these gives the key away, so each is looked for; and as copies are often
//! torn, each is looked for in pieces.

use std::{fs, path::Path};

use base64ct::{Base64, Base64Unpadded, Encoding};
use num_bigint::BigUint;
use sha2::{Digest, Sha512};

use crate::{Key, KeyKind};

/// Bytes of a piece: too long to be met by chance, short enough for half a seed.
const PIECE: usize = 16;
/// Different bytes a piece must have to be looked for; a row of zeros is no secret.
const DIFFERENT_BYTES_MIN: usize = 8;
/// Bytes of a limb of the big integers of all libraries here.
const LIMB: usize = 8;

/// The order of the group of Curve25519 (RFC 8032, section 5.1).
const ED25519_ORDER: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
/// The order of the group of P-256 (FIPS 186-5, SP 800-186).
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
/// The order of the group of P-384.
const P384_ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
/// The order of the group of P-521.
const P521_ORDER: &str = "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa\
                          51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";

/// One thing to look for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Form {
    /// What it is: `rsa3072 p, little endian, piece 2`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The forms of a software key's private part.
///
/// # Panics
///
/// When the file is sealed, or of a security key, which has no private part here.
#[must_use]
#[track_caller]
pub fn of_key(key: &Key) -> Vec<Form> {
    let fields = private_fields(&key.path);
    let kind = key.kind;
    let values = match kind {
        // Each kind's fields as `sshkey_private_serialize` writes them, from the key type's name on.
        KeyKind::Ed25519 => ed25519(&fields[2][..32]),
        KeyKind::EcdsaP256 => ecdsa(&fields[3], P256_ORDER),
        KeyKind::EcdsaP384 => ecdsa(&fields[3], P384_ORDER),
        KeyKind::EcdsaP521 => ecdsa(&fields[3], P521_ORDER),
        KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => rsa(&fields[3..7]),
        KeyKind::SkEd25519 | KeyKind::SkEcdsaP256 => {
            panic!("the agent has no private part of {kind:?}")
        }
    };
    values
        .iter()
        .flat_map(|(name, value)| of_value(&format!("{} {name}", kind.name()), value))
        .collect()
}

/// The strings of the private part of an unsealed key file (OpenSSH's `PROTOCOL.key`), from the key type's name on.
///
/// # Panics
///
/// When the file is sealed, or none of `ssh-keygen`.
#[must_use]
#[track_caller]
pub fn private_fields(path: &Path) -> Vec<Vec<u8>> {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let bytes = Base64::decode_vec(&body).expect("ssh-keygen writes base64");
    let rest = bytes
        .strip_prefix(b"openssh-key-v1\0")
        .expect("ssh-keygen writes this format");
    // Cipher, key derivation and its options; then the number of keys, then the public and the private part.
    let header = strings(rest, 3);
    assert_eq!(header[0], b"none", "{} is sealed", path.display());
    let before: usize = header.iter().map(|string| 4 + string.len()).sum();
    let private = &strings(&rest[before + 4..], 2)[1];
    strings(&private[8..], 8)
}

/// The strings the bytes begin with, at most `count`; bytes that are no string end them.
fn strings(mut bytes: &[u8], count: usize) -> Vec<Vec<u8>> {
    let mut strings = vec![];
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
        if strings.len() == count || length > rest.len() {
            break;
        }
        strings.push(rest[..length].to_vec());
        bytes = &rest[length..];
    }
    strings
}

/// Words nobody else has, to be looked for.
///
/// # Panics
///
/// When there is no randomness.
#[must_use]
pub fn words() -> String {
    let mut bytes = [0; 40];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).unwrap();
    let letters = bytes.iter().map(|byte| char::from(b'a' + byte % 26));
    letters.collect()
}

/// The forms of a phrase.
#[must_use]
pub fn of_phrase(name: &str, phrase: &str) -> Vec<Form> {
    let wide: Vec<u8> = phrase.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = of_value(name, phrase.as_bytes());
    forms.extend(pieces(&format!("{name}, UTF-16"), &wide));
    forms
}

type Values = Vec<(&'static str, Vec<u8>)>;

fn ed25519(seed: &[u8]) -> Values {
    let hash = Sha512::digest(seed);
    let (low, high) = hash.split_at(32);
    let mut scalar = low.to_vec();
    scalar[0] &= 248;
    scalar[31] &= 127;
    scalar[31] |= 64;
    let reduced = BigUint::from_bytes_le(&scalar) % number(ED25519_ORDER);
    vec![
        ("seed", seed.to_vec()),
        ("hash, low half", low.to_vec()),
        ("hash, high half", high.to_vec()),
        ("scalar", scalar),
        ("scalar, reduced", reduced.to_bytes_le()),
    ]
}

fn ecdsa(scalar: &[u8], order: &str) -> Values {
    let (scalar, order) = (BigUint::from_bytes_be(scalar), number(order));
    let montgomery = &scalar * montgomery_factor(&order) % &order;
    vec![
        ("scalar", scalar.to_bytes_be()),
        ("scalar, Montgomery", montgomery.to_bytes_be()),
    ]
}

/// `fields`: d, the inverse of q, p and q.
fn rsa(fields: &[Vec<u8>]) -> Values {
    let [d, inverse, p, q] = std::array::from_fn(|index| BigUint::from_bytes_be(&fields[index]));
    let square = |modulus: &BigUint| montgomery_factor(modulus).pow(2) % modulus;
    let values = [
        ("dp", &d % (&p - 1_u32)),
        ("dq", &d % (&q - 1_u32)),
        // With the modulus and one of these, a greatest common divisor gives the prime.
        ("R squared modulo p", square(&p)),
        ("R squared modulo q", square(&q)),
        (
            "inverse of q, Montgomery",
            &inverse * montgomery_factor(&p) % &p,
        ),
        ("d", d),
        ("p", p),
        ("q", q),
        ("inverse of q", inverse),
    ];
    values
        .into_iter()
        .map(|(name, value)| (name, value.to_bytes_be()))
        .collect()
}

fn number(hexadecimal: &str) -> BigUint {
    BigUint::parse_bytes(hexadecimal.as_bytes(), 16).expect("a constant")
}

/// Two to the power of the bits of the limbs the modulus fills.
fn montgomery_factor(modulus: &BigUint) -> BigUint {
    let limbs = modulus.to_bytes_be().len().div_ceil(LIMB);
    BigUint::from(1_u32) << (limbs * LIMB * 8)
}

/// A value as it is, turned round, and as text.
#[must_use]
pub fn of_value(name: &str, value: &[u8]) -> Vec<Form> {
    let turned: Vec<u8> = value.iter().rev().copied().collect();
    let lower: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = pieces(name, value);
    forms.extend(pieces(&format!("{name}, turned round"), &turned));
    forms.extend(pieces(&format!("{name}, hexadecimal"), lower.as_bytes()));
    forms.extend(pieces(
        &format!("{name}, capital hexadecimal"),
        lower.to_uppercase().as_bytes(),
    ));
    for skip in 0..3 {
        // Base64 within a longer text can begin at any of three places; its last digit depends on what follows.
        let text = Base64Unpadded::encode_string(&value[skip..]);
        forms.extend(pieces(
            &format!("{name}, base64 from byte {skip}"),
            &text.as_bytes()[..text.len() - 2],
        ));
    }
    forms
}

/// The beginning, the middle and the end of the bytes.
fn pieces(name: &str, bytes: &[u8]) -> Vec<Form> {
    let last = bytes.len().saturating_sub(PIECE);
    let starts = if bytes.len() < 2 * PIECE {
        vec![0, last]
    } else {
        vec![0, last / 2, last]
    };
    let piece = |start: usize| bytes[start..(start + PIECE).min(bytes.len())].to_vec();
    let found = starts
        .into_iter()
        .map(|start| (start, piece(start)))
        .filter(|(_, piece)| is_telling(piece));
    found
        .map(|(start, bytes)| Form {
            name: format!("{name}, from byte {start}"),
            bytes,
        })
        .collect()
}

fn is_telling(piece: &[u8]) -> bool {
    let mut different = piece.to_vec();
    different.sort_unstable();
    different.dedup();
    different.len() >= DIFFERENT_BYTES_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Home;

    fn has(forms: &[Form], bytes: &[u8]) -> bool {
        forms.iter().any(|form| form.bytes == bytes)
    }

    #[test]
    fn a_seed_is_looked_for_in_halves() {
        let seed: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let forms = of_value("seed", &seed);
        assert!(has(&forms, &seed[..16]) && has(&forms, &seed[16..]));
    }

    #[test]
    fn a_value_is_looked_for_turned_round() {
        let forms = of_value(
            "value",
            &std::array::from_fn::<u8, 32, _>(|index| u8::try_from(index).unwrap()),
        );
        assert!(has(
            &forms,
            &std::array::from_fn::<u8, 16, _>(|index| 31 - u8::try_from(index).unwrap())
        ));
    }

    #[test]
    fn zeros_are_not_looked_for() {
        assert_eq!(pieces("zeros", &[0; 64]), []);
    }

    #[test]
    fn base64_is_found_at_every_place_of_a_longer_text() {
        let value: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 7).unwrap());
        let forms = of_value("value", &value);
        for before in 0..3 {
            let longer = [vec![0xff; before], value.to_vec(), vec![0xff; 9]].concat();
            let text = Base64Unpadded::encode_string(&longer);
            let found = forms.iter().any(|form| {
                text.as_bytes()
                    .windows(form.bytes.len())
                    .any(|part| part == form.bytes)
            });
            assert!(found, "{before} bytes before");
        }
    }

    #[test]
    fn the_primes_of_an_rsa_key_divide_its_modulus() {
        let home = Home::new();
        let key = Key::fresh(&home, KeyKind::Rsa2048, "key", "");
        let fields = private_fields(&key.path);
        let values = rsa(&fields[3..7]);
        let find = |name: &str| {
            BigUint::from_bytes_be(&values.iter().find(|(each, _)| *each == name).unwrap().1)
        };
        assert_eq!(find("p") * find("q"), BigUint::from_bytes_be(&fields[1]));
        assert_eq!(
            find("inverse of q") * find("q") % find("p"),
            BigUint::from(1_u32)
        );
    }
}
