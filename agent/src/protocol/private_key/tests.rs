//! Every field a private key can get wrong.

use super::*;
use crate::protocol::message::Request;

const ED25519: &str = "ssh-ed25519";
const ED25519_CERTIFICATE: &str = "ssh-ed25519-cert-v01@openssh.com";
const PUBLIC: [u8; 32] = [7; 32];

fn strings(fields: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for field in fields {
        message.put_string(field);
    }
    message
}

fn error(message: &[u8]) -> WireError {
    PrivateKey::read(&mut Reader::new(message)).unwrap_err()
}

fn secret(public: [u8; 32]) -> Vec<u8> {
    [[1; 32], public].concat()
}

/// A certificate named `name` for the public fields `public`.
fn certificate(name: &str, public: &[u8]) -> Vec<u8> {
    let mut blob = strings(&[name.as_bytes(), &[1; 32]]);
    blob.extend(public);
    blob.extend([0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1]);
    blob.extend(strings(&[b"key id", b""]));
    blob.extend([0; 16]);
    let authority = strings(&[ED25519.as_bytes(), &PUBLIC]);
    blob.extend(strings(&[b"", b"", b"", &authority, b"signature"]));
    blob
}

fn ed25519_certificate() -> Vec<u8> {
    certificate(ED25519_CERTIFICATE, &strings(&[&PUBLIC]))
}

/// An RSA key with numbers of these lengths in bytes, in the order of the message.
fn rsa(lengths: [usize; 6]) -> Vec<u8> {
    let mut message = strings(&[b"ssh-rsa"]);
    for length in lengths {
        message.put_mpint(&vec![0x81; length]);
    }
    message
}

#[test]
fn leaves_what_follows_the_key() {
    let mut message = strings(&[ED25519.as_bytes(), &PUBLIC, &secret(PUBLIC)]);
    message.extend(strings(&[b"comment"]));
    let mut reader = Reader::new(&message);
    let key = PrivateKey::read(&mut reader).unwrap();
    assert_eq!(reader.string(), Ok(&b"comment"[..]));
    assert_eq!(key.blob(), strings(&[ED25519.as_bytes(), &PUBLIC]));
}

#[test]
fn refuses_key_types_it_does_not_know() {
    for name in ["ssh-dss", "ssh-mldsa44-ed25519@openssh.com", "ED25519", ""] {
        let message = strings(&[name.as_bytes(), &PUBLIC, &secret(PUBLIC)]);
        assert_eq!(error(&message), WireError::Invalid("key type"), "{name}");
    }
}

#[test]
fn refuses_an_ed25519_secret_for_another_public_key() {
    let message = strings(&[ED25519.as_bytes(), &PUBLIC, &secret([8; 32])]);
    assert_eq!(error(&message), WireError::Invalid("ed25519 secret"));
}

#[test]
fn refuses_an_ed25519_secret_of_another_length() {
    for length in [0, 32, 63, 65] {
        let message = strings(&[ED25519.as_bytes(), &PUBLIC, &vec![7; length]]);
        assert_eq!(error(&message), WireError::Invalid("ed25519 secret"));
    }
}

#[test]
fn refuses_a_certificate_for_another_key() {
    let certificate = ed25519_certificate();
    let name = ED25519_CERTIFICATE.as_bytes();
    let right = strings(&[name, &certificate, &PUBLIC, &secret(PUBLIC)]);
    let key = PrivateKey::read(&mut Reader::new(&right)).unwrap();
    assert_eq!(key.blob(), certificate);
    let wrong = strings(&[name, &certificate, &[8; 32], &secret([8; 32])]);
    assert_eq!(error(&wrong), WireError::Invalid("certificate"));
}

#[test]
fn refuses_a_certificate_of_another_type_than_announced() {
    let name = KeyType::EcdsaP256.certificate_name();
    let message = strings(&[name.as_bytes(), &ed25519_certificate(), &[1]]);
    assert!(matches!(error(&message), WireError::Invalid(_)));
}

#[test]
fn refuses_a_plain_key_in_the_place_of_a_certificate() {
    let plain = strings(&[ED25519.as_bytes(), &PUBLIC]);
    let name = ED25519_CERTIFICATE.as_bytes();
    let message = strings(&[name, &plain, &PUBLIC, &secret(PUBLIC)]);
    assert_eq!(error(&message), WireError::Invalid("certificate"));
}

