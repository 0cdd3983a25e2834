use std::fs;

use super::*;
use crate::front::verify::verify;
use crate::key::test_key::{self, TestRsa};
use crate::protocol::algorithm::{KeyType, SignFlags};

const DATA: &[u8] = b"signed data";

/// Signs with the key of these fields, with its only algorithm or SHA-512.
fn signature(fields: &[u8]) -> Vec<u8> {
    let name = Reader::new(fields).text("key type").unwrap();
    let (key_type, _) = KeyType::from_name(name).unwrap();
    let algorithm = SignatureAlgorithm::choose(key_type, SignFlags::RSA_SHA2_512);
    let key = SigningKey::read(fields).unwrap();
    key.sign(algorithm, DATA).unwrap()
}

fn refusal(fields: &[u8]) -> KeyError {
    SigningKey::read(fields).unwrap_err()
}

fn refusal_of(change: impl FnOnce(&mut TestRsa)) -> KeyError {
    let mut key = TestRsa::of_bits(2048);
    change(&mut key);
    refusal(&key.fields())
}

#[test]
fn every_kind_of_key_signs() {
    for name in test_key::SOFTWARE {
        let (blob, fields) = test_key::blob_and_fields(&test_key::recorded(name));
        verify(&blob, &signature(&fields), DATA).expect(name);
    }
}

#[test]
fn rsa_keys_of_all_sizes_sign() {
    for bits in [2048, 3072, 4096, 8192, 16384] {
        let key = TestRsa::of_bits(bits);
        verify(&key.blob(), &signature(&key.fields()), DATA).unwrap();
    }
}

#[test]
fn longest_rsa_key_signs_as_openssl_does() {
    let expected = fs::read(test_key::testdata().join("keys/rsa-16384-sha512.signature"));
    let blob = signature(&TestRsa::of_bits(16384).fields());
    let mut reader = Reader::new(&blob);
    assert_eq!(reader.string().unwrap(), b"rsa-sha2-512");
    assert_eq!(reader.string().unwrap(), expected.unwrap());
}

#[test]
fn rsa_signs_with_the_hash_that_was_asked_for() {
    let key = TestRsa::of_bits(2048);
    let signing = SigningKey::read(&key.fields()).unwrap();
    for algorithm in [SignatureAlgorithm::RsaSha256, SignatureAlgorithm::RsaSha512] {
        let blob = signing.sign(algorithm, DATA).unwrap();
        let name = Reader::new(&blob).string().unwrap();
        assert_eq!(name, algorithm.name().as_bytes());
        verify(&key.blob(), &blob, DATA).unwrap();
    }
}

#[test]
fn no_key_signs_with_the_algorithm_of_another() {
    let ed25519 = SigningKey::read(&test_key::ed25519("a")).unwrap();
    let rsa = SigningKey::read(&TestRsa::of_bits(2048).fields()).unwrap();
    let (_, fields) = test_key::blob_and_fields(&test_key::recorded("ecdsa-p256"));
    let ecdsa = SigningKey::read(&fields).unwrap();
    for (key, algorithm) in [
        (&ed25519, SignatureAlgorithm::RsaSha512),
        (&ed25519, SignatureAlgorithm::SkEd25519),
        (&rsa, SignatureAlgorithm::Ed25519),
        (&ecdsa, SignatureAlgorithm::EcdsaP384),
    ] {
        assert_eq!(key.sign(algorithm, DATA), Err(KeyError::Algorithm));
    }
    let digest = digest(SignatureAlgorithm::RsaSha512, DATA).unwrap();
    let signed = ed25519.sign_digest(SignatureAlgorithm::RsaSha512, digest.as_ref());
    assert_eq!(signed, Err(KeyError::Algorithm));
}

#[test]
fn refuses_an_ed25519_public_key_that_is_not_of_the_seed() {
    let (mine, other) = (test_key::ed25519("mine"), test_key::ed25519("other"));
    let (_, seed, public) = parts_of_ed25519(&mine);
    let (_, _, foreign) = parts_of_ed25519(&other);
    let mut fields = Vec::new();
    fields.put_string(b"ssh-ed25519");
    fields.put_string(&foreign);
    fields.put_string(&[seed, foreign].concat());
    assert_eq!(refusal(&fields), KeyError::Inconsistent);
    assert_ne!(public, parts_of_ed25519(&other).2);
}

fn parts_of_ed25519(fields: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let mut reader = Reader::new(fields);
    let name = reader.string().unwrap().to_vec();
    let public = reader.string().unwrap().to_vec();
    let seed = reader.string().unwrap()[..32].to_vec();
    (name, seed, public)
}

#[test]
fn refuses_an_ecdsa_scalar_that_is_not_of_the_point() {
    let (_, fields) = test_key::blob_and_fields(&test_key::recorded("ecdsa-p256"));
    for scalar in [&[1][..], &[0x11; 32], &[0x7f; 66], &[]] {
        let mut reader = Reader::new(&fields);
        let mut changed = Vec::new();
        for _name_curve_point in 0..3 {
            changed.put_string(reader.string().unwrap());
        }
        changed.put_mpint(scalar);
        SigningKey::read(&changed).unwrap_err();
    }
}

#[test]
fn refuses_rsa_numbers_that_do_not_belong_together() {
    let other = TestRsa::of_bits(3072);
    let cases: [(&str, KeyError); 9] = [
        (
            "factors swapped",
            refusal_of(|key| core::mem::swap(&mut key.p, &mut key.q)),
        ),
        ("equal factors", refusal_of(|key| key.q = key.p.clone())),
        ("foreign factor", refusal_of(|key| key.p = other.p.clone())),
        ("foreign modulus", refusal_of(|key| key.n[7] ^= 1)),
        ("foreign private exponent", refusal_of(|key| key.d[9] ^= 1)),
        ("foreign inverse", refusal_of(|key| key.iqmp[9] ^= 1)),
        ("public exponent of one", refusal_of(|key| key.e = vec![1])),
        (
            "even public exponent",
            refusal_of(|key| key.e = vec![1, 0, 0]),
        ),
        (
            "even modulus",
            refusal_of(|key| *key.n.last_mut().unwrap() ^= 1),
        ),
    ];
    for (name, refusal) in cases {
        assert!(
            matches!(refusal, KeyError::Inconsistent | KeyError::Unreadable),
            "{name}"
        );
    }
}

#[test]
fn smaller_rsa_factor_may_come_first() {
    let key = TestRsa::from_file("rsa-2048-swapped.pem");
    verify(&key.blob(), &signature(&key.fields()), DATA).unwrap();
}

#[test]
fn refuses_rsa_keys_of_sizes_out_of_range() {
    assert_eq!(
        refusal(&TestRsa::of_bits(1024).fields()),
        KeyError::Unreadable
    );
    let mut key = TestRsa::of_bits(16384);
    key.n.insert(0, 1);
    SigningKey::read(&key.fields()).unwrap_err();
}

#[test]
fn refuses_bytes_that_are_no_software_key() {
    let mut trailing = test_key::ed25519("a");
    trailing.push(0);
    let (_, token) = test_key::blob_and_fields(&test_key::recorded("sk-ed25519"));
    for fields in [&b""[..], b"\0\0\0\x07ssh-dss", &trailing, &token] {
        assert_eq!(refusal(fields), KeyError::Unreadable);
    }
}

#[test]
fn only_rsa_is_slow() {
    assert!(
        SigningKey::read(&TestRsa::of_bits(2048).fields())
            .unwrap()
            .is_slow()
    );
    assert!(!SigningKey::read(&test_key::ed25519("a")).unwrap().is_slow());
}
