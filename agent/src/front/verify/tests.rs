use proptest::prelude::*;

use super::*;
use crate::protocol::wire::Writer as _;

macro_rules! hostkey {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/hostkeys/",
            $name
        ))
        .as_slice()
    };
}

const SESSION_ID: &[u8] = hostkey!("session_id");

/// A key, its certificate and its signature of [`SESSION_ID`].
struct Sample {
    key: &'static [u8],
    certificate: &'static [u8],
    signature: &'static [u8],
}

const SAMPLES: [Sample; 8] = [
    Sample {
        key: hostkey!("ed25519.blob"),
        certificate: hostkey!("ed25519-cert.blob"),
        signature: hostkey!("ed25519.signature"),
    },
    Sample {
        key: hostkey!("ecdsa-p256.blob"),
        certificate: hostkey!("ecdsa-p256-cert.blob"),
        signature: hostkey!("ecdsa-p256.signature"),
    },
    Sample {
        key: hostkey!("ecdsa-p384.blob"),
        certificate: hostkey!("ecdsa-p384-cert.blob"),
        signature: hostkey!("ecdsa-p384.signature"),
    },
    Sample {
        key: hostkey!("ecdsa-p521.blob"),
        certificate: hostkey!("ecdsa-p521-cert.blob"),
        signature: hostkey!("ecdsa-p521.signature"),
    },
    Sample {
        key: hostkey!("rsa-3072.blob"),
        certificate: hostkey!("rsa-3072-cert.blob"),
        signature: hostkey!("rsa-3072-sha256.signature"),
    },
    Sample {
        key: hostkey!("rsa-3072.blob"),
        certificate: hostkey!("rsa-3072-cert.blob"),
        signature: hostkey!("rsa-3072-sha512.signature"),
    },
    Sample {
        key: hostkey!("sk-ed25519.blob"),
        certificate: hostkey!("sk-ed25519-cert.blob"),
        signature: hostkey!("sk-ed25519.signature"),
    },
    Sample {
        key: hostkey!("sk-ecdsa-p256.blob"),
        certificate: hostkey!("sk-ecdsa-p256-cert.blob"),
        signature: hostkey!("sk-ecdsa-p256.signature"),
    },
];