#[test]
fn refuses_a_certificate_with_bytes_behind_it() {
    let mut certificate = ed25519_certificate();
    certificate.push(0);
    let name = ED25519_CERTIFICATE.as_bytes();
    let message = strings(&[name, &certificate, &PUBLIC, &secret(PUBLIC)]);
    assert_eq!(error(&message), WireError::Trailing(1));
}

#[test]
fn refuses_an_application_other_than_the_certificate_has() {
    let point = [&[4], &[7; 64][..]].concat();
    let name = KeyType::SkEcdsaP256.certificate_name();
    let certificate = certificate(name, &strings(&[b"nistp256", &point, b"ssh:"]));
    for (application, is_right) in [(&b"ssh:"[..], true), (b"ssh:other", false)] {
        let mut message = strings(&[name.as_bytes(), &certificate, application]);
        message.push(1);
        message.extend(strings(&[b"handle", b""]));
        let key = PrivateKey::read(&mut Reader::new(&message));
        assert_eq!(key.is_ok(), is_right);
    }
}

#[test]
fn takes_rsa_from_the_shortest_to_the_longest_modulus() {
    for length in [RSA_BITS_MIN / 8, 513, RSA_BITS_MAX / 8] {
        let message = rsa([length, 3, length, 128, 128, 128]);
        assert!(PrivateKey::read(&mut Reader::new(&message)).is_ok());
    }
}

#[test]
fn refuses_rsa_with_a_modulus_too_short_or_too_long() {
    for length in [0, 128, RSA_BITS_MIN / 8 - 1, RSA_BITS_MAX / 8 + 1] {
        let message = rsa([length, 3, 128, 128, 128, 128]);
        assert_eq!(error(&message), WireError::Invalid("length of rsa modulus"));
    }
}

#[test]
fn counts_the_bits_of_a_modulus_not_its_bytes() {
    let mut modulus = vec![0xff; RSA_BITS_MIN / 8];
    assert_eq!(bits(&modulus), RSA_BITS_MIN);
    modulus[0] = 0x7f;
    assert_eq!(bits(&modulus), RSA_BITS_MIN - 1);
    assert_eq!(bits(&[]), 0);
}

#[test]
fn refuses_rsa_numbers_that_are_zero_or_longer_than_the_modulus() {
    for wrong in 1..6 {
        for length in [0, 257] {
            let mut lengths = [256, 3, 256, 128, 128, 128];
            lengths[wrong] = length;
            assert!(matches!(error(&rsa(lengths)), WireError::Invalid(_)));
        }
    }
}

#[test]
fn refuses_a_number_that_is_negative_or_padded() {
    let point = [&[4], &[7; 64][..]].concat();
    for scalar in [&[0x81][..], &[0, 1], &[0]] {
        let message = strings(&[b"ecdsa-sha2-nistp256", b"nistp256", &point, scalar]);
        assert_eq!(error(&message), WireError::Invalid("mpint"));
    }
}

#[test]
fn refuses_a_scalar_that_is_zero_or_longer_than_the_field() {
    let point = [&[4], &[7; 64][..]].concat();
    for scalar in [&[][..], &[1; 33]] {
        let message = strings(&[b"ecdsa-sha2-nistp256", b"nistp256", &point, scalar]);
        assert_eq!(error(&message), WireError::Invalid("ecdsa scalar"));
    }
}

#[test]
fn debug_names_the_type_and_nothing_else() {
    let message = strings(&[ED25519.as_bytes(), &PUBLIC, &secret(PUBLIC)]);
    let key = PrivateKey::read(&mut Reader::new(&message)).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey(ssh-ed25519)");
    assert_eq!(format!("{:?}", key.material), "Material(ssh-ed25519)");
}

#[test]
fn what_is_encoded_is_what_a_client_sent() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/messages");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let message = std::fs::read(&path).unwrap();
        let Ok(Request::AddIdentity(request)) = Request::decode(&message) else {
            continue;
        };
        assert_eq!(
            request.key.encode().expose(),
            request.key_bytes,
            "{}",
            path.display()
        );
        seen += 1;
    }
    assert!(seen >= 14, "{seen}");
}
