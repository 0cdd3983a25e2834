//! Private keys that break a rule of their type.

use super::{Cases, changed};
use crate::builder::key_content;
use crate::private::{ed25519, fields_of, openssh, strings};

pub(crate) fn add(cases: &mut Cases) {
    let mut private = |name: &str, comment: &str, fields: &[u8]| {
        let content = key_content("laptop", fields, &[]);
        let parts = changed(|parts| parts.records[1].content = content);
        cases.bad(
            &format!("invalid-private-{name}"),
            comment,
            "invalid",
            &parts,
        );
    };
    let own = fields_of(&ed25519("laptop").fields);
    let fields: Vec<&[u8]> = own.iter().map(Vec::as_slice).collect();
    private("empty", "an empty private key", b"");
    private(
        "type",
        "a type that there is not",
        &strings(&[b"ssh-dss", fields[1], fields[2]]),
    );
    private(
        "type-case",
        "a type in large letters",
        &strings(&[b"SSH-ED25519", fields[1], fields[2]]),
    );
    private(
        "certificate",
        "the type of a certificate",
        &strings(&[b"ssh-ed25519-cert-v01@openssh.com", fields[1], fields[2]]),
    );
    private(
        "short",
        "the private part is missing",
        &strings(&fields[..2]),
    );
    private(
        "truncated",
        "the last byte is missing",
        &strings(&fields)[..118],
    );
    private(
        "rest",
        "a byte too much",
        &[&strings(&fields)[..], &[0]].concat(),
    );
    private(
        "comment",
        "a comment after the key",
        &[&strings(&fields)[..], &strings(&[b"comment"])].concat(),
    );
    private(
        "public-31",
        "a public key of 31 bytes",
        &strings(&[fields[0], &fields[1][..31], fields[2]]),
    );
    private(
        "seed",
        "a seed without the public key",
        &strings(&[fields[0], fields[1], &fields[2][..32]]),
    );
    private(
        "rsa-1024",
        "an RSA key of 1024 bits",
        &openssh("rsa-1024").fields,
    );
    let rsa = fields_of(&openssh("rsa-2048").fields);
    let rsa: Vec<&[u8]> = rsa.iter().map(Vec::as_slice).collect();
    let negative = [rsa[0], &rsa[1][1..], rsa[2], rsa[3], rsa[4], rsa[5], rsa[6]];
    private("rsa-negative", "a negative modulus", &strings(&negative));
    let padded = [&[0], rsa[1]].concat();
    let long = [rsa[0], &padded, rsa[2], rsa[3], rsa[4], rsa[5], rsa[6]];
    private(
        "rsa-zero",
        "a modulus with a zero too much",
        &strings(&long),
    );
    let ecdsa = fields_of(&openssh("ecdsa-256").fields);
    let ecdsa: Vec<&[u8]> = ecdsa.iter().map(Vec::as_slice).collect();
    private(
        "curve",
        "another curve than the type says",
        &strings(&[ecdsa[0], b"nistp384", ecdsa[2], ecdsa[3]]),
    );
    private(
        "point",
        "a compressed point",
        &strings(&[ecdsa[0], ecdsa[1], &ecdsa[2][..33], ecdsa[3]]),
    );
    let mut other_form = ecdsa[2].to_vec();
    other_form[0] = 6;
    private(
        "point-form",
        "a point in the hybrid form",
        &strings(&[ecdsa[0], ecdsa[1], &other_form, ecdsa[3]]),
    );
    private(
        "scalar-zero",
        "a scalar of zero",
        &strings(&[ecdsa[0], ecdsa[1], ecdsa[2], b""]),
    );
    let long = [&[1], ecdsa[3]].concat();
    let long = [&long[..], &[0; 32][..33 - long.len().min(33)]].concat();
    private(
        "scalar-long",
        "a scalar longer than its curve's field",
        &strings(&[ecdsa[0], ecdsa[1], ecdsa[2], &long]),
    );
    let long = [&[1][..], &rsa[1][1..], &[0]].concat();
    private(
        "rsa-exponent",
        "an exponent longer than the modulus",
        &strings(&[rsa[0], rsa[1], &long, rsa[3], rsa[4], rsa[5], rsa[6]]),
    );
    private(
        "rsa-prime",
        "a prime longer than the modulus",
        &strings(&[rsa[0], rsa[1], rsa[2], rsa[3], rsa[4], &long, rsa[6]]),
    );
    let mut halves = fields[2].to_vec();
    halves[63] ^= 1;
    private(
        "halves",
        "two public keys that differ",
        &strings(&[fields[0], fields[1], &halves]),
    );
}