fn name(blob: &[u8]) -> String {
    String::from_utf8(Reader::new(blob).string().unwrap().to_vec()).unwrap()
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[test]
fn verifies_every_key_type() {
    for sample in &SAMPLES {
        let outcome = verify(sample.key, sample.signature, SESSION_ID);
        assert_eq!(outcome, Ok(()), "{}", name(sample.key));
    }
}

#[test]
fn verifies_certificates_of_every_key_type() {
    for sample in &SAMPLES {
        let outcome = verify(sample.certificate, sample.signature, SESSION_ID);
        assert_eq!(outcome, Ok(()), "{}", name(sample.certificate));
    }
}

#[test]
fn refuses_every_other_key() {
    for (index, sample) in SAMPLES.iter().enumerate() {
        for (other_index, other) in SAMPLES.iter().enumerate() {
            if sample.key != other.key {
                assert!(
                    verify(other.key, sample.signature, SESSION_ID).is_err(),
                    "signature {index} by key {other_index}"
                );
            }
        }
    }
}

#[test]
fn refuses_flipped_bits_of_the_signature() {
    for sample in &SAMPLES {
        // A step prime to 8 reaches every field and every place in a byte.
        for bit in (0..sample.signature.len() * 8).step_by(37) {
            let signature = flipped(sample.signature, bit);
            assert!(
                verify(sample.key, &signature, SESSION_ID).is_err(),
                "{}, bit {bit}",
                name(sample.key)
            );
        }
    }
}

#[test]
fn refuses_flipped_bits_of_the_session_id() {
    for sample in &SAMPLES {
        for bit in (0..SESSION_ID.len() * 8).step_by(37) {
            assert_eq!(
                verify(sample.key, sample.signature, &flipped(SESSION_ID, bit)),
                Err(VerifyError::Mismatch),
                "{}, bit {bit}",
                name(sample.key)
            );
        }
    }
}

#[test]
fn refuses_flipped_bits_of_a_certificate() {
    for sample in &SAMPLES {
        for bit in (0..sample.certificate.len() * 8).step_by(101) {
            let certificate = flipped(sample.certificate, bit);
            assert!(
                verify(&certificate, sample.signature, SESSION_ID).is_err(),
                "{}, bit {bit}",
                name(sample.certificate)
            );
        }
    }
}

#[test]
fn refuses_a_certificate_with_another_authority_s_signature() {
    // All three are as they were signed, but for the last one's signature.
    let sample = &SAMPLES[0];
    let other = PublicKey::decode(SAMPLES[2].certificate).unwrap();
    let certificate = PublicKey::decode(sample.certificate).unwrap();
    let certificate = certificate.certificate().unwrap();
    let mut forged = certificate.signed.to_vec();
    forged.put_string(other.certificate().unwrap().signature);
    assert_eq!(
        certificate.authority,
        other.certificate().unwrap().authority
    );
    assert_eq!(
        verify(&forged, sample.signature, SESSION_ID),
        Err(VerifyError::Certificate(Box::new(VerifyError::Mismatch)))
    );
}

#[test]
fn refuses_trailing_bytes_in_the_signature() {
    for sample in &SAMPLES {
        let signature = [sample.signature, &[0]].concat();
        assert!(
            matches!(
                verify(sample.key, &signature, SESSION_ID),
                Err(VerifyError::Signature(WireError::Trailing(1)))
            ),
            "{}",
            name(sample.key)
        );
    }
}

#[test]
fn refuses_rsa_with_sha1() {
    assert_eq!(
        verify(
            hostkey!("rsa-3072.blob"),
            hostkey!("rsa-3072-sha1.signature"),
            SESSION_ID
        ),
        Err(VerifyError::Algorithm("ssh-rsa"))
    );
}

#[test]
fn refuses_rsa_below_2048_bits() {
    assert_eq!(
        verify(
            hostkey!("rsa-1024.blob"),
            hostkey!("rsa-1024-sha512.signature"),
            SESSION_ID
        ),
        Err(VerifyError::RsaBits(1024))
    );
}

#[test]
fn verifies_the_longest_rsa_key() {
    let (key, signature) = (
        hostkey!("rsa-16384.blob"),
        hostkey!("rsa-16384-sha512.signature"),
    );
    assert_eq!(verify(key, signature, SESSION_ID), Ok(()));
    for (signature, session_id) in [
        (flipped(signature, 9000), SESSION_ID.to_vec()),
        (signature.to_vec(), flipped(SESSION_ID, 9)),
    ] {
        let outcome = verify(key, &signature, &session_id);
        assert_eq!(outcome, Err(VerifyError::Mismatch));
    }
}

/// With an exponent as long as the modulus, each verification would hold everyone else up for a second.
#[test]
fn refuses_an_rsa_exponent_beyond_33_bits_before_it_computes() {
    let mut reader = Reader::new(hostkey!("rsa-16384.blob"));
    reader.string().unwrap();
    reader.mpint().unwrap();
    let modulus = reader.mpint().unwrap();
    let signature = hostkey!("rsa-16384-sha512.signature");
    let start = std::time::Instant::now();
    for exponent in [&[2, 0, 0, 0, 1][..], modulus] {
        let mut key = Vec::new();
        key.put_string(b"ssh-rsa");
        key.put_mpint(exponent);
        key.put_mpint(modulus);
        let outcome = verify(&key, signature, SESSION_ID);
        assert_eq!(outcome, Err(VerifyError::Mismatch));
    }
    assert!(start.elapsed() < std::time::Duration::from_millis(200));
}

#[test]
fn refuses_a_signature_longer_than_the_modulus() {
    let mut signature = Vec::new();
    signature.put_string(b"rsa-sha2-512");
    signature.put_string(&[1; 385]);
    assert_eq!(
        verify(hostkey!("rsa-3072.blob"), &signature, SESSION_ID),
        Err(VerifyError::Signature(WireError::TooLarge("signature")))
    );
}

#[test]
fn verifies_rsa_without_the_leading_zero_of_its_number() {
    let signature = hostkey!("rsa-3072-short.signature");
    assert_eq!(
        signature.len(),
        hostkey!("rsa-3072-sha512.signature").len() - 1
    );
    assert_eq!(
        verify(
            hostkey!("rsa-3072.blob"),
            signature,
            hostkey!("rsa-3072-short.session_id")
        ),
        Ok(())
    );
}

#[test]
fn refuses_a_zero_signature() {
    let mut numbers = Vec::new();
    numbers.put_mpint(&[]);
    numbers.put_mpint(&[]);
    let mut signature = Vec::new();
    signature.put_string(b"ecdsa-sha2-nistp256");
    signature.put_string(&numbers);
    assert_eq!(
        verify(hostkey!("ecdsa-p256.blob"), &signature, SESSION_ID),
        Err(VerifyError::Mismatch)
    );
}

#[test]
fn refuses_a_point_that_is_not_on_the_curve() {
    let mut key = hostkey!("ecdsa-p256.blob").to_vec();
    *key.last_mut().unwrap() ^= 1;
    assert_eq!(
        verify(&key, hostkey!("ecdsa-p256.signature"), SESSION_ID),
        Err(VerifyError::Mismatch)
    );
}

#[test]
fn refuses_a_token_s_signature_for_another_application() {
    let key = String::from_utf8_lossy(hostkey!("sk-ed25519.blob")).into_owned();
    assert!(key.ends_with("ssh:"));
    let mut key = hostkey!("sk-ed25519.blob").to_vec();
    *key.last_mut().unwrap() = b';';
    assert_eq!(
        verify(&key, hostkey!("sk-ed25519.signature"), SESSION_ID),
        Err(VerifyError::Mismatch)
    );
}

proptest! {
    #[test]
    fn never_panics_on_any_signature(
        index in 0..SAMPLES.len(),
        cut in any::<prop::sample::Index>(),
        tail in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let sample = &SAMPLES[index];
        let kept = cut.index(sample.signature.len());
        let signature = [&sample.signature[..kept], &tail].concat();
        prop_assert!(verify(sample.key, &signature, SESSION_ID).is_err() || signature == sample.signature);
    }

    #[test]
    fn never_panics_on_any_key(key in prop::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(verify(&key, SAMPLES[0].signature, SESSION_ID).is_err());
    }
}
